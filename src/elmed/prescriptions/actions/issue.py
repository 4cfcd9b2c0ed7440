"""issue: the doctor signs. The draft becomes a prescription, sealed, with its reference."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.access.policy import PRESENCE
from elmed.accounts.models import Account, AccountState
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed
from elmed.prescriptions import facts, reference, seal, snapshot
from elmed.prescriptions.actions.answers import Answer
from elmed.prescriptions.actions.brake import require_unhurried
from elmed.prescriptions.actions.checked import require_real_medicines, store_answers
from elmed.prescriptions.actions.draft import errors_in
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.actions.route import receiving_pharmacy, take_over
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Prescription, PrescriptionLine
from elmed.prescriptions.vocabulary import Act, Status

REAUTHENTICATION = PRESENCE
FRESH = timedelta(seconds=30)  # controlled medicines: the proof was given for this very signature


def issue(
    actor: Actor,
    prescription_id: int,
    *,
    answers: Mapping[str, Answer | str] | None = None,
    pharmacy_id: int | None = None,
    now: datetime,
    expected_version: int | None = None,
    replacing: bool = False,
) -> Prescription:
    """Sign a draft. `answers` maps a warning's key to why the doctor keeps the line; words alone stand for another reason.

    Those that wait with the draft count where the warning still says what it said. Raises NotAllowed
    (`reauthentication_required`), Invalid (what the draft lacks), NotNow (`warnings_unanswered`, with the warnings;
    `demonstration_formulary`), TooManySignatures. A draft that replaces another is signed by `replace` only.
    """

    def validate(subject: Subject) -> None:
        _check_presence(actor, subject.rx)
        if subject.rx.status != Status.DRAFT:
            return  # signed already: the table says so
        errors = errors_in(subject.rx, subject.lines, now)
        if errors:
            raise Invalid(errors)
        if subject.rx.replaces_id is not None and not replacing:
            raise Invalid.field(
                "/replaces", "use_replace", _("It replaces another prescription: sign it as its replacement.")
            )

    with legal(
        actor, Act.ISSUE, prescription_id, now=now, expected_version=expected_version, validate=validate
    ) as subject:
        rx = subject.rx
        signer = _lock_signer(rx)
        require_unhurried(rx, now)
        require_real_medicines(subject.lines)
        store_answers(subject, answers or {}, now)
        status = Status.ISSUED
        if pharmacy_id is not None:
            take_over(rx, receiving_pharmacy(actor, pharmacy_id))
            status = Status.PENDING_REVIEW
        rx.is_controlled = any(line.is_controlled for line in subject.lines)
        rx.expires_at = facts.expires_at(rx)
        rx.issued_at = now
        rx.draft_answers = None
        _give_reference(rx)
        _sign(subject, signer)
        finish(subject, actor, Act.ISSUE, status, now=now, changed=(
            "pharmacy", "is_controlled", "expires_at", "issued_at", "reference",
            "draft_answers", "snapshot", "signed_at", "signature_key_id", "signature_value",
        ))  # fmt: skip
        return rx


def _lock_signer(rx: Prescription) -> Account:
    """The doctor's account, locked: a suspension for fraud either comes first, or finds what is signed here."""
    signer = Account.objects.select_for_update(no_key=True).get(pk=rx.prescriber_id)
    if signer.state == AccountState.SUSPENDED:
        raise NotAllowed("account_not_active", _("This account is suspended."))
    return signer


def _sign(subject: Subject, signer: Account) -> None:
    """Seal what the prescription says now."""
    rx = subject.rx
    payload = snapshot.make(rx, subject.lines, signer, rx.patient)
    rx.snapshot, rx.signed_at = payload.decode(), real_now()
    rx.signature_key_id, rx.signature_value = seal.sign(payload)


def _check_presence(actor: Actor, rx: Prescription) -> None:
    """The doctor signed in, or proved again who they are, at most 5 minutes ago; for a controlled medicine just now."""
    age = real_now() - actor.authenticated_at if actor.authenticated_at else None
    controlled = rx.is_controlled or PrescriptionLine.objects.filter(prescription=rx, is_controlled=True).exists()
    if age is None or age > (FRESH if controlled else REAUTHENTICATION):
        raise NotAllowed("reauthentication_required", _("Confirm that it is you, then sign again."))


def _give_reference(rx: Prescription) -> None:
    """Give it a reference that no other has; two alike among 2^55 are nearly impossible, and are tried again."""
    for _try in range(5):
        rx.reference = reference.new()
        try:
            with transaction.atomic():
                rx.save(update_fields=["reference"])
        except IntegrityError:
            continue
        return
    raise RuntimeError("No free reference in five tries")
