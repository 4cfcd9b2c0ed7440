"""Numbers of patients: however they are grouped they are one; those of before are closed up, unless another record has them."""

from importlib import import_module

from django.apps import apps

from elmed.patients.models import Patient


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
