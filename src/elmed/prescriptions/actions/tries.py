"""Wrong tries by an account, counted in real time and one after the other; too many of them lock.

Called by what opens a record to whoever shows the right words: proof.py (a web shop's proof) and patients/actions.py (a
doctor who finds a patient). Tries at the same moment count like tries in a row: the account's row is locked. Who counts
says the refusal after its transaction is committed, or the try would not have counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from elmed.access.actors import Actor
from elmed.core.refusals import Refusal
from elmed.prescriptions.models import ProofTries


class TooManyTries(Refusal):
    """429: wrong too often. Not a rate limit to wait out in a loop: the answer says until when, for a person."""

    status, title = 429, gettext_noop("Too many wrong tries")


@dataclass(frozen=True)
class Limit:
    """So many wrong tries within a window lock for a while."""

    most: int
    window: timedelta
    locked: timedelta


def row_of(actor: Actor, what: str, now: datetime) -> ProofTries:
    """The account's row of these tries, locked, made where there is none. Inside a transaction."""
    row, _ = ProofTries.objects.select_for_update().get_or_create(
        account_id=actor.acting_account_id,
        world_id=actor.world_id,
        reference_digest=what,
        defaults={"window_began_at": now},
    )
    return row


def locked(row: ProofTries | None, now: datetime) -> datetime | None:
    """Until when it is locked; None where it is not."""
    until = row.locked_until if row is not None else None
    return until if until is not None and now < until else None


def count(row: ProofTries, now: datetime, limit: Limit) -> bool:
    """One more wrong try; True where it was the one that locks."""
    if row.locked_until is not None or now >= row.window_began_at + limit.window:
        row.wrong, row.window_began_at, row.locked_until = 0, now, None
    row.wrong += 1
    if row.wrong >= limit.most:
        row.locked_until = now + limit.locked
    row.save()
    return row.locked_until is not None
