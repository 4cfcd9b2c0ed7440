"""What every page must pass: axe-core without a violation, nothing wider than the screen; and the pictures."""

import os
from functools import lru_cache
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images" / "portals"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@lru_cache(maxsize=1)
def _axe() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it is now. It is run beside the page, past its content policy."""
    page.evaluate(_axe())
    found = page.evaluate("tags => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })", TAGS)
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]} {(node.get('failureSummary') or '')[:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def wider_than_screen(page: Page) -> int:
    """By how many pixels one would have to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def picture(page: Page, name: str) -> None:
    """With SCREENSHOTS=1: the page as a picture in the documentation."""
    if os.environ.get("SCREENSHOTS") == "1":
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=False)
