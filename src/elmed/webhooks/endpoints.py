"""Making, changing, rolling and removing webhook endpoints, and switching them off: the only code that writes Endpoint.

Called by the API and the portal. Where an endpoint may point is decided in address.py, when it is tried in schedule.py.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.models import ApiKey
from elmed.access.permissions import SCOPES_OF_KIND, Permission, of_scopes
from elmed.access.queries import usable
from elmed.accounts.models import Account
from elmed.accounts.told import tell
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible, require_version
from elmed.events.catalogue import EVENT_TYPES, readable
from elmed.events.queries import last_number
from elmed.events.record import record
from elmed.webhooks import address, message, sealed
from elmed.webhooks.models import Attempt, Delivery, Endpoint, State, Why
from elmed.webhooks.schedule import OLD_SECRET_LIVES

EVERYTHING = "*"
MOST = 20  # endpoints of an account in a world
FORGOTTEN_AT_ONCE = 1_000


@dataclass(frozen=True)
class Wanted:
    """What an endpoint is to be."""

    url: str
    event_types: tuple[str, ...] = (EVERYTHING,)
    description: str = ""


@dataclass(frozen=True)
class Change:
    """What is to be different. None: it stays as it is by then."""

    url: str | None = None
    event_types: tuple[str, ...] | None = None
    description: str | None = None
    on: bool | None = None


def require_reachable(url: str) -> None:
    """Raise Invalid where the address's name leads nowhere, or inward. Asks the network: before a transaction, never in one.

    What a name stands for can change: it is judged again whenever it is called.
    """
    try:
        address.check_url(url)
    except address.Inward as inward:
        raise Invalid.field("/url", inward.code, inward.words) from None


@transaction.atomic
def make(actor: Actor, wanted: Wanted) -> tuple[Endpoint, str]:
    """Make an endpoint that is told of what happens from now on. The second value is its secret.

    Raises NotAllowed, Invalid (URL, types), NotNow (`too_many_endpoints`).
    """
    policy.require(actor, Permission.WEBHOOK_MANAGE)
    _require_key(actor)
    scopes = _scopes(actor)
    _check(wanted, scopes=scopes, kind=actor.account_kind or "")
    account = Account.objects.select_for_update(no_key=True).get(pk=actor.acting_account_id)
    if Endpoint.objects.filter(account=account, world_id=actor.world_id).count() >= MOST:
        raise NotNow("too_many_endpoints", _("There are %(most)d already: remove one first.") % {"most": MOST})
    now, secret = real_now(), message.new_secret()
    made = Endpoint.objects.create(
        account=account, world_id=actor.world_id, url=wanted.url, description=wanted.description.strip(),
        event_types=_types(wanted), scopes=scopes, secret=sealed.kept(secret), position=0,
        created_by_id=actor.person_id, created_by_key_id=actor.key_id, created_at=now, updated_at=now,
    )  # fmt: skip
    _had_a_hand(actor, made)
    _tell(actor, "webhook.created", made.account_id, made.pk, now)
    _from_now_on(made)
    return made, secret


@transaction.atomic
def change(actor: Actor, endpoint_id: int, new: Change, *, expected_version: int | None = None) -> Endpoint:
    """Change where and of what it tells, or switch it off and on. What happened while it was off is not told by itself.

    Only what is new is judged: an endpoint whose name leads nowhere any more can still be switched off. A key that
    changes where or of what it tells narrows it to what that key reads. Raises NotVisible, NotAllowed, Invalid,
    VersionConflict.
    """
    _require_key(actor)
    row = lock(actor, endpoint_id, expected_version, ends=new == Change(on=False))
    elsewhere = new.url is not None and new.url != row.url
    others = new.event_types is not None and sorted(set(new.event_types)) != sorted(row.event_types)
    if (elsewhere or others) and actor.by_key:
        row.scopes = sorted(set(row.scopes) & actor.scopes)
    if elsewhere or others:
        wanted = Wanted(new.url or row.url, tuple(new.event_types or row.event_types))
        _check(wanted, scopes=row.scopes, kind=actor.account_kind or "")
        row.url, row.event_types = wanted.url, _types(wanted)
        row.failing_since = None if elsewhere else row.failing_since
    if new.description is not None:
        row.description = new.description.strip()
    now = real_now()
    switched_on = new.on is True and bool(row.off)
    if switched_on:
        row.off, row.off_since, row.failing_since = Why.ON, None, None
    elif new.on is False and not row.off:
        row.off, row.off_since = Why.BY_HAND, now
        _give_up_waiting(row, now)
    row.updated_at, row.version = now, row.version + 1
    row.save()
    if elsewhere or others or switched_on:
        _had_a_hand(actor, row)
    _tell(actor, "webhook.changed", row.account_id, row.pk, now)
    if switched_on:
        _from_now_on(row)
    return row


@transaction.atomic
def roll(actor: Actor, endpoint_id: int, *, expected_version: int | None = None) -> tuple[Endpoint, str]:
    """Give it a new secret; the old one signs besides for 24 hours. Raises NotVisible, NotAllowed, VersionConflict."""
    _require_key(actor)
    row = lock(actor, endpoint_id, expected_version)
    now, secret = real_now(), message.new_secret()
    if row.old_until is None or row.old_until <= now:  # rolled twice by mistake: what receivers hold signs on
        row.old_secret, row.old_until = row.secret, now + OLD_SECRET_LIVES
    row.secret, row.updated_at, row.version = sealed.kept(secret), now, row.version + 1
    row.save(update_fields=["old_secret", "old_until", "secret", "updated_at", "version"])
    _had_a_hand(actor, row)
    _tell(actor, "webhook.secret_rolled", row.account_id, row.pk, now)
    return row, secret


@transaction.atomic
def remove(actor: Actor, endpoint_id: int, *, expected_version: int | None = None) -> None:
    """Remove it with its log. Raises NotVisible, NotAllowed, VersionConflict."""
    row = lock(actor, endpoint_id, expected_version, ends=True)
    number, account_id = row.pk, row.account_id
    forget(list(Delivery.objects.select_for_update().filter(endpoint=row).order_by("pk").values_list("pk", flat=True)))
    row.delete()
    _tell(actor, "webhook.removed", account_id, number, real_now())  # last, as the lists' counters are


def forget(delivery_ids: list[int]) -> None:
    """Delete deliveries with their tries, in two statements each few thousand: nothing is loaded."""
    for start in range(0, len(delivery_ids), FORGOTTEN_AT_ONCE):
        some = delivery_ids[start : start + FORGOTTEN_AT_ONCE]
        for rows in (Attempt.objects.filter(delivery_id__in=some), Delivery.objects.filter(pk__in=some)):
            rows._raw_delete(rows.db)


@transaction.atomic
def pause(seen: Endpoint, why: Why, *, actor: Actor, now: datetime) -> bool:
    """Switch it off because of what it answered, and tell whose it is; `seen`: as it was when it was called.

    False where it is off already, gone, points elsewhere by now, or has answered well meanwhile.
    """
    rows = Endpoint.objects.select_for_update(of=("self",)).select_related("account")
    row = rows.filter(pk=seen.pk, off=Why.ON, url=seen.url).first()
    if row is None or (why is Why.FAILING and row.failing_since != seen.failing_since):
        return False
    row.off, row.off_since, row.version = why, now, row.version + 1
    row.save(update_fields=["off", "off_since", "version"])
    _give_up_waiting(row, now)
    _tell(actor, "webhook.paused", row.account_id, row.pk, now)
    if row.world_id == row.account.world_id:  # what happens in a test world is told by nobody's mail
        tell(
            row.account, "webhook_paused", at=now, host=address.host_of(row.url), why=why.value, number=row.pk,
            also=[row.created_by_id],
        )  # fmt: skip
    return True


def stop_touched_by(key: ApiKey, actor: Actor, now: datetime) -> list[str]:
    """Switch off what a key that leaked had a hand in: it may point to whoever found the key. Returns the hosts.

    Inside the transaction that ends the key, before its event; its people may switch each on again.
    """
    touched = Endpoint.by_keys.through.objects.filter(apikey=key).values("endpoint")
    rows = list(Endpoint.objects.select_for_update().filter(pk__in=touched, off=Why.ON).order_by("pk"))
    for row in rows:
        row.off, row.off_since, row.updated_at = Why.LEAKED, now, now
        row.version += 1
        row.save(update_fields=["off", "off_since", "updated_at", "version"])
        _give_up_waiting(row, now)
    for row in rows:
        _tell(replace(actor, world_id=row.world_id), "webhook.paused", row.account_id, row.pk, now)
    return [address.host_of(row.url) for row in rows]


def lock(actor: Actor, endpoint_id: int, expected_version: int | None = None, *, ends: bool = False) -> Endpoint:
    """An endpoint of the actor's account and world, locked. Raises NotAllowed, NotVisible, VersionConflict.

    `ends`: to switch it off or remove it, which people of an account that may not act can do too.
    """
    (policy.require_to_end if ends else policy.require)(actor, Permission.WEBHOOK_MANAGE)
    rows = Endpoint.objects.select_for_update().filter(account_id=actor.acting_account_id, world_id=actor.world_id)
    row = rows.filter(pk=endpoint_id).first()
    if row is None:
        raise NotVisible("webhook endpoint")
    require_version(expected_version, row.version)
    return row


def _require_key(actor: Actor) -> None:
    """Raise NotAllowed where the key that acts was ended since it was looked at, which asking for a name can take long after.

    Locked until the end: who reports a leak meanwhile waits, and then finds what the key did.
    """
    if actor.key_id is not None:
        locked = ApiKey.objects.select_for_update(no_key=True, of=("self",))
        if not locked.filter(usable(real_now()), pk=actor.key_id).exists():
            raise NotAllowed("permission_denied", _("This key was revoked or ended meanwhile."))


def _had_a_hand(actor: Actor, row: Endpoint) -> None:
    """Remember a key that could turn it to itself: should the key leak, it is switched off."""
    if actor.key_id is not None:
        row.by_keys.add(actor.key_id)


def takes(endpoint: Endpoint, event_type: str) -> bool:
    """Whether it is told of events of this type: it wants them, and its maker could read them."""
    wanted = EVERYTHING in endpoint.event_types or event_type in endpoint.event_types
    return wanted and readable(event_type, of_scopes(frozenset(endpoint.scopes), endpoint.account.kind))


def _scopes(actor: Actor) -> list[str]:
    """What its maker reads: a key its own scopes; a person all that the account can give a key."""
    if actor.by_key:
        return sorted(actor.scopes)
    return sorted(scope.value for scope in SCOPES_OF_KIND[actor.account_kind or ""])


def _types(wanted: Wanted) -> list[str]:
    return [EVERYTHING] if EVERYTHING in wanted.event_types else sorted(set(wanted.event_types))


def _check(wanted: Wanted, *, scopes: list[str], kind: str) -> None:
    errors = []
    try:
        address.parts(wanted.url)
    except address.Inward as inward:
        errors.append({"pointer": "/url", "code": inward.code, "detail": inward.words})
    if not wanted.event_types:
        errors.append({"pointer": "/event_types", "code": "required", "detail": _("Choose at least one type, or all.")})
    permissions = of_scopes(frozenset(scopes), kind)
    for index, name in enumerate(wanted.event_types):
        pointer = f"/event_types/{index}"
        if name == EVERYTHING:
            continue
        if name not in EVENT_TYPES:
            errors.append(
                {"pointer": pointer, "code": "unknown_event_type", "detail": _("There is no such event type.")}
            )
        elif not readable(name, permissions):
            detail = _("Its scopes do not tell of events of this type.")
            errors.append({"pointer": pointer, "code": "not_readable", "detail": detail})
    if errors:
        raise Invalid(errors)


def _from_now_on(row: Endpoint) -> None:
    """Let it begin after the newest event; the list is locked by the event that was just written."""
    row.position = last_number(row.account_id, row.world_id)
    row.save(update_fields=["position"])


def _give_up_waiting(row: Endpoint, now: datetime) -> None:
    """Nothing more is sent to an endpoint that is off; what waited can be sent again later."""
    Delivery.objects.filter(endpoint=row, state=State.WAITING).update(state=State.FAILED, done_at=now)


def _tell(actor: Actor, event_type: str, account_id: int, endpoint_id: int, now: datetime) -> None:
    record(actor, event_type, accounts=[account_id], at=now, data={"endpoint_id": endpoint_id})
