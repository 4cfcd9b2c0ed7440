"""What judges the pages judges: a fault of one theme is found from the other, and the page is left as it was."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e import looks

# A paragraph that can be read in one theme only, and the ground that the whole page is painted on.
FAINT = """([light, dark]) => {
  const one = document.createElement("p");
  one.textContent = "Can this be read?";
  one.style.color = `light-dark(${light}, ${dark})`;
  one.style.background = "light-dark(#fff, #000)";
  document.querySelector("main").append(one);
}"""
GROUND = "getComputedStyle(document.body).backgroundColor"
READ_IN = {"light": ("#eee", "#fff"), "dark": ("#000", "#111")}


@pytest.mark.parametrize("shown", ["light", "dark"])
@pytest.mark.parametrize("faint", ["light", "dark"])
def test_a_contrast_that_fails_in_one_theme_is_found_from_either(
    visitor: Callable[..., Page], shown: str, faint: str
) -> None:
    page = visitor(scheme=shown)
    page.goto("/accounts/login/")
    assert looks.violations(page) == []
    page.evaluate(FAINT, READ_IN[faint])
    found = looks.violations(page)
    assert len(found) == 1, found
    assert found[0].startswith(f"{faint}: color-contrast"), found


def test_both_themes_are_judged_and_what_was_typed_stays(visitor: Callable[..., Page]) -> None:
    page = visitor(scheme="dark")
    page.goto("/join/doctor")
    page.get_by_label("Your full name").fill("Dr Half Typed")
    page.evaluate("window.same = true")
    dark, seen = page.evaluate(GROUND), len(looks.judged)
    looks.violations(page)
    assert [theme for _, theme in looks.judged[seen:]] == ["light", "dark"]
    assert page.evaluate(GROUND) == dark
    assert page.evaluate("window.same"), "the page was loaded again"
    expect(page.get_by_label("Your full name")).to_have_value("Dr Half Typed")
    page.emulate_media(color_scheme="light")
    assert page.evaluate(GROUND) != dark


def test_a_page_that_two_people_are_shown_alike_is_judged_once_and_another_is_not(
    person: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []
    ran = looks._run

    def counted(page: Page) -> list[str]:
        runs.append(page.url)
        return ran(page)

    monkeypatch.setattr(looks, "_run", counted)
    page = person("technician")
    page.goto("/pharmacy/uncollected")
    looks.violations(page)
    page.goto("/pharmacy/uncollected")
    before = len(runs)
    looks.violations(page)
    assert len(runs) == before
    page.evaluate(FAINT, READ_IN["light"])
    assert len(looks.violations(page)) == 1
    assert len(runs) == before + 2
