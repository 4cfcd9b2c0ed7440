"""The search over the help: titles before texts, words marked, an empty result that says what to do."""

import pytest
from django.test import Client
from django.urls import reverse

from elmed.help.search import MOST, search
from tests.help.conftest import plain


def first(query: str) -> str:
    return search(query)[0][0].url


@pytest.mark.parametrize(
    ("query", "url"),
    [
        ("dispense in part", "/help/pharmacists#dispense-in-part"),
        ("dispensing part", "/help/pharmacists#dispense-in-part"),
        ("Revoke a KEY", "/help/developers#revoke-a-key"),
        ("invalid_status", "/help/errors#invalid_status"),
        ("reference_locked", "/help/errors#reference_locked"),
        ("outage", "/help/outage"),
        ("recall", "/help/pharmacy-owners#recall"),
        ("who looked", "/help/patients#who-looked"),
        ("forgotten password", "/help/sign-in#password"),
        ("webhooks", "/help/events-or-webhooks"),
        ("verify accounts", "/help/staff#verify-an-account"),
        ("choose pharmacy", "/help/patients#choose-a-pharmacy"),
        ("labels", "/help/pharmacists#labels-and-receipts"),
        ("walk-in", "/help/pharmacists#bring-a-prescription"),
        ("reminders", "/help/pharmacists#remind"),
        ("merge duplicates", "/help/staff#duplicates"),
        ("closed pharmacy", "/help/staff#release"),
        ("weight", "/help/doctors#record-the-weight"),
        ("lost reference", "/help/patients#new-reference"),
        ("my data", "/help/patients#my-data"),
        # by what somebody sees
        ("can't sign in", "/help/troubleshooting#cannot-sign-in"),
        ("cant sign in", "/help/troubleshooting#cannot-sign-in"),
        ("email does not arrive", "/help/troubleshooting#no-mail"),
        ("send it again", "/help/troubleshooting#send-it-again"),
        ("patient not found", "/help/troubleshooting#patient-not-found"),
        ("no dispense button", "/help/troubleshooting#no-button"),
        ("label cut off", "/help/troubleshooting#label-wrong"),
        ("scanner does nothing", "/help/troubleshooting#scanner"),
        ("shop does not say connected", "/help/troubleshooting#shop-not-connected"),
        ("page locked", "/help/sign-in#pause"),
    ],
)
def test_the_right_place_comes_first(query, url):
    assert first(query) == url


def test_a_title_comes_before_a_text():
    results, _ = search("quarantine stock")
    assert results
    results, count = search("batch")
    titles = ["<mark>" in one.title for one in results]
    assert titles == sorted(titles, reverse=True)
    assert True in titles
    assert False in titles
    assert count == len(results)


def test_every_word_counts_and_where_none_has_all_any_is_found():
    _, both = search("revoke key")
    _, one = search("key")
    assert 0 < both < one
    results, _ = search("recall zebra")
    assert results[0].url == "/help/pharmacy-owners#recall"


def test_words_are_marked_and_nothing_else_is_markup(db):
    html = Client().get(reverse("help_search"), {"q": "<script>alert(1)</script> & batch"}).content.decode()
    assert "<script>alert" not in html
    assert "<mark>batch</mark>" in html.lower()


def test_no_more_than_a_screenful_is_shown(db):
    results, count = search("prescription")
    assert count > MOST == len(results)
    text = plain(Client().get(reverse("help_search"), {"q": "prescription"}).content.decode())
    assert f"The best {MOST} are shown; add a word" in text


def test_an_empty_result_says_what_to_do(db, settings):
    settings.SUPPORT_EMAIL = "ask@example.org"
    text = plain(Client().get(reverse("help_search"), {"q": "zebra"}).content.decode())
    assert "Nothing in the help has “zebra”." in text
    assert "Try fewer or other words" in text
    assert "ask@example.org" in text
    assert "For patients" in text


@pytest.mark.parametrize("query", ["", "   ", "the", "%%%", "\x00", "a" * 5000, "ß İ ﬁ", "__", "((("])
def test_strange_queries_are_answered(db, query):
    assert Client().get(reverse("help_search"), {"q": query}).status_code == 200


def test_what_is_found_carries_this_installations_address(settings):
    settings.BASE_URL = "https://rx.example.org"
    results, _ = search("base url")
    assert results[0].url == "/help/developers#base-url"
    assert "rx.example.org" in results[0].excerpt
