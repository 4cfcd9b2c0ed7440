"""Who looked at a patient's record: a row for each person and day, and behind it every look of that day."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind, Role
from elmed.accounts.queries import account_names, person_names, roles_at
from elmed.events import queries as events
from elmed.events.models import AccessRecord
from elmed.patients.models import Patient
from elmed.portals.page import PortalRequest, page
from elmed.portals.pages import open_list, open_page
from elmed.portals.words import access_words, status_words

PAGE_SIZE = 25
ONE = ("person", "account")  # whose looks of a day are asked for


@page(permission=Permission.PRESCRIPTION_READ, kinds=(AccountKind.PATIENT,))
def access(request: PortalRequest) -> HttpResponse:
    """Who else looked at the record, by person and day, the newest first; with `?own=1` the patient's own looks too.

    `day`, `person`, `account` and `key` ask for each look of one of those rows.
    """
    with_own = request.GET.get("own") == "1"
    own = visibility.visible(request.actor, Patient).first()
    if own is None:
        return render(request, "patient/access.html", {"entries": [], "page": None})
    rows = events.accesses_of([own.pk, *own.merged.values_list("pk", flat=True)], request.actor.world_id)
    if not with_own:
        rows = rows.exclude(actor_account_id=request.actor.account_id)
    one = _of_one(request, rows)
    return _each(request, one, with_own=with_own) if one is not None else _grouped(request, rows, with_own=with_own)


def _grouped(request: PortalRequest, rows: QuerySet[AccessRecord], *, with_own: bool) -> HttpResponse:
    zone = timezone.get_current_timezone()
    groups = events.lookers(rows, zone)
    found = open_page(lambda start, end: list(groups[start:end]), request.GET.get("page"), PAGE_SIZE)  # type: ignore[type-var]
    looks = events.looked_at(rows, list(found), zone)
    said = _Names((group["actor_person_id"], group["actor_account_id"]) for group in found)
    entries = []
    for group in found:
        seen = looks[tuple(group[name] for name in events.LOOKER)]
        asked = {
            "day": group["day"].isoformat(), "person": group["actor_person_id"] or 0, "account": group["actor_account_id"] or 0,
            "key": int(group["by_key"]), **({"own": 1} if with_own else {}),
        }  # fmt: skip
        entries.append(
            said.of(request, group["actor_person_id"], group["actor_account_id"], by_key=group["by_key"])
            | {
                "day": group["day"], "times": group["times"], "first": group["first"], "last": group["last"],
                "what": list(dict.fromkeys(access_words(action) for action, _reason in seen)),
                "reasons": list(dict.fromkeys(reason for _action, reason in seen if reason)), "query": urlencode(asked),
            }
        )  # fmt: skip
    return render(request, "patient/access.html", {"entries": entries, "page": found, "with_own": with_own})


def _each(request: PortalRequest, rows: QuerySet[AccessRecord], *, with_own: bool) -> HttpResponse:
    found = open_list(rows, request.GET.get("page"), PAGE_SIZE)
    said = _Names((row.actor_person_id, row.actor_account_id) for row in found)
    entries = [
        said.of(request, row.actor_person_id, row.actor_account_id, by_key=row.actor_key_id is not None)
        | {"at": row.created_at, "what": [access_words(row.action)], "reasons": [row.reason] if row.reason else []}
        for row in found
    ]
    asked = [(name, request.GET[name]) for name in ("day", *ONE, "key", "own") if name in request.GET]
    context = {
        "entries": entries, "page": found, "with_own": with_own, "day": parse_date(request.GET["day"]),
        "query": urlencode(asked) + "&",
    }  # fmt: skip
    return render(request, "patient/access.html", context)


def _of_one(request: PortalRequest, rows: QuerySet[AccessRecord]) -> QuerySet[AccessRecord] | None:
    """The looks of one person on one day, where the address asks for them; what is malformed asks for nothing."""
    numbers = [request.GET.get(name, "") for name in ONE]
    try:
        day = parse_date(request.GET.get("day", ""))
    except ValueError:
        return None
    if day is None or not 1900 < day.year < 9000 or not all(one.isdecimal() and len(one) < 18 for one in numbers):
        return None
    began = datetime.combine(day, time(), timezone.get_current_timezone())
    ended = datetime.combine(day + timedelta(days=1), time(), timezone.get_current_timezone())
    person, account = (int(one) or None for one in numbers)
    return rows.filter(
        created_at__gte=began, created_at__lt=ended, actor_person_id=person, actor_account_id=account,
        actor_key_id__isnull=request.GET.get("key") != "1",
    )  # fmt: skip


class _Names:
    """Who they are, in words. Three statements."""

    def __init__(self, lookers: Iterable[tuple[int | None, int | None]]) -> None:
        """Look the names and roles of these people and accounts up."""
        pairs = set(lookers)
        people, accounts = (person for person, _account in pairs), (account for _person, account in pairs)
        self.people, self.accounts = person_names(people), account_names(accounts)
        self.roles = roles_at((person for person, _account in pairs), (account for _person, account in pairs))

    def of(self, request: PortalRequest, person: int | None, account: int | None, *, by_key: bool) -> dict[str, Any]:
        """One of them, as the patient reads it."""
        through = _("a computer system (API key)") if by_key else _("the portal")
        if account == request.actor.account_id:
            return {"who": _("You"), "role": "", "through": through}
        who = dict.fromkeys(name for name in (self.people.get(person or 0), self.accounts.get(account or 0)) if name)
        return {
            "who": ", ".join(who) or "ELMED", "through": through,
            "role": ", ".join(_role_words(one) for one in self.roles.get((person or 0, account or 0), []) if one != Role.STAFF),
        }  # fmt: skip


def _role_words(role: str) -> str:
    """A role as a patient reads it: their doctor is no prescriber to them. ELMED's staff are called so by their account's name."""
    return status_words("doctor" if role == Role.PRESCRIBER else role)
