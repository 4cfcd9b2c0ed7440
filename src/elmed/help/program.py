"""Whole programs that pages show step by step: programs/NAME.LANGUAGE.txt, cut at lines `# --- step`.

The blocks of a page, one after the other, are the program; a test runs each in every language against a real server.
"""

import re
from functools import cache
from pathlib import Path

from elmed.help.examples import Language
from elmed.help.installation import installation

_FOLDER = Path(__file__).parent / "programs"
_CUT = re.compile(r"^# --- (\S+)\n", re.MULTILINE)


def step(name: str, wanted: str, language: Language) -> str:
    """One step's lines, with this installation's address. Raises KeyError where there is no such step."""
    lines = _steps(name, language)[wanted]
    return lines.replace("{{ API_URL }}", installation()["API_URL"])


@cache
def _steps(name: str, language: Language) -> dict[str, str]:
    _, *parts = _CUT.split((_FOLDER / f"{name}.{language.value}.txt").read_text(encoding="utf-8"))
    return {one: lines.strip("\n") for one, lines in zip(parts[::2], parts[1::2], strict=True)}
