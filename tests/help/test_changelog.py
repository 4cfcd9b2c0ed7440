"""What is new in the API: every call has its entry, and the feed says what the page says."""

import re
from xml.etree import ElementTree

from django.test import Client

from elmed.api.openapi import document
from elmed.help.api_changes import CHANGES

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def test_every_call_of_the_api_stands_in_the_list_and_no_other():
    """A new call wants its entry; one that is taken away wants `Deprecated` first."""
    described = {
        f"{method.upper()} {path}" for path, operations in document()["paths"].items() for method in operations
    }
    assert {call for change in CHANGES for call in change.calls} == described


def test_the_newest_comes_first_and_each_has_its_own_place():
    assert [one.day for one in CHANGES] == sorted((one.day for one in CHANGES), reverse=True)
    assert len({one.anchor for one in CHANGES}) == len(CHANGES)


def test_the_feed_is_atom_with_this_installations_address(db, settings):
    settings.BASE_URL = "https://rx.example.org"
    answer = Client().get("/help/changelog.atom")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    assert feed.find("a:link[@rel='self']", ATOM).get("href") == "https://rx.example.org/help/changelog.atom"
    entries = feed.findall("a:entry", ATOM)
    assert len(entries) == len(CHANGES)
    ids = [entry.find("a:id", ATOM).text for entry in entries]
    assert ids == [f"https://rx.example.org/help/changelog#{one.anchor}" for one in CHANGES]
    for entry, change in zip(entries, CHANGES, strict=True):
        assert entry.find("a:updated", ATOM).text.startswith(change.day.isoformat())
        assert "`" not in entry.find("a:title", ATOM).text + entry.find("a:summary", ATOM).text


def test_the_page_leads_to_the_feed_and_has_every_anchor(db):
    page = Client().get("/help/changelog").content.decode()
    assert 'href="/help/changelog.atom"' in page
    anchors = re.findall(r'<h2 id="([^"]+)"', page)
    assert [one.anchor for one in CHANGES] == [anchor for anchor in anchors if anchor in {c.anchor for c in CHANGES}]
