"""What changed in the public API, the newest first: the page /help/changelog and its feed. A new call wants its line.

Version 1 only grows: new calls, members, parameters, event types and error codes may come at any time. What is to go
is `deprecated` first (api/deprecation.py), at least half a year ahead.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum


class Kind(StrEnum):
    """What sort of change it is, for who reads the list with a question."""

    ADDED = "Added"
    CHANGED = "Changed"
    DEPRECATED = "Deprecated"
    FIXED = "Fixed"


@dataclass(frozen=True)
class Change:
    """One change: when, what, and which calls it concerns."""

    anchor: str
    day: date
    kind: Kind
    title: str
    words: str  # backticks are code
    calls: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        """The day's first moment in UTC, as a feed has it."""
        return datetime.combine(self.day, time(), UTC)


_HOOK, _DELIVERY = "/webhook-endpoints/{id}", "/webhook-endpoints/{id}/deliveries/{delivery_id}"

CHANGES: tuple[Change, ...] = (
    Change(
        "leak-dry-run", date(2026, 11, 29), Kind.ADDED, "`dry_run` on the report of a leaked key",
        "`POST /keys/report-leak?dry_run=true` answers 202 as ever and does not look for the key. It was 400 before.",
    ),
    Change(
        "if-match-everywhere", date(2026, 11, 29), Kind.ADDED, "`If-Match` on every write to one thing that has a version",
        "`POST /prescriptions/route`, `PATCH /products/{id}/stock` and `POST /sandbox/prescriptions/{id}/act` compare it, and "
        "answered 400 before. Products have a `version`, and `GET /products/{id}` an `ETag`; the answer of `/route` tells the "
        "prescription’s `version`.",
    ),
    Change(
        "sandbox-replace-again", date(2026, 11, 29), Kind.FIXED, "The sandbox’s `replace` plays on whatever is open",
        "It chooses a medicine that no open prescription of the patient holds, as often as it is asked; beside a dispense at "
        "the same moment, one of the two comes first. Neither is 500, 503 or 409 `warnings_unanswered` any more.",
    ),
    Change(
        "sandbox-bounds", date(2026, 11, 29), Kind.CHANGED, "A test world has a limit, and is not kept for ever",
        "With 1,000 prescriptions or patients, the next scenario or `replace` is 409 `test_world_full` until it is reset. What "
        "nobody touched for 90 days is emptied.",
    ),
    Change(
        "sandbox-replace", date(2026, 11, 29), Kind.ADDED, "The sandbox’s doctor replaces a prescription",
        "`POST /sandbox/prescriptions/{id}/act` takes `replace`; `replacement` in the answer names what was signed in its "
        "place. The scenario `replace_race` has a checked prescription replaced.",
    ),
    Change(
        "me-events", date(2026, 11, 29), Kind.ADDED, "`GET /me` tells the number of the newest event",
        "`events.newest` is the `sequence` of the newest event in the account’s list, in the key’s world; 0 where there is "
        "none. Ask `GET /events` after it to hear only what comes: it was learnt through a 400 before.",
    ),
    Change(
        "sandbox", date(2026, 11, 29), Kind.ADDED, "A sandbox",
        "Scenarios in the account’s own test world, made by the acts that make real prescriptions; the other side’s acts, "
        "a clock to move, a reset.",
        (
            "POST /sandbox/scenarios", "POST /sandbox/prescriptions/{id}/act", "POST /sandbox/clock/advance",
            "POST /sandbox/reset",
        ),
    ),
    Change(
        "expand", date(2026, 11, 29), Kind.ADDED, "`expand`: the patient and the dispenses in the same answer",
        "`GET /prescriptions` and `GET /prescriptions/{id}` take `?expand=patient,dispenses`. The patient needs "
        "`patient:read` besides.",
    ),
    Change(
        "if-match", date(2026, 11, 29), Kind.CHANGED, "`If-Match` on webhook endpoints, and never in silence",
        "A webhook endpoint has a `version` and an `ETag`; changing, rolling and removing it compare `If-Match`. A call "
        "that does not compare versions answers such a condition with 400 `invalid_if_match`; it passed it over before.",
    ),
    Change(
        "webhooks", date(2026, 11, 28), Kind.ADDED, "Webhooks, signed as Standard Webhooks says",
        "Endpoints by API and under Settings → Webhooks; tried again for about three days, each try in the log, sent again "
        "on request.",
        (
            "GET /webhook-endpoints", "POST /webhook-endpoints", f"GET {_HOOK}", f"PATCH {_HOOK}", f"DELETE {_HOOK}",
            f"POST {_HOOK}/roll-secret", f"POST {_HOOK}/test", f"POST {_HOOK}/resend", f"GET {_HOOK}/deliveries",
            f"GET {_DELIVERY}", f"POST {_DELIVERY}/resend",
        ),
    ),
    Change(
        "events", date(2026, 11, 28), Kind.ADDED, "The events feed",
        "Each account's own list without a gap, kept 90 days, with a long poll (`wait`, up to 25 s).",
        ("GET /events", "GET /meta/event-types"),
    ),
    Change(
        "dry-run", date(2026, 11, 28), Kind.ADDED, "`dry_run` on every write",
        "`?dry_run=true` answers what the write would answer, and keeps nothing.",
    ),
    Change(
        "leaks", date(2026, 11, 28), Kind.ADDED, "Report a leaked key",
        "Whoever finds a key, a scanner too, can end it; its owner is told by mail. It needs no key of its own.",
        ("POST /keys/report-leak",),
    ),
    Change(
        "state-machine", date(2026, 11, 28), Kind.ADDED, "The legal acts as data",
        "Which act leads from which status to which, and who may do it: the table the server itself goes by.",
        ("GET /meta/state-machine",),
    ),
    Change(
        "stock", date(2026, 11, 23), Kind.ADDED, "Stock from your own system",
        "With `inventory:write`.",
        ("PATCH /products/{id}/stock",),
    ),
    Change(
        "shops", date(2026, 11, 22), Kind.ADDED, "Web shops",
        "Products, checks against the shopper's proof, reservations, sales, and the scope `shop` that does nothing else.",
        (
            "GET /products", "GET /products/{id}", "POST /prescriptions/check", "POST /prescriptions/route",
            "GET /reservations/{id}", "POST /reservations/{id}/confirm", "DELETE /reservations/{id}", "POST /sales",
            "PUT /integrations/woocommerce",
        ),
    ),
    Change(
        "first", date(2026, 11, 22), Kind.ADDED, "The first version",
        "Prescriptions, dispensing, reversal and patients, with scoped keys, idempotency and RFC 9457 errors.",
        (
            "GET /me", "GET /prescriptions", "GET /prescriptions/{id}", "POST /prescriptions/{id}/dispense",
            "GET /dispenses/{id}", "POST /dispenses/{id}/reverse", "GET /patients/{id}",
        ),
    ),
)  # fmt: skip
