"""The demo's data: every word of `demo.json` is true."""

from datetime import date, timedelta

import pytest

from elmed.access import permissions
from elmed.access.actors import of_person
from elmed.access.keys import ADMIN_KEY_MAX_LIFE, digest, well_formed
from elmed.access.models import ApiKey
from elmed.access.visibility import visible
from elmed.accounts.models import Account, Person
from elmed.accounts.queries import accounts_of
from elmed.core.clock import real_now
from elmed.demo.medicines import MEDICINES
from elmed.demo.printed import curl_lines, welcome
from elmed.events.models import AccessRecord, Event
from elmed.inventory import queries
from elmed.inventory.coverage import covers, same_unit
from elmed.inventory.models import Batch, Product
from elmed.patients import merge
from elmed.patients.models import Patient
from elmed.prescriptions import reference
from elmed.prescriptions.actions.transfer import held_by
from elmed.prescriptions.models import Prescription, PrescriptionLine, WarningAnswer
from elmed.prescriptions.snapshot import intact

STATUSES = {
    "pending_review": "pending_review", "verified": "verified", "verified_two_lines": "verified",
    "partially_dispensed": "partially_dispensed", "dispensed": "dispensed", "rejected": "rejected",
    "cancelled": "cancelled", "expired": "expired", "on_hold": "on_hold", "other_pharmacy": "verified",
}  # fmt: skip
COUNTER = {"rx:read", "rx:dispense", "patient:read"}
SCOPES = {
    "doctor": {"rx:read", "patient:read"}, "other_doctor": {"rx:read", "patient:read"}, "pharmacy": COUNTER,
    "other_pharmacy": COUNTER, "shop": {"shop"}, "pharmacy_read_only": {"rx:read"}, "revoked": COUNTER, "expired": COUNTER,
    "admin": {"admin"}, "pharmacy_test": COUNTER,
    "pharmacy_webhooks": {"rx:read", "rx:dispense", "webhooks:manage"},
}  # fmt: skip


@pytest.fixture
def rx(told, db):
    """The named prescriptions."""
    return {name: Prescription.objects.get(pk=pk) for name, pk in told["prescriptions"].items()}


def account(login):
    return Person.objects.get(email=f"{login}@demo.example").memberships.first().account


def test_its_shape_is_the_promised_one(told, db):
    assert set(told) == {"base_url", "api_url", "keys", "logins", "prescriptions", "patients", "verify"}
    assert (told["base_url"], told["api_url"]) == ("http://localhost:8000", "http://localhost:8000/api/public/v1")
    assert set(told["keys"]) == set(SCOPES)
    assert set(told["logins"]) == {
        "doctor",
        "pharmacist",
        "technician",
        "owner",
        "patient",
        "staff",
        "unverified_doctor",
        "developer",
        "locum",
    }
    assert set(told["prescriptions"]) == set(STATUSES)
    assert set(told["patients"]) == {"related", "unrelated"}
    assert set(told["verify"]) == {"reference", "date_of_birth"}


def test_named_prescriptions_are_in_the_state_of_their_name(rx):
    assert {name: one.status for name, one in rx.items()} == STATUSES


def test_named_prescriptions_belong_to_doctor_and_pharmacy(rx):
    doctor, pharmacy = account("doctor").pk, account("pharmacist").pk
    owners = {name: (one.prescriber_id, one.pharmacy_id) for name, one in rx.items()}
    elsewhere = owners.pop("other_pharmacy")
    assert set(owners.values()) == {(doctor, pharmacy)}
    assert elsewhere == (account("other-doctor").pk, account("other-pharmacist").pk)


def test_named_prescriptions_are_live_without_repeats_and_the_newest(told, rx):
    named = set(told["prescriptions"].values()) | {Prescription.objects.get(reference=told["verify"]["reference"]).pk}
    assert {(one.world_id, one.repeats_allowed, one.is_controlled) for one in rx.values()} == {(1, 0, False)}
    others = Prescription.objects.filter(world_id=1, issued_at__isnull=False).exclude(pk__in=named)
    assert max(others.values_list("pk", flat=True)) < min(named)
    newest_other = max(others.values_list("created_at", flat=True))
    assert all(one.created_at > newest_other for one in rx.values())
    by_id = list(Prescription.objects.filter(world_id=1).order_by("pk").values_list("created_at", flat=True))
    assert by_id == sorted(by_id)


def test_there_are_as_many_as_promised_over_several_months(told, db):
    live = Prescription.objects.filter(world_id=1)
    assert 40 <= live.count() <= 150
    days = live.order_by("created_at").values_list("created_at", flat=True)
    assert days.last() - days.first() > timedelta(days=90)
    assert live.filter(repeats_allowed__gt=0).exists()
    assert not live.filter(created_at__gt=real_now()).exists()
    assert not Event.objects.filter(created_at__gt=real_now() + timedelta(seconds=5)).exists()


