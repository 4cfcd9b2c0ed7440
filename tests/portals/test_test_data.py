"""The switch to the test world: what it shows, that nobody takes it for live, and one click to leave it."""

import re

import pytest
from django.urls import reverse

from elmed.accounts.models import Account, AccountState
from elmed.core.models import LIVE_WORLD_ID, World
from elmed.patients.models import Patient
from elmed.portals.page import LIVE_ONLY
from elmed.prescriptions.models import Prescription
from tests import factories as f
from tests.portals.test_frame import portal_patterns


def switch(client, to="test"):
    return client.post(reverse("test_data"), {"view": to}, follow=True)


def text(answer):
    return answer.content.decode()


def play(client, name, **more):
    page = text(client.get(reverse("test_world")))
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    return client.post(reverse("test_world_play"), {"name": name, "once": once} | more, follow=True)


@pytest.fixture
def testing(sign_in):
    """The pharmacist, who looks at test data."""
    client = sign_in("pharmacist")
    assert "TEST DATA" in text(switch(client))
    return client


def test_it_shows_the_test_world_and_says_so_on_every_page(cast, testing):
    live = f.pending_review(cast)
    played = play(testing, "pending_review")
    assert "Waiting for the check" in text(played)
    rx = Prescription.objects.exclude(pk=live.pk).get()
    assert rx.world_id == Account.objects.get(pk=cast.pharmacy.pk).test_world_id
    queue = text(testing.get(reverse("pharmacy_queue")))
    assert f"/pharmacy/prescriptions/{rx.pk}" in queue
    assert f"/pharmacy/prescriptions/{live.pk}" not in queue
    assert "<title>TEST – " in queue
    assert 'class="test-data"' in queue
    assert "TEST DATA" in queue
    assert testing.get(reverse("pharmacy_prescription", args=[rx.pk])).status_code == 200
    assert testing.get(reverse("pharmacy_prescription", args=[live.pk])).status_code == 404


def test_one_click_leaves_it(cast, testing):
    live = f.pending_review(cast)
    answer = switch(testing, "live")
    queue = text(testing.get(reverse("pharmacy_queue")))
    for page in (text(answer), queue):
        assert "TEST DATA" not in page
        assert "<title>TEST" not in page
        assert 'class="test-data"' not in page
    assert f"/pharmacy/prescriptions/{live.pk}" in queue


def test_acts_write_there_alone(cast, testing):
    play(testing, "pending_review")
    rx = Prescription.objects.get()
    live = f.pending_review(cast)
    for one in (rx, live):
        answer = testing.post(reverse("pharmacy_act_verify", args=[one.pk]), {"version": one.version})
        assert answer.status_code == (302 if one is rx else 404)
        one.refresh_from_db()
    assert (rx.status, live.status) == ("verified", "pending_review")


def test_a_doctor_writes_to_a_synthetic_patient(cast, sign_in):
    doctor = sign_in("doctor")
    switch(doctor)
    once = re.search(r'name="once" value="([^"]+)"', text(doctor.get(reverse("doctor_patient_new"))))[1]
    form = {
        "once": once, "family_name": "Made-Up", "given_name": "Mia", "date_of_birth": "1990-05-05", "sex": "female", "identity_check": "photo_id",
    }  # fmt: skip
    doctor.post(reverse("doctor_patient_new"), form)
    mia = Patient.objects.get(family_name="Made-Up")
    assert mia.world_id == Account.objects.get(pk=cast.doctor.pk).test_world_id
    assert doctor.get(reverse("doctor_patient", args=[mia.pk])).status_code == 200
    switch(doctor, "live")
    assert doctor.get(reverse("doctor_patient", args=[mia.pk])).status_code == 404


def test_the_printed_prescription_says_test(cast, sign_in, monkeypatch):
    from elmed.portals.doctor import printed

    marked = []
    monkeypatch.setattr(printed, "pdf", lambda _snapshot, about: marked.append(about.test) or b"%PDF")
    doctor = sign_in("doctor")
    switch(doctor)
    play(doctor, "verified")
    assert doctor.get(reverse("doctor_print", args=[Prescription.objects.get().pk])).status_code == 200
    live = f.verified(cast)
    switch(doctor, "live")
    assert doctor.get(reverse("doctor_print", args=[live.pk])).status_code == 200
    assert marked == [True, False]


def test_labels_and_receipts_say_test(cast, testing):
    play(testing, "dispensed")
    rx = Prescription.objects.get()
    page = text(testing.get(reverse("pharmacy_receipt", args=[rx.pk, rx.dispenses.get().pk])))
    assert "<strong>TEST – not a real prescription</strong>" in page


