"""Two records of one person: what staff merge, what both ids still do, what is refused, and what is taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from elmed.access import keys, visibility
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import AccessRecord, Event
from elmed.patients import merge as merging
from elmed.patients.actions import consult, create, set_allergies
from elmed.patients.contact import change_own_contact
from elmed.patients.identity import Identity
from elmed.patients.models import AllergyStatus, IdentityCheck, Patient
from elmed.patients.opening import open_record
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status
from tests import factories
from tests.portals.conftest import sign_in  # noqa: F401 - a fixture

WHY = "One person, registered twice by two doctors"
DIFFER = ["Given name"]  # as the second record was made; what one of them lacks is no difference


@pytest.fixture
def twice(cast):
    """The first patient a second time, at the other doctor's: (the record with the account, the second one)."""
    made = create(
        cast.actor("other_doctor"), Identity("DEAN", "Cara M", cast.patient.date_of_birth, phone="1"),
        identity_check=IdentityCheck.KNOWN, now=real_now(),
    )  # fmt: skip
    return cast.patient, made.patient


def merged(cast, winner, loser):
    return merging.merge(cast.actor("staff"), winner.pk, loser.pk, reason=WHY, now=real_now())


def state():
    return [
        list(Patient.objects.order_by("pk").values()), Event.objects.count(), AccessRecord.objects.count(),
    ]  # fmt: skip


def of_second(cast, twice):
    """A prescription that was written for the record with which the account is, which then loses."""
    return factories.pending_review(cast, now=real_now())


def test_both_ids_work_and_what_was_signed_stays(cast, twice):
    first, second = twice
    rx = of_second(cast, twice)
    snapshot, patient = rx.snapshot, cast.actor("patient")
    merged(cast, second, first)  # the record that was signed for loses
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.merged_into_id == second.pk
    assert (first.account_id, second.account_id) == (None, patient.account_id)
    rx.refresh_from_db()
    assert (rx.patient_id, rx.snapshot) == (first.pk, snapshot)
    assert visibility.get(patient, Prescription, rx.pk) == rx
    assert visibility.visible(patient, Patient).get() == second
    assert {row.pk for row in visibility.visible(cast.actor("doctor"), Patient)} == {first.pk, second.pk}
    done = verify(cast.actor("pharmacist"), rx.pk, now=real_now())  # its seal holds
    assert done.status == Status.VERIFIED
    event = Event.objects.get(type="prescription.verified")
    assert second.account_id in event.listings.values_list("account_id", flat=True)


def test_nobody_verifies_what_is_prescribed_to_them_through_a_merged_record(cast, twice):
    first, second = twice
    rx = of_second(cast, twice)
    merged(cast, second, first)
    account = cast.actor("patient").account_id
    from elmed.accounts.models import Membership

    Membership.objects.create(person=cast.people["pharmacist"], account_id=account, role="patient")
    with pytest.raises((NotNow, NotAllowed)):
        verify(cast.actor("pharmacist"), rx.pk, now=real_now())
    rx.refresh_from_db()
    assert rx.status == Status.PENDING_REVIEW


def test_the_api_knows_both_ids(cast, twice, client):
    first, second = twice
    rx = of_second(cast, twice)
    _key, secret = keys.create(cast.actor("owner"), name="till", scopes=["rx:read", "patient:read"])
    merged(cast, second, first)

    def read(path):
        answer = client.get(f"/api/public/v1/{path}", headers={"X-API-Key": secret})
        assert answer.status_code == 200, answer.content
        return answer.json()

    assert [row["id"] for row in read(f"prescriptions?patient_id={second.pk}")["data"]] == [rx.pk]
    assert [row["id"] for row in read(f"prescriptions?patient_id={first.pk}")["data"]] == [rx.pk]
    assert read(f"patients/{first.pk}")["id"] == read(f"patients/{second.pk}")["id"] == second.pk


def test_allergies_are_united_marked_and_warned_of(cast, twice):
    first, second = twice
    of_second(cast, twice)
    set_allergies(cast.actor("doctor"), first.pk, none_known=False, substances=[("Penicillin", "rash")], now=real_now())
    other = cast.actor("other_doctor")
    set_allergies(other, second.pk, none_known=False, substances=[("penicillin", ""), ("Latex", "")], now=real_now())
    merged(cast, second, first)
    second.refresh_from_db()
    assert second.allergy_status == AllergyStatus.RECORDED
    assert sorted(second.allergies.values_list("substance", "from_merge")) == [("Latex", False), ("penicillin", False)]
    merging.undo(cast.actor("staff"), first.pk, now=real_now())
    merged(cast, first, second)
    assert sorted(first.allergies.values_list("substance", "from_merge")) == [("Latex", True), ("Penicillin", False)]
    draft = factories.draft(cast, now=real_now())
    from elmed.prescriptions.actions.checked import warnings_of

    assert any(one.code.startswith("allergy") for one in warnings_of(draft, list(draft.lines.all()), now=real_now()))
    assert first.allergies.count() == 2 and second.allergies.count() == 2


