"""What is generated says what the code says; `make check` asks the same."""

import json
import subprocess
import sys

from openapi_spec_validator import validate

from tests.guards.source import ROOT


def run(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, str(cwd / "tools" / "generate.py"), *arguments], capture_output=True, text=True, check=False
    )


def test_generated_files_are_up_to_date():
    found = run("--check")
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_check_bites(tmp_path):
    """A copy of the tree whose settings page was edited by hand is refused, by name."""
    for folder in ("tools", "src", "docs", "contract", "requirements", "woocommerce", "clients"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    for folder in ("tools", "docs"):
        (tmp_path / folder).unlink()
        (tmp_path / folder).mkdir()
    for file in (ROOT / "tools").glob("*.py"):
        (tmp_path / "tools" / file.name).write_text(file.read_text())
    (tmp_path / "docs" / "reference").mkdir()
    for file in (ROOT / "docs" / "reference").glob("*.md"):
        (tmp_path / "docs" / "reference" / file.name).write_text(file.read_text().replace("`8000`", "`8080`"))
    found = run("--check", cwd=tmp_path)
    assert found.returncode == 1
    assert "docs/reference/settings.md" in found.stdout
    assert "python tools/generate.py" in found.stdout


def test_the_contract_is_valid_openapi():
    document = json.loads((ROOT / "contract" / "openapi.json").read_text())
    assert document["openapi"].startswith("3.1")
    validate(document)
