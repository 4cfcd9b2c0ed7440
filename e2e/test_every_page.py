"""Every page that a role can reach by links, in both themes: axe-core, 360 px, no error, no other host."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from e2e import looks
from e2e.people import ROLES, Trouble

# Pages that differ by an id or a filter look alike: so many of each shape are visited.
OF_A_SHAPE = 2
MOST = 120
# Links that answer with a file, or leave the portals.
NO_PAGE = re.compile(r"\.(zip|csv|json|atom|png|jpg|pdf)$|^/api/|/export|/document")
LEAVES = ("/mail",)  # the demo's mails: their links are other people's
HELP = re.compile(r"^/help/")
UNLINKED = ("/accounts/password/reset/", "/components", "/no-such-page")


def shape(path: str) -> str:
    """The address without its ids."""
    return re.sub(r"\d+", "N", path)


def links(page: Page) -> list[str]:
    """Where the page leads on this server, without fragments; a list's filters count once."""
    found = page.eval_on_selector_all("a[href]:not([download])", "all => all.map(one => one.href)")
    here = urlsplit(page.url).netloc
    paths = [urlsplit(one) for one in found]
    return [
        one.path + (f"?{one.query}" if one.query else "")
        for one in paths
        if one.netloc == here and not NO_PAGE.search(one.path)
    ]


def reachable(
    page: Page, who: str, start: str = "/", *, leave_out: re.Pattern[str] = HELP
) -> tuple[list[str], list[str]]:
    """The pages that links lead to, breadth first, a few of each shape; and what is wrong with them or their links."""
    queue, seen, shapes, kept, found = [start], {start}, {}, [], []
    while queue and len(kept) < MOST:
        path = queue.pop(0)
        kind = shape(path.split("?")[0]) + ("?" if "?" in path else "")
        if shapes.get(kind, 0) >= OF_A_SHAPE or leave_out.search(path):
            continue
        shapes[kind] = shapes.get(kind, 0) + 1
        answer = page.goto(path)
        if answer is None or answer.status >= 400:
            found.append(f"{path} answers {answer and answer.status}")
            continue
        kept.append(path)
        for one in [] if path in LEAVES else links(page):
            if one not in seen:
                seen.add(one)
                queue.append(one)
        found += judge(page, path, who)
    return kept, found


def judge(page: Page, path: str, who: str) -> list[str]:
    """The page that is open: both themes at full width, then a phone's."""
    found = [f"{path} {one}" for one in looks.violations(page)]
    pictures(page, f"{who}{path}-1440")
    page.set_viewport_size(looks.PHONE)
    if (pixels := looks.wider_than_screen(page)) > 0:
        found.append(f"{path}: {pixels} px wider than a phone of 360")
    pictures(page, f"{who}{path}-360")
    page.set_viewport_size(looks.WIDE)
    return found


def pictures(page: Page, name: str) -> None:
    """With SCREENSHOTS=1, of the page in both themes, ending in the light one."""
    for scheme in ("dark", "light") if looks.wanted() else ():
        looks.show(page, scheme)
        looks.screen(page, f"{name}-{scheme}")


# One process takes those who see the same pages: what is the same to the letter is judged once (looks.violations).
AT_A_PHARMACY = ("owner", "pharmacist", "technician", "locum")
AMONG = [
    pytest.param(role, marks=pytest.mark.xdist_group("pharmacy") if role in AT_A_PHARMACY else ()) for role in ROLES
]


@pytest.mark.parametrize("role", AMONG)
def test_every_page_of(role: str, person: Callable[..., Page]) -> None:
    page, before = person(role), []
    if role == "locum":  # of two pharmacies: chooses one first
        before = judge(page, "/account", role)
        page.get_by_role("button", name="Act for this one").first.click()
    paths, found = reachable(page, role)
    found += before
    assert 4 <= len(paths) < MOST, paths  # at MOST, pages would be left out unseen
    print(f"{role}: {len(paths)} pages: {' '.join(paths)}")
    assert not found, "\n".join(found)


def test_every_public_page(visitor: Callable[..., Page], trouble: Trouble) -> None:
    trouble.awaited = ("404",)
    page = visitor()
    paths, found = reachable(page, "public", "/accounts/login/", leave_out=re.compile("^$"))
    for path in UNLINKED:
        page.goto(path)
        found += judge(page, path, "public")
    print(f"public: {len(paths)} pages: {' '.join(paths)}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("role", ["doctor", "pharmacist", "patient"])
def test_right_to_left(role: str, person: Callable[..., Page]) -> None:
    page = person(role, width=360)
    page.click("text=العربية")
    assert page.get_attribute("html", "dir") == "rtl"
    paths = list(dict.fromkeys(one for one in links(page) if not HELP.search(one)))[:8]
    found = []
    for path in paths:
        page.goto(path)
        found += [f"{path}: {words}" for words in looks.violations(page)]
        if looks.wider_than_screen(page) > 0:
            found.append(f"{path}: too wide")
    page.click("text=English")
    assert page.get_attribute("html", "dir") == "ltr"
    assert not found, "\n".join(found)
