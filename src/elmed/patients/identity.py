"""Who somebody is: name, birth date, sex, numbers and addresses of a record, and their correction by a doctor; staff's of a name.

A correction keeps what it replaced, with its reason, which the patient reads among those who looked. What was signed stays
as it was signed; that prescriptions read differently is told one by one (prescriptions/actions/corrected.py).
`errors_in` judges new records too (actions.py).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts import told
from elmed.accounts.models import Account, AccountKind
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID
from elmed.core.refusals import Invalid, NotNow
from elmed.events.record import record, record_access
from elmed.notifications import mail
from elmed.patients.models import Patient, PatientCorrection, Sex
from elmed.patients.numbers import closed_up
from elmed.patients.opening import LONGEST, SHORTEST
from elmed.prescriptions.jurisdiction import jurisdiction

FIELDS = ("family_name", "given_name", "date_of_birth", "sex", "health_number", "phone", "email", "address")
ON_PRESCRIPTIONS = frozenset({"family_name", "given_name", "date_of_birth"})  # what each of them shows of its patient
EARLIEST = date(1880, 1, 1)


@dataclass(frozen=True)
class Identity:
    """What a record says of who somebody is, and how they are reached."""

    family_name: str
    given_name: str
    date_of_birth: date
    sex: Sex = Sex.UNKNOWN
    health_number: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""

    def stripped(self) -> dict[str, Any]:
        """By field, without outer spaces, and a health number as it is stored."""
        words = {name: value.strip() if isinstance(value, str) else value for name, value in asdict(self).items()}
        return words | {"health_number": closed_up(self.health_number)}


def recorded(patient: Patient) -> dict[str, str]:
    """What is recorded now, as plain words: what a page showed, to be compared when it is sent."""
    return {name: str(getattr(patient, name)) for name in FIELDS}


def locked(actor: Actor, patient_id: int) -> Patient:
    """The visible patient, locked; of a merged one the record that counts. Raises NotVisible."""
    patient = visibility.get(actor, Patient, patient_id)
    return visibility.get(actor, Patient, patient.whole.pk, lock=True)


def taken() -> dict[str, str]:
    """The message for a health number that another record has."""
    detail = _("A patient with this number exists: find the record instead.")
    return {"pointer": "/health_number", "code": "already_recorded", "detail": detail}


def errors_in(
    actor: Actor, words: Mapping[str, Any], *, now: datetime, of: Patient | None = None
) -> list[dict[str, str]]:
    """What cannot be: names that are empty, an impossible birth date, another record's health number. `of`: it is theirs."""
    errors = []
    for name in ("family_name", "given_name"):
        if not words[name]:
            errors.append({"pointer": f"/{name}", "code": "required", "detail": _("This is needed.")})
    born, number = words["date_of_birth"], words["health_number"]
    if not EARLIEST <= born <= jurisdiction().day(now):
        detail = _("Not a possible date of birth.")
        errors.append({"pointer": "/date_of_birth", "code": "out_of_range", "detail": detail})
    elif of is not None and of.weighed_on is not None and born > of.weighed_on:
        detail = _("A weight was measured before this day: correct the weight first.")
        errors.append({"pointer": "/date_of_birth", "code": "after_weight", "detail": detail})
    others = Patient.objects.filter(world_id=actor.world_id, health_number__iexact=number).exclude(
        pk=of.pk if of else 0
    )
    if number and others.exists():
        errors.append(taken())
    if words["email"]:
        try:
            validate_email(words["email"])
        except ValidationError:
            detail = _("Give an e-mail address such as name@example.org.")
            errors.append({"pointer": "/email", "code": "invalid_email", "detail": detail})
    return errors


def correct(
    actor: Actor, patient_id: int, to: Identity, *, reason: str, now: datetime, seen: Mapping[str, str] | None = None
) -> list[str]:
    """Correct the record. Returns the fields that changed; nothing is written where none did.

    `seen`: what was recorded when the page was opened. Raises NotAllowed, NotVisible, Invalid (no reason, what cannot be),
    NotNow (`changed_meanwhile`).
    """
    policy.require(actor, Permission.PATIENT_WRITE)
    with transaction.atomic():
        return _correct(actor, locked(actor, patient_id), to, reason=reason, now=now, seen=seen)


