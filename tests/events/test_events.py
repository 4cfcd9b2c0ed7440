"""What happened, once for all: inside the fact's transaction, append-only, numbered per account, ids only."""

import json
from contextlib import suppress

import pytest
from django.db import IntegrityError, transaction

from elmed.access import actors
from elmed.events.models import AccessRecord, AccessRecordPatient, Event, EventCounter, EventListing
from elmed.events.record import lock_lists, record, record_access, together
from elmed.prescriptions.actions.return_ import return_
from tests import factories as f
from tests.cast import NOW


def test_without_the_transaction_of_a_fact_there_is_no_event(transactional_db):
    with pytest.raises(RuntimeError):
        record(actors.clock(), "account.lapsed", accounts=[], at=NOW)
    assert not Event.objects.exists()


def test_only_what_the_catalogue_names(cast):
    with pytest.raises(ValueError, match="catalogue"):
        record(actors.clock(), "prescription.eaten", accounts=[], at=NOW)


def test_a_fact_that_did_not_happen_leaves_neither_event_nor_number(cast):
    before = list(EventCounter.objects.order_by("pk").values_list())
    with pytest.raises(IntegrityError), transaction.atomic():
        f.issued(cast)
        raise IntegrityError("the rest of it failed")
    assert list(EventCounter.objects.order_by("pk").values_list()) == before


@pytest.mark.parametrize("model", [Event, AccessRecord, AccessRecordPatient])
def test_rows_are_written_once(cast, model):
    f.issued(cast)
    row = model.objects.first()
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        row.delete()


def test_everybody_concerned_is_told_and_nobody_else(cast):
    rx = f.pending_review(cast)
    return_(cast.actor("pharmacist"), rx.pk, reason="Out of stock", now=NOW)
    event = Event.objects.get(type="prescription.returned")
    told = set(EventListing.objects.filter(event=event).values_list("account_id", flat=True))
    assert told == {cast.doctor.pk, cast.pharmacy.pk, cast.patient.account_id}  # also the one it was taken from


def test_numbers_run_per_account_and_world(cast):
    f.dispensed(cast)
    for account in (cast.doctor, cast.pharmacy, cast.patient.account):
        numbers = list(
            EventListing.objects.filter(account=account).order_by("event_id").values_list("sequence", flat=True)
        )
        assert numbers == list(range(1, len(numbers) + 1))
        assert EventCounter.objects.get(account=account, world_id=1).last == len(numbers)
    assert not EventListing.objects.exclude(world_id=1).exists()


def test_locking_lists_gives_no_number_away(cast):
    with transaction.atomic():
        lock_lists([cast.staff.pk, cast.other_doctor.pk, None, cast.doctor.pk], cast.doctor.test_world_id)
    assert set(EventCounter.objects.filter(world_id=cast.doctor.test_world_id).values_list("last", flat=True)) == {0}


def test_an_acts_events_are_written_at_its_end_in_their_order(cast):
    told = [cast.doctor.pk, cast.pharmacy.pk]
    with transaction.atomic():
        with together():
            record(actors.clock(), "account.verified", accounts=told, at=NOW)
            record(actors.clock(), "account.lapsed", accounts=reversed(told), at=NOW)
            assert not Event.objects.exists()
        assert list(Event.objects.order_by("pk").values_list("type", flat=True)) == [
            "account.verified",
            "account.lapsed",
        ]
    assert list(EventListing.objects.order_by("pk").values_list("account_id", "sequence")) == [
        (cast.doctor.pk, 1), (cast.pharmacy.pk, 1), (cast.doctor.pk, 2), (cast.pharmacy.pk, 2),
    ]  # fmt: skip


def test_what_is_refused_inside_another_act_tells_nothing(cast):
    with transaction.atomic(), together():
        record(actors.clock(), "account.verified", accounts=[cast.doctor.pk], at=NOW)
        with suppress(ValueError), transaction.atomic(), together():
            record(actors.clock(), "account.lapsed", accounts=[cast.doctor.pk], at=NOW)
            raise ValueError
    assert list(Event.objects.values_list("type", flat=True)) == ["account.verified"]
    with suppress(ValueError), transaction.atomic(), together():
        record(actors.clock(), "account.lapsed", accounts=[cast.doctor.pk], at=NOW)
        raise ValueError
    assert Event.objects.count() == 1


def test_a_change_that_waited_for_a_list_is_stamped_anew(cast, monkeypatch):
    monkeypatch.setattr("elmed.events.record.LATE", -1.0)
    rx = f.verified(cast)
    assert rx.updated_at > NOW
    stored = type(rx).objects.get(pk=rx.pk)
    assert stored.updated_at == rx.updated_at


def test_events_carry_ids_and_no_medical_word(cast):
    f.dispensed(cast, notes="Very private")
    f.rejected(cast)
    text = json.dumps(list(Event.objects.values_list("data", flat=True)))
    for word in ("amoxicillin", "J01CA04", "bronchitis", "Dean", "private", "Interaction", "1961"):
        assert word.casefold() not in text.casefold()


def test_who_did_it_stands_in_the_event(cast):
    f.dispensed(cast)
    event = Event.objects.get(type="prescription.dispensed")
    who = (event.actor_person_id, event.actor_account_id, event.actor_key_id, event.source, event.created_at)
    assert who == (cast.people["pharmacist"].pk, cast.pharmacy.pk, None, "portal", NOW)


def test_a_look_at_nobody_is_no_access_record(cast):
    record_access(cast.actor("doctor"), "patients.list", patient_ids=[])
    assert not AccessRecord.objects.exists()
    record_access(cast.actor("staff"), "patients.list", patient_ids=[5, 4, 5], reason="Complaint")
    assert list(AccessRecordPatient.objects.order_by("patient_id").values_list("patient_id", flat=True)) == [4, 5]
