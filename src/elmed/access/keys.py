"""API keys: making, telling apart, changing, revoking. The only code that writes ApiKey.

A live key is `elm_` and 64 hex digits: 56 random ones and the CRC-32 of those 56 characters as 8 more, so
that a leaked string can be told from any other; a test key has `elm_test_` in front. Stored is a SHA-256
(the key has 224 random bits: a slow hash would add nothing).
"""

import hashlib
import ipaddress
import re
import secrets
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.models import ApiKey
from elmed.access.permissions import SCOPES_OF_KIND, Permission
from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.accounts.told import tell
from elmed.core.clock import real_now
from elmed.core.models import Mode, World
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.record import record

PREFIX = {Mode.LIVE: "elm_", Mode.TEST: "elm_test_"}
_PATTERN = re.compile(r"elm_(?:test_)?([0-9a-f]{56})([0-9a-f]{8})")
ADMIN_KEY_MAX_LIFE = timedelta(days=90)
ADMIN_MIN_PREFIX = {4: 16, 6: 32}
MAX_OVERLAP_DAYS = 7
MAX_REQUESTS_PER_MINUTE = 10_000
LEAK = "leak"  # why, in the event
# What else a leaked key left behind is switched off, inside the transaction that ends it: gives what that was, in words.
Stop = Callable[[ApiKey, Actor, datetime], list[str]]


def well_formed(secret: str) -> bool:
    """Whether it has a key's shape and its checksum fits."""
    match = _PATTERN.fullmatch(secret)
    return match is not None and f"{zlib.crc32(match[1].encode()):08x}" == match[2]


