"""Patients: finding one by the rule, making a record, consultations, allergies. The only code that writes them.

There is no browsing: a doctor finds an existing record only by family name, date of birth and one more
exact item, and then sees it through the consultation that this begins.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.room import require_room
from elmed.core.clock import real_now, rfc3339, world_now
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.record import record, record_access
from elmed.patients.identity import Identity, errors_in, locked, taken
from elmed.patients.models import Allergy, AllergyStatus, Consultation, IdentityCheck, Patient
from elmed.patients.numbers import bare, same_phone
from elmed.prescriptions.actions import tries
from elmed.prescriptions.actions.tries import Limit, TooManyTries
from elmed.prescriptions.jurisdiction import jurisdiction

NONE_KNOWN = "no known allergies"
LIGHTEST, HEAVIEST = 300, 500_000  # grams: the smallest of the born, and the heaviest
FINDING = "patients"  # as the tries are filed; no digest of a reference
MISSES = Limit(most=20, window=timedelta(hours=1), locked=timedelta(hours=1))


@dataclass(frozen=True)
class Finding:
    """What finds a record: family name, date of birth, and the exact health number, phone or e-mail."""

    family_name: str
    date_of_birth: date
    exact: str


def find(actor: Actor, by: Finding) -> Patient | None:
    """The one patient with that family name, birth date, and that health number, phone or e-mail; else None.

    Leaves an access record where it finds somebody; each miss counts. Raises TooManyTries (`finding_paused`), also
    where it would find somebody.
    """
    policy.require(actor, Permission.PATIENT_WRITE)
    if not by.exact.strip() or not by.family_name.strip():
        return None
    now = real_now()
    with transaction.atomic():
        misses = tries.row_of(actor, FINDING, now)
        until = tries.locked(misses, now)
        found = None if until else _one(actor, by)
        if found is not None:
            record_access(actor, "patient.find", patient_ids=[found.pk])
        elif until is None and tries.count(misses, now, MISSES):
            record(actor, "patient.finding_paused", accounts=[actor.account_id], at=world_now(actor.world_id))
    if until is not None:
        raise TooManyTries(
            "finding_paused",
            _(
                "%(count)s searches within an hour found nobody. Finding patients is paused for you until %(time)s. "
                "Until then, patients you saw already are in your list."
            )
            % {"count": MISSES.most, "time": f"{until.astimezone(jurisdiction().zone):%H:%M}"},
            until=rfc3339(until),
        )
    return found


def _one(actor: Actor, by: Finding) -> Patient | None:
    alike = Patient.objects.filter(
        world_id=actor.world_id, family_name__iexact=by.family_name.strip(), date_of_birth=by.date_of_birth
    ).select_related("merged_into")
    winners = {row.merged_into or row for row in alike if _has(row, by.exact)}
    return winners.pop() if len(winners) == 1 else None


def _has(patient: Patient, exact: str) -> bool:
    """Whether it is the patient's e-mail, or their number however it is written: who misses a record makes a second one."""
    number = bare(exact)
    if number and number in (bare(patient.health_number), bare(patient.phone)):
        return True
    if same_phone(exact, patient.phone):
        return True
    return exact.strip().casefold() == patient.email.casefold() != ""


@transaction.atomic
def create(
    actor: Actor, new: Identity, *, identity_check: IdentityCheck, summary: str = "", now: datetime
) -> Consultation:
    """Make a record and its first consultation. Raises Invalid (impossible birth date, another's health number), NotNow."""
    policy.require(actor, Permission.PATIENT_WRITE)
    words = new.stripped()
    if errors := errors_in(actor, words, now=now):
        raise Invalid(errors)
    require_room(actor, Patient)
    try:
        with transaction.atomic():
            patient = Patient.objects.create(world_id=actor.world_id, created_at=now, updated_at=now, **words)
    except IntegrityError:  # another doctor recorded the same number in this moment
        raise Invalid([taken()]) from None
    record(actor, "patient.created", accounts=[actor.account_id], at=now, data={"patient_id": patient.pk})
    return _consult(actor, patient, identity_check=identity_check, summary=summary, now=now)


