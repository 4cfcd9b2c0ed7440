"""GET /patients/{id}: a basic profile, for those with an active relationship."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.http import HttpResponse

from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.api.endpoint import Call, endpoint
from elmed.core.clock import rfc3339
from elmed.core.refusals import NotVisible
from elmed.events.record import record_access
from elmed.patients.models import AllergyStatus, Patient, Sex

_NULLABLE = {"type": ["string", "null"]}
ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "date_of_birth": {"type": "string", "format": "date"},
        "sex": {"type": "string", "enum": [sex.value for sex in Sex]},
        "phone": _NULLABLE,
        "email": _NULLABLE,
        "address": _NULLABLE,
        "allergies": {
            "type": "object",
            "description": "*None known* and *not recorded* are two things.",
            "properties": {
                "status": {"type": "string", "enum": [status.value for status in AllergyStatus]},
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"substance": {"type": "string"}, "code": _NULLABLE, "reaction": _NULLABLE},
                        "required": ["substance", "code", "reaction"],
                    },
                },
            },
            "required": ["status", "items"],
        },
        "updated_at": {"type": "string", "format": "date-time"},
    },
    "required": [
        "id", "name", "date_of_birth", "sex", "phone", "email", "address", "allergies", "updated_at",
    ],
}  # fmt: skip


READ_ANSWER = {"$ref": "#/components/schemas/Patient"}
SCHEMAS = {"Patient": ANSWER}


@endpoint("GET", "/patients/{id}", permission=Permission.PATIENT_READ, answer=READ_ANSWER, tag="Patients")
def read_patient(call: Call) -> HttpResponse:
    """Read a patient's basic profile, where the patient has a prescription or a consultation with you."""
    number = call.id("id", "patient")
    profile = profiles(call.actor, [number]).get(number)
    if profile is None:
        raise NotVisible("patient")
    return HttpResponse(json.dumps(profile, ensure_ascii=False), content_type="application/json")


def profiles(actor: Actor, patient_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The profiles of those that the actor has an active relationship with, by the id asked for; each look is recorded.

    A record that was merged into another is answered with that one.
    """
    with transaction.atomic():
        rows = visible(actor, Patient).filter(pk__in=patient_ids).select_related("merged_into")
        found = {row.pk: row.merged_into or row for row in rows.prefetch_related("allergies", "merged_into__allergies")}
        if found:
            record_access(actor, "patient.read", patient_ids=sorted({patient.pk for patient in found.values()}))
    return {number: _profile(patient) for number, patient in found.items()}


def _profile(patient: Patient) -> dict[str, Any]:
    allergies = [
        {"substance": one.substance, "code": one.code or None, "reaction": one.reaction or None}
        for one in sorted(patient.allergies.all(), key=lambda one: one.substance)
    ]
    return {
        "id": patient.pk,
        "name": patient.name,
        "date_of_birth": patient.date_of_birth.isoformat(),
        "sex": patient.sex,
        "phone": patient.phone or None,
        "email": patient.email or None,
        "address": patient.address or None,
        "allergies": {"status": patient.allergy_status, "items": allergies},
        "updated_at": rfc3339(patient.updated_at),
    }
