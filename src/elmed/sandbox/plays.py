"""How each scenario comes about: the real acts of the doctor and the pharmacist, one after the other. No row is written here.

A play is given its Stage and returns what it left: the prescriptions, the newest last. What scenarios there are, and what
they are good for, says scenarios.py.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from elmed.access.actors import Actor
from elmed.access.visibility import visible
from elmed.accounts.models import AccountKind
from elmed.inventory.models import Product
from elmed.patients.models import Patient
from elmed.prescriptions.actions.answers import Answer
from elmed.prescriptions.actions.cancel import cancel, request_cancel
from elmed.prescriptions.actions.check import Asked, check
from elmed.prescriptions.actions.checked import warnings_of
from elmed.prescriptions.actions.close import close
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.draft import DraftContent, save_draft
from elmed.prescriptions.actions.expire import expire_due
from elmed.prescriptions.actions.hold import hold
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.actions.replace import replace
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.stop import stop
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import OPEN, Kept
from elmed.sandbox import material
from elmed.sandbox.people import ELSEWHERE, Stage, acting, synthetic

DAY = timedelta(days=1)
PLAYED = "Played in the test world."  # why, where nobody says
# What stands in for another medicine, the likeliest first: none that is controlled, which a person signs for.
INSTEAD = ("omeprazole", "ramipril", "atorvastatin", "levothyroxine", "amoxicillin")


@dataclass
class Left:
    """What a play left behind. `proof_born`: the date of birth that a shopper shows, where it is not the patient's."""

    patient: Patient
    prescriptions: list[Prescription] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    proof_born: date | None = None

    @property
    def rx(self) -> Prescription:
        """The one that it is about."""
        return self.prescriptions[-1]


def written(
    stage: Stage,
    *names: str,
    to: int | None = None,
    routed: bool = True,
    ago: timedelta = timedelta(0),
    days: int | None = None,
    begins: int = 0,
    repeats: int = 0,
) -> Left:
    """The doctor meets a new patient and signs; it waits at the pharmacy, unless it is not `routed`.

    `days`: valid for so many, `begins`: from so many days on, `ago`: signed so long before now.
    """
    names = names or ("amoxicillin",)
    now = stage.now - ago
    met = material.patient(stage.doctor, now)
    content = _content(names, now, days=days, begins=begins, repeats=repeats)
    draft = save_draft(stage.doctor, patient_id=met.patient_id, consultation_id=met.pk, content=content, now=now)
    pharmacy_id = (to or stage.pharmacist.acting_account_id) if routed else None
    rx = issue(stage.doctor, draft.pk, pharmacy_id=pharmacy_id, now=now)
    return Left(met.patient, [rx], material.stocked(stage.pharmacist, names, stage.now))


def _content(
    names: tuple[str, ...], now: datetime, *, days: int | None = None, begins: int = 0, repeats: int = 0
) -> DraftContent:
    chosen = [material.MEDICINES[name] for name in names]
    first = jurisdiction().day(now) + begins * DAY
    diagnosis: list[dict[str, str | None]] = [
        {"text": one.diagnosis[0], "code": one.diagnosis[1], "system": "ICD-10"} for one in chosen
    ]
    return DraftContent(
        lines=[one.line for one in chosen], diagnosis=diagnosis, valid_from=first,
        valid_until=first + (days - 1) * DAY if days else None, repeats_allowed=repeats,
        minimum_dispense_interval_days=21 if repeats else 0,
    )  # fmt: skip


def ready(stage: Stage, *names: str, repeats: int = 0, days: int | None = None) -> Left:
    """Signed, and checked by the pharmacist."""
    left = written(stage, *names, repeats=repeats, days=days)
    left.prescriptions = [verify(stage.pharmacist, left.rx.pk, now=stage.now)]
    return left


