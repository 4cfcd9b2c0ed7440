"""More requests a minute for one key: asked for in the portal, granted or refused by ELMED's staff.

The only code that writes LimitRequest. What a limit may be is decided in keys.py.
"""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from elmed.access import keys, policy
from elmed.access.actors import Actor
from elmed.access.models import ApiKey, LimitRequest
from elmed.access.permissions import Permission
from elmed.accounts.told import tell, tell_staff
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.record import record

MAX_REASON, MAX_ANSWER = 1000, 500


@transaction.atomic
def ask(actor: Actor, key_id: int, *, requests_per_minute: int, reason: str) -> LimitRequest:
    """Ask for a higher limit of an own key; nothing changes until staff have answered.

    Raises NotAllowed, NotVisible, Invalid, NotNow (`already_revoked`, `already_asked`).
    """
    if Permission.KEY_MANAGE not in actor.permissions or actor.by_key or actor.person_id is None:
        raise NotAllowed("permission_denied", _("Your role in this account does not include that."))
    key = ApiKey.objects.select_for_update(no_key=True).filter(pk=key_id, account_id=actor.acting_account_id).first()
    if key is None:
        raise NotVisible("API key")
    if key.revoked_at is not None:
        raise NotNow("already_revoked", _("This key is revoked already."))
    errors = []
    if not key.requests_per_minute < requests_per_minute <= keys.MAX_REQUESTS_PER_MINUTE:
        words = _("More than the %(now)d it has now, and %(most)d at most.")
        detail = words % {"now": key.requests_per_minute, "most": keys.MAX_REQUESTS_PER_MINUTE}
        errors.append({"pointer": "/requests_per_minute", "code": "out_of_range", "detail": detail})
    if not reason.strip():
        errors.append({"pointer": "/reason", "code": "required", "detail": _("Say what it is for.")})
    if errors:
        raise Invalid(errors)
    now = real_now()
    row = LimitRequest(
        key=key, requests_per_minute=requests_per_minute, reason=reason.strip()[:MAX_REASON],
        asked_by_id=actor.person_id, created_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        words = _("You asked for this key already. ELMED's staff have not answered yet.")
        raise NotNow("already_asked", words) from None
    record(actor, "key.limit_asked", accounts=[key.account_id], at=now, data={"key_id": key.pk})
    tell_staff("limit_asked", at=now, once=f"limit-queue:{now:%Y-%m-%d}")
    return row


@transaction.atomic
def decide(actor: Actor, request_id: int, *, granted: int | None, answer: str = "") -> LimitRequest:
    """Staff grant so many requests a minute, or with None refuse, which needs words. Who asked is told by mail.

    Raises NotAllowed, NotVisible, Invalid (no words, out of range), NotNow (`already_decided`, `already_revoked`).
    """
    policy.require(actor, Permission.KEY_LIMIT)
    row = LimitRequest.objects.select_for_update(no_key=True).filter(pk=request_id).first()
    if row is None:
        raise NotVisible("request")
    if row.decided_at is not None:
        raise NotNow("already_decided", _("Somebody answered this already."))
    if granted is None and not answer.strip():
        raise Invalid.field("/answer", "required", _("Say why."))
    now = real_now()
    key = ApiKey.objects.get(pk=row.key_id)
    while key.replaced_by is not None:  # rotated meanwhile: the wish is the newest one's
        key = key.replaced_by
    if granted is not None:
        key = keys.set_limit(actor, key.pk, requests_per_minute=granted)
    else:
        record(actor, "key.limit_refused", accounts=[key.account_id], at=now, data={"key_id": key.pk})
    row.decided_at, row.decided_by_id, row.granted, row.answer = (
        now,
        actor.person_id,
        granted,
        answer.strip()[:MAX_ANSWER],
    )
    row.save(update_fields=["decided_at", "decided_by", "granted", "answer"])
    tell(
        key.account, "limit_decided", at=now, key=key.name, hint=key.hint, granted=granted, answer=row.answer,
        also=[row.asked_by_id],
    )  # fmt: skip
    return row


def waiting() -> QuerySet[LimitRequest]:
    """What waits for staff, the oldest first."""
    return _rows().filter(decided_at=None).order_by("created_at", "pk")


def decided() -> QuerySet[LimitRequest]:
    """What staff have answered, the newest first."""
    return _rows().exclude(decided_at=None).order_by("-decided_at", "-pk")


def one(request_id: int) -> LimitRequest:
    """A request, for staff. Raises NotVisible."""
    row = _rows().filter(pk=request_id).first()
    if row is None:
        raise NotVisible("request")
    return row


def _rows() -> QuerySet[LimitRequest]:
    return LimitRequest.objects.select_related("key__account", "key__window", "asked_by", "decided_by")
