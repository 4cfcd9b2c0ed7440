"""Where a person is signed in, and with which browsers: listed, ended, and told of by mail where one is new.

allauth notes each sign-in (UserSession); Django keeps the sessions themselves. Called by the portals and the clock.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from elmed.access.models import Device
from elmed.accounts.models import Person
from elmed.core.clock import real_now
from elmed.core.refusals import NotVisible
from elmed.notifications import mail

KEPT = timedelta(days=400)  # a browser's own limit for cookies
NOTED_EVERY = timedelta(minutes=1)  # use is noted no more often, so a list may be so much behind


def of_person(person_id: int, now: datetime) -> QuerySet[UserSession]:
    """The person's sign-ins that still hold, the last used first."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    over = now - timedelta(seconds=settings.IDLE_END_SECONDS) - NOTED_EVERY
    found: QuerySet[UserSession] = UserSession.objects.filter(
        user_id=person_id, session_key__in=alive, last_seen_at__gt=over
    )
    return found.order_by("-last_seen_at", "-pk")


def seen(session_key: str | None, *, address: str, now: datetime) -> None:
    """Note that a session is in use, and from where."""
    UserSession.objects.filter(session_key=session_key).update(last_seen_at=now, ip=address)


@transaction.atomic
def end(person_id: int, session_id: int) -> None:
    """End one of the person's sign-ins; it holds from its next request. Raises NotVisible."""
    row = of_person(person_id, real_now()).filter(pk=session_id).first()
    if row is None:
        raise NotVisible("sign-in")
    _end(UserSession.objects.filter(pk=row.pk))


@transaction.atomic
def end_all(person_id: int, *, but: str | None = None) -> int:
    """End the person's sign-ins, but for the session of that key. Returns how many."""
    return _end(UserSession.objects.filter(user_id=person_id).exclude(session_key=but or ""))


@transaction.atomic
def greet(person: Person, token: str, *, device: str, address: str, now: datetime) -> str | None:
    """Somebody signed in with the browser that this cookie names. A new browser: the cookie that it is to get, else None.

    The person is told by mail of a browser that is new, but for the very first.
    """
    known = Device.objects.filter(person=person)
    if token and known.filter(digest=_digest(token)).update(last_seen_at=now):
        return None
    if known.exists():
        mail.queue(
            to=person.email, template="new_device", language=person.language, at=now,
            context={"name": person.name, "device": device, "address": address},
        )  # fmt: skip
    token = secrets.token_urlsafe(32)
    Device.objects.create(person=person, digest=_digest(token), first_seen_at=now, last_seen_at=now)
    return token


def known(email: str, token: str) -> bool:
    """Whether whoever signs in with that address has signed in with this browser before."""
    return bool(token) and Device.objects.filter(person__email__iexact=email, digest=_digest(token)).exists()


def last_person(token: str) -> int | None:
    """Who signed in last with the browser that this cookie names: whoever does so anew is given another."""
    found: int | None = Device.objects.filter(digest=_digest(token)).values_list("person_id", flat=True).first()
    return found


def purge(now: datetime) -> int:
    """Forget sign-ins that are over, and browsers that nobody came back with. Returns how many sessions."""
    over = Session.objects.filter(expire_date__lt=now).delete()[0]
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    Device.objects.filter(last_seen_at__lt=now - KEPT).delete()
    return over


def _end(rows: QuerySet[UserSession]) -> int:
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
