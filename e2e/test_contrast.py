"""What a field, a choice and the focus are seen by keeps 3:1 against what surrounds it, in both themes (WCAG 1.4.11).

axe-core does not look at that. The contrast is computed from what the browser really paints, on the page that shows every part.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

# Of each field that can be used: the colour of its border, of its own ground, and of the ground around it.
FIELDS = """() => {
  const rgb = words => { const [r, g, b, a = 1] = words.match(/[\\d.]+/g).map(Number); return { r, g, b, a }; };
  const ground = one => {
    for (let at = one; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found.a === 1) return found;
    }
    return rgb(getComputedStyle(document.body).backgroundColor);
  };
  const fields = 'input:not([type=hidden]), select, textarea, .btn[class*="btn-outline"]';
  return [...document.querySelectorAll(`main :is(${fields})`)].filter(one => one.checkVisibility() && !one.disabled).map(one => ({
    what: `${one.tagName} ${one.type || ''} ${one.name || one.className}`, border: rgb(getComputedStyle(one).borderTopColor),
    width: parseFloat(getComputedStyle(one).borderTopWidth), around: ground(one.parentElement),
  }));
}"""
RING = """() => {
  const style = getComputedStyle(document.activeElement), rgb = words => words.match(/[\\d.]+/g).map(Number);
  const [r, g, b] = rgb(style.outlineColor), [sr, sg, sb] = rgb(style.boxShadow);
  return { outline: { r, g, b }, shadow: { r: sr, g: sg, b: sb }, width: parseFloat(style.outlineWidth) };
}"""
Colour = dict[str, float]


def luminance(colour: Colour) -> float:
    """WCAG's relative luminance."""
    parts = [colour[one] / 255 for one in "rgb"]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """Between 1 and 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_is_that_of_the_guidelines() -> None:
    white, black, grey = ({"r": n, "g": n, "b": n} for n in (255, 0, 0x95))
    assert round(contrast(white, black), 2) == 21
    assert round(contrast(white, grey), 1) == 3.0  # of the greys the lightest that a border on white may have


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_every_field_is_seen_by_its_border(visitor: Callable[..., Page], scheme: str, width: int) -> None:
    page = visitor(scheme=scheme, width=width)
    page.goto("/components")
    found = page.evaluate(FIELDS)
    kinds = {one["what"].split()[0] for one in found}
    assert kinds == {"INPUT", "SELECT", "TEXTAREA", "BUTTON", "A"}, kinds
    faint = [
        (one["what"], round(contrast(one["border"], one["around"]), 2))
        for one in found
        if one["width"] < 1 or contrast(one["border"], one["around"]) < 3
    ]
    assert not faint


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_seen_on_any_ground(visitor: Callable[..., Page], scheme: str) -> None:
    """The ring has two colours: on each ground one of them is seen, and against each other both are."""
    page = visitor(scheme=scheme)
    page.goto("/components")
    for selector in ("main input[type=text] >> nth=0", "main .btn-primary >> nth=0", "header a >> nth=0"):
        page.keyboard.press("Tab")  # the ring is for who uses the keyboard
        page.locator(selector).focus()
        ring = page.evaluate(RING)
        assert ring["width"] >= 2
        assert contrast(ring["outline"], ring["shadow"]) >= 3, (selector, ring)
