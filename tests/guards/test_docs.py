"""The docs name what is there: links lead somewhere, and a function that is linked exists in the file it links to."""

import ast
import re

import pytest

from tests.guards.source import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
NAMES = re.compile(r"`([A-Za-z_][\w.]*)`")


def links(page):
    """(words, target file) of each link inside the project."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for words, target in LINK.findall(text):
        if not target.startswith(("http://", "https://", "mailto:", "#")):
            yield words, (page.parent / target.split("#")[0]).resolve()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    broken = [f"{words} -> {target}" for words, target in links(page) if not target.exists()]
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_linked_functions_exist(page):
    missing = []
    for words, target in links(page):
        wanted = NAMES.fullmatch(words)
        if target.suffix != ".py" or wanted is None or not target.exists() or wanted[1].endswith(".py"):
            continue
        defined = {
            getattr(node, "name", None) or getattr(getattr(node, "target", None), "id", None)
            for node in ast.walk(ast.parse(target.read_text()))
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AnnAssign)
        }
        if wanted[1].split(".")[-1] not in defined:
            missing.append(f"{wanted[1]} in {target.relative_to(ROOT)}")
    assert not missing


def test_the_index_knows_every_page():
    index = {target for _, target in links(ROOT / "docs" / "README.md")}
    pages = {page.resolve() for page in (ROOT / "docs").rglob("*.md")} - {(ROOT / "docs" / "README.md").resolve()}
    assert pages - index == set()
