"""Programs of other languages that the documentation's examples need: absent, their tests are skipped with a reason; in CI they fail."""

import os
import shutil

import pytest


def need(program: str) -> None:
    """Skip the test where this program is not installed; fail it where CI=true: there every example is run."""
    if shutil.which(program):
        return
    words = f"{program} is not installed: the examples that need it are not run here"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{words}. CI runs every example; .ci/run installs what is absent.")
    pytest.skip(words)
