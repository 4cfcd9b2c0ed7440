"""A patient's own phone number, e-mail and address: changed by the patient, each change an event.

Name, date of birth and health number say who somebody is: those are the doctor's and ELMED's staff's to correct.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.record import record
from elmed.patients.models import Patient

FIELDS = ("phone", "email", "address")


@transaction.atomic
def change_own_contact(
    actor: Actor, *, phone: str, email: str, address: str, now: datetime, seen: dict[str, str] | None = None
) -> Patient:
    """Record these. `seen`: what was recorded when the page was opened. The address for signing in stays what it is.

    Raises NotAllowed, NotVisible (no record), Invalid (e-mail), NotNow (`changed_meanwhile`).
    """
    policy.require(actor, Permission.PATIENT_CONTACT)
    patient = visibility.visible(actor, Patient).select_for_update(of=("self",)).order_by("pk").first()
    if patient is None:
        raise NotVisible("patient")
    if seen is not None and any(getattr(patient, name) != seen.get(name, "") for name in FIELDS):
        raise NotNow(
            "changed_meanwhile", _("Somebody changed your details since you opened the page. Look at them again.")
        )
    wanted = {"phone": phone.strip(), "email": email.strip(), "address": address.strip()}
    if wanted["email"]:
        try:
            validate_email(wanted["email"])
        except ValidationError:
            words = _("Give an e-mail address such as name@example.org.")
            raise Invalid.field("/email", "invalid_email", words) from None
    changed = [name for name in FIELDS if getattr(patient, name) != wanted[name]]
    if not changed:
        return patient
    for name in changed:
        setattr(patient, name, wanted[name])
    patient.updated_at = now
    patient.save(update_fields=[*changed, "updated_at"])
    data = {"patient_id": patient.pk, "fields": changed}
    record(actor, "patient.contact_changed", accounts=[actor.account_id], at=now, data=data)
    return patient


@transaction.atomic
def taken_out(actor: Actor, *, now: datetime) -> None:
    """Write down that the patient took all that ELMED holds on them as a file."""
    policy.require(actor, Permission.PRESCRIPTION_READ)
    record(actor, "patient.exported", accounts=[actor.account_id], at=now)
