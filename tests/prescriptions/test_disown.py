"""“I did not sign these”: the evening's mail, and what its link does in one act."""

from datetime import date, datetime, time, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from elmed.accounts.told import day_words
from elmed.core.clock import real_now
from elmed.core.refusals import NotVisible
from elmed.events.models import Event
from elmed.notifications import send
from elmed.notifications.models import Mail
from elmed.prescriptions.actions import disown
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Hold, Prescription
from elmed.prescriptions.vocabulary import HoldKind, Status
from tests import factories
from tests.portals.conftest import sign_in  # noqa: F401  (fixture)


def evening(day_offset: int = 0) -> datetime:
    """18:00 today, or days after it."""
    today = real_now().astimezone(jurisdiction().zone).date() + timedelta(days=day_offset)
    return datetime.combine(today, time(18), jurisdiction().zone)


def token_of(mail: Mail) -> str:
    """The end of the link in a mail."""
    return send.words(mail)[1].split("not-signed-by-me/")[1].split()[0]


def link_of(mail: Mail) -> disown.Claim:
    """What the link of a mail speaks of."""
    return disown.read(token_of(mail))


@pytest.fixture
def link(cast) -> str:
    """The link of the span that holds this moment."""
    until = evening() if real_now() <= evening() else evening(1)
    return disown.token(cast.doctor.pk, int(until.timestamp()))


def test_told_once_in_the_evening_and_only_who_signed(cast):
    at = evening()
    factories.issued(cast, now=at - timedelta(hours=2))
    assert disown.tell_doctors(at - timedelta(minutes=1)) == 0
    assert disown.tell_doctors(at + timedelta(minutes=5)) == 1
    assert disown.tell_doctors(at + timedelta(minutes=35)) == 0
    mail = Mail.objects.get(template="signed_today")
    assert mail.to == cast.people["doctor"].email
    subject, text = send.words(mail)
    assert subject.endswith("you signed 1 prescription")
    assert "amoxicillin" not in text + subject and "Bronchitis" not in text
    assert link_of(mail).account_id == cast.doctor.pk


def test_days_that_no_worker_told_are_made_up_for_once_each_with_their_own_link(cast):
    """What is older than seven days is not told any more; nor is a day without signatures."""
    for back, many in ((8, 1), (6, 1), (2, 2), (0, 3)):
        for hours in range(1, many + 1):
            factories.issued(cast, now=evening(-back) - timedelta(hours=hours))
    late = evening(1) - timedelta(minutes=1)  # nearly a day after the last evening
    assert disown.tell_doctors(late) == 3
    assert disown.tell_doctors(late) == disown.tell_doctors(evening(1) + timedelta(minutes=5)) == 0
    told = [(link_of(mail), mail.context["count"]) for mail in Mail.objects.order_by("pk")]
    assert [claim.until for claim, _ in told] == [evening(-6), evening(-2), evening()]
    assert [count for _, count in told] == [disown.count_signed(claim) for claim, _ in told] == [1, 2, 3]
    text = send.words(Mail.objects.order_by("pk")[1])[1]
    assert f"From 18:00 on {day_words(evening(-3).date())} to 18:00 on {day_words(evening(-2).date())} 2 " in text


@pytest.mark.parametrize("changes", [date(2026, 3, 29), date(2026, 10, 25)])
def test_days_touch_where_the_clocks_change_and_the_link_holds_what_the_mail_counts(cast, changes, monkeypatch):
    """Signatures in the first and last hours of three days, of which one has 23 or 25 hours."""
    assert str(jurisdiction().zone) == "Europe/London"
    evenings = [datetime.combine(changes + timedelta(days=n), time(18), jurisdiction().zone) for n in range(-2, 2)]
    spans = [disown.span(until) for until in evenings]
    assert [since for since, _ in spans[1:]] == [until for _, until in spans[:-1]]
    assert [(until - since) // timedelta(hours=1) for since, until in spans] == [
        24,
        24,
        23 if changes.month == 3 else 25,
        24,
    ]
    for number, (since, until) in enumerate(spans[1:]):
        for minutes in (30, 90, *((45,) * number)):
            factories.issued(cast, now=since + timedelta(minutes=minutes))
            factories.issued(cast, now=until - timedelta(minutes=minutes))
        factories.issued(cast, now=until)
    now = evenings[-1] + timedelta(minutes=5)
    monkeypatch.setattr(disown, "real_now", lambda: now)
    assert disown.tell_doctors(now) == 3
    mails = Mail.objects.filter(template="signed_today").order_by("-pk")  # the last first: it takes none of another's
    assert [mail.context["count"] for mail in mails] == [9, 7, 5]
    assert [disown.disown(token_of(mail)) for mail in mails] == [9, 7, 5]
    assert Hold.objects.count() == 21


