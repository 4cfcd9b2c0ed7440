"""The quickstart from zero, as it is written: from the help to an account and a key, then its programs copied from the page and run.

How long it takes a robot stands in the list of journeys at the end of a run; what each program answers, tests/help looks at.
"""

import os
import re
import subprocess
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.server import Server
from e2e.test_joining import join_from_the_quickstart, make_key

EMAIL = "quickstart@walk.example"


def test_from_zero_to_a_dispense_with_curl(visitor: Callable[..., Page], server: Server) -> None:
    page = visitor()
    join_from_the_quickstart(page, "Ivo Quickstart", EMAIL)
    make_key(page, "Quickstart")
    key = re.search(r"elm_test_[0-9a-f]{64}", page.get_by_role("main").inner_text())
    assert key is not None

    page.goto("/help/quickstart")
    blocks = page.locator("code[id^=program-quickstart-]").all_inner_texts()
    setting = page.get_by_label("Setting the key").inner_text().replace("elm_test_your_key_here", key[0])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join([setting, *blocks])],
        env={"PATH": os.environ["PATH"], "no_proxy": "*"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{server.url}/api/public/v1" in blocks[0]
    for said in ('"mode": "test"', '"status": "verified"', "invalid_status", "prescription.dispensed"):
        assert said in done.stdout, done.stdout

    page.get_by_role("main").get_by_role("link", name="Look at what your calls made").click()
    page.get_by_role("button", name="View test data").first.click()
    page.get_by_role("link", name="What stands there").click()
    expect(page.get_by_role("main")).to_contain_text("Dispensed")