def correct_name(
    actor: Actor, patient_id: int, *, family_name: str, given_name: str, reason: str, now: datetime,
    seen: Mapping[str, str] | None = None,
) -> list[str]:  # fmt: skip
    """The same of the name alone, by ELMED's staff; the patient is told by mail. Raises as `correct` does."""
    policy.require(actor, Permission.NAME_CORRECT)
    with transaction.atomic():
        patient = locked(actor, patient_id)
        same = {name: getattr(patient, name) for name in FIELDS} | {"sex": Sex(patient.sex)}
        to = Identity(**(same | {"family_name": family_name, "given_name": given_name}))
        return _correct(actor, patient, to, reason=reason, now=now, seen=seen)


def _correct(
    actor: Actor, patient: Patient, to: Identity, *, reason: str, now: datetime, seen: Mapping[str, str] | None
) -> list[str]:
    reason, words = " ".join(reason.split()), to.stripped()
    before = recorded(patient)
    if seen is not None and dict(seen) != before:
        raise NotNow("changed_meanwhile", _("Somebody changed the record since you opened the page."))
    errors = errors_in(actor, words, now=now, of=patient)
    if not SHORTEST <= len(reason) <= LONGEST:
        detail = _("Say why, in %(least)d to %(most)d characters: the patient reads it.")
        detail %= {"least": SHORTEST, "most": LONGEST}
        errors.append({"pointer": "/reason", "code": "required", "detail": detail})
    if errors:
        raise Invalid(errors)
    changed = [name for name in FIELDS if before[name] != str(words[name])]
    if changed:
        _write(patient, words, changed, now)
        _keep(actor, patient, {name: before[name] for name in changed}, reason, now)
        _tell(actor, patient, before["email"], changed)
    return changed


def _write(patient: Patient, words: Mapping[str, Any], changed: list[str], now: datetime) -> None:
    called = patient.name
    for name in changed:
        setattr(patient, name, words[name])
    patient.updated_at = now
    try:
        with transaction.atomic():
            patient.save(update_fields=[*changed, "updated_at"])
    except IntegrityError:  # another doctor recorded the same number in this moment
        raise Invalid([taken()]) from None
    if patient.account_id is not None and patient.name != called:  # the account is called as its patient
        Account.objects.filter(pk=patient.account_id, name=called[:200]).update(name=patient.name[:200])


def _keep(actor: Actor, patient: Patient, before: Mapping[str, str], reason: str, now: datetime) -> None:
    """What it said before, the event, and the reason among those who looked."""
    PatientCorrection.objects.create(
        patient=patient, before=dict(before), reason=reason, account_id=actor.acting_account_id,
        person_id=actor.acting_person_id, created_at=now,
        prescriptions_told_at=None if ON_PRESCRIPTIONS & before.keys() else now,
    )  # fmt: skip
    record_access(actor, "portal.correction", patient_ids=[patient.pk], reason=reason)
    record(
        actor, "patient.corrected", accounts=[actor.account_id, patient.account_id], at=now,
        data={"patient_id": patient.pk, "fields": sorted(before)},
    )  # fmt: skip


def _tell(actor: Actor, patient: Patient, address: str, changed: list[str]) -> None:
    """A new birth date or e-mail address opens things to whoever knows or has it: the patient hears of it.

    By mail to whoever signs in as the patient, else to the address that was recorded; to that one too where it changed.
    """
    born, reached = ("date_of_birth" in changed), ("email" in changed)
    called = actor.account_kind is AccountKind.STAFF  # who did not see the patient, and corrected the name
    if not (born or reached or called) or actor.world_id != LIVE_WORLD_ID:
        return
    at, doctor = real_now(), Account.objects.get(pk=actor.acting_account_id).name
    told_already = 0
    if patient.account is not None:
        told_already = told.tell(
            patient.account, "record_corrected", at=at, doctor=doctor, date_of_birth=born, email=reached, called=called
        )
    if address and (reached or not told_already):
        mail.queue(
            to=address, template="record_corrected", at=at,
            context={"name": patient.given_name, "doctor": doctor, "date_of_birth": born, "email": reached, "called": called},
        )  # fmt: skip
