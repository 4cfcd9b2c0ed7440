"""ELMED's staff open a patient's record: never without a reason, which the patient sees.

The reason stands in the access record, and opens that record to that person for an hour. Called by staff's pages; no
page of theirs shows a medicine or an allergy before.
"""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotVisible
from elmed.events.models import AccessRecord
from elmed.events.record import record_access
from elmed.patients.models import Patient
from elmed.patients.numbers import closed_up
from elmed.prescriptions import reference as references
from elmed.prescriptions.models import Prescription

OPEN_FOR = timedelta(hours=1)
OPENING = "portal.clinical"  # the access record's action
SHORTEST, LONGEST = 10, 300
MOST = 20
_BIGGEST = 2**63 - 1


def whole_id(patient: Patient) -> int:
    """The record that counts: the one that won, where two were merged."""
    return patient.merged_into_id or patient.pk


@transaction.atomic
def open_record(actor: Actor, patient_id: int, *, reason: str) -> None:
    """Write down why the actor opens the record. Raises NotAllowed, NotVisible, Invalid (no reason that says something)."""
    policy.require(actor, Permission.PRESCRIPTION_READ_ALL)
    patient = visibility.get(actor, Patient, patient_id)
    reason = " ".join(reason.split())
    if not SHORTEST <= len(reason) <= LONGEST:
        words = _("Say why, in %(least)d to %(most)d characters: the patient reads it.")
        raise Invalid.field("/reason", "required", words % {"least": SHORTEST, "most": LONGEST})
    record_access(actor, OPENING, patient_ids=everywhere(patient), reason=reason)


def everywhere(patient: Patient) -> list[int]:
    """The numbers of all records of that person: where a merge is taken back, each still knows who looked."""
    return sorted(patient.everywhere().values_list("pk", flat=True))


def reason_given(actor: Actor, patient: Patient) -> str | None:
    """Why this person opened that record within the last hour; None where they did not. One statement."""
    rows = _openings(actor).filter(patients__patient_id=whole_id(patient))
    return rows.order_by("-pk").values_list("reason", flat=True).first()


def record_of(actor: Actor, prescription_id: int) -> tuple[int, bool]:
    """The record that counts of a prescription's patient, and whether this person opened it within the last hour.

    One statement. Raises NotVisible.
    """
    rows = visibility.visible(actor, Prescription).filter(pk=prescription_id)
    rows = rows.annotate(whole=Coalesce("patient__merged_into_id", "patient_id"), opened=is_open(actor))
    found = rows.values_list("whole", "opened").first()
    if found is None:
        raise NotVisible("prescription")
    return found


def is_open(actor: Actor) -> Exists:
    """For a query of prescriptions: whether this person opened the record of its patient within the last hour."""
    whole = Coalesce(OuterRef("patient__merged_into_id"), OuterRef("patient_id"))
    return Exists(_openings(actor).filter(patients__patient_id=whole))


def _openings(actor: Actor) -> QuerySet[AccessRecord]:
    return AccessRecord.objects.filter(
        world_id=actor.world_id, action=OPENING, created_at__gt=real_now() - OPEN_FOR,
        actor_person_id=actor.acting_person_id, actor_account_id=actor.acting_account_id,
    )  # fmt: skip


def look_up(actor: Actor, words: str, born: date | None) -> list[Patient]:
    """The records that a patient's, health or prescription's number, a reference, or family name and birth date name.

    Exact words only, no browsing; at most 20. Leaves an access record. Raises NotAllowed.
    """
    policy.require(actor, Permission.PRESCRIPTION_READ_ALL)
    patients = visibility.visible(actor, Patient).select_related("merged_into")
    words = words.strip()
    if words.isdecimal() and int(words) <= _BIGGEST:
        of_prescription = visibility.visible(actor, Prescription).filter(pk=int(words)).values("patient_id")
        found = patients.filter(pk=int(words)) | patients.filter(pk__in=of_prescription)
    elif whole := references.canonical(words):
        found = patients.filter(
            pk__in=visibility.visible(actor, Prescription).filter(reference=whole).values("patient_id")
        )
    elif words and born is not None:
        found = patients.filter(family_name__iexact=words, date_of_birth=born)
    else:
        found = patients.none()
    known = patients.filter(health_number__iexact=closed_up(words)) if words else patients.none()
    rows = sorted({*known, *found.order_by("pk")[:MOST]}, key=lambda row: row.pk)[:MOST]
    record_access(actor, "portal.records", patient_ids=[row.pk for row in rows])
    return rows
