"""Numbers of patients: however they are grouped they are one; those of before are closed up, unless another record has them."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps

from elmed.patients.actions import Finding, find
from elmed.patients.models import Patient
from elmed.patients.numbers import same_phone


def test_numbers_of_before_are_closed_up_where_no_other_record_has_them(cast):
    numbers = Patient.objects.order_by("pk")
    Patient.objects.filter(pk=cast.patient.pk).update(health_number="943 476 5919")
    Patient.objects.filter(pk=cast.other_patient.pk).update(health_number="9434765919")
    close_up = import_module("elmed.patients.migrations.0007_health_numbers_closed_up").close_up
    close_up(apps, None)
    assert [row.health_number for row in numbers.all()] == ["943 476 5919", "9434765919"]
    Patient.objects.filter(pk=cast.other_patient.pk).update(health_number="123 45")
    close_up(apps, None)
    assert [row.health_number for row in numbers.all()] == ["9434765919", "12345"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("07700 900123", "+44 7700 900123"),
        ("(0)7700-900.123", "0044 7700 900123"),
        ("٠٧٧٠٠٩٠٠١٢٣", "+447700900123"),
        ("+44 (0)7700 900123", "+44 7700 900123"),
        ("0044 (0) 7700 900123", "07700900123"),
        ("5512 3456", "+974 5512 3456"),
        ("07700 900123", "7700900123"),
        ("212 555 0143", "+1 212 555 0143"),
        ("+33 6 12 34 56 78", "06 12 34 56 78"),
    ],
)
def test_a_phone_is_one_with_its_countrys_code_and_without(one, other):
    assert same_phone(one, other) and same_phone(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("07700 900123", "07700 900124"),
        ("900123", "07700 900123"),
        ("00900123", "00900123"),
        ("+49 7700 900123", "+44 7700 900123"),
        ("900123", "900123"),
        ("55123456", "+9744455123456"),
        ("", ""),
        ("tel 07700900123", "07700900123"),
    ],
)
def test_too_few_digits_and_others_are_none(one, other):
    assert not same_phone(one, other)


def test_a_record_is_found_by_the_phone_in_either_form_and_by_no_other(cast):
    doctor, patient = cast.actor("doctor"), cast.patient
    Patient.objects.filter(pk=patient.pk).update(phone="+44 7700 900123")

    def found(exact: str, born=patient.date_of_birth) -> Patient | None:
        return find(doctor, Finding(patient.family_name, born, exact))

    assert found("07700 900123") == found("+44 7700 900123") == patient
    assert found("07700 900124") is None and found("900123") is None
    assert found("07700 900123", born=date(1900, 1, 1)) is None
    Patient.objects.create(  # two of that name, day and phone: neither is shown
        world_id=patient.world_id, family_name=patient.family_name, given_name="Other", date_of_birth=patient.date_of_birth,
        phone="07700900123", created_at=patient.created_at, updated_at=patient.updated_at,
    )  # fmt: skip
    assert found("07700 900123") is None
