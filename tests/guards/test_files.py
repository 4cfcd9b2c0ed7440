"""Small and named: short files with a header, and no drawer called utils."""

import ast

from tests.guards.source import PACKAGE, files, name, tree

MOST_LINES = 300
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "shared_utils"}


def test_files_are_short():
    too_long = {name(path): len(path.read_text().splitlines()) for path in files()}
    too_long = {path: lines for path, lines in too_long.items() if lines > MOST_LINES}
    assert not too_long, f"over {MOST_LINES} lines: split them by what they answer for"


def test_no_drawers():
    drawers = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*")
        if path.stem.lower() in FORBIDDEN_NAMES and "static" not in path.parts
    ]
    assert not drawers, "name a file after what it answers for"


def test_every_module_says_what_it_answers_for():
    silent = [name(path) for path in files() if path.stat().st_size and not ast.get_docstring(tree(path))]
    assert not silent


def test_public_functions_are_documented():
    silent = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and node.name not in ("Meta", "guard", "validate")
        and not ast.get_docstring(node)
        and node in tree(path).body
    ]
    assert not silent


def test_no_loose_ends():
    loose = [
        f"{name(path)}:{number}"
        for path in files()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if any(word in line for word in ("TODO", "FIXME", "XXX:", "HACK"))
    ]
    assert not loose
