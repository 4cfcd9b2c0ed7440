"""GET /patients/{id}: a basic profile, for those with an active relationship."""

import json
from typing import Any

from django.db import transaction
from django.http import HttpResponse

from elmed.access.permissions import Permission
from elmed.access.visibility import get
from elmed.api.endpoint import Call, endpoint
from elmed.core.clock import rfc3339
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


@endpoint("GET", "/patients/{id}", permission=Permission.PATIENT_READ, answer=ANSWER, tag="Patients")
def read_patient(call: Call) -> HttpResponse:
    """Read a patient's basic profile, where the patient has a prescription or a consultation with you."""
    with transaction.atomic():
        found = get(call.actor, Patient, call.id("id", "patient"))
        patient = found.merged_into or found
        record_access(call.actor, "patient.read", patient_ids=[patient.pk])
        allergies = patient.allergies.order_by("substance").values("substance", "code", "reaction")
        items = [{name: value or None for name, value in row.items()} for row in allergies]
    body = {
        "id": patient.pk,
        "name": patient.name,
        "date_of_birth": patient.date_of_birth.isoformat(),
        "sex": patient.sex,
        "phone": patient.phone or None,
        "email": patient.email or None,
        "address": patient.address or None,
        "allergies": {"status": patient.allergy_status, "items": items},
        "updated_at": rfc3339(patient.updated_at),
    }
    return HttpResponse(json.dumps(body, ensure_ascii=False), content_type="application/json")
