"""Prescriptions and dispenses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from elmed_client import bodies
from elmed_client.bodies import CheckLine, DispenseLine, IfMatch, ReverseLine
from elmed_client.call import Call, given, once
from elmed_client.core import Answer, value
from elmed_client.decode import day, moment
from elmed_client.models import Check, Dispense, DispenseResult, Prescription, PrescriptionListItem, Routed
from elmed_client.synchronous.pages import Pages
from elmed_client.synchronous.sending import Sender


class Prescriptions:
    """Prescriptions linked to your account."""

    def __init__(self, sender: Sender) -> None:
        """Send through this."""
        self._sender = sender

    def list(
        self,
        *,
        status: str | Iterable[str] | None = None,
        updated_since: datetime | str | None = None,
        patient_id: int | None = None,
        reference: str | None = None,
        expand: str | Iterable[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pages[PrescriptionListItem]:
        """Newest first; with `updated_since` oldest change first, for polling. `limit` is a page's (1 to 100).

        `expand`: "patient" (with the scope `patient:read`), "dispenses", or both.
        """
        query = {
            "status": [status] if isinstance(status, str) else [*(status or ())],
            "updated_since": None if updated_since is None else moment(updated_since),
            "patient_id": patient_id,
            "reference": reference,
            "expand": bodies.expanded(expand),
            "limit": limit,
            "cursor": cursor,
        }
        call = Call("list_prescriptions", "GET", "/prescriptions", object, query=query)
        return Pages(self._sender, call, PrescriptionListItem)

    def get(self, id: int, *, expand: str | Iterable[str] | None = None) -> Prescription:
        """One in full, with its `etag`; `expand="patient"` brings the profile along. Raises NotFoundError."""
        query = {"expand": bodies.expanded(expand)}
        call = Call("read_prescription", "GET", "/prescriptions/{id}", Prescription, ids={"id": id}, query=query)
        return _tagged(call, self._sender.ask(call))

    def get_if_changed(self, known: Prescription) -> Prescription | None:
        """It anew where it is not as you know it; else None."""
        call = Call(
            "read_prescription", "GET", "/prescriptions/{id}", Prescription,
            ids={"id": known.id}, headers={"If-None-Match": known.etag},
        )  # fmt: skip
        answer = self._sender.ask(call)
        return None if answer.status == 304 else _tagged(call, answer)

    def dispense(
        self,
        id: int,
        *,
        lines: Iterable[DispenseLine] | None = None,
        reservation_id: int | None = None,
        external_reference: str | None = None,
        handed_over_at: datetime | str | None = None,
        receiver: str | None = None,
        note: str | None = None,
        if_match: IfMatch = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> DispenseResult:
        """Record a hand-over: these lines; or what the reservation keeps; or all that remains.

        `if_match` (a Prescription you read, its version or its etag) refuses where it changed since
        (PreconditionFailedError). Raises ConflictError where it is not possible now; nothing is changed then.
        """
        body = given(
            lines=None if lines is None else [bodies.dispensed(line) for line in lines],
            reservation_id=reservation_id,
            external_reference=external_reference,
            handed_over_at=None if handed_over_at is None else moment(handed_over_at),
            receiver=receiver,
            note=note,
        )
        call = Call(
            "dispense", "POST", "/prescriptions/{id}/dispense", DispenseResult,
            ids={"id": id}, body=body or None, headers={"If-Match": bodies.if_match(if_match)},
        )  # fmt: skip
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def check(
        self,
        *,
        reference: str,
        date_of_birth: date | str,
        lines: Iterable[CheckLine],
        reserve: bool = False,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Check:
        """Whether the shopper's proof covers a basket; with `reserve` all of it is kept for 15 minutes, or nothing.

        Raises NotFoundError where reference and date of birth match none together, ChecksLockedError after too
        many wrong ones: tell the shopper, and do not wait for it.
        """
        body = {
            "reference": reference,
            "date_of_birth": day(date_of_birth),
            "lines": [bodies.basket(line) for line in lines],
            "reserve": reserve,
        }
        call = Call("check_prescription", "POST", "/prescriptions/check", Check, body=body)
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def route(
        self,
        *,
        reference: str,
        date_of_birth: date | str,
        if_match: IfMatch = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Routed:
        """Bring an issued prescription to your queue, by the patient's proof; `if_match` refuses where it changed since."""
        body = {"reference": reference, "date_of_birth": day(date_of_birth)}
        headers = {"If-Match": bodies.if_match(if_match)}
        call = Call("route_prescription", "POST", "/prescriptions/route", Routed, body=body, headers=headers)
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))


class Dispenses:
    """Hand-overs that were recorded."""

    def __init__(self, sender: Sender) -> None:
        """Send through this."""
        self._sender = sender

    def get(self, id: int) -> Dispense:
        """One, with its reversal if there is one. Raises NotFoundError."""
        return self._sender.send(Call("read_dispense", "GET", "/dispenses/{id}", Dispense, ids={"id": id}))

    def reverse(
        self,
        id: int,
        *,
        reason_code: str,
        lines: Iterable[ReverseLine] | None = None,
        if_match: IfMatch = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> DispenseResult:
        """Take it back, or these lines of it.

        `reason_code`: recorded_in_error, never_left_pharmacy, returned_unopened or returned_unusable.
        """
        body = given(
            reason_code=reason_code, lines=None if lines is None else [bodies.reversed_line(line) for line in lines]
        )
        call = Call(
            "reverse", "POST", "/dispenses/{id}/reverse", DispenseResult,
            ids={"id": id}, body=body, headers={"If-Match": bodies.if_match(if_match)},
        )  # fmt: skip
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))


def _tagged(call: Call[Prescription], answer: Answer) -> Prescription:
    return replace(value(call, answer), etag=answer.headers.get("ETag"))
