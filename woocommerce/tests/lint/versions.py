"""Compiles the plugin under several PHP versions: this machine's, and 7.4, 8.1, 8.4 and 8.5 as WebAssembly from npm.

lint.php does the compiling. Called by woocommerce/tests/run.py; where npm cannot install those versions, that is told
as a reason to skip.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from woocommerce.tests.site.packages import need_php

FOLDER = Path(__file__).resolve().parent
SCRIPT = FOLDER / "lint.php"
OTHERS = ("7.4", "8.1", "8.4", "8.5")
INSTALL_WITHIN = 240


@dataclass(frozen=True)
class Lint:
    """What one version said."""

    version: str
    files: int
    good: bool
    words: str


def here(plugin: Path) -> Lint:
    """This machine's PHP, installed where there is none."""
    need_php()
    return _judge(["php", str(SCRIPT), str(plugin)], {})


def other(version: str, plugin: Path) -> Lint:
    """One of OTHERS; `install` comes first."""
    return _judge([str(FOLDER / "node_modules/.bin/php-wasm-cli"), str(SCRIPT), str(plugin)], {"PHP": version})


def install() -> str | None:
    """Install the other versions by the lock file. None when they are there; else why not."""
    if shutil.which("npm") is None:
        return "there is no npm"
    marker = FOLDER / "node_modules/.package-lock.json"
    if marker.exists() and marker.stat().st_mtime >= (FOLDER / "package-lock.json").stat().st_mtime:
        return None
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=INSTALL_WITHIN)
    except subprocess.TimeoutExpired:
        return f"npm took longer than {INSTALL_WITHIN} s"
    return f"npm could not install them: {done.stderr.strip()[-300:]}" if done.returncode else None


def _judge(command: list[str], environment: dict[str, str]) -> Lint:
    done = subprocess.run(
        command, env={**os.environ, **environment}, cwd=FOLDER, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    # A compile error ends PHP before this line; its exit code is not the same in every build.
    last = re.search(r"^PHP (\S+): (\d+) files compiled, (\d+) refused$", said, re.MULTILINE)
    if last is None:
        return Lint(environment.get("PHP", "?"), 0, False, said.strip())
    return Lint(last[1], int(last[2]), int(last[2]) > 0 and last[3] == "0", said.strip())
