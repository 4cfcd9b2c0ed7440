"""Licences that end: their holders are warned, the account lapses, and a renewal is sent and judged.

`warn_due` and `lapse_due` are the clock's; the rest is called by the portals.
"""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts import documents
from elmed.accounts.models import Account, AccountKind, AccountState, Renewal
from elmed.accounts.told import day_words, tell, tell_waiting
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.record import record

WARNED = (30, 7, 1)  # days before the last day, once each
RENEWABLE = (AccountState.VERIFIED, AccountState.LAPSED)
LONGEST = timedelta(days=366 * 10)


def warn_due(today: date, now: datetime) -> int:
    """Warn who manages an account whose licence ends soon; a day that was missed is made up for. Returns how many mails."""
    soon = Account.objects.filter(
        state=AccountState.VERIFIED, licence_expires_on__gte=today,
        licence_expires_on__lte=today + timedelta(days=max(WARNED)),
    )  # fmt: skip
    written = 0
    for account in soon.order_by("pk").iterator():
        expires_on = account.licence_expires_on
        if expires_on is None:
            continue
        left = (expires_on - today).days
        step = min(days for days in WARNED if left <= days)
        with transaction.atomic():
            written += tell(
                account, "licence_expiring", at=now, once=f"licence:{account.pk}:{expires_on}:{step}",
                expires_on=day_words(expires_on), days=left,
            )  # fmt: skip
    return written


def lapse_due(today: date, now: datetime) -> int:
    """Let every verified account lapse whose licence expired before `today`. Returns how many; the worker calls it."""
    due = Account.objects.filter(state=AccountState.VERIFIED, licence_expires_on__lt=today)
    lapsed = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            account = Account.objects.select_for_update(no_key=True).get(pk=pk)
            expires_on = account.licence_expires_on
            if account.state != AccountState.VERIFIED or expires_on is None or expires_on >= today:
                continue
            account.state = AccountState.LAPSED
            account.save(update_fields=["state", "updated_at"])
            clock = Actor(None, None, AccountState.VERIFIED, frozenset(), "clock")
            record(clock, "account.lapsed", accounts=[pk], at=now, subject_account_id=pk)
            tell(account, "account_lapsed", at=now, expires_on=day_words(expires_on))
            lapsed += 1
    return lapsed


@transaction.atomic
def renew(actor: Actor, *, expires_on: date, document: documents.Judged, today: date, now: datetime) -> Renewal:
    """Send a licence's new last day and document to staff; nothing changes until they accept it.

    Raises NotAllowed, NotNow (one waits already, or the account has no licence to renew), Invalid (day).
    """
    policy.require_unverified(actor, Permission.ACCOUNT_MANAGE)
    account = Account.objects.select_for_update(no_key=True).get(pk=actor.acting_account_id)
    if account.state not in RENEWABLE or account.kind not in (AccountKind.DOCTOR, AccountKind.PHARMACY):
        raise NotNow("invalid_state", _("This account has no licence to renew now."), current_state=account.state)
    if expires_on < today or expires_on > today + LONGEST:
        raise Invalid.field("/expires_on", "out_of_range", _("A day between today and ten years from now."))
    if account.licence_expires_on is not None and expires_on <= account.licence_expires_on:
        raise Invalid.field("/expires_on", "not_later", _("It must be later than the day recorded now."))
    kept = documents.keep(account, document, person_id=actor.person_id, now=now)
    try:
        with transaction.atomic():
            renewal = Renewal.objects.create(
                account=account, expires_on=expires_on, document=kept, sent_by_id=actor.acting_person_id, created_at=now
            )
    except IntegrityError:
        raise NotNow("invalid_state", _("A renewal waits for ELMED's staff already.")) from None
    record(actor, "account.renewal_sent", accounts=[account.pk], at=now, subject_account_id=account.pk)
    tell_waiting(now)
    return renewal


@transaction.atomic
def decide_renewal(
    actor: Actor, renewal_id: int, *, accept: bool, reason: str = "", today: date, now: datetime
) -> Renewal:
    """Accept a renewal, which verifies a lapsed account again, or decline it with a reason.

    Raises NotAllowed, NotVisible, NotNow (decided already, its day passed, the account is neither verified nor lapsed),
    Invalid (no reason).
    """
    policy.require(actor, Permission.ACCOUNT_VERIFY)
    found = Renewal.objects.filter(pk=renewal_id).first()
    if found is None:
        raise NotVisible("renewal")
    account = Account.objects.select_for_update(no_key=True).get(pk=found.account_id)
    renewal = Renewal.objects.select_for_update(no_key=True).get(pk=renewal_id)
    if renewal.decided_at is not None:
        raise NotNow("invalid_state", _("This renewal was decided already."))
    if not accept and not reason.strip():
        raise Invalid.field("/reason", "required", _("Say why."))
    if accept and account.state not in RENEWABLE:
        raise NotNow("invalid_state", _("Only a verified or lapsed account is renewed."), current_state=account.state)
    if accept and renewal.expires_on < today:
        raise NotNow("invalid_state", _("The day it names has passed: decline it."), current_state=account.state)
    renewal.decided_at, renewal.accepted, renewal.reason = now, accept, reason.strip()[:500]
    renewal.save(update_fields=["decided_at", "accepted", "reason"])
    if accept:
        account.licence_expires_on, account.state, account.state_reason = renewal.expires_on, AccountState.VERIFIED, ""
        account.save(update_fields=["licence_expires_on", "state", "state_reason", "updated_at"])
    event = "account.renewal_accepted" if accept else "account.renewal_declined"
    record(actor, event, accounts=[account.pk], at=now, subject_account_id=account.pk)
    template = "renewal_accepted" if accept else "renewal_declined"
    tell(account, template, at=now, expires_on=day_words(renewal.expires_on), reason=renewal.reason)
    return renewal
