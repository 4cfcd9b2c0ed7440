"""What every page must pass: axe-core without a violation in both themes, nothing wider than the screen; and the pictures.

With SCREENSHOTS=1 the journeys write the guides' pictures (committed), and every page is kept at both widths in
both themes below var/screens (to look through; not committed).
"""

import io
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "src" / "elmed" / "help" / "static" / "help"
MOST_PIXELS = 16383  # the height that WebP can hold
SCREENS = ROOT / "var" / "screens"
# What differs on a page that is the same: tokens, moments, who is signed in (judged by itself), the lock's dialog, which is closed.
TOKENS = (
    r'name="csrfmiddlewaretoken" value="[^"]*"', r'name="once" value="[^"]*"', r'data-who="[^"]*"', r"hx-headers='[^']*'",
    r'hx-headers="[^"]*"', r"http://localhost:\d+", r"&amp;seen=[^\"&]*",
)  # fmt: skip
LOCK = r'<dialog id="lock"(?![^>]* open).*?</dialog>'
WHO = r'<div class="who">.*?</header>'
# Only what is wrong leaves the browser: what was in order is several times as much.
RUN = """async tags => {
  if (!("axe" in window)) elmedAxe();
  return (await axe.run(document, { runOnly: tags, resultTypes: ["violations"] })).violations;
}"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 800}
# A guide's column is 46rem wide: a picture of this width can be read in it.
PICTURE_WIDTH, PICTURE_HEIGHT = 1000, 720


# What axe-core has judged in this process: the address and the theme. The summary counts them (conftest.py).
judged: list[tuple[str, str]] = []
_verdicts: dict[tuple[str, str], list[str]] = {}
_frames: set[tuple[str, str]] = set()


@lru_cache(maxsize=1)
def axe_asleep() -> str:
    """For each page of a context: axe-core as a function that a judgement calls. What is not called is not compiled."""
    return f"window.elmedAxe = function () {{{(ROOT / 'node_modules' / 'axe-core' / 'axe.min.js').read_text()}\n}};"


def scheme(page: Page) -> str:
    """The theme that the page is shown in now."""
    return "dark" if page.evaluate(DARK) else "light"


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it is now, in each theme. It is run beside the page, past its content policy.

    The page is not loaded again: what was typed and opened stays, and it is left in the theme that it was in. A page that is the
    same to the letter as one that was judged, at the same width, has its verdicts: a pharmacy's owner, pharmacist and technician
    are shown most pages alike.
    """
    before, found = scheme(page), []
    now, (body, frame) = before, _as_it_is(page)
    for one in ("light", "dark") if before == "dark" else ("dark", "light"):
        judged.append((page.url, one))
        at = f"{one} {page.viewport_size}"
        if (at, frame) not in _frames or (at, body) not in _verdicts:
            now = show(page, one)
            _verdicts[at, body] = _run(page)
            _frames.add((at, frame))
        found += [f"{one}: {words}" for words in _verdicts[at, body]]
    if now != before:
        show(page, before)
    return found


def show(page: Page, theme: str) -> str:
    """Show the page in that theme, without loading it again."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    return theme


def _run(page: Page) -> list[str]:
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]} {(node.get('failureSummary') or '')[:300]}"
        for one in page.evaluate(RUN, TAGS)
        for node in one["nodes"]
    ]


def _as_it_is(page: Page) -> tuple[str, str]:
    """The document without what differs each time, tokens and whose it is; and the line that says whose it is."""
    whole = page.evaluate("document.documentElement.outerHTML")
    for once in TOKENS:
        whole = re.sub(once, "", whole)
    whole = re.sub(LOCK, "", whole, flags=re.DOTALL)
    frame = re.search(WHO, whole, re.DOTALL)
    return re.sub(WHO, "", whole, flags=re.DOTALL), frame[0] if frame else ""


def told(pairs: Sequence[Sequence[str]]) -> list[str]:
    """What was judged, counted: an address counts once however often it was looked at, its ids and filters apart."""
    pages = {(urlsplit(url).path, theme) for url, theme in pairs}
    shapes = {(re.sub(r"\d+", "N", path), theme) for path, theme in pages}
    lines = [
        f"{len(pairs)} times a page was judged in one theme; a violation fails its journey, and there is no exception"
    ]
    for theme in ("light", "dark"):
        addresses = sum(1 for _, one in pages if one == theme)
        lines.append(f"{theme:5}: {addresses} addresses, {sum(1 for _, one in shapes if one == theme)} kinds of page")
    return lines


def wider_than_screen(page: Page) -> int:
    """By how many pixels one would have to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def wanted() -> bool:
    """Whether this run writes pictures."""
    return os.environ.get("SCREENSHOTS") == "1"


def screen(page: Page, name: str) -> None:
    """The whole page as it is now, or as much of it as WebP can hold, to look through: var/screens/NAME.webp."""
    if wanted():
        file = SCREENS / f"{re.sub(r'[^a-z0-9/-]+', '-', name.lower()).strip('-')}.webp"
        file.parent.mkdir(parents=True, exist_ok=True)
        image = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        image.crop((0, 0, image.width, min(image.height, MOST_PIXELS))).save(file, quality=60)


def picture(page: Page, name: str, *, of: str = "main", height: int = PICTURE_HEIGHT) -> None:
    """The guides' picture of that name: this part of the page, light, as wide as a guide can show, no higher than asked.

    The page is as it was afterwards. What is not in light, or at another width, is made so for the moment.
    """
    if not wanted():
        return
    size, before = page.viewport_size, scheme(page)
    show(page, "light")
    page.set_viewport_size({"width": PICTURE_WIDTH, "height": PICTURE_HEIGHT})
    top = page.evaluate("[scrollX, scrollY]")
    page.evaluate("scrollTo(0, 0)")
    box = page.locator(of).first.bounding_box()
    assert box is not None, f"{of} is not on {page.url}"
    clip = {"x": box["x"], "y": box["y"], "width": box["width"], "height": min(box["height"], height)}
    shot = page.screenshot(clip=clip, full_page=True, caret="hide")  # type: ignore[arg-type]
    page.evaluate("([x, y]) => scrollTo(x, y)", top)
    show(page, before)
    if size:
        page.set_viewport_size(size)
    PICTURES.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(shot)).convert("RGB").save(PICTURES / f"{name}.webp", quality=80, method=6)