def test_settings_are_live_and_say_where_one_is(testing):
    page = text(testing.get(reverse("api_keys")))
    assert "<title>TEST" not in page
    assert "Elsewhere you view test data" in page
    assert "Leave test data" in page
    assert "Elsewhere you view test data" in text(testing.get(reverse("settings")))


def test_every_page_says_which_world_it_is_of():
    """Settings and what concerns the account stay live, but for webhooks, which belong to a world; portals follow the switch."""
    follow, live = set(), set()
    for entry in portal_patterns():
        only = getattr(entry.callback, LIVE_ONLY, None)
        if only is not None:
            (live if only else follow).add(entry.name)
    assert {name for name in live if name.startswith(("doctor_", "pharmacy_"))} == set()
    assert {
        name
        for name in follow
        if not name.startswith(("doctor_", "pharmacy_", "staff_", "patient_", "webhook", "test_world"))
    } <= {"invite_patient"}
    assert {"api_keys", "request_log", "profile_contact", "woocommerce"} <= live


def test_another_account_is_not_looked_at_through_it(cast, sign_in):
    from elmed.accounts.actions import add_member
    from elmed.accounts.models import Role

    add_member(cast.other_pharmacy, cast.people["pharmacist"], Role.PHARMACIST)
    client = sign_in("pharmacist")
    client.post(reverse("choose_account"), {"account": cast.pharmacy.pk})
    switch(client)
    client.post(reverse("choose_account"), {"account": cast.other_pharmacy.pk})
    assert "TEST DATA" not in text(client.get(reverse("pharmacy_queue")))
    client.post(reverse("choose_account"), {"account": cast.pharmacy.pk})
    assert "TEST DATA" not in text(client.get(reverse("pharmacy_queue")))


def test_a_page_made_for_the_other_world_fetches_nothing_of_this_one(cast, testing):
    answer = testing.get(
        reverse("pharmacy_queue_live"), headers={"X-Account": str(cast.pharmacy.pk), "HX-Request": "true"}
    )
    assert answer.headers["HX-Refresh"] == "true"
    assert answer.content == b""


def test_a_form_of_the_other_world_cannot_be_sent_any_more(cast, sign_in):
    client = sign_in("pharmacist")
    client.get(reverse("pharmacy_queue"))
    before = client.cookies["csrftoken"].value
    switch(client)
    assert client.cookies["csrftoken"].value != before


def test_before_the_licence_is_verified(cast, sign_in):
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.PENDING)
    client = sign_in("pharmacist")
    assert client.get(reverse("pharmacy_queue")).status_code == 403
    switch(client)
    assert "Played" in text(play(client, "verified"))
    assert client.get(reverse("pharmacy_queue")).status_code == 200
    switch(client, "live")
    assert client.get(reverse("pharmacy_queue")).status_code == 403


def test_a_suspended_account_and_who_has_none_see_no_test_world(cast, sign_in):
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.SUSPENDED)
    assert switch(sign_in("pharmacist")).status_code == 403
    for who in ("staff", "patient"):
        client = sign_in(who)
        assert "View test data" not in text(client.get(reverse("home"), follow=True))
        assert switch(client).status_code == 403


def test_the_clock_and_the_emptying(cast, testing):
    play(testing, "expiring")
    page = text(testing.get(reverse("test_world_clock")))
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    assert testing.post(reverse("test_world_clock"), {"amount": "3", "unit": "days", "once": once}).status_code == 302
    assert Prescription.objects.get().status == "expired"
    assert testing.post(reverse("test_world_clock"), {"amount": "0", "once": "x"}).status_code == 422
    assert testing.post(reverse("test_world_clock"), {"amount": "-3", "once": "y"}).status_code == 422
    assert "Empty it" in text(testing.get(reverse("test_world_empty")))
    live = f.verified(cast)
    testing.post(reverse("test_world_empty"), {"once": "e"})
    assert list(Prescription.objects.all()) == [live]
    assert not World.objects.exclude(clock_offset_seconds=0).exists()


def test_outside_it_nothing_is_played_moved_or_emptied(cast, sign_in):
    f.verified(cast)
    client = sign_in("pharmacist")
    assert "View test data" in text(client.get(reverse("test_world")))
    for name, body in (
        ("play", {"name": "verified", "once": "a"}),
        ("clock", {"step": "1d", "once": "b"}),
        ("empty", {}),
    ):
        assert client.post(reverse(f"test_world_{name}"), body).status_code == 403, name
    assert Prescription.objects.exclude(world_id=LIVE_WORLD_ID).count() == 0
    assert Prescription.objects.count() == 1
    assert not World.objects.exclude(clock_offset_seconds=0).exists()
