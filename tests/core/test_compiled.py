"""Queries compiled once answer as the plain query sets do, whoever asks and whatever the values are."""

import pytest
from django.db import connections, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError

from elmed.access.visibility import visible
from elmed.core.compiled import Compiled, stand_in
from elmed.core.refusals import NotVisible
from elmed.prescriptions.actions.legal import lock
from elmed.prescriptions.models import Prescription, PrescriptionLine
from tests import factories as f

ID = stand_in(1)


def fields_of(row) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.django_db
def test_objects_are_as_the_query_set_reads_them(cast, django_assert_num_queries):
    made = [f.verified(cast), f.dispensed(cast)]
    plain = Prescription.objects.select_related("patient")
    compiled = Compiled(plain.filter(pk=ID), {"id": ID})
    for rx in made:
        wanted = plain.get(pk=rx.pk)
        with django_assert_num_queries(1):
            [found] = compiled.rows(id=rx.pk)
            assert fields_of(found) == fields_of(wanted)
            assert fields_of(found.patient) == fields_of(wanted.patient)
        assert type(found) is Prescription and not found._state.adding and found._state.db == "default"
    assert compiled.rows(id=10**12) == []


@pytest.mark.django_db
def test_an_object_can_be_saved(cast):
    rx = f.verified(cast)
    [line] = Compiled(PrescriptionLine.objects.filter(prescription_id=ID), {"rx": ID}).rows(rx=rx.pk)
    line.dosage_text = "One in the evening"
    line.save(update_fields=["dosage_text"])
    assert PrescriptionLine.objects.get(pk=line.pk).dosage_text == "One in the evening"


@pytest.mark.django_db
def test_tuples_are_as_values_list_gives_them_constants_included(cast):
    made = f.supply(cast, f.verified(cast))
    columns = ("pk", "status", "issued_at", "is_controlled", "diagnosis", "patient__date_of_birth", "dispenses__void")
    plain = Prescription.objects.filter(status="dispensed", dispenses__issue_number=F("issue_number"))
    compiled = Compiled(plain.filter(pk=ID).values_list(*columns), {"id": ID})
    assert compiled.tuples(id=made.prescription_id) == list(plain.values_list(*columns))
    assert compiled.tuples(id=f.verified(cast).pk) == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_outside_a_transaction(cast):
    rx = f.verified(cast)
    with transaction.atomic():
        compiled = Compiled(Prescription.objects.select_for_update().filter(pk=ID), {"id": ID})
        assert [row.pk for row in compiled.rows(id=rx.pk)] == [rx.pk]
    with pytest.raises(TransactionManagementError):
        compiled.rows(id=rx.pk)
    connections.close_all()


@pytest.mark.django_db
def test_everybody_locks_what_they_see_and_nothing_else(cast):
    f.verified(cast)
    f.draft(cast)
    f.returned_part_supplied(cast)
    f.replaced(cast, f.verified(cast))
    everyone = ("doctor", "other_doctor", "owner", "pharmacist", "other_pharmacist", "patient", "staff")
    locked = dict.fromkeys(everyone, 0)
    for who in everyone:
        actor = cast.actor(who)
        seen = set(visible(actor, Prescription).values_list("pk", flat=True))
        for rx in Prescription.objects.all():
            try:
                subject = lock(actor, rx.pk)
            except NotVisible:
                assert rx.pk not in seen, (who, rx)
            else:
                locked[who] += 1
                assert rx.pk in seen and subject.rx == rx and subject.predecessor == rx.replaces, (who, rx)
    assert locked["doctor"] == 5 and locked["pharmacist"] > 0 and locked["other_doctor"] == 0, locked
