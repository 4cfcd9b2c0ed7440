"""The hot reads say what the domain says: the same rows, the same acts, at a fixed number of statements."""

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction

from elmed.access.policy import account_active
from elmed.access.visibility import visible
from elmed.accounts.models import AccountState
from elmed.api.acts import API_ACTS
from elmed.api.v1 import prescription_read
from elmed.core.refusals import Refusal
from elmed.events.models import AccessRecord, AccessRecordPatient
from elmed.prescriptions import facts
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import TRANSITIONS, allowed
from elmed.prescriptions.vocabulary import Act
from tests import factories as f
from tests.api.client import statements
from tests.cast import key_actor
from tests.prescriptions.attempts import attempt
from tests.prescriptions.starts import STARTS


def callers(cast):
    till = key_actor(cast, "pharmacist", "rx:read", "rx:dispense", "patient:read")
    admin = replace(
        key_actor(cast, "pharmacist", "rx:read"),
        account_id=cast.staff.pk, account_kind=cast.actor("staff").account_kind, permissions=cast.actor("staff").permissions,
    )  # fmt: skip
    return {
        "pharmacy": till,
        "other pharmacy": key_actor(cast, "other_pharmacist", "rx:read", "rx:dispense", "patient:read"),
        "pharmacy, read only": key_actor(cast, "pharmacist", "rx:read"),
        "pharmacy, lapsed": replace(till, account_state=AccountState.LAPSED),
        "doctor": key_actor(cast, "doctor", "rx:read", "patient:read"),
        "other doctor": key_actor(cast, "other_doctor", "rx:read"),
        "admin": admin,
    }


def acts_of_the_domain(rx, actor, now):
    subject = facts.load(rx, rx.replaces)
    legal = allowed(facts.facts(subject, actor, now), facts.caller(subject, actor), now, API_ACTS)
    return [act.value for act in legal if account_active(actor, TRANSITIONS[act].permission)]


@pytest.mark.parametrize("start", STARTS)
def test_the_same_acts_and_the_same_rows(cast, start):
    """In every start state, at its moment, just before and after what it waits for, for every kind of caller."""
    rx = STARTS[start].build(cast)
    rx.refresh_from_db()
    now = STARTS[start].moment(rx)
    moments = {now, rx.expires_at, rx.updated_at, rx.next_dispense_at or now}
    seen = 0
    for name, actor in callers(cast).items():
        ids = set(visible(actor, Prescription).values_list("pk", flat=True))
        page = prescription_read.many(actor, "1 = 1", {}, order="p.id DESC", limit=100, now=now)
        assert [row.id for row in page.rows] == sorted(ids, reverse=True), name
        for moment in moments:
            found = prescription_read.one(actor, rx.pk, now=moment, action="prescription.read")
            assert (found is not None) == (rx.pk in ids), name
            if found is not None:
                seen += 1
                said = json.loads(found[1])["allowed_actions"]
                assert said == acts_of_the_domain(rx, actor, moment), (name, moment)
    assert seen or start == "draft"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_after_any_sequence_of_acts(cast, seed):
    """A random walk of everybody over two prescriptions, one with repeats; compared after each act that went through."""
    chance = random.Random(seed)
    walked = [
        f.verified(cast, now=f.NOW),
        f.verified(cast, now=f.NOW, repeats_allowed=2, lines=(f.AMOXICILLIN, f.RAMIPRIL)),
    ]
    actors = callers(cast)
    people = ("doctor", "pharmacist", "other_pharmacist", "patient", "staff")
    acts = [act for act in Act if act not in (Act.ISSUE, Act.EXPIRE, Act.REPLACE, Act.CORRECT, Act.TRANSFER)]
    likely = [Act.DISPENSE, Act.REVERSE, Act.VERIFY, Act.RESUME, Act.ROUTE]
    now, done = f.NOW, 0
    for _ in range(120):
        now += timedelta(minutes=chance.choice([1, 1, 30, 60 * 24]))
        rx = chance.choice(walked)
        rx.refresh_from_db()
        act = chance.choice(acts + likely * 3)
        try:
            with transaction.atomic():
                if act is Act.DISPENSE and chance.random() < 0.7:
                    f.supply(cast, rx, (f.first_line(rx), chance.choice([1, 500, 7000])), now=now)
                else:
                    attempt(act, cast, cast.actor(chance.choice(people)), rx, now)
        except Refusal:
            continue
        done += 1
        rx.refresh_from_db()
        for name, actor in actors.items():
            found = prescription_read.one(actor, rx.pk, now=now, action="prescription.read")
            assert (found is not None) == visible(actor, Prescription).filter(pk=rx.pk).exists(), name
            if found is not None:
                assert json.loads(found[1])["allowed_actions"] == acts_of_the_domain(rx, actor, now), (name, act)
    assert done >= 5