def test_the_particular_ones_are_what_they_say(rx):
    assert rx["expired"].expires_at < real_now()
    assert rx["expired"].valid_until < real_now().date()
    assert rx["verified_two_lines"].lines.count() == 2
    hold = rx["on_hold"].holds.get()
    assert (hold.kind, hold.ended_at) == ("pharmacy", None)
    assert hold.question
    left = [line.remaining_milli for line in rx["partially_dispensed"].lines.all()]
    assert 0 in left
    assert max(left) > 0
    for name in ("verified", "verified_two_lines", "pending_review"):
        assert rx[name].expires_at > real_now() + timedelta(days=30)


def test_something_waits_for_its_check_that_the_doctor_kept_in_spite_of_a_warning(told, db):
    waiting = Prescription.objects.filter(world_id=1, status="pending_review", pharmacy=account("pharmacist"))
    assert waiting.count() == 3
    answer = WarningAnswer.objects.get(prescription__in=waiting)
    assert (answer.tier, answer.position) == ("stop", 1)
    assert answer.reason


def test_staff_have_something_on_each_of_their_pages(told, db):
    person = Person.objects.get(email="staff@demo.example")
    staff = of_person(person, account("staff"))
    groups = merge.duplicates(staff)
    assert [[one.family_name for one in group] for group in groups] == [["Fernandes", "Fernandes"]]
    merged = Patient.objects.get(merged_into__isnull=False)
    assert merge.last_merge(staff, merged, real_now()) is not None  # it can still be taken back
    live = Prescription.objects.filter(world_id=1)
    assert live.filter(status="entered_in_error").count() == 1
    fraud = live.filter(holds__kind="fraud", holds__ended_at=None)
    assert set(fraud.values_list("status", "prescriber__state")) == {("on_hold", "suspended")} and fraud.count() == 2
    closed = Account.objects.get(name="Riverside Pharmacy")
    assert closed.state == "suspended" and held_by(staff, closed.pk) == 2
    types = set(Event.objects.values_list("type", flat=True))
    assert {"prescription.transferred", "prescription.collection_reminded", "patient.merged"} <= types
    assert AccessRecord.objects.filter(
        action="portal.clinical", patients__patient_id=told["patients"]["related"]
    ).exists()


def test_the_patient_has_one_to_take_elsewhere(told, db):
    person = Person.objects.get(email="patient@demo.example")
    newest = (
        visible(of_person(person, account("patient")), Prescription).filter(status="issued").order_by("-pk").first()
    )
    assert newest.pharmacy is None and newest.status_reason == "The pharmacy closed."


def test_every_seal_holds(told, db):
    signed = Prescription.objects.filter(issued_at__isnull=False)
    assert signed.count() > 40
    assert all(intact(one, list(one.lines.all())) for one in signed)


def test_the_proof_is_that_of_one_more_checked_prescription(told, rx):
    proof = told["verify"]
    assert reference.canonical(proof["reference"]) == proof["reference"]
    one = Prescription.objects.get(reference=proof["reference"])
    assert one.pk not in told["prescriptions"].values()
    assert (one.status, one.pharmacy_id, one.repeats_allowed) == ("verified", account("pharmacist").pk, 0)
    assert one.patient.date_of_birth == date.fromisoformat(proof["date_of_birth"])


@pytest.mark.parametrize("login", ["pharmacist", "other-pharmacist"])
def test_the_shelves_are_full(told, db, login):
    person = Person.objects.get(email=f"{login}@demo.example")
    actor, day = of_person(person, account(login)), real_now().date()
    counts = queries.view_counts(actor, day=day)
    assert counts["all"] >= 25
    assert 5 <= counts["prescription"] <= counts["all"] - 5
    assert counts["low"] >= 1
    assert (counts["expiring"], counts["negative"]) == (1, 1)
    assert Batch.objects.filter(product__pharmacy=account(login), stock_milli__gt=0).count() >= 25


def test_the_proof_covers_a_product_in_stock_and_not_all(told, db):
    rx = Prescription.objects.get(reference=told["verify"]["reference"])
    lines = list(rx.lines.all())
    mine = Product.objects.filter(pharmacy=account("pharmacist"), world_id=1)
    covering = [one for one in mine if any(same_unit(one, row) and covers(one, row, linked=False) for row in lines)]
    assert any(one.stock_milli >= one.pack_size_milli for one in covering)
    assert 0 < len(covering) < mine.count() - 5
    assert all(one.pack_size_milli <= lines[0].quantity_milli for one in covering)


def test_every_medicine_of_the_demo_has_its_product(told, db):
    mine = list(Product.objects.filter(pharmacy=account("pharmacist"), world_id=1))
    for medicine in MEDICINES.values():
        line = PrescriptionLine(**vars(medicine.line))
        assert any(same_unit(one, line) and covers(one, line, linked=False) for one in mine), line.medication_text


