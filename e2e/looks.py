"""What every page must pass: axe-core without a violation, nothing wider than the screen; and the pictures.

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
# What differs on a page that is the same: tokens, who is signed in (judged by itself), the lock's dialog, which is closed.
ONCE = (
    r'name="csrfmiddlewaretoken" value="[^"]*"', r'name="once" value="[^"]*"', r'data-who="[^"]*"', r"hx-headers='[^']*'",
    r'hx-headers="[^"]*"', r'<div class="who">.*?</header>', r'<dialog id="lock"(?![^>]* open).*?</dialog>',
)  # fmt: skip
RUN = "tags => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 800}
# A guide's column is 46rem wide: a picture of this width can be read in it.
PICTURE_WIDTH, PICTURE_HEIGHT = 1000, 720


# What axe-core has judged in this process: the address and the theme. The summary counts them (conftest.py).
judged: list[tuple[str, str]] = []
_verdicts: dict[tuple[str, str], list[str]] = {}
_frames: set[tuple[str, str]] = set()


@lru_cache(maxsize=1)
def _axe() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it is now. It is run beside the page, past its content policy.

    A page that is the same to the letter as one that was judged, in the same theme and at the same width, has its verdict:
    a pharmacy's owner, pharmacist and technician are shown most pages alike.
    """
    scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    judged.append((page.url, scheme))
    body, frame = _as_it_is(page)
    at = f"{scheme} {page.viewport_size}"
    if (at, frame) in _frames and (at, body) in _verdicts:
        return _verdicts[at, body]
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found = page.evaluate(RUN, TAGS)
    _frames.add((at, frame))
    _verdicts[at, body] = [
        f"{one['id']}: {node['target']} {node['html'][:160]} {(node.get('failureSummary') or '')[:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
    return _verdicts[at, body]


def _as_it_is(page: Page) -> tuple[str, str]:
    """The document without what differs each time, tokens and whose it is; and the line that says whose it is."""
    whole = re.sub(r"http://localhost:\d+", "", page.evaluate("document.documentElement.outerHTML"))
    frame = re.search(r'<div class="who">.*?</header>', whole, re.DOTALL)
    for once in ONCE:
        whole = re.sub(once, "", whole, flags=re.DOTALL)
    return whole, frame[0] if frame else ""


def told(pairs: Sequence[Sequence[str]]) -> list[str]:
    """What was judged, counted: an address counts once however often it was looked at, its ids and filters apart."""
    pages = {(urlsplit(url).path, scheme) for url, scheme in pairs}
    shapes = {(re.sub(r"\d+", "N", path), scheme) for path, scheme in pages}
    lines = [
        f"{len(pairs)} times a page was judged in one theme; a violation fails its journey, and there is no exception"
    ]
    for scheme in ("light", "dark"):
        addresses = sum(1 for _, one in pages if one == scheme)
        lines.append(f"{scheme:5}: {addresses} addresses, {sum(1 for _, one in shapes if one == scheme)} kinds of page")
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
    size, dark = page.viewport_size, page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": PICTURE_WIDTH, "height": PICTURE_HEIGHT})
    top = page.evaluate("[scrollX, scrollY]")
    page.evaluate("scrollTo(0, 0)")
    box = page.locator(of).first.bounding_box()
    assert box is not None, f"{of} is not on {page.url}"
    clip = {"x": box["x"], "y": box["y"], "width": box["width"], "height": min(box["height"], height)}
    shot = page.screenshot(clip=clip, full_page=True, caret="hide")  # type: ignore[arg-type]
    page.evaluate("([x, y]) => scrollTo(x, y)", top)
    page.emulate_media(color_scheme="dark" if dark else "light")
    if size:
        page.set_viewport_size(size)
    PICTURES.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(shot)).convert("RGB").save(PICTURES / f"{name}.webp", quality=80, method=6)
