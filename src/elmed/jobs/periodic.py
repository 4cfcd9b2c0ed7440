"""PERIODIC: everything that happens by the clock rather than by somebody's act. Read top to bottom.

Run by worker.py. Each entry may be run twice or late without harm; its own act looks again under lock.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from elmed.access import key_ends, sessions
from elmed.accounts import joining, licences
from elmed.api.idempotency import purge
from elmed.core.models import Mode, World
from elmed.events import feed
from elmed.inventory.expiry import quarantine_expired
from elmed.inventory.images import purge_unused
from elmed.notifications import send as mails
from elmed.prescriptions.actions import corrected, disown, sweeps
from elmed.prescriptions.actions.cancel import cancel_unanswered
from elmed.prescriptions.actions.expire import expire_due
from elmed.prescriptions.actions.proof import purge_tries
from elmed.prescriptions.actions.reservations import free_due
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.request_log import write as request_log
from elmed.sandbox import bounds
from elmed.webhooks import deliver


@dataclass(frozen=True)
class Periodic:
    """A piece of work. `run` gets the real time and returns how many things it did."""

    name: str
    every: timedelta
    run: Callable[[datetime], int]


def worlds(real: datetime) -> Iterator[tuple[int, Mode, datetime]]:
    """Every world with its own present: the live one's is real time, a test world's may be ahead of it."""
    for pk, mode, offset in World.objects.order_by("pk").values_list("pk", "mode", "clock_offset_seconds"):
        yield pk, Mode(mode), real + timedelta(seconds=offset)


def expire_prescriptions(real: datetime) -> int:
    """End what is past its validity, in every world."""
    return sum(expire_due(now, world_id=world_id, mode=mode) for world_id, mode, now in worlds(real))


def cancel_unanswered_requests(real: datetime) -> int:
    """Cancel what a doctor asked to cancel and no pharmacy answered for 24 hours, in every world."""
    return sum(cancel_unanswered(now, world_id=world_id) for world_id, _, now in worlds(real))


def go_on_with_sweeps(_real: datetime) -> int:
    """Go on with what staff ordered for all that an account holds or signed."""
    return sweeps.advance_all(SWEEPING)


def tell_of_corrections(_real: datetime) -> int:
    """Go on with telling of prescriptions that read differently, because their patient's record was corrected."""
    return corrected.tell_the_rest(SWEEPING)


def free_reservations(real: datetime) -> int:
    """Free what shops reserved and did not turn into an order, or not in time, in every world."""
    return sum(free_due(now, world_id=world_id) for world_id, _, now in worlds(real))


def purge_proof_tries(real: datetime) -> int:
    """Forget wrong proofs that count no more."""
    return purge_tries(real)


def lapse_licences(real: datetime) -> int:
    """Let accounts lapse whose licence ended before today."""
    return licences.lapse_due(jurisdiction().day(real), real)


def warn_of_licences(real: datetime) -> int:
    """Warn by mail whose licence ends in 30, 7 or 1 days, once each."""
    return licences.warn_due(jurisdiction().day(real), real)


def warn_of_keys(real: datetime) -> int:
    """Warn by mail whose API key ends in 14, 3 or 1 days, once each."""
    return key_ends.warn_due(real)


def reject_unconfirmed(real: datetime) -> int:
    """Reject registrations whose e-mail address nobody confirmed within a week."""
    return joining.reject_unconfirmed(real)


def quarantine_expired_batches(real: datetime) -> int:
    """Take off the shelf what has expired, in every world."""
    return sum(quarantine_expired(now, world_id=world_id, mode=mode) for world_id, mode, now in worlds(real))


def purge_pictures(real: datetime) -> int:
    """Delete pictures that no product shows any more."""
    return purge_unused(real)


def purge_kept_answers(real: datetime) -> int:
    """Forget answers kept for a repeated `Idempotency-Key`."""
    return purge(real)


def send_mails(real: datetime) -> int:
    """Send the mails that wait; what could not be sent is tried again, less and less often, for about three days."""
    return mails.send_due(real)