def digest(secret: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(secret.encode()).digest()


def _new_secret(mode: Mode) -> str:
    body = secrets.token_hex(28)
    return f"{PREFIX[mode]}{body}{zlib.crc32(body.encode()):08x}"


def _check(
    *, account: Account, scopes: list[str], mode: Mode, expires_at: datetime | None, allowed_ips: list[str]
) -> None:
    """Refuse a key that its account may not have."""
    errors = []
    possible = {scope.value for scope in SCOPES_OF_KIND[account.kind]}
    if not scopes or not set(scopes) <= possible:
        errors.append(
            {
                "pointer": "/scopes",
                "code": "scope_not_available",
                "detail": _("Choose at least one of: %(scopes)s.") % {"scopes": ", ".join(sorted(possible)) or "-"},
            }
        )
    now = real_now()
    if expires_at is not None and expires_at <= now:
        errors.append(
            {"pointer": "/expires_at", "code": "in_the_past", "detail": _("The expiry must lie in the future.")}
        )
    errors += _address_errors(allowed_ips, admin="admin" in scopes)
    if "admin" in scopes:
        if not allowed_ips:
            errors.append(
                {"pointer": "/allowed_ips", "code": "required", "detail": _("An admin key needs an IP list.")}
            )
        if expires_at is None or expires_at > now + ADMIN_KEY_MAX_LIFE:
            errors.append(
                {"pointer": "/expires_at", "code": "too_long", "detail": _("An admin key lives 90 days at most.")}
            )
    if errors:
        raise Invalid(errors)
    if mode is Mode.LIVE and account.state != AccountState.VERIFIED:
        raise NotAllowed("account_not_active", _("Only a verified account makes live keys."))
    if mode is Mode.LIVE and account.kind == AccountKind.DEVELOPER:
        raise NotAllowed("test_keys_only", _("A developer account makes test keys only."))


def _address_errors(allowed_ips: list[str], *, admin: bool) -> list[dict[str, str]]:
    """What is no address or network; and, for an admin key, what is so wide that it is no list at all."""
    errors = []
    for index, text in enumerate(allowed_ips):
        pointer = f"/allowed_ips/{index}"
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            detail = _("An address or a network such as 203.0.113.0/24.")
            errors.append({"pointer": pointer, "code": "invalid_ip", "detail": detail})
            continue
        if admin and network.prefixlen < ADMIN_MIN_PREFIX[network.version]:
            detail = _("Too wide for an admin key: /16 at least, /32 for IPv6.")
            errors.append({"pointer": pointer, "code": "too_wide", "detail": detail})
    return errors


@transaction.atomic
def create(
    actor: Actor,
    *,
    name: str,
    scopes: list[str],
    mode: Mode = Mode.LIVE,
    expires_at: datetime | None = None,
    allowed_ips: list[str] | None = None,
) -> tuple[ApiKey, str]:
    """Make a key of the actor's account. The second value is the secret, shown once and never stored.

    Raises NotAllowed (role, account state, `reauthentication_required`), Invalid (scopes, expiry, addresses).
    """
    if mode is Mode.LIVE or actor.account_state is AccountState.SUSPENDED:
        policy.require(actor, Permission.KEY_MANAGE)
    elif Permission.KEY_MANAGE not in actor.permissions or actor.by_key:
        raise NotAllowed("permission_denied", _("Your role in this account does not include that."))
    policy.require_presence(actor)
    account = Account.objects.get(pk=actor.acting_account_id)
    addresses = [address.strip() for address in allowed_ips or [] if address.strip()]
    _check(account=account, scopes=scopes, mode=mode, expires_at=expires_at, allowed_ips=addresses)
    if not name.strip():
        raise Invalid.field("/name", "required", _("Give the key a name that says what it is for."))
    if mode is Mode.TEST and account.test_world_id is None:
        account.test_world = World.objects.create(mode=Mode.TEST)
        account.save(update_fields=["test_world", "updated_at"])
    key = ApiKey(
        account=account,
        mode=mode,
        name=name.strip()[:80],
        scopes=sorted(set(scopes)),
        allowed_ips=addresses,
        expires_at=expires_at,
    )
    return key, _store(actor, key)


def _store(actor: Actor, key: ApiKey) -> str:
    """Give the key its secret and write it with its event. Returns the secret."""
    secret = _new_secret(Mode(key.mode))
    key.digest, key.hint = digest(secret), secret[-4:]
    key.created_by_id, key.created_at = actor.person_id, real_now()
    key.save()
    record(actor, "key.created", accounts=[key.account_id], at=key.created_at, data={"key_id": key.pk})
    return secret


@transaction.atomic
def change(actor: Actor, key_id: int, *, name: str, expires_at: datetime | None, allowed_ips: list[str]) -> ApiKey:
    """Change an own key's name, its addresses, and its end, which can only come sooner.

    Raises NotVisible, NotAllowed (`reauthentication_required` too), Invalid, NotNow (`already_revoked`).
    """
    policy.require_presence(actor)
    key = _lock(actor, key_id)
    if key.account_id != actor.account_id:
        raise NotVisible("API key")
    addresses = [address.strip() for address in allowed_ips if address.strip()]
    errors = _address_errors(addresses, admin="admin" in key.scopes)
    if not name.strip():
        errors.append(
            {"pointer": "/name", "code": "required", "detail": _("Give the key a name that says what it is for.")}
        )
    if "admin" in key.scopes and not addresses:
        errors.append({"pointer": "/allowed_ips", "code": "required", "detail": _("An admin key needs an IP list.")})
    if expires_at != key.expires_at:
        if expires_at is None or (key.expires_at is not None and expires_at > key.expires_at):
            detail = _("A key can end sooner, not later. For a longer life rotate it, or create a new one.")
            errors.append({"pointer": "/expires_at", "code": "too_long", "detail": detail})
        elif expires_at <= real_now():
            detail = _("The expiry must lie in the future. To end the key now, revoke it.")
            errors.append({"pointer": "/expires_at", "code": "in_the_past", "detail": detail})
    if errors:
        raise Invalid(errors)
    key.name, key.expires_at, key.allowed_ips = name.strip()[:80], expires_at, addresses
    key.save(update_fields=["name", "expires_at", "allowed_ips"])
    record(actor, "key.changed", accounts=[key.account_id], at=real_now(), data={"key_id": key.pk})
    return key


@transaction.atomic
def revoke(actor: Actor, key_id: int, *, reason: str = "", stop: Stop | None = None) -> ApiKey:
    """Revoke a key of the actor's account (staff: of any). It holds from the very next request, in every process.

    `stop`: given where the key leaked; switches off what else it left behind, and says what that was.

    Where staff revoke somebody else's, its account is told by mail, with the reason, which they owe.
    Raises NotVisible, NotAllowed, Invalid (no reason), NotNow (`already_revoked`).
    """
    key = _lock(actor, key_id)
    others = actor.account_id is not None and key.account_id != actor.account_id
    if others and not reason.strip():
        raise Invalid.field("/reason", "required", _("Say why."))
    now = real_now()
    end(key, at=now, by=actor.person_id)
    stopped = stop(key, actor, now) if stop else []
    data = {"key_id": key.pk} | ({"reason": LEAK} if stop else {})
    record(actor, "key.revoked", accounts=[key.account_id], at=now, data=data)
    if others:
        tell(
            key.account, "key_revoked", at=now, key=key.name, hint=key.hint, reason=reason.strip()[:500],
            webhooks=", ".join(stopped),
        )  # fmt: skip
    return key


def end(key: ApiKey, *, at: datetime, by: int | None) -> None:
    """Revoke a locked key; `by`: the person. For `revoke` and leaks.py, which say who may."""
    key.revoked_at, key.revoked_by_id = at, by
    key.save(update_fields=["revoked_at", "revoked_by"])


@transaction.atomic
def rotate(
    actor: Actor, key_id: int, *, overlap_days: int, keep_end: bool = True, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a new key with the rights of an own one; the old one lives `overlap_days` (0 to 7) more. The secret is shown once.

    The new one ends when the old one would have, or, without `keep_end`, at `expires_at`.
    Raises NotVisible, NotAllowed (`reauthentication_required` too), Invalid (overlap, expiry),
    NotNow (`already_revoked`, `already_rotated`).
    """
    policy.require_presence(actor)
    if not 0 <= overlap_days <= MAX_OVERLAP_DAYS:
        raise Invalid.field("/overlap_days", "out_of_range", _("From 0 to %(most)s days.") % {"most": MAX_OVERLAP_DAYS})
    old = _lock(actor, key_id)
    if old.account_id != actor.account_id:  # staff revoke and limit others' keys; they never hold their secrets
        raise NotVisible("API key")
    if old.replaced_by_id is not None:
        raise NotNow("already_rotated", _("This key was rotated already: rotate its successor."))
    account = Account.objects.get(pk=old.account_id)
    end = old.expires_at if keep_end else expires_at
    new = ApiKey(
        account=account,
        mode=old.mode,
        name=old.name,
        scopes=old.scopes,
        allowed_ips=old.allowed_ips,
        requests_per_minute=old.requests_per_minute,
        expires_at=end,
    )
    _check(account=account, scopes=old.scopes, mode=Mode(old.mode), expires_at=end, allowed_ips=old.allowed_ips)
    secret = _store(actor, new)
    until = new.created_at + timedelta(days=overlap_days)
    old.replaced_by, old.expires_at = new, min(until, old.expires_at) if old.expires_at else until
    old.save(update_fields=["replaced_by", "expires_at"])
    return new, secret


@transaction.atomic
def set_limit(actor: Actor, key_id: int, *, requests_per_minute: int) -> ApiKey:
    """Staff raise (or lower) one key's limit; it holds from its next request.

    Raises NotAllowed, NotVisible, Invalid (1 to 10000), NotNow (`already_revoked`).
    """
    policy.require(actor, Permission.KEY_LIMIT)
    if not 1 <= requests_per_minute <= MAX_REQUESTS_PER_MINUTE:
        raise Invalid.field(
            "/requests_per_minute", "out_of_range", _("From 1 to %(most)s.") % {"most": MAX_REQUESTS_PER_MINUTE}
        )
    key = _lock(actor, key_id)
    key.requests_per_minute = requests_per_minute
    key.save(update_fields=["requests_per_minute"])
    record(actor, "key.limit_changed", accounts=[key.account_id], at=real_now(), data={"key_id": key.pk})
    return key


def _lock(actor: Actor, key_id: int) -> ApiKey:
    """A key that the actor manages and that is not revoked, locked. Raises NotAllowed, NotVisible, NotNow."""
    if Permission.KEY_MANAGE not in actor.permissions or actor.by_key:
        raise NotAllowed("permission_denied", _("Your role in this account does not include that."))
    keys = ApiKey.objects.select_for_update(no_key=True)  # what refers to the key, such as a dispense, does not wait
    if Permission.KEY_LIMIT not in actor.permissions:
        keys = keys.filter(account_id=actor.acting_account_id)
    key = keys.filter(pk=key_id).first()
    if key is None:
        raise NotVisible("API key")
    if key.revoked_at is not None:
        raise NotNow("already_revoked", _("This key is revoked already."))
    return key
