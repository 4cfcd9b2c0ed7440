"""The page of components shows every one: whoever changes a part sees it there in every state."""

import re

from tests.guards.source import PACKAGE

TEMPLATES = PACKAGE / "portals" / "templates"
PARTS = {path.stem.replace("_", "-"): path for path in (TEMPLATES / "cotton").glob("*.html")}


def used(source: str) -> set[str]:
    """The components of a template, those that it uses through another among them."""
    here = set(re.findall(r"<c-([a-z-]+)", source)) - {"vars"}
    return here.union(*(used(PARTS[one].read_text()) for one in here & PARTS.keys()))


def test_the_page_of_components_uses_each_of_them_and_no_other():
    assert used((TEMPLATES / "components" / "index.html").read_text()) == PARTS.keys()


def test_one_that_is_used_through_another_is_found():
    assert used('<c-vars form /><c-fields :form="form" />') == {"fields", "field"}