@pytest.mark.parametrize(
    ("ours", "theirs", "together"),
    [
        ("none", None, "none_known"),
        (None, "none", "none_known"),
        ("none", "Latex", "recorded"),
        (None, None, "not_recorded"),
    ],
)
def test_none_known_and_not_recorded(cast, twice, ours, theirs, together):
    first, second = twice
    of_second(cast, twice)
    for who, record, what in (("doctor", first, ours), ("other_doctor", second, theirs)):
        if what:
            substances = [] if what == "none" else [(what, "")]
            set_allergies(cast.actor(who), record.pk, none_known=what == "none", substances=substances, now=real_now())
    assert merged(cast, first, second).allergy_status == together


def test_open_medicines_of_both_are_checked_together(cast, twice):
    first, second = twice
    factories.issued(cast, now=real_now())  # amoxicillin for the first
    merged(cast, second, first)
    from elmed.prescriptions.actions.checked import warnings_of
    from elmed.prescriptions.actions.draft import DraftContent, save_draft

    doctor = cast.actor("doctor")
    met = consult(doctor, second.pk, identity_check=IdentityCheck.KNOWN, now=real_now())
    content = DraftContent(lines=(factories.AMOXICILLIN,), diagnosis=factories.DIAGNOSIS)
    draft = save_draft(doctor, patient_id=second.pk, consultation_id=met.pk, content=content, now=real_now())
    assert any(one.code.startswith("duplicate") for one in warnings_of(draft, list(draft.lines.all()), now=real_now()))


def test_refusals_change_nothing(cast, twice):
    first, second = twice
    staff, now = cast.actor("staff"), real_now()
    before = state()
    for winner, loser, reason, refusal in (
        (first.pk, first.pk, WHY, Invalid), (first.pk, second.pk, "short", Invalid), (first.pk, 999999, WHY, NotVisible),
    ):  # fmt: skip
        with pytest.raises(refusal):
            merging.merge(staff, winner, loser, reason=reason, now=now)
    for who in ("doctor", "pharmacist", "patient"):
        with pytest.raises(NotAllowed):
            merging.merge(cast.actor(who), first.pk, second.pk, reason=WHY, now=now)
    with pytest.raises(NotNow):
        merging.undo(staff, second.pk, now=now)
    assert state() == before
    merged(cast, first, second)
    before = state()
    with pytest.raises(NotNow):  # merged already
        merging.merge(staff, cast.other_patient.pk, second.pk, reason=WHY, now=now)
    with pytest.raises(NotAllowed):
        merging.undo(cast.actor("doctor"), second.pk, now=now)
    assert state() == before


def test_two_accounts_are_refused(cast, twice):
    first, second = twice
    second.account = cast.staff  # any account stands for one of its own
    second.save()
    before = state()
    with pytest.raises(NotNow):
        merged(cast, first, second)
    assert state() == before


def test_taken_back_within_a_day(cast, twice):
    first, second = twice
    of_second(cast, twice)
    set_allergies(cast.actor("doctor"), first.pk, none_known=False, substances=[("Latex", "")], now=real_now())
    fields = ("account_id", "merged_into_id", "allergy_status")
    before = list(Patient.objects.order_by("pk").values(*fields))
    merged(cast, second, first)
    late = real_now() + timedelta(hours=24, minutes=1)
    with pytest.raises(NotNow):
        merging.undo(cast.actor("staff"), first.pk, now=late)
    merging.undo(cast.actor("staff"), first.pk, now=real_now())
    assert list(Patient.objects.order_by("pk").values(*fields)) == before
    assert second.allergies.count() == 0 and first.allergies.count() == 1
    with pytest.raises(NotNow):
        merging.undo(cast.actor("staff"), first.pk, now=real_now())


def test_allergies_recorded_since_stay_with_the_record_that_counted(cast, twice):
    first, second = twice
    of_second(cast, twice)
    set_allergies(cast.actor("doctor"), first.pk, none_known=False, substances=[("Penicillin", "")], now=real_now())
    merged(cast, second, first)
    set_allergies(cast.actor("doctor"), first.pk, none_known=False, substances=[("Latex", "")], now=real_now())
    assert second.allergies.count() == 1 and first.allergies.count() == 1  # written to the record that counts
    event = merging.last_merge(cast.actor("staff"), first, real_now())
    assert merging.written_since(cast.actor("staff"), second, event) == {"patient.allergies_recorded": 1}
    merging.undo(cast.actor("staff"), first.pk, now=real_now())
    assert [row.substance for row in second.allergies.all()] == ["Latex"]
    assert [row.substance for row in first.allergies.all()] == ["Penicillin"]
    second.refresh_from_db()
    assert second.allergy_status == AllergyStatus.RECORDED


