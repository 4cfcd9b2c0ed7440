"""The page of actions and filters names every one that the plugin has, and none that it has not; its jobs likewise."""

import re
from pathlib import Path

from tools.plugin import PLUGIN

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "woocommerce-hooks.md"
# A name that is put together from a word: the words that there are.
WORDS = {"elmed_{$this->name}_state_changed": ("elmed_dispense_state_changed", "elmed_sale_state_changed")}
CALL = re.compile(r"\b(?:apply_filters|do_action)\(\s*['\"](elmed_[^'\"]+)['\"]")
JOB = re.compile(r"const (?:STEP|AUTO|JOB|CONFIRM|WAITING|DISPENSE|SALE|FREE|SWEEP) = '(elmed_\w+)'")


def sources():
    """Every PHP file of the plugin."""
    return {file: file.read_text() for file in sorted(PLUGIN.rglob("*.php"))}


def rows():
    """The names in the first column of the page's tables."""
    firsts = re.findall(r"^\| (`[^|]+`) \|", PAGE.read_text(), re.MULTILINE)
    return {name for first in firsts for name in re.findall(r"`(elmed_\w+)`", first)}


def test_every_hook_and_job_stands_on_the_page_and_no_other():
    hooks = {name for text in sources().values() for found in CALL.findall(text) for name in WORDS.get(found, (found,))}
    jobs = {name for text in sources().values() for name in JOB.findall(text)}
    assert len(hooks) > 10 and len(jobs) > 6
    assert rows() == hooks | jobs
