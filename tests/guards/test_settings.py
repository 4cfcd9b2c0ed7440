"""Every setting is described, takes effect, and comes from the environment only."""

import ast
import dataclasses

import pytest

from elmed.config.environment import Environment
from elmed.prescriptions.jurisdiction import Jurisdiction
from tests.guards.source import PACKAGE, attributes, files, name, tree

FIELDS = Environment.model_fields
ALLOWED = {
    "demo/environment.py": "sets the demo's environment before the settings are read from it",
    "cli/setup.py": "the first staff person's password, once, where there is no terminal: not a setting",
}


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_it_is_described(field):
    words = FIELDS[field].description or ""
    assert len(words) > 8 and words.endswith("."), f"{field.upper()} has no description"


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_somebody_reads_it(field):
    readers = [name(path) for path in files() if name(path) != "config/environment.py" and field in attributes(path)]
    assert readers, f"{field.upper()} is a setting without effect"


@pytest.mark.parametrize("field", sorted(field.name for field in dataclasses.fields(Jurisdiction)))
def test_the_jurisdiction_rules_something(field):
    homes = (*files(PACKAGE / "prescriptions"), *files(PACKAGE / "inventory"))
    users = [path for path in homes if path.name != "jurisdiction.py"]
    own = ast.unparse(tree(PACKAGE / "prescriptions/jurisdiction.py"))
    assert f"self.{field}" in own or any(field in attributes(path) for path in users)


def test_nobody_else_reads_the_environment():
    """But for the name of Django's settings module, which Django itself takes from there."""
    readers = {
        f"{name(path)}:{node.lineno}"
        for path in files()
        if name(path) not in ("config/environment.py", *ALLOWED)
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv"))
    }
    naming = {
        f"{name(path)}:{node.lineno}"
        for path in files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node).startswith("os.environ.setdefault('DJANGO_SETTINGS_MODULE'")
    }
    assert readers - naming == set()
