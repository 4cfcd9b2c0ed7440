"""GET /events: what happened, in the account's own numbering. Ids only; what they stand for is read where it lives."""

import json
from typing import Annotated, Any

from django.http import HttpResponse
from pydantic import Field

from elmed.access import queries
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.api import waiting
from elmed.api.authenticate import invalid_key
from elmed.api.bodies import MAX_ID, Digits, Query
from elmed.api.endpoint import Call, endpoint
from elmed.api.problems import ApiProblem
from elmed.events import feed
from elmed.events.catalogue import EVENT_TYPES, WITHHELD, readable

EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "description": "The event's own; the same in every account's list."},
        "sequence": {
            "type": "integer",
            "description": "Its number in this account's list of this world, without a gap.",
        },
        "type": {"type": "string", "enum": sorted(EVENT_TYPES)},
        "created_at": {"type": "string", "format": "date-time", "description": "The time of the world it happened in."},
        "mode": {"type": "string", "enum": ["live", "test"]},
        "prescription_id": {"type": ["integer", "null"]},
        "version": {"type": ["integer", "null"], "description": "The prescription's version after it."},
    },
    "required": ["id", "sequence", "type", "created_at", "mode", "prescription_id", "version"],
}
SCHEMAS = {
    "Event": EVENT,
    "WithheldEvent": {
        "type": "object",
        "description": "Something happened that this key's scopes do not tell of.",
        "properties": {"sequence": {"type": "integer"}, "type": {"const": WITHHELD}},
        "required": ["sequence", "type"],
    },
}
ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {
            "type": "array",
            "items": {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in SCHEMAS]},
        },
        "has_more": {"type": "boolean"},
    },
    "required": ["data", "has_more"],
}


class EventsQuery(Query):
    """Where to go on, how many, how long to wait."""

    after: Annotated[int, Field(ge=0, le=MAX_ID), Digits] | None = Field(
        None, description="The `sequence` of the last event you have. Without it: from the oldest that is kept."
    )
    limit: Annotated[int, Field(ge=1, le=100), Digits] = Field(20, description="How many at most.")
    wait: Annotated[int, Field(ge=0, le=waiting.MOST_SECONDS), Digits] = Field(
        0,
        description="Seconds to wait for the next event where there is none yet (long poll). An empty page may come "
        "sooner: ask again.",
    )


@endpoint(
    "GET", "/events", permission=Permission.ACCOUNT_READ, query=EventsQuery, answer=ANSWER, tag="Events",
    codes=("events_expired",),
)  # fmt: skip
def list_events(call: Call) -> HttpResponse:
    """List what happened, oldest first; with `wait`, as soon as something does."""
    query, actor = call.params(EventsQuery), call.actor
    account_id, world_id = actor.acting_account_id, actor.world_id
    found = _page(actor, after=query.after, limit=query.limit)
    if found.entries or not query.wait:
        return _answer(call, found)

    def again() -> HttpResponse:
        if actor.key_id is not None and not queries.still_usable(actor.key_id):  # revoked while it waited
            raise invalid_key()
        return _answer(call, _page(actor, after=found.last, limit=query.limit))

    if call.request.META.get(waiting.ELSEWHERE):
        response = waiting.Waits(_text(call, found), content_type="application/json")
        response.wish = waiting.Wish(account_id, world_id, found.last, query.wait, again)
        return response
    came = waiting.in_this_thread(account_id, world_id, last=found.last, seconds=query.wait)
    return again() if came else _answer(call, found)


def _page(actor: Actor, *, after: int | None, limit: int) -> feed.Page:
    """Some of the account's list. Raises ApiProblem: 410 no longer kept, 400 a number that was never given."""
    try:
        return feed.page(actor.acting_account_id, actor.world_id, after=after, limit=limit)
    except feed.Expired:
        raise ApiProblem("events_expired") from None
    except feed.Ahead as ahead:
        words = f"No event has that number yet; the newest is {ahead.last}."
        wrong = {"parameter": "after", "code": "out_of_range", "detail": words}
        raise ApiProblem("invalid_parameter", errors=[wrong], newest=ahead.last) from None


def _answer(call: Call, page: feed.Page) -> HttpResponse:
    return HttpResponse(_text(call, page), content_type="application/json")


def _text(call: Call, page: feed.Page) -> str:
    return json.dumps({"data": [_shown(call, entry) for entry in page.entries], "has_more": page.has_more})


def _shown(call: Call, entry: feed.Entry) -> dict[str, Any]:
    if not readable(entry.type, call.actor.permissions):
        return {"sequence": entry.sequence, "type": WITHHELD}
    return entry.shown(call.actor.mode)
