"""The page for outages: what the counter needs when nothing else can be opened, on one sheet of paper."""

import re
import shutil
import subprocess

import pytest
from django.urls import reverse

from elmed.prescriptions.vocabulary import LATE_REPORT
from tests.help.conftest import plain

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def test_it_says_what_the_law_of_the_table_says(read, settings):
    settings.SUPPORT_EMAIL = "ask@example.org"
    page = plain(read("help_outage"))
    hours = int(LATE_REPORT.total_seconds() // 3600)
    assert f"recorded for {hours} hours after its end" in page
    for words in (
        "ask@example.org",
        "Never supply twice",
        "Handed over at",
        "handed_over_at",
        "a pharmacist had verified",
        "paper prescription",
    ):
        assert words in page


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: what the page looks like on paper is not tried")
def test_it_is_one_sheet_of_paper(live_server, tmp_path):
    sheets = {}
    for name in ("help_outage", "help_errors"):
        file = tmp_path / f"{name}.pdf"
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={tmp_path / 'profile'}",
        ]
        subprocess.run(
            [CHROMIUM, *flags, f"--print-to-pdf={file}", live_server.url + reverse(name)], check=True, capture_output=True, timeout=90,
        )  # fmt: skip
        sheets[name] = len(re.findall(rb"/Type\s*/Page\b", file.read_bytes()))
    assert sheets["help_outage"] == 1
    assert sheets["help_errors"] > 3  # the count does count
