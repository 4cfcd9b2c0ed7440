"""“I did not sign these”: a doctor hears each evening how many prescriptions were signed, and can say that it was somebody else.

`tell_doctors` is the evening's mail, with a signed link for one account and one span of time. `disown` is what the link does:
everything of that span that is still open is put on hold in one act, the doctor's sign-ins end, ELMED's staff are told.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext_noop

from elmed.access import actors, sessions
from elmed.accounts import told
from elmed.accounts.models import Account, Membership
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID, Mode
from elmed.core.refusals import NotVisible
from elmed.events.record import record, together
from elmed.notifications import mail
from elmed.prescriptions.actions.fraud import pause
from elmed.prescriptions.actions.legal import lock
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import OPEN

EVENING = time(18)  # where the law of the place counts the day
DAYS = 7  # so far back a worker that was away makes up for what it did not tell
_SALT = "elmed.disown"
VALID_FOR = timedelta(days=30)
REASON = gettext_noop("The doctor says that somebody else signed it.")


@dataclass(frozen=True)
class Claim:
    """What a link speaks of: the signatures of an account from one moment to another."""

    account_id: int
    since: datetime
    until: datetime


def token(account_id: int, until: int) -> str:
    """The part of a mail's link that opens the page; `until` is a Unix time, a day's end."""
    return signing.dumps([account_id, until], salt=_SALT, compress=True)


def span(until: datetime) -> tuple[datetime, datetime]:
    """The day that ends then, for the mail and for its link: 23 or 25 hours where the clocks of the place change."""
    end = until.astimezone(jurisdiction().zone)
    return (end - timedelta(days=1)).astimezone(UTC), end.astimezone(UTC)  # a day less by the clock of the place


def read(text: str) -> Claim:
    """What the link speaks of. Raises NotVisible where it is not ours, or too old."""
    try:
        account_id, until = signing.loads(text, salt=_SALT, max_age=VALID_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotVisible("link") from None
    return Claim(int(account_id), *span(datetime.fromtimestamp(until, tz=UTC)))


def _signed(since: datetime, until: datetime) -> QuerySet[Prescription]:
    return Prescription.objects.filter(world_id=LIVE_WORLD_ID, issued_at__gt=since, issued_at__lte=until)


def count_signed(claim: Claim) -> int:
    """How many were signed in that span."""
    return _signed(claim.since, claim.until).filter(prescriber_id=claim.account_id).count()


def tell_doctors(now: datetime) -> int:
    """The evening's mail to each doctor who signed anything in the day before, once for each day. Returns how many.

    It is the alarm for a stolen session: what was not told while no worker ran is told later, each day by itself.
    """
    zone = jurisdiction().zone
    here = now.astimezone(zone)
    until = datetime.combine(here.date(), EVENING, zone)
    if here < until:
        until -= timedelta(days=1)
    evenings = [until - timedelta(days=back) for back in reversed(range(DAYS))]
    known = {key.rpartition(":")[0] for key in mail.keys_since("signed_today", evenings[0])}
    return sum(_tell_of(evening, known, now) for evening in evenings)


def _tell_of(until: datetime, known: set[str], now: datetime) -> int:
    since, end = span(until)
    counts = dict(_signed(since, end).order_by().values_list("prescriber_id").annotate(count=Count("pk")))
    keys = {pk: f"signed:{pk}:{until:%Y-%m-%d}" for pk in counts}
    written = 0
    for account in Account.objects.filter(pk__in=[pk for pk in counts if keys[pk] not in known]).order_by("pk"):
        with transaction.atomic():
            written += told.tell(
                account, "signed_today", at=now, once=keys[account.pk], count=counts[account.pk],
                until=int(end.timestamp()), first=told.day_words(jurisdiction().day(since)),
                last=told.day_words(until.date()),
            )  # fmt: skip
    return written


def disown(text: str) -> int:
    """Put everything open of the link's span on hold, end the doctor's sign-ins, tell staff. Returns how many were held.

    Twice is once: what is held for fraud already stays so. Raises NotVisible.
    """
    claim = read(text)
    now = real_now()
    clock = actors.clock(LIVE_WORLD_ID, Mode.LIVE)
    with transaction.atomic():
        rows = _signed(claim.since, claim.until).filter(prescriber_id=claim.account_id, status__in=OPEN)
        subjects = [lock(clock, pk) for pk in rows.order_by("pk").values_list("pk", flat=True)]
        account = Account.objects.select_for_update(no_key=True).filter(pk=claim.account_id).first()
        if account is None:
            raise NotVisible("link")
        with together():
            held = sum(pause(clock, subject, REASON, now) for subject in subjects)
            record(
                clock, "account.signatures_disowned", accounts=[account.pk], at=now, subject_account_id=account.pk,
                data={"held": held},
            )  # fmt: skip
        for person_id in Membership.objects.filter(account=account).values_list("person_id", flat=True):
            sessions.end_all(person_id)
        told.tell_staff("signatures_disowned", at=now, once=f"disowned:{text[-60:]}", id=account.pk, held=held)
    return held
