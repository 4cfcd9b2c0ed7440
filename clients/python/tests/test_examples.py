"""Every example of the documentation runs: Python as it stands, the command's lines as they are understood."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo_server import SOURCE
from elmed_client.cli.main import parser

ROOT = Path(__file__).resolve().parents[3]
PAGES = ("clients/python/README.md", "docs/how-to/python-client.md")
PYTHON = [
    pytest.param(code, id=f"{Path(page).stem}-{number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S), 1)
]
COMMANDS = [
    line for page in PAGES for line in re.findall(r"^(?:\$ )?(elmed-client \w.*)$", (ROOT / page).read_text(), re.M)
]


@pytest.mark.parametrize("code", PYTHON)
def test_it_runs(demo, code):
    given = {
        "ELMED_API_KEY": demo.key("pharmacy_test" if "sandbox" in code else "pharmacy"),
        "ELMED_URL": demo.url,
        "PYTHONPATH": str(SOURCE),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("line", COMMANDS)
def test_the_command_understands_it(line):
    assert parser().parse_args(line.split()[1:]).run


def test_there_are_examples():
    assert len(PYTHON) == 9 and len(COMMANDS) > 10


@pytest.mark.parametrize("page", PAGES)
def test_its_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^):]+)\)", (ROOT / page).read_text()):
        assert ((ROOT / page).parent / target).exists(), target
