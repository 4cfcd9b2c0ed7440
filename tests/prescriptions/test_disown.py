"""“I did not sign these”: the evening's mail, and what its link does in one act."""

from datetime import datetime, time, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

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


@pytest.fixture
def link(cast) -> str:
    """The link of the span that holds this moment."""
    until = evening() if real_now() <= evening() else evening(1)
    return disown.token(cast.doctor.pk, int(until.timestamp()))


def test_told_once_in_the_evening_and_only_who_signed(cast):
    at = evening()
    factories.issued(cast, now=at - timedelta(hours=2))
    factories.issued(cast, now=at - timedelta(hours=30))
    assert disown.tell_doctors(at - timedelta(minutes=1)) == 0 or Mail.objects.count() == 1
    Mail.objects.all().delete()
    assert disown.tell_doctors(at + timedelta(minutes=5)) == 1
    assert disown.tell_doctors(at + timedelta(minutes=35)) == 0
    mail = Mail.objects.get(template="signed_today")
    assert mail.to == cast.people["doctor"].email
    subject, text = send.words(mail)
    assert subject.endswith("you signed 1 prescription")
    assert "amoxicillin" not in text + subject and "Bronchitis" not in text
    path = text.split("not-signed-by-me/")[1].split()[0]
    assert disown.read(path).account_id == cast.doctor.pk


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


def test_a_link_is_too_old_after_a_month(cast, link, monkeypatch):
    monkeypatch.setattr(disown, "VALID_FOR", timedelta(seconds=-1))
    assert Client().get(reverse("doctor_disown", args=[link])).status_code == 404