def test_an_account_made_since_by_the_others_invitation_goes_back_with_it(cast, twice):
    """A wrong merge: whoever was invited to the one record does not keep the other person's."""
    from elmed.accounts import links
    from elmed.accounts.joining import Newcomer
    from elmed.patients.claim import claim, invite

    second = twice[1]
    third = create(
        cast.actor("other_doctor"), Identity("Dean", "Dina", cast.patient.date_of_birth), now=real_now(),
        identity_check=IdentityCheck.KNOWN,
    ).patient  # fmt: skip
    sent = invite(cast.actor("other_doctor"), second.pk, email="cara.m@example.org", now=real_now())
    merged(cast, third, second)
    account = claim(
        links.token(links.PATIENT, sent.pk, sent.serial), Newcomer("Cara M Dean", "cara.m@example.org", "a-long-password-9"),
        date_of_birth=second.date_of_birth, now=real_now(),
    )  # fmt: skip
    third.refresh_from_db()
    assert third.account_id == account.pk
    merging.undo(cast.actor("staff"), second.pk, now=real_now())
    for row in (second, third):
        row.refresh_from_db()
    assert (second.account_id, third.account_id) == (account.pk, None)


def test_contact_that_the_account_wrote_since_goes_back_with_it(cast, twice):
    first, second = twice
    second.refresh_from_db()
    merged(cast, second, first)  # the account comes with the first
    words = {"phone": "+44 20 7", "email": "cara@example.org", "address": ""}
    change_own_contact(cast.actor("patient"), **words, now=real_now())
    second.refresh_from_db()
    assert (second.phone, second.email) == ("+44 20 7", "cara@example.org")
    merging.undo(cast.actor("staff"), first.pk, now=real_now())
    for row in (first, second):
        row.refresh_from_db()
    assert (first.phone, first.email) == ("+44 20 7", "cara@example.org")
    assert (second.phone, second.email, second.account_id) == ("", "", None)


def test_a_look_while_merged_is_known_to_both_records(cast, twice):
    first, second = twice
    merged(cast, first, second)
    open_record(cast.actor("staff"), second.pk, reason=WHY)
    looks = AccessRecord.objects.filter(action="portal.clinical")
    assert set(looks.get().patients.values_list("patient_id", flat=True)) == {first.pk, second.pk}


def test_a_merged_one_carries_its_own_along(cast, twice):
    first, second = twice
    third = Patient.objects.create(
        world_id=1,
        family_name="Dean",
        given_name="C",
        date_of_birth=first.date_of_birth,
        created_at=real_now(),
        updated_at=real_now(),
    )
    merged(cast, second, third)
    merged(cast, first, second)
    assert set(first.merged.values_list("pk", flat=True)) == {second.pk, third.pk}
    merging.undo(cast.actor("staff"), second.pk, now=real_now())
    assert list(second.merged.values_list("pk", flat=True)) == [third.pk]


def test_the_pages(cast, twice, sign_in):  # noqa: F811
    first, second = twice
    factories.pending_review(cast, now=real_now())
    staff = sign_in("staff")
    groups = staff.get(reverse("staff_merge_find")).context["groups"]
    assert [[one.pk for one in group] for group in groups] == [[first.pk, second.pk]]
    alike = staff.get(reverse("staff_merge_find"), {"like": str(second.pk)}).context["groups"]
    assert [[one.pk for one in group] for group in alike] == [[second.pk, first.pk]]
    url = reverse("staff_merge", args=[first.pk, second.pk])
    page = staff.get(url).content.decode()
    assert "Cara M" in page and "amoxicillin" not in page
    rows = {str(row["words"]): row for row in staff.get(url).context["rows"]}
    assert [str(words) for words, row in rows.items() if row["differs"]] == DIFFER
    assert page.count('class="differs"') == len(DIFFER)
    assert staff.post(url, {"winner": first.pk, "reason": "x"}).status_code == 422
    assert staff.post(url, {"winner": cast.other_patient.pk, "reason": WHY}).status_code == 422
    assert not Patient.objects.exclude(merged_into=None).exists()
    assert staff.post(url, {"winner": first.pk, "reason": WHY}).status_code == 302
    assert staff.post(url, {"winner": first.pk, "reason": WHY}).status_code == 409
    assert WHY in sign_in("patient").get(reverse("patient_access")).content.decode()
    doctor = sign_in("doctor")
    assert doctor.get(reverse("doctor_patient", args=[first.pk])).status_code == 200
    back = reverse("staff_merge_undo", args=[second.pk])
    assert [one.pk for one in staff.get(reverse("staff_merge_find")).context["recent"]] == [second.pk]
    assert "Take the merge back" in staff.get(back).content.decode()
    for who in ("doctor", "patient"):
        for address in (url, back, reverse("staff_merge_find")):
            assert sign_in(who).post(address, {"winner": first.pk, "reason": WHY}).status_code == 403
    assert staff.post(back, {"undo": "1"}).status_code == 302
    assert not Patient.objects.exclude(merged_into=None).exists()


def test_a_key_of_staff_merges_nothing_across_worlds(cast, twice):
    first, second = twice
    elsewhere = replace(cast.actor("staff"), world_id=cast.doctor.test_world_id)
    before = state()
    with pytest.raises(NotVisible):
        merging.merge(elsewhere, first.pk, second.pk, reason=WHY, now=real_now())
    assert state() == before
