"""Makes elmed_client/synchronous from elmed_client/asynchronous: one hand-written client, two that cannot differ.

`tools/generate.py` of the repository calls it, so `make docs` writes the files and `make check` compares them.
"""

import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path("src/elmed_client/asynchronous")
TARGET = Path("src/elmed_client/synchronous")
HERE = Path(__file__).resolve().parent

# In this order; the last one takes the Async off every other name.
_CHANGES = (
    (r'"""The client for asyncio\..*?"""', '"""The client that waits. Made from `asynchronous` by clients/python/make_sync.py."""'),
    (r"\bimport asyncio\nimport time\n", "import time\n"),
    (r"\bimport asyncio\n", "import time\n"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\basync (def|for|with) ", r"\1 "),
    (r"\bawait ", ""),
    (r"__aiter__", "__iter__"),
    (r"__aenter__", "__enter__"),
    (r"__aexit__", "__exit__"),
    (r"\baclose\b", "close"),
    (r"\basynchronous\b", "synchronous"),
    (r"\bAsync(?=[A-Z])", ""),
)  # fmt: skip


def files() -> dict[str, str]:
    """Each file's name, from here, with what belongs in it."""
    return {str(TARGET / path.name): made(path.read_text()) for path in sorted((HERE / SOURCE).glob("*.py"))}


def made(text: str) -> str:
    """One file, in the project's format."""
    for old, new in _CHANGES:
        text = re.sub(old, new, text, flags=re.DOTALL)
    name = str(HERE / TARGET / "made.py")
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format", "--quiet"]):
        text = subprocess.run(
            [str(Path(sys.executable).with_name("ruff")), *command, "--stdin-filename", name, "-"],
            input=text, capture_output=True, text=True, check=True, cwd=HERE,
        ).stdout  # fmt: skip
    return text
