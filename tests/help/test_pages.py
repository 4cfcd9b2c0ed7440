"""Every page of the help: open to everybody, well made, with its own navigation, and its words those of the portals."""

import ast
import re
from collections import Counter
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

from elmed.help import markup
from elmed.help.pages import PAGES, Group, by_group
from tests.guards.source import PACKAGE, ROOT
from tests.help.conftest import plain

NAMES = [page.name for page in PAGES]
EVERY = ["help", "help_search", *NAMES]
_SENTENCE = re.compile(r'_\("([^"]+)"\)|{% translate "([^"]+)"')


def sentences(page) -> list[str]:
    """The guide's sentences, as its template has them."""
    text = Path(get_template(page.template).origin.name).read_text()
    return [first or second for first, second in _SENTENCE.findall(text)]


# Whose words a guide may quote: the folders of that portal's pages, beside those that all portals share.
FOLDERS = {
    "doctors": ("doctor", "joining", "settings"), "pharmacists": ("pharmacy",), "pharmacy-owners": ("pharmacy", "joining", "settings"),
    "patients": ("patient", "joining"), "first-steps": ("settings",), "staff": ("staff", "joining"),
    "joining": ("joining",), "sign-in": ("settings", "account", "mfa", "allauth"), "outage": ("pharmacy",),
    "troubleshooting": ("doctor", "pharmacy", "patient", "joining", "settings"),
}  # fmt: skip
SHARED = ("portals", "cotton", "shared", ".")


def words_of_the_portals(page: str) -> set[str]:
    """Every text and string of a portal's templates and Python: what a button or a field can be called."""
    found = set()
    for path in PACKAGE.glob("portals/templates/**/*.html"):
        if path.parent.name not in FOLDERS[page] + SHARED[:2] and path.name not in ("base.html", "403_csrf.html"):
            continue
        text = path.read_text()
        found.update(re.findall(r"(?:translate|_\()\s*\"([^\"]+)\"", text) + re.findall(r"translate '([^']+)'", text))
        text = re.sub(r"{%[^%]*%}|{{[^}]*}}|<[^>]*>", "\n", text)
        found.update(" ".join(unescape(piece).split()) for piece in text.split("\n"))
    for path in [*PACKAGE.glob("portals/**/*.py"), *PACKAGE.glob("patients/*.py")]:
        if path.parent.name not in FOLDERS[page] + SHARED and path.parent not in (
            PACKAGE / "portals",
            PACKAGE / "patients",
        ):
            continue
        found.update(
            node.value for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )  # fmt: skip
    if page == "pharmacy-owners":  # it leads through the shop's plugin too
        for path in (ROOT / "woocommerce").glob("elmed-for-woocommerce/**/*.pot"):
            found.update(re.findall(r'^msgid "(.+)"$', path.read_text(), re.M))
    return found


@pytest.mark.parametrize("name", EVERY)
def test_a_page_is_open_to_everybody_and_well_made(name, read, django_assert_max_num_queries):
    with django_assert_max_num_queries(0):
        html = read(name)
    assert len(re.findall(r"<h1[ >]", html)) == 1
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", html)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    twice = [one for one, count in Counter(re.findall(r'\sid="([^"]+)"', html)).items() if count > 1]
    assert not twice
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|https?://(?!localhost|example\.com/elmed)", html)
    for anchor in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{anchor}"' in html, anchor


@pytest.mark.parametrize("name", NAMES)
def test_each_link_inside_the_help_leads_somewhere(name, read):
    for path, anchor in set(re.findall(r'href="(/help[^"#?]*)#([^"]+)"', read(name))):
        answer = Client().get(path)
        assert answer.status_code == 200, path
        assert f'id="{anchor}"' in answer.content.decode(), (path, anchor)


def test_tasks_come_first_and_the_reference_apart(read):
    groups = [page.group for page in PAGES]
    assert groups == sorted(groups, key=list(Group).index)
    assert len(by_group()) == len(set(groups)) == len(Group)
    html = read("help")
    places = [html.index(f'href="{reverse(name)}"') for name in NAMES[:-2]]
    assert places == sorted(places)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_lists_what_is_on_it_and_where_one_is(name, read):
    html = read(name)
    listed = re.findall(r'<li><a href="#([^"]+)"', html)
    assert listed == re.findall(r'<h2 id="([^"]+)"', html)
    assert f'href="{reverse(name)}" aria-current="page"' in html


@pytest.mark.parametrize("page", [page for page in PAGES if not page.english], ids=lambda page: page.path)
def test_every_button_that_a_guide_names_is_called_so(page):
    known = words_of_the_portals(page.path)
    unknown = [label for text in sentences(page) for label in markup.labels(text) if label not in known]
    assert not unknown, f"no page has such a button or field: change {page.template}, or the page"


def test_the_guides_do_name_buttons():
    assert sum(len(markup.labels(text)) for page in PAGES for text in sentences(page)) > 80
    assert "Record what was handed over" in words_of_the_portals("pharmacists") - words_of_the_portals("staff")
    assert "No button is called so" not in words_of_the_portals("pharmacists")


def test_marks_become_html_and_nothing_else_does():
    text = markup.html("Press **<b>Sign</b>** in [Queue](pharmacy_queue#x), `a & b`")
    assert text == (
        'Press <b class="ui">&lt;b&gt;Sign&lt;/b&gt;</b> in <a href="/pharmacy/#x">Queue</a>, <code dir="ltr">a &amp; b</code>'
    )


def test_the_reference_is_english_on_a_page_in_any_language(read):
    assert '<article class="prose help-errors" lang="en" dir="ltr">' in read("help_errors")
    assert '<article class="prose help-patients">' in read("help_patients")


def test_the_guides_have_the_sites_name_and_support_address(read, settings):
    settings.SITE_NAME, settings.SUPPORT_EMAIL = "Rx & Co", "ask@example.org"
    text = read("help_patients")
    assert "Rx &amp; Co’s support" in text
    assert 'href="mailto:ask@example.org"' in text
    assert "{support}" not in plain(text)


@pytest.mark.parametrize("name", NAMES)
def test_no_mark_is_left_unread(name, read):
    article = re.sub(r"<pre.*?</pre>|<code.*?</code>", "", read(name), flags=re.S)
    words = plain(re.search(r"<article.*</article>", article, re.S)[0])
    assert not re.search(r"\*\w|\w\*|%%|\]\(|\{(site|support)\}", words)