def test_a_controlled_one_is_never_dispensed_by_a_key(cast):
    morphine = f.DraftLine("morphine 10 mg", "One a day", 7000, "tablet", is_controlled=True)
    rx = f.verified(cast, lines=(morphine,))
    actor = callers(cast)["pharmacy"]
    found = prescription_read.one(actor, rx.pk, now=f.NOW, action="prescription.read")
    assert json.loads(found[1])["allowed_actions"] == acts_of_the_domain(rx, actor, f.NOW) == []


@pytest.fixture
def counted(cast, pharmacy):
    """Statements of (list, list by change, read) with so many prescriptions of two lines, one of them part supplied."""

    def count(rows):
        while (have := Prescription.objects.count()) < rows:
            f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL)) if have else f.partially_dispensed(cast)
        newest = Prescription.objects.earliest("pk")
        return tuple(
            statements(lambda path=path: pharmacy.get(path))
            for path in (
                "/prescriptions?limit=100",
                "/prescriptions?updated_since=2020-01-01T00:00:00Z&limit=100",
                f"/prescriptions/{newest.pk}",
            )
        )

    return count


def test_statements_do_not_grow_with_rows(counted, pharmacy):
    pharmacy.get("/me")  # opens the key's window
    one = counted(1)
    assert one == counted(30)
    if connection.vendor == "postgresql":
        assert one == (2, 2, 2)  # the key with its count; the page with its access record
    else:
        assert max(one) <= 6


def test_statements_of_a_dispense_do_not_grow_with_the_rest(cast, pharmacy):
    first, last = f.verified(cast), [f.verified(cast) for _ in range(6)][-1]
    pharmacy.get("/me")
    few = statements(lambda: pharmacy.dispense(first))
    assert few <= 25
    assert statements(lambda: pharmacy.dispense(last)) == few


def records():
    return [
        (row.action, row.actor_account_id, row.source, row.request_id,
         sorted(AccessRecordPatient.objects.filter(record=row).values_list("patient_id", flat=True)))
        for row in AccessRecord.objects.filter(source="api").order_by("pk")
    ]  # fmt: skip


def test_each_reading_request_leaves_one_access_record(cast, pharmacy, doctor, admin, other_pharmacy):
    rx = f.partially_dispensed(cast)
    supplied = rx.dispenses.get()
    patient, own = rx.patient_id, cast.pharmacy.pk
    for api, account, method, path, body, action in (
        (pharmacy, own, "GET", "/prescriptions", None, "prescription.list"),
        (pharmacy, own, "GET", f"/prescriptions/{rx.pk}", None, "prescription.read"),
        (doctor, cast.doctor.pk, "GET", f"/prescriptions/{rx.pk}", None, "prescription.read"),
        (admin, cast.staff.pk, "GET", "/prescriptions", None, "prescription.list"),
        (admin, cast.staff.pk, "GET", f"/patients/{patient}", None, "patient.read"),
        (pharmacy, own, "GET", f"/dispenses/{supplied.pk}", None, "dispense.read"),
        (pharmacy, own, "GET", f"/patients/{patient}", None, "patient.read"),
        (pharmacy, own, "POST", f"/prescriptions/{rx.pk}/dispense", None, "prescription.dispense"),
        (
            pharmacy,
            own,
            "POST",
            f"/dispenses/{supplied.pk}/reverse",
            {"reason_code": "recorded_in_error"},
            "dispense.reverse",
        ),
    ):
        before = len(records())
        answer = api.call(method, path, body)
        assert answer.status_code == 200
        assert records()[before:] == [(action, account, "api", answer["X-Request-Id"], [patient])], path
    before = records()
    for api, path in (
        (pharmacy, "/me"), (other_pharmacy, "/prescriptions"), (other_pharmacy, f"/prescriptions/{rx.pk}"),
        (other_pharmacy, f"/patients/{patient}"), (other_pharmacy, f"/dispenses/{supplied.pk}"), (pharmacy, "/prescriptions?status=rejected"),
    ):  # fmt: skip
        api.get(path)
    assert records() == before


def test_a_page_names_exactly_the_patients_it_shows(cast, pharmacy):
    """Also where one more row was read to know that more follow."""
    older = f.verified(cast)
    newer = f.verified(cast)
    Prescription.objects.filter(pk=older.pk).update(patient=cast.other_patient)
    for order in ("", "&updated_since=2020-01-01T00:00:00Z"):
        shown = pharmacy.get(f"/prescriptions?limit=1{order}").json()
        assert shown["has_more"]
        assert [item["patient"]["id"] for item in shown["data"]] == records()[-1][-1]
    assert records()[-2][-1] == [newer.patient_id]
