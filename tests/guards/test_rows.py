"""No object without an actor: rows of medical data come from access.visibility, not from a bare manager.

The manager is for the code that owns the rows: the models, access/, the acts, and what gathers an act's facts.
"""

import ast
from pathlib import Path

import pytest

from tests.guards.source import PACKAGE, files, name, strings, tree

OWNERS = ("models.py", "actions.py")  # a domain package's own files
OWNING_FOLDERS = ("access/", "prescriptions/actions/", "prescriptions/models/", "inventory/")
ALLOWED = {
    "patients/claim.py": "the link of an invitation opens its record: there is no actor who sees it yet",
    "patients/identity.py": "whether another record has that health number: a doctor learns only that one exists",
    "prescriptions/facts.py": "gathers the lines, supplies and holds of a prescription that the caller locked or saw",
    "prescriptions/pharmacy_lists.py": "fetches what visible() gave by id, its parts, and ids of patients that narrow a search in it",
    "prescriptions/queries.py": "fetches the parts of what visible() gave",
    "prescriptions/today.py": "prefetches the holds of prescriptions that came from visible()",
    "sandbox/reset.py": "empties a whole test world, table by table; it reads only whether anything stands there",
    "api/v1/prescription_read.py": "compiles visibility's own rule into the hot read's statement",
}
RAW_SQL_ALLOWED = {
    "api/v1/prescription_read.py": "the hot read, filtered by the compiled rule of visibility",
    "api/v1/shapes.py": "the JSON of one row that the hot read found; it filters nothing",
}
SHORTCUTS = {"get_object_or_404", "get_list_or_404", "aget_object_or_404"}
MANAGERS = {"objects", "_default_manager", "_base_manager"}


def clinical_models() -> set[str]:
    """The models of the packages that hold medical data."""
    found = set()
    homes = ("patients/models.py", "inventory/models.py")
    for path in (*(PACKAGE / home for home in homes), *sorted((PACKAGE / "prescriptions/models").glob("*.py"))):
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "models.Model" for base in node.bases):
                found.add(node.name)
    return found


def owner(path: Path) -> bool:
    """Whether the file may use managers of medical rows."""
    return name(path).startswith(OWNING_FOLDERS) or path.name in OWNERS or name(path) in ALLOWED


def bare_managers(module: ast.Module, models: set[str]) -> list[int]:
    """The lines that reach such a model's manager, under its own name, an alias, or through its module."""
    names = set(models)
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname for alias in node.names if alias.asname and alias.name in models}
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
            holder = node.value
            called = holder.id if isinstance(holder, ast.Name) else getattr(holder, "attr", "")
            if called in names:
                found.append(node.lineno)
        if isinstance(node, ast.Name) and node.id in SHORTCUTS:
            found.append(node.lineno)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get_model":
            found.append(node.lineno)
    return found


def test_medical_rows_come_from_visibility():
    models = clinical_models()
    offenders = [
        f"src/elmed/{name(path)}:{line}"
        for path in files()
        if not owner(path)
        for line in bare_managers(tree(path), models)
    ]
    assert not offenders, "take these rows from access.visibility.visible / get: " + ", ".join(offenders)


def test_medical_tables_are_not_named_in_sql():
    tables = {
        f"{package}_{model.lower()}"
        for package in ("patients", "prescriptions", "inventory")
        for model in clinical_models()
    }
    offenders = [
        f"src/elmed/{name(path)}:{line}"
        for path in files()
        if name(path) not in RAW_SQL_ALLOWED and not owner(path)
        for line, text in strings(path)
        if any(table in text for table in tables)
    ]
    assert not offenders, "SQL on medical rows goes around visibility: " + ", ".join(offenders)


@pytest.mark.parametrize("entry", sorted(ALLOWED | RAW_SQL_ALLOWED))
def test_no_stale_exception(entry):
    path = PACKAGE / entry
    tables = {f"_{model.lower()}" for model in clinical_models()}
    assert path.is_file()
    assert bare_managers(tree(path), clinical_models()) or any(t in text for _, text in strings(path) for t in tables)


@pytest.mark.parametrize(
    "code",
    [
        "from elmed.prescriptions.models import Prescription\nPrescription.objects.get(pk=1)",
        "from elmed.prescriptions.models import Prescription as Rx\nRx.objects.all()",
        "from elmed.patients import models\nmodels.Patient._default_manager.all()",
        "from django.shortcuts import get_object_or_404\nget_object_or_404(Patient, pk=1)",
        "from django.apps import apps\napps.get_model('patients', 'Patient')",
    ],
)
def test_the_guard_bites(code):
    assert bare_managers(ast.parse(code), clinical_models())


def test_the_guard_lets_visibility_through():
    code = "from elmed.access.visibility import visible\nvisible(actor, Prescription).filter(status='x')"
    assert not bare_managers(ast.parse(code), clinical_models())