def test_patients_are_related_and_not(told, db):
    for login in ("doctor", "pharmacist"):
        person = Person.objects.get(email=f"{login}@demo.example")
        actor = of_person(person, person.memberships.first().account)
        seen = set(visible(actor, Patient).values_list("pk", flat=True))
        assert told["patients"]["related"] in seen
        assert told["patients"]["unrelated"] not in seen
    related = Prescription.objects.filter(patient_id=told["patients"]["related"])
    assert related.filter(prescriber=account("doctor"), pharmacy=account("pharmacist")).exists()


def key_of(told, name):
    assert well_formed(told["keys"][name])
    return ApiKey.objects.get(digest=digest(told["keys"][name]))


@pytest.mark.parametrize("name", SCOPES)
def test_keys_have_their_scopes_and_owners(told, db, name):
    key = key_of(told, name)
    assert set(key.scopes) == SCOPES[name]
    owner = {"doctor": "doctor", "other_doctor": "other-doctor", "other_pharmacy": "other-pharmacist", "admin": "staff"}
    assert key.account == account(owner.get(name, "pharmacist"))
    assert key.mode == ("test" if name == "pharmacy_test" else "live")
    assert told["keys"][name].startswith("elm_test_") == (name == "pharmacy_test")
    assert (key.revoked_at is not None) == (name == "revoked")
    assert (key.expires_at is not None and key.expires_at < real_now()) == (name == "expired")


def test_the_admin_key_is_bound(told, db):
    key = key_of(told, "admin")
    assert key.allowed_ips == ["127.0.0.1", "::1"]
    assert key.expires_at - key.created_at <= ADMIN_KEY_MAX_LIFE


@pytest.mark.parametrize(
    "login", ["doctor", "pharmacist", "technician", "owner", "patient", "staff", "unverified_doctor", "developer"]
)
def test_logins_work(told, db, login):
    person = Person.objects.get(email=told["logins"][login]["email"])
    assert person.check_password(told["logins"][login]["password"])
    assert person.emailaddress_set.get().verified
    membership = person.memberships.get()
    role = {"doctor": "prescriber", "unverified_doctor": "prescriber"}.get(login, login)
    assert membership.role == role
    assert membership.account.state == ("pending" if login == "unverified_doctor" else "verified")
    assert permissions.of_roles(frozenset({role}))


def test_the_locum_chooses_between_two_pharmacies(told, db):
    person = Person.objects.get(email=told["logins"]["locum"]["email"])
    assert person.check_password(told["logins"]["locum"]["password"])
    assert {one.name for one in accounts_of(person)} == {"Kingfisher Pharmacy", "Northgate Chemist"}
    assert set(person.memberships.values_list("role", flat=True)) == {"pharmacist"}


def test_the_patient_login_sees_own_prescriptions(told, db):
    person = Person.objects.get(email=told["logins"]["patient"]["email"])
    actor = of_person(person, person.memberships.get().account)
    assert visible(actor, Prescription).count() > 1


def test_the_test_world_holds_prescriptions_at_the_pharmacy(told, db):
    pharmacy = account("pharmacist")
    practice = Prescription.objects.filter(world_id=pharmacy.test_world_id)
    assert sorted(practice.values_list("status", flat=True)) == ["pending_review", "verified", "verified"]
    assert set(practice.values_list("pharmacy_id", flat=True)) == {pharmacy.pk}
    assert set(practice.values_list("prescriber__world_id", "patient__world_id")) == {(pharmacy.test_world_id,) * 2}


def test_what_is_printed_names_every_login_and_key(told, db):
    words = welcome(told)
    for login in told["logins"].values():
        assert login["email"] in words
        assert login["password"] in words
    for key in told["keys"].values():
        assert key in words
    assert told["base_url"] in words


def test_the_dispensing_line_takes_none_of_the_named_ones(told, rx):
    lines = curl_lines(told)
    assert len(lines) == 3
    pk = int(lines[2].rsplit("/", 2)[1])
    one = Prescription.objects.get(pk=pk)
    assert pk not in told["prescriptions"].values()
    assert one.reference != told["verify"]["reference"]
    assert (one.status, one.pharmacy_id) == ("verified", account("pharmacist").pk)


def test_two_drafts_on_the_doctors_desk_do_not_go_together(told, db):
    from elmed.prescriptions.actions.checked import warnings_together
    from elmed.prescriptions.models import Favourite

    drafts = list(Prescription.objects.filter(world_id=1, status="draft").order_by("pk"))
    assert [rx.lines.get().dosage_text for rx in drafts] == [
        "Take 1 tablet once a day, for 28 days.", "Take 1 tablet 3 times a day, for 5 days. With food.",
    ]  # fmt: skip
    first, second = warnings_together([(rx, list(rx.lines.all())) for rx in drafts], now=real_now())
    assert not [one for one in first if one.tier == "stop"]
    assert [one.tier for one in second if one.kind == "interaction"] == ["stop"]
    assert Favourite.objects.filter(doctor=account("doctor")).count() == 2
