"""The language of a page: chosen by the person, else by the browser; nothing of it leaks into other requests."""

import re
from html import unescape

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import translation

from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.catalogue import EVENT_TYPES
from elmed.portals import refused
from elmed.portals.doctor.line_form import LineForm
from elmed.portals.forms import PortalForm
from elmed.portals.words import event_words, isolated
from elmed.prescriptions.models import WarningAnswer
from tests.factories import AMOXICILLIN, issued

LANG_AR = 'lang="ar" dir="rtl"'


def test_the_browser_asks_for_arabic(db):
    page = Client().get(reverse("account_login"), headers={"accept-language": "ar-EG,ar;q=0.9"})
    text = page.content.decode()
    assert LANG_AR in text
    assert "elmed.rtl.css" in text
    assert "تسجيل الدخول" in text
    assert "لم يراجع" in text  # the notice that no native-speaking clinician has reviewed it
    assert "Accept-Language" in page["Vary"]


def test_english_is_the_rest(db):
    for asked in ("", "en-US,en", "xx"):
        text = Client().get(reverse("account_login"), headers={"accept-language": asked}).content.decode()
        assert 'lang="en-gb" dir="ltr"' in text
        assert "elmed.css" in text
        assert "native-speaking" not in text


def test_the_switch_keeps_the_page_and_the_choice(cast, sign_in):
    browser = sign_in("doctor")
    target = reverse("doctor_patients") + "?q=Kow"
    answer = browser.post(reverse("language"), {"language": "ar", "next": target})
    assert answer["Location"] == target
    person = cast.people["doctor"]
    person.refresh_from_db()
    assert person.language == "ar"
    assert LANG_AR in browser.get(target).content.decode()
    browser.cookies.pop("django_language")
    assert LANG_AR in browser.get(target, headers={"accept-language": "en"}).content.decode()
    assert translation.get_language() == "en-gb"  # this thread's next request begins in English


def test_an_unknown_language_and_another_site_change_nothing(cast, sign_in):
    browser = sign_in("doctor")
    answer = browser.post(reverse("language"), {"language": "xx", "next": "https://evil.example/"})
    assert answer["Location"] == reverse("home")
    cast.people["doctor"].refresh_from_db()
    assert cast.people["doctor"].language == ""
    assert "django_language" not in answer.cookies


def test_the_switch_needs_the_forms_token(cast, sign_in):
    browser = sign_in("doctor")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post(reverse("language"), {"language": "ar"}).status_code == 403
    cast.people["doctor"].refresh_from_db()
    assert cast.people["doctor"].language == ""


def test_what_is_read_against_a_packet_is_the_same_in_every_language():
    from datetime import UTC, date, datetime

    template = Template("{% load portal %}{{ born|birth }} {{ q|amount:'tablet' }} {{ born|day }} {{ at|moment }}")
    context = {"born": date(1961, 2, 3), "q": 500, "at": datetime(2026, 11, 22, 10, 15, tzinfo=UTC)}
    with translation.override("en-gb"):
        english = template.render(Context(context))
    with translation.override("ar"):
        arabic = template.render(Context(context))
    same = '<bdi dir="ltr" class="text-nowrap">03-Feb-1961</bdi> <bdi dir="ltr">0.5 tablets</bdi>'
    assert english.startswith(same) and arabic.startswith(same)
    assert ">3 Feb 1961</time>" in english and ">22 Nov 2026, 10:15</time>" in english
    assert ">3 فبراير 1961</time>" in arabic


def test_a_warning_is_stored_in_english_whatever_the_doctor_reads(cast):
    with translation.override("ar"):
        issued(cast, lines=(AMOXICILLIN, AMOXICILLIN))
    stored = WarningAnswer.objects.filter(code="duplicate")
    assert {row.message for row in stored} == {"The same medicine stands in another line."}


def test_refusals_are_told_in_the_readers_language():
    form = PortalForm({})
    form.is_valid()
    with translation.override("ar"):
        told = refused.words_of(NotNow("not_overdue", "It is still valid."))  # marked in a guard, translated here
        form.point("/x", Invalid.field("/x", "required", "This is needed.").errors[0]["detail"])
        missing = refused.words_of(NotVisible("prescription"))
    assert refused.words_of(NotNow("x", "It is still valid.", current_status="on_hold")).endswith("It is now: on hold.")
    for words in (told, missing, form.non_field_errors()[0]):
        assert words and not any("a" <= letter <= "z" for letter in words)


def test_plain_text_isolates_amounts_only_where_it_runs_the_other_way():
    assert isolated("28 tablets") == "28 tablets"
    with translation.override("ar"):
        assert isolated("28 tablets") == "\u206628 tablets\u2069"


def test_what_is_typed_runs_as_it_is_written():
    """`1-0-1 5d` in a field that runs from right to left would be read as `5d 1-0-1`."""
    form = LineForm()
    assert 'dir="ltr"' in str(form["dose"])
    assert all('dir="auto"' in str(form[name]) for name in ("medication_text", "unit", "dosage_text", "quantity"))


def test_the_six_arabic_plurals_stand_where_the_catalogue_counts_them():
    with translation.override("ar"):
        said = {n: translation.ngettext("for %(days)s day", "for %(days)s days", n) for n in (1, 2, 7, 28, 100)}
    assert said[28].endswith("يومًا") and said[7].endswith("أيام")
    assert said[100].endswith("يوم") and "يومين" in said[2] and "يوم واحد" in said[1]


@pytest.mark.parametrize("kind", sorted(EVENT_TYPES))
def test_every_event_is_told_in_arabic(kind):
    """In the staff's account and audit pages, and in a prescription's history."""
    with translation.override("ar"):
        told = event_words(kind)
    assert re.search("[\u0621-\u064a]", told)
    assert not set(re.findall("[A-Za-z]+", told)) - {"ELMED", "API", "webhook"}


def test_staff_read_an_accounts_events_in_their_language(cast, sign_in):
    browser = sign_in("staff")
    change_state(
        cast.actor("staff"), cast.doctor.pk, AccountState.SUSPENDED, reason="Licence withdrawn", now=real_now()
    )
    page = reverse("staff_account", args=[cast.doctor.pk])
    assert "staff suspended an account" in unescape(browser.get(page).content.decode())
    text = browser.get(page, headers={"accept-language": "ar"}).content.decode()
    assert "علّق موظفو ELMED حسابًا" in text and "suspended an account" not in unescape(text)
