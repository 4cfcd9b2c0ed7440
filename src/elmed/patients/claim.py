"""A patient claims their record: the doctor invites by e-mail, the date of birth is asked, the patient's account is made.

Called by the doctor's page of a patient, and by the page of the invitation's link. One record has one account; five
wrong dates end an invitation.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts import links
from elmed.accounts.actions import register
from elmed.accounts.joining import Newcomer
from elmed.accounts.members import newcomer
from elmed.accounts.models import Account, AccountKind, AccountState, Person, Role
from elmed.accounts.queries import has_address
from elmed.core.models import LIVE_WORLD_ID
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.record import record
from elmed.notifications import mail
from elmed.patients.models import Patient, PatientInvitation

VALID_FOR = timedelta(days=7)
TRIES = 5


@transaction.atomic
def invite(actor: Actor, patient_id: int, *, email: str, now: datetime) -> PatientInvitation:
    """Invite a patient; an earlier invitation's link ends. The record keeps the address where it had none.

    Raises NotAllowed, NotVisible, NotNow (no live record), Invalid (address).
    """
    policy.require(actor, Permission.PATIENT_INVITE)
    patient = visibility.get(actor, Patient, patient_id, lock=True)
    if patient.merged_into_id is not None:
        patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.merged_into_id)
    if actor.world_id != LIVE_WORLD_ID:
        raise NotNow("invalid_state", _("Nobody is invited to a record of the test world."))
    if patient.account_id is not None:
        raise NotNow("invalid_state", _("This patient has an account already."))
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid.field("/email", "invalid_email", _("Give an e-mail address such as name@example.org.")) from None
    PatientInvitation.objects.filter(patient=patient, accepted_at=None, ended_at=None).update(ended_at=now)
    if not patient.email:
        patient.email, patient.updated_at = email, now
        patient.save(update_fields=["email", "updated_at"])
    row = PatientInvitation.objects.create(
        patient=patient, email=email, doctor_id=actor.acting_account_id, invited_by_id=actor.acting_person_id,
        created_at=now, expires_at=now + VALID_FOR,
    )  # fmt: skip
    data = {"patient_id": patient.pk, "invitation_id": row.pk}
    record(actor, "patient.invited", accounts=[actor.account_id], at=now, data=data)
    doctor = Account.objects.get(pk=actor.acting_account_id)
    mail.queue(
        to=email, template="patient_invited", at=now,
        context={"id": row.pk, "serial": row.serial, "doctor": doctor.name},
    )  # fmt: skip
    return row


def last_invitation(patient: Patient) -> PatientInvitation | None:
    """The newest invitation to that record, for the doctor's page."""
    return PatientInvitation.objects.filter(patient=patient).order_by("-pk").first()


def invitations_of(patient_ids: Iterable[int]) -> list[PatientInvitation]:
    """Every invitation to these records, the oldest first, for the patient's own file."""
    rows = PatientInvitation.objects.filter(patient_id__in=list(patient_ids))
    return list(rows.select_related("doctor").order_by("pk"))


def claimed_since(patient_ids: Iterable[int], since: datetime) -> bool:
    """Whether an account was made since then by an invitation to one of these records: it is that person's."""
    return PatientInvitation.objects.filter(patient_id__in=list(patient_ids), accepted_at__gte=since).exists()


def opened(token: str, *, now: datetime, lock: bool = False) -> PatientInvitation:
    """The invitation that a link opens. Raises NotVisible: not ours, used, ended, replaced, overdue, claimed meanwhile."""
    found = links.read(links.PATIENT, token)
    rows = PatientInvitation.objects.select_for_update(of=("self",)) if lock else PatientInvitation.objects
    row = rows.select_related("patient").filter(pk=found[0], serial=found[1]).first() if found else None
    if row is None or row.accepted_at or row.ended_at or row.expires_at <= now or row.patient.account_id is not None:
        raise NotVisible("invitation")
    return row


def claim(token: str, who: Newcomer | Person, *, date_of_birth: date, language: str = "", now: datetime) -> Account:
    """Claim the record as the person who signed in, or as a newcomer with the invited address.

    A wrong date is counted in a transaction of its own. Raises NotVisible, NotNow (another address), Invalid (wrong date,
    password, a newcomer whose address has a sign-in).
    """
    _count_try(token, date_of_birth, now)
    with transaction.atomic():
        # The record before its invitation, as `invite` locks them.
        patient = Patient.objects.select_for_update(no_key=True).get(pk=opened(token, now=now).patient_id)
        row = opened(token, now=now, lock=True)
        if patient.merged_into_id is not None:  # merged since: the claim is of the one that won
            patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.merged_into_id)
        if patient.account_id is not None:
            raise NotVisible("invitation")
        if isinstance(who, Person):
            if not has_address(who, row.email):
                raise NotNow(
                    "invalid_state", _("This invitation is for another e-mail address. Sign in with that one.")
                )
            person = who
        else:
            person = newcomer(who, row.email, language=language, now=now)
        account = register(
            kind=AccountKind.PATIENT, name=patient.name[:200], person=person, roles=[Role.PATIENT], now=now,
            state=AccountState.VERIFIED, world_id=patient.world_id,
        )  # fmt: skip
        patient.account, patient.updated_at = account, now
        patient.save(update_fields=["account", "updated_at"])
        row.accepted_at = now
        row.save(update_fields=["accepted_at"])
        claimed = Actor(
            account.pk, AccountKind.PATIENT, AccountState.VERIFIED, frozenset(), "invitation", person_id=person.pk
        )
        data = {"patient_id": patient.pk, "invitation_id": row.pk}
        record(claimed, "patient.claimed", accounts=[account.pk, row.doctor_id], at=now, data=data)
    return account


@transaction.atomic
def _judge(token: str, date_of_birth: date, now: datetime) -> Invalid | None:
    row = opened(token, now=now, lock=True)
    if row.patient.date_of_birth == date_of_birth:
        return None
    row.wrong_tries += 1
    left = TRIES - row.wrong_tries
    if left <= 0:
        row.ended_at = now
    row.save(update_fields=["wrong_tries", "ended_at"])
    if left <= 0:
        detail = _("Wrong five times: this invitation has ended. Ask your doctor for a new one.")
    else:
        detail = _("This is not the date of birth in the record. Tries left: %(left)d.") % {"left": left}
    return Invalid.field("/date_of_birth", "wrong_date", detail)


def _count_try(token: str, date_of_birth: date, now: datetime) -> None:
    refusal = _judge(token, date_of_birth, now)
    if refusal is not None:
        raise refusal
