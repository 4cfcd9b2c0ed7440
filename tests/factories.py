"""Start states, reached by real acts only."""

from datetime import datetime, timedelta

from elmed.patients.actions import Finding, consult
from elmed.patients.models import IdentityCheck
from elmed.prescriptions.actions.cancel import cancel, cancel_unanswered, request_cancel
from elmed.prescriptions.actions.close import close
from elmed.prescriptions.actions.correct import correct
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.draft import DraftContent, DraftLine, save_draft
from elmed.prescriptions.actions.expire import expire_due
from elmed.prescriptions.actions.hold import hold
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.actions.replace import replace
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.stop import stop
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Dispense, Prescription
from tests.cast import NOW, Cast

AMOXICILLIN = DraftLine(
    medication_text="amoxicillin 500 mg capsules", dosage_text="Take one capsule three times a day for 7 days", quantity_milli=21000,
    unit="capsule", medication_code="J01CA04", medication_system="ATC", strength="500 mg", form="capsule", route="oral", days_supply=7,
)  # fmt: skip
RAMIPRIL = DraftLine(
    medication_text="ramipril 5 mg tablets",
    dosage_text="Take one tablet each morning",
    quantity_milli=28000,
    unit="tablet",
)
DIAGNOSIS = [{"text": "Acute bronchitis", "code": "J20.9", "system": "ICD-10"}]


KEPT = {"duplicate:1": "Same medicine, wanted", "duplicate:2": "Same medicine, wanted"}


def draft(
    cast: Cast, *, lines=(AMOXICILLIN,), now: datetime = NOW, replaces: Prescription | None = None, **content
) -> Prescription:
    """A draft of the first doctor for the first patient, after a consultation."""
    doctor = cast.actor("doctor")
    found = Finding(cast.patient.family_name, cast.patient.date_of_birth, cast.patient.health_number)
    consultation = consult(doctor, cast.patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=now)
    return save_draft(
        doctor, patient_id=cast.patient.pk, consultation_id=consultation.pk, now=now,
        content=DraftContent(lines=lines, diagnosis=DIAGNOSIS, **content), replaces_id=replaces and replaces.pk,
    )  # fmt: skip


def issued(cast: Cast, *, now: datetime = NOW, answers=None, **kwargs) -> Prescription:
    """Signed, with no pharmacy chosen."""
    return issue(cast.actor("doctor"), draft(cast, now=now, **kwargs).pk, answers=answers or KEPT, now=now)


def pending_review(cast: Cast, *, now: datetime = NOW, **kwargs) -> Prescription:
    """Signed and routed to the first pharmacy."""
    return route(cast.actor("doctor"), issued(cast, now=now, **kwargs).pk, pharmacy_id=cast.pharmacy.pk, now=now)


def verified(cast: Cast, *, now: datetime = NOW, **kwargs) -> Prescription:
    """Checked by the first pharmacy's pharmacist."""
    return verify(cast.actor("pharmacist"), pending_review(cast, now=now, **kwargs).pk, now=now)


def supply(cast: Cast, rx: Prescription, *quantities: tuple[int, int], now: datetime = NOW, **words) -> Dispense:
    """Dispense these (line id, thousandths), or everything."""
    lines = tuple(SupplyLine(line, quantity) for line, quantity in quantities) or None
    return dispense(cast.actor("pharmacist"), rx.pk, Supply(lines=lines, **words), source="portal", now=now)


def first_line(rx: Prescription) -> int:
    """The id of its first line."""
    return rx.lines.first().pk


def partially_dispensed(cast: Cast, *, now: datetime = NOW, **kwargs) -> Prescription:
    """10 of the first line supplied."""
    rx = verified(cast, now=now, **kwargs)
    return supply(cast, rx, (first_line(rx), 10000), now=now).prescription


def dispensed(cast: Cast, *, now: datetime = NOW, **kwargs) -> Prescription:
    """All of it supplied."""
    return supply(cast, verified(cast, now=now, **kwargs), now=now).prescription


def returned_part_supplied(cast: Cast, *, now: datetime = NOW) -> Prescription:
    """Issued again, after the first pharmacy supplied some."""
    return return_(cast.actor("pharmacist"), partially_dispensed(cast, now=now).pk, reason="Out of stock", now=now)


def held(cast: Cast, who: str, rx: Prescription, *, now: datetime = NOW, **words) -> Prescription:
    """Paused by that person."""
    return hold(cast.actor(who), rx.pk, reason="To be clarified", now=now, **words)


def cancellation_requested(cast: Cast, *, now: datetime = NOW, **kwargs) -> Prescription:
    """Checked by the pharmacist an hour ago; now the doctor asks to cancel."""
    rx = verified(cast, now=now - timedelta(hours=1), **kwargs)
    return request_cancel(cast.actor("doctor"), rx.pk, reason="Wrong strength", now=now)


def cancelled(cast: Cast, *, now: datetime = NOW) -> Prescription:
    """By the doctor, before the check."""
    return cancel(cast.actor("doctor"), pending_review(cast, now=now).pk, reason="Not needed", now=now)


def cancelled_by_the_clock(cast: Cast, *, now: datetime = NOW) -> Prescription:
    """The doctor asked at `now`, and for 24 hours the pharmacy did not answer."""
    rx = cancellation_requested(cast, now=now)
    cancel_unanswered(now + timedelta(hours=24), world_id=1)
    rx.refresh_from_db()
    return rx


def rejected(cast: Cast, *, now: datetime = NOW) -> Prescription:
    """By the pharmacist."""
    return reject(cast.actor("pharmacist"), pending_review(cast, now=now).pk, reason="Interaction", now=now)


def not_dispensed(cast: Cast, *, now: datetime = NOW) -> Prescription:
    """Not collected."""
    return close(cast.actor("pharmacist"), verified(cast, now=now).pk, reason_code="0010", now=now)


def stopped(cast: Cast, *, now: datetime = NOW, **kwargs) -> Prescription:
    """By the doctor, an hour after some was supplied."""
    rx = partially_dispensed(cast, now=now - timedelta(hours=1), **kwargs)
    return stop(cast.actor("doctor"), rx.pk, reason="Rash", now=now)


def expired(cast: Cast, rx: Prescription) -> Prescription:
    """Its time ran out."""
    expire_due(rx.expires_at, world_id=1)
    rx.refresh_from_db()
    return rx


def entered_in_error(cast: Cast, *, now: datetime = NOW) -> Prescription:
    """Corrected by staff."""
    return correct(cast.actor("staff"), verified(cast, now=now).pk, reason="Wrong patient", now=now)


def replaced(
    cast: Cast, old: Prescription, *, now: datetime = NOW, to: int | None = None
) -> tuple[Prescription, Prescription]:
    """The doctor signs another in its place, routed to `to` (the first pharmacy). Returns the old one, and the new."""
    written = draft(cast, replaces=old, now=now)
    new = replace(
        cast.actor("doctor"), old.pk, draft_id=written.pk, reason="Dose changed", answers=KEPT,
        pharmacy_id=to or cast.pharmacy.pk, now=now,
    )  # fmt: skip
    old.refresh_from_db()
    return old, new
