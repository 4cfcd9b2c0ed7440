"""Holds as rows, and what an unfinished sweep for fraud says of a prescription that it has not come to yet.

Called by legal.py, before every act: from the moment that staff say fraud nothing of that doctor is supplied, however
many there are to be put on hold one by one. The sweep itself is sweeps.py.
"""

from datetime import datetime

from elmed.access.actors import Actor
from elmed.access.permissions import KINDS
from elmed.accounts.models import AccountKind, AccountState
from elmed.core.models import Mode
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Hold, Sweep, SweepKind
from elmed.prescriptions.vocabulary import OPEN, HoldKind, Side


def due(subject: Subject) -> Sweep | None:
    """The sweep that holds this locked prescription and has not come to it. No statement where its doctor may act."""
    rx = subject.rx
    if rx.status not in OPEN or rx.prescriber.state != AccountState.SUSPENDED:
        return None
    order = Sweep.objects.filter(
        kind=SweepKind.FRAUD, account_id=rx.prescriber_id, world_id=rx.world_id, finished_at=None, started_at__gte=rx.issued_at
    ).first()  # fmt: skip
    return None if order is None or held_by(order, subject) else order


def held_by(order: Sweep, subject: Subject) -> bool:
    """Whether it is, or was since, on hold for fraud: what staff resumed one by one stays resumed."""
    held = Hold.objects.filter(prescription=subject.rx, kind=HoldKind.FRAUD)
    return any(row.ended_at is None or row.placed_at >= order.started_at for row in held)


def actor(order: Sweep) -> Actor:
    """Who ordered it, acting through the clock: an order that was given stays given, whoever leaves meanwhile."""
    return Actor(
        order.by_account_id, AccountKind.STAFF, AccountState.VERIFIED, KINDS[AccountKind.STAFF], "clock",
        person_id=order.by_person_id, world_id=order.world_id, mode=Mode.LIVE, request_id=f"sweep-{order.pk}",
    )  # fmt: skip


def place(
    subject: Subject,
    kind: HoldKind,
    side: Side,
    *,
    reason: str,
    now: datetime,
    person_id: int | None,
    question: str = "",
) -> Hold:
    """Put a hold on top. What lies on another returns to what that one returns to."""
    below = subject.hold
    placed = Hold.objects.create(
        prescription=subject.rx,
        kind=kind,
        side=side,
        return_to=below.return_to if below else subject.rx.status,
        reason=reason,
        question=question,
        placed_at=now,
        placed_by_id=person_id,
    )
    subject.holds.append(placed)
    return placed
