"""`make e2e`: the browser's journeys, against a real server with the demo's data in a folder of its own.

Brings axe-core by `npm ci` where it is absent, starts the demo on a free port, and runs pytest on this folder. ARGS are
pytest's; SCREENSHOTS=1 writes the guides' pictures and var/screens; ELMED_CHROMIUM names another browser. The data are in SQLite: what the
databases answer differently is asked by the tests in tests/, on both.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def browser() -> str | None:
    """The Chromium to drive."""
    return os.environ.get("ELMED_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def main() -> int:
    """Look whether everything is there, then run the journeys."""
    chromium = browser()
    if not chromium:
        print(
            "There is no Chromium: install Debian's package `chromium`, or name one in ELMED_CHROMIUM.", file=sys.stderr
        )
        return 1
    if not AXE.exists():
        if not shutil.which("npm"):
            print(
                "axe-core is absent, and so is npm, which brings it: install Debian's package `npm`.", file=sys.stderr
            )
            return 1
        npm = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], cwd=ROOT, check=False
        )
        if npm.returncode:
            print("npm ci did not bring axe-core.", file=sys.stderr)
            return 1
    env = os.environ | {"ELMED_CHROMIUM": chromium, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:django",
        "-p",
        "no:cacheprovider",
        "-c",
        "e2e/pytest.ini",
        "e2e",
    ]
    return subprocess.run([*command, *sys.argv[1:]], cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
