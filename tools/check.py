"""Runs every check of `make check`, all of them even where one fails, and says at the end which did."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# Name, and what is run. A new check is a new row.
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("style", (f"{BIN}/ruff", "check", ".")),
    ("format", (f"{BIN}/ruff", "format", "--check", ".")),
    ("types", (f"{BIN}/mypy",)),
    (
        "types of the Python client",
        (f"{BIN}/mypy", "--config-file", "clients/python/pyproject.toml", "clients/python/src"),
    ),
    ("layers", (f"{BIN}/lint-imports",)),
    ("generated files", (sys.executable, "tools/generate.py", "--check")),
    ("translations", (sys.executable, "tools/messages.py", "--check")),
    ("migrations", (sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run")),
)


def main() -> int:
    """Run them in turn."""
    failed = []
    with tempfile.TemporaryDirectory(prefix="elmed-check-") as data:
        env = os.environ | {
            "ELMED_ENV": "development",
            "ELMED_DATA": data,
            "DJANGO_SETTINGS_MODULE": "elmed.config.settings",
        }
        env.pop("DATABASE_URL", None)
        for name, command in STEPS:
            print(f"\n== {name} ==", flush=True)
            if subprocess.run(command, cwd=ROOT, env=env, check=False).returncode:
                failed.append(name)
    print(
        f"\n{len(STEPS) - len(failed)} of {len(STEPS)} checks passed"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
