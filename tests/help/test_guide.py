"""The developer guide: word for word what was promised, with this installation's address and the reader's own key."""

from pathlib import Path

from django.conf import settings as now
from django.test import Client
from django.urls import reverse

from elmed.access import keys
from elmed.core.models import Mode
from tests.help.conftest import plain

PROMISE = Path(__file__).with_name("developer_guide.txt")
# The two answers on what was not there yet: they are true no longer.
REWRITTEN = ("Webhooks are on the roadmap.", "Not yet. All API calls run against the live ELMED environment.")


def test_the_guide_says_word_for_word_what_was_promised(read, settings):
    settings.BASE_URL, settings.SUPPORT_EMAIL = "https://elmed.healthcare", "support@elmed.healthcare"
    page = plain(read("help_developers")).replace(" .", ".")
    place = 0
    lines = [" ".join(line.split()) for line in PROMISE.read_text().splitlines() if line.strip()]
    assert len(lines) > 60
    for line in lines:
        if line.startswith(REWRITTEN):
            continue
        found = page.find(line, place)
        assert found >= 0, f"{line!r} does not follow on {page[max(place - 80, 0) : place]!r}"
        place = found + len(line)


def test_every_example_has_this_installations_address(read, settings):
    settings.BASE_URL, settings.SUPPORT_EMAIL = "https://rx.example.org", "help@example.org"
    for language in ("curl", "python", "php"):
        html = read("help_developers", f"?lang={language}")
        assert html.count("https://rx.example.org/api/public/v1/") >= 14
        assert "elmed.healthcare" not in html


def test_somebody_signed_in_sees_in_every_example_which_key_it_means(cast, sign_in):
    key, secret = keys.create(cast.actor("pharmacist"), name="Old till", scopes=["rx:read"])
    key, secret = keys.create(cast.actor("pharmacist"), name="Till <2>", scopes=["rx:read"])
    browser = sign_in("pharmacist")
    answer = browser.get(reverse("help_developers"))
    html = answer.content.decode()
    assert html.count(f"# ELMED_KEY is your key elm_…{key.hint}\n") == html.count('class="example"') >= 14
    assert "“Till &lt;2&gt;”" in html
    assert secret not in html
    assert "no-store" in answer["Cache-Control"]
    keys.revoke(cast.actor("pharmacist"), key.pk)
    assert f"…{key.hint}\n" not in browser.get(reverse("help_developers")).content.decode()


def test_a_test_key_is_called_one(cast, sign_in):
    key, _ = keys.create(cast.actor("doctor"), name="Trial", scopes=["rx:read"], mode=Mode.TEST)
    assert f"your key elm_test_…{key.hint}\n" in sign_in("doctor").get(reverse("help_developers")).content.decode()


def test_no_key_is_shown_to_others(cast, sign_in, read):
    keys.create(cast.actor("pharmacist"), name="Till", scopes=["rx:read"])
    for html in (read("help_developers"), read("help_developers", client=sign_in("patient")),
                 read("help_developers", client=sign_in("other_pharmacist"))):  # fmt: skip
        assert "is your key" not in html
        assert "Your newest key" not in html


def test_help_asks_the_database_little(cast, sign_in, django_assert_max_num_queries):
    keys.create(cast.actor("pharmacist"), name="Till", scopes=["rx:read"])
    browser = sign_in("pharmacist")
    for name in ("help", "help_developers", "help_pharmacists", "help_errors", "help_search"):
        with django_assert_max_num_queries(6):
            assert browser.get(reverse(name), {"q": "dispense"}).status_code == 200


def test_the_language_of_the_examples_is_remembered(db):
    browser = Client()
    url = reverse("help_developers")
    assert 'data-language="curl"' in browser.get(url).content.decode()
    assert 'data-language="python"' in browser.get(url, {"lang": "python"}).content.decode()
    answer = browser.get(url)
    assert 'data-language="python"' in answer.content.decode()
    assert 'data-language="curl"' not in answer.content.decode()
    assert "Cookie" in answer["Vary"]
    assert browser.cookies["help_lang"]["path"] == "/help"
    for strange in ("cobol", "<b>", ""):
        assert 'data-language="python"' in browser.get(url, {"lang": strange}).content.decode()
    assert browser.cookies["help_lang"].value == "python"
    assert now.BASE_URL in answer.content.decode()