def test_nobody_is_told_where_nothing_was_signed(cast):
    factories.draft(cast, now=evening() - timedelta(hours=1))
    assert disown.tell_doctors(evening() + timedelta(minutes=5)) == 0
    assert not Mail.objects.exists()


def test_the_link_asks_and_then_holds_what_is_open(cast, link, sign_in):  # noqa: F811
    now = real_now()
    open_one, checked = factories.pending_review(cast, now=now), factories.verified(cast, now=now)
    done = factories.dispensed(cast, now=now)
    older = factories.issued(cast, now=now - timedelta(days=3))
    doctor = sign_in("doctor")
    url, visitor = reverse("doctor_disown", args=[link]), Client()
    before = Event.objects.count()
    page = visitor.get(url)
    assert "3 prescriptions were signed" in page.content.decode()
    assert "Dean" not in page.content.decode()
    # With "no-referrer" a browser sends "Origin: null" with the page's own button, and it is refused as another site's.
    assert page["Referrer-Policy"] == "same-origin"
    assert (Event.objects.count(), Hold.objects.count()) == (before, 0), "looking changes nothing"
    assert "2 prescriptions are on hold" in visitor.post(url).content.decode()
    for rx, status in (
        (open_one, Status.ON_HOLD),
        (checked, Status.ON_HOLD),
        (done, Status.DISPENSED),
        (older, Status.ISSUED),
    ):
        rx.refresh_from_db()
        assert rx.status == status
    assert set(Hold.objects.values_list("kind", flat=True)) == {HoldKind.FRAUD}
    assert Mail.objects.filter(template="signatures_disowned").count() == 1
    assert doctor.get(reverse("doctor_home")).status_code == 302, "the doctor's sign-in is over"
    assert "0 prescriptions are on hold" in visitor.post(url).content.decode()
    assert Mail.objects.filter(template="signatures_disowned").count() == 1
    assert Hold.objects.count() == 2


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), lambda text: "x", lambda text: text[5:]]
)
def test_another_link_is_not_found_and_changes_nothing(cast, link, spoil):
    factories.issued(cast, now=real_now())
    url = reverse("doctor_disown", args=[spoil(link)])
    sessions = Session.objects.count()
    assert Client().get(url).status_code == 404
    assert Client().post(url).status_code == 404
    with pytest.raises(NotVisible):
        disown.disown(spoil(link))
    assert set(Prescription.objects.values_list("status", flat=True)) == {Status.ISSUED}
    assert (Hold.objects.count(), Session.objects.count()) == (0, sessions)


@pytest.mark.parametrize(("language", "words"), [("en", "12,345 prescriptions were signed"), ("ar", "12,345")])
def test_how_many_is_grouped_and_still_translated(link, monkeypatch, language, words):
    monkeypatch.setattr(disown, "count_signed", lambda _claim: 12_345)
    browser = Client(headers={"accept-language": language})
    page = browser.get(reverse("doctor_disown", args=[link])).content.decode()
    assert words in page
    assert ("prescriptions were signed" in page) == (language == "en")


def test_a_link_is_too_old_after_a_month(cast, link, monkeypatch):
    monkeypatch.setattr(disown, "VALID_FOR", timedelta(seconds=-1))
    assert Client().get(reverse("doctor_disown", args=[link])).status_code == 404