def supplied(stage: Stage, left: Left, *, half: bool = False) -> Left:
    """The pharmacy hands over what there is, or half of each line."""
    lines = (
        tuple(SupplyLine(one.pk, one.quantity_milli // 2000 * 1000) for one in left.rx.lines.all()) if half else None
    )
    what = Supply(lines=lines, handed_over_at=stage.now, receiver="Patient")
    made = dispense(stage.pharmacist, left.rx.pk, what, source="portal", now=stage.now)
    left.prescriptions[-1] = made.prescription
    return left


def expired(stage: Stage) -> Left:
    """Checked a week ago, valid for five days; nobody came."""
    left = written(stage, ago=7 * DAY, days=5)
    verify(stage.pharmacist, left.rx.pk, now=stage.now - 7 * DAY)
    expire_due(stage.now, world_id=stage.caller.world_id, mode=stage.caller.mode)
    return _again(left)


def dispensed(stage: Stage) -> Left:
    """All of it supplied."""
    return supplied(stage, ready(stage))


def partial(stage: Stage) -> Left:
    """Half of it supplied."""
    return supplied(stage, ready(stage, "ramipril"), half=True)


def repeat(stage: Stage) -> Left:
    """The first of three issues supplied; the next one is not due for 21 days."""
    return supplied(stage, ready(stage, "atorvastatin", repeats=2))


def cancel_race(stage: Stage) -> Left:
    """Checked two hours ago; now the doctor asks to cancel it."""
    left = written(stage, ago=timedelta(hours=3))
    verify(stage.pharmacist, left.rx.pk, now=stage.now - timedelta(hours=2))
    left.prescriptions = [
        request_cancel(stage.doctor, left.rx.pk, reason="Another medicine suits better.", now=stage.now)
    ]
    return left


def cancelled(stage: Stage) -> Left:
    """The doctor took it back before the check."""
    left = written(stage)
    left.prescriptions = [cancel(stage.doctor, left.rx.pk, reason="Patient prefers to wait and see.", now=stage.now)]
    return left


def rejected(stage: Stage) -> Left:
    """The pharmacist did not accept it."""
    left = written(stage)
    left.prescriptions = [
        reject(stage.pharmacist, left.rx.pk, reason="Interacts with another medicine.", now=stage.now)
    ]
    return left


def not_dispensed(stage: Stage) -> Left:
    """Ready, and nobody came: the pharmacist closed it."""
    left = ready(stage)
    left.prescriptions = [close(stage.pharmacist, left.rx.pk, reason_code="0010", now=stage.now)]
    return left


def returned(stage: Stage) -> Left:
    """Not in stock: the pharmacy gave it back."""
    left = ready(stage)
    left.prescriptions = [return_(stage.pharmacist, left.rx.pk, reason="Not in stock.", now=stage.now)]
    return left


def question(stage: Stage) -> Left:
    """Paused: the pharmacist asked the doctor something."""
    left = written(stage)
    words = "Is the course of 7 days meant, or 5?"
    paused = hold(stage.pharmacist, left.rx.pk, reason="Length of the course", question=words, now=stage.now)
    left.prescriptions = [paused]
    return left


def stopped(stage: Stage) -> Left:
    """Half of it supplied; then the doctor stopped it."""
    left = partial(stage)
    left.prescriptions = [stop(stage.doctor, left.rx.pk, reason="Side effects.", now=stage.now)]
    return left


def replaced(stage: Stage) -> Left:
    """Waiting for its check when the doctor signed another in its place."""
    return _in_its_place(stage, written(stage))


def replace_race(stage: Stage) -> Left:
    """Checked two hours ago; now the doctor signs another in its place."""
    left = written(stage, ago=timedelta(hours=3))
    verify(stage.pharmacist, left.rx.pk, now=stage.now - timedelta(hours=2))
    return _in_its_place(stage, left)


def _in_its_place(stage: Stage, left: Left) -> Left:
    new, products = in_its_place(
        stage.doctor, left.rx, pharmacist=stage.pharmacist, reason="Another medicine suits better.", now=stage.now
    )
    left.prescriptions = [*_again(left).prescriptions, new]
    left.products += products
    return left


def in_its_place(
    doctor: Actor, old: Prescription, *, pharmacist: Actor | None, reason: str, now: datetime,
    expected_version: int | None = None,
) -> tuple[Prescription, list[Product]]:  # fmt: skip
    """The doctor signs another medicine in its place, for the pharmacy that has it: whose shelf has the medicine too.

    Where the checks warn of it, the doctor keeps it. Returns what was signed, and the products that cover it.
    """
    name = _instead_of(doctor, old)
    content = _content((name,), now)
    draft = save_draft(
        doctor, patient_id=old.patient_id, consultation_id=old.consultation_id, content=content, replaces_id=old.pk,
        now=now,
    )  # fmt: skip
    warnings = warnings_of(draft, list(draft.lines.all()), now=now)
    answers = {one.key: Answer(Kept.OTHER, PLAYED) for one in warnings}
    products = material.stocked(pharmacist, (name,), now) if pharmacist else []
    pharmacy_id = pharmacist.acting_account_id if pharmacist else None
    new = replace(
        doctor, old.pk, draft_id=draft.pk, reason=reason, answers=answers, pharmacy_id=pharmacy_id, now=now,
        expected_version=expected_version,
    )  # fmt: skip
    return new, products


def _instead_of(doctor: Actor, old: Prescription) -> str:
    """The first medicine that no open prescription of the patient holds, or that this one at least does not; there is always one."""
    own = {line.medication_code for line in old.lines.all()}
    open_ = visible(doctor, Prescription).filter(patient_id=old.patient_id, status__in=OPEN)
    taken = set(open_.values_list("lines__medication_code", flat=True))
    codes = {name: material.MEDICINES[name].line.medication_code for name in INSTEAD}
    return min(INSTEAD, key=lambda name: (codes[name] in own, codes[name] in taken))


def reserved(stage: Stage) -> Left:
    """Checked, and the pharmacy's web shop keeps all of it for an order."""
    left = ready(stage)
    check(stage.pharmacist, left.rx.pk, [Asked(left.products[0].sku, 1000)], reserve=True, now=stage.now)
    return _again(left)


def held_elsewhere(stage: Stage) -> Left:
    """Another pharmacy holds it, and has checked it."""
    account = synthetic(stage.caller.world_id, AccountKind.PHARMACY, stage.now, ELSEWHERE)
    left = written(stage, to=account.pk)
    verify(acting(stage.caller, account, AccountKind.PHARMACY), left.rx.pk, now=stage.now)
    return _again(left)


def wrong_dob(stage: Stage) -> Left:
    """Checked; the shopper gives another date of birth."""
    left = ready(stage)
    left.proof_born = left.patient.date_of_birth + DAY
    return left


def patient_only(stage: Stage) -> Left:
    """The doctor met somebody who is allergic to penicillin, and wrote nothing."""
    return Left(material.patient(stage.doctor, stage.now, allergy="penicillin").patient)


def _again(left: Left) -> Left:
    """What it left, as it is now."""
    for rx in left.prescriptions:
        rx.refresh_from_db()
    return left
