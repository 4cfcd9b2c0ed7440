"""Imports go one way: the contract of .importlinter covers every module, holds, and bites."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.source import PACKAGE, ROOT, files, module

CONTRACT = ROOT / ".importlinter"


def layers() -> list[list[str]]:
    """The modules of each layer, top first."""
    config = configparser.ConfigParser()
    config.read(CONTRACT)
    rows = config["importlinter:contract:layers"]["layers"].strip().splitlines()
    return [[entry.strip(" ()") for entry in row.split(" : ")] for row in rows]


def lint(package: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter on that copy of the package."""
    command = Path(sys.executable).with_name("lint-imports")
    env = os.environ | {"PYTHONPATH": str(package.parent)}
    return subprocess.run(
        [str(command), "--config", str(CONTRACT), "--no-cache"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_module_stands_in_one_layer():
    listed = [entry for row in layers() for entry in row]
    for path in files():
        dotted = module(path)
        if path.name in ("apps.py", "__init__.py"):
            continue
        homes = [entry for entry in listed if dotted == entry or dotted.startswith(entry + ".")]
        assert len(homes) == 1, f"{dotted} belongs to {homes or 'no layer'}: give it a place in .importlinter"


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("core/quantities.py", "from elmed.prescriptions import vocabulary"),
        ("access/policy.py", "from elmed.prescriptions.actions import verify"),
        ("prescriptions/actions/verify.py", "from elmed.api import models"),
        ("portals/context.py", "from elmed.api import models"),
        ("api/middleware.py", "from elmed.portals import context"),
        ("prescriptions/states.py", "from elmed.events import record"),
    ],
)
def test_the_contract_bites(tmp_path, where, line):
    copy = tmp_path / "src" / "elmed"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("static", "templates", "__pycache__"))
    (copy / where).write_text(f"{line}\n" + (copy / where).read_text())
    found = lint(copy, tmp_path)
    assert found.returncode == 1, found.stdout
    assert "BROKEN" in found.stdout


def test_the_contract_holds(tmp_path):
    found = lint(PACKAGE, tmp_path)
    assert found.returncode == 0, found.stdout
