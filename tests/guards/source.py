"""The project's own source as syntax trees: what the structure tests of this folder look at."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "elmed"


def files(folder: Path = PACKAGE) -> list[Path]:
    """Every Python file below a folder of the package, migrations left out: Django writes those."""
    return sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)


def name(path: Path) -> str:
    """The path as it is written in allow-lists: below src/elmed, with slashes."""
    return path.relative_to(PACKAGE).as_posix()


def module(path: Path) -> str:
    """The module's dotted name."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@lru_cache(maxsize=512)
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(), filename=str(path))


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    """The module's own functions, by name."""
    return {node.name: node for node in tree(path).body if isinstance(node, ast.FunctionDef)}


def attributes(path: Path) -> set[str]:
    """Every name that is read as `something.name` in the file."""
    return {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every string constant with its line, docstrings left out."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value