def consult(
    actor: Actor,
    patient_id: int,
    *,
    found_by: Finding | None = None,
    identity_check: IdentityCheck,
    summary: str = "",
    now: datetime,
) -> Consultation:
    """Record a consultation with a patient whom the doctor sees already, or finds by the rule with `found_by`.

    Raises NotVisible where neither holds, TooManyTries.
    """
    policy.require(actor, Permission.CONSULTATION_WRITE)
    if found_by is not None:  # before the transaction: a miss counts, although nothing is recorded
        patient = find(actor, found_by)
        if patient is None or patient.pk != patient_id:
            raise NotVisible("patient")
    else:
        patient = visibility.get(actor, Patient, patient_id)
    with transaction.atomic():
        who = patient.merged_into or patient
        return _consult(actor, who, identity_check=identity_check, summary=summary, now=now)


def _consult(
    actor: Actor, patient: Patient, *, identity_check: IdentityCheck, summary: str, now: datetime
) -> Consultation:
    row = Consultation.objects.create(
        world_id=actor.world_id,
        patient=patient,
        doctor_id=actor.acting_account_id,
        person_id=actor.acting_person_id,
        held_at=now,
        identity_check=identity_check,
        summary=summary.strip(),
        created_at=now,
    )
    record(
        actor,
        "consultation.recorded",
        accounts=[actor.account_id, patient.account_id],
        at=now,
        data={"patient_id": patient.pk, "consultation_id": row.pk},
    )
    return row


def recorded_allergies(patient: Patient) -> list[str]:
    """What is recorded, one a line: `penicillin: rash`, or that none are known; empty where nothing is."""
    if patient.allergy_status == AllergyStatus.NONE_KNOWN:
        return [NONE_KNOWN]
    rows = Allergy.objects.filter(patient=patient).order_by("pk")
    return [f"{row.substance}: {row.reaction}" if row.reaction else row.substance for row in rows]


@transaction.atomic
def set_allergies(
    actor: Actor,
    patient_id: int,
    *,
    none_known: bool,
    substances: list[tuple[str, str]],
    now: datetime,
    seen: list[str] | None = None,
) -> Patient:
    """Record *none known*, or these allergies (substance, reaction) in place of the recorded ones.

    `seen`: what was recorded when somebody began to change it. Raises NotVisible, NotAllowed, Invalid, NotNow
    (`changed_meanwhile`: it says something else by now; nobody's word is lost unseen).
    """
    policy.require(actor, Permission.PATIENT_WRITE)
    patient = locked(actor, patient_id)
    if seen is not None and seen != recorded_allergies(patient):
        raise NotNow("changed_meanwhile", _("Somebody changed the allergies since you opened the page."))
    if none_known and substances:
        raise Invalid.field("/none_known", "contradiction", _("Either none are known, or name them."))
    Allergy.objects.filter(patient=patient).delete()
    Allergy.objects.bulk_create(
        Allergy(
            patient=patient,
            substance=substance,
            reaction=reaction,
            recorded_by_id=actor.acting_account_id,
            created_at=now,
        )
        for substance, reaction in dict(substances).items()
    )
    patient.allergy_status = (
        AllergyStatus.NONE_KNOWN if none_known else AllergyStatus.RECORDED if substances else AllergyStatus.NOT_RECORDED
    )
    patient.updated_at = now
    patient.save(update_fields=["allergy_status", "updated_at"])
    record(
        actor,
        "patient.allergies_recorded",
        accounts=[actor.account_id, patient.account_id],
        at=now,
        data={"patient_id": patient.pk},
    )
    return patient


@transaction.atomic
def set_weight(actor: Actor, patient_id: int, *, weight_milli: int, weighed_on: date, now: datetime) -> Patient:
    """Record the weight (thousandths of a kilogram) with the day it was measured. Raises NotVisible, NotAllowed, Invalid."""
    policy.require(actor, Permission.PATIENT_WRITE)
    patient = locked(actor, patient_id)
    errors = []
    if not LIGHTEST <= weight_milli <= HEAVIEST:
        detail = _("From %(least)s to %(most)s kg.") % {"least": f"{LIGHTEST / 1000:g}", "most": HEAVIEST // 1000}
        errors.append({"pointer": "/weight", "code": "out_of_range", "detail": detail})
    if not patient.date_of_birth <= weighed_on <= jurisdiction().day(now):
        detail = _("Between the birth and today.")
        errors.append({"pointer": "/weighed_on", "code": "out_of_range", "detail": detail})
    if errors:
        raise Invalid(errors)
    patient.weight_milli, patient.weighed_on, patient.updated_at = weight_milli, weighed_on, now
    patient.save(update_fields=["weight_milli", "weighed_on", "updated_at"])
    record(
        actor, "patient.weight_recorded", accounts=[actor.account_id, patient.account_id], at=now,
        data={"patient_id": patient.pk},
    )  # fmt: skip
    return patient