def purge_mails(real: datetime) -> int:
    """Forget mails that were written more than 90 days ago."""
    return mails.purge(real)


def tell_doctors_what_was_signed(real: datetime) -> int:
    """Tell doctors by mail how many prescriptions were signed in their name, of each day by itself."""
    return disown.tell_doctors(real)


def purge_sessions(real: datetime) -> int:
    """Forget sign-ins that are over."""
    return sessions.purge(real)


def purge_event_lists(real: datetime) -> int:
    """Take events older than 90 days out of the accounts' lists; what happened to a prescription stays its history."""
    return feed.purge(real)


def purge_webhook_log(real: datetime) -> int:
    """Forget webhook deliveries that ended and are older than 30 days."""
    return deliver.purge(real)


def purge_request_log(real: datetime) -> int:
    """Forget API requests older than 30 days."""
    return request_log.purge(real)


def forget_test_worlds(real: datetime) -> int:
    """Empty the test worlds that nobody touched for 90 days; the live one is none."""
    return bounds.forget_untouched(real, seconds=SWEEPING)


SWEEPING = 8.0  # seconds a run: mails and what is due by the minute come in between
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

PERIODIC: tuple[Periodic, ...] = (
    # Somebody waits before the page that says a mail was sent: as often as the worker looks, so within seconds.
    Periodic("send mails", timedelta(seconds=5), send_mails),
    # A page shows how far it is; some thousand prescriptions a minute.
    Periodic("go on with sweeps", timedelta(seconds=5), go_on_with_sweeps),
    Periodic("tell of corrections", timedelta(seconds=5), tell_of_corrections),
    # A prescription's end is its `expires_at`; acts on an overdue one do not wait for this, lists and mails do.
    Periodic("expire prescriptions", MINUTE, expire_prescriptions),
    # The doctor and the pharmacy are told at most a minute after the 24 hours.
    Periodic("cancel unanswered requests", MINUTE, cancel_unanswered_requests),
    # Every act and every check frees an overdue reservation first; this is for the lists and for what nobody asks about.
    Periodic("free reservations", MINUTE, free_reservations),
    # Licences end at midnight in the jurisdiction; an hour late at most.
    Periodic("lapse licences", HOUR, lapse_licences),
    # Days before the licence's last day, at some hour of them.
    Periodic("warn of licences", HOUR, warn_of_licences),
    # Days before a key ends, at some hour of them.
    Periodic("warn of keys", HOUR, warn_of_keys),
    # At 18:00 in the jurisdiction and within the half hour after it; who was told once is not told again.
    Periodic("tell doctors what was signed", timedelta(minutes=30), tell_doctors_what_was_signed),
    # Nobody waits for it: it only frees the licence for whose it is.
    Periodic("reject unconfirmed", 24 * HOUR, reject_unconfirmed),
    # A batch's last day ends at midnight in the jurisdiction: a minute later no page and no shop is shown it any more.
    Periodic("quarantine expired batches", MINUTE, quarantine_expired_batches),
    # Kept 24 hours, as promised to clients, and an hour more at most.
    Periodic("purge kept answers", HOUR, purge_kept_answers),
    # Kept 30 days, as the page says.
    Periodic("purge webhook log", HOUR, purge_webhook_log),
    # Kept 30 days, as the page says.
    Periodic("purge request log", HOUR, purge_request_log),
    # Kept 90 days, as promised to clients.
    Periodic("purge event lists", HOUR, purge_event_lists),
    # They count an hour at most.
    Periodic("purge proof tries", HOUR, purge_proof_tries),
    # A day after the last product showed it, and an hour more at most.
    Periodic("purge pictures", HOUR, purge_pictures),
    # Kept for questions such as whether a mail was sent at all.
    Periodic("purge mails", 24 * HOUR, purge_mails),
    # An ended session is refused at sign-in anyway; this only frees the space.
    Periodic("purge sessions", 24 * HOUR, purge_sessions),
    # After 90 days without a request, an event or a look; an hour more at most, where there are not very many at once.
    Periodic("forget test worlds", HOUR, forget_test_worlds),
)
