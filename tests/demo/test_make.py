"""`make client` and `make demo`, from the Makefile itself, with programs that stand for Python and the demo."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEEL = "dist/elmed_client-0.9.1-py3-none-any.whl"
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def program(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose virtual environment is there already."""
    for folder in ("clients/python/src/elmed_client", "tools", "requirements", ".venv/bin", "dist"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "clients/python/src/elmed_client/version.py").write_text('VERSION = "0.9.1"\n')
    files = (
        "clients/python/pyproject.toml",
        "clients/python/README.md",
        "tools/client.py",
        "requirements/base.txt",
        "pyproject.toml",
    )
    for file in (*files, ".venv/.base"):  # this one last: it is newer
        (tmp_path / file).touch()
    program(tmp_path / ".venv/bin/python", f"echo building; touch {WHEEL}")
    program(tmp_path / ".venv/bin/elmed", "echo the demo runs")
    return tmp_path


def make(checkout: Path, target: str) -> subprocess.CompletedProcess[str]:
    # as nobody's sub-make: one names the folders that it enters
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", target], cwd=checkout, env=outside, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_wheel_is_built_again_where_it_is_gone_and_only_then(checkout):
    assert make(checkout, "client").stdout == "building\n"
    assert "building" not in make(checkout, "client").stdout
    (checkout / WHEEL).unlink()
    assert make(checkout, "client").stdout == "building\n"
    assert (checkout / WHEEL).is_file()


def test_the_demo_begins_with_the_wheel(checkout):
    said = make(checkout, "demo")
    assert (said.returncode, said.stdout) == (0, "building\nthe demo runs\n")


def test_a_wheel_that_cannot_be_built_does_not_stop_the_demo(checkout):
    program(checkout / ".venv/bin/python", "echo pip failed >&2; exit 1")
    said = make(checkout, "demo")
    assert (said.returncode, said.stdout) == (0, "the demo runs\n")
    assert "the demo goes on without" in said.stderr
    assert make(checkout, "client").returncode != 0  # who asked for it alone is told
