"""The account's own test world. Needs a test key (`elm_test_…`) with `rx:read`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from elmed_client import bodies
from elmed_client.bodies import ActLine, IfMatch
from elmed_client.call import Call, given, once
from elmed_client.decode import moment
from elmed_client.models import Acted, Scenario, WorldClock
from elmed_client.synchronous.sending import Sender


class Sandbox:
    """Scenarios with synthetic patients, acts of the other side, and a clock that only goes forward."""

    def __init__(self, sender: Sender) -> None:
        """Send through this."""
        self._sender = sender

    def play(
        self, name: str, *, as_: str | None = None, idempotency_key: str | None = None, dry_run: bool = False
    ) -> Scenario:
        """Make what a scenario is about: verified, two_lines, repeat, controlled, cancel_race, wrong_dob and others.

        `as_` ("doctor" or "pharmacy") is for developers' accounts: the side to stand on.
        """
        call = Call("play_scenario", "POST", "/sandbox/scenarios", Scenario, body=given(name=name, **{"as": as_}))
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def act(
        self,
        id: int,
        act: str,
        *,
        by: str | None = None,
        reason: str | None = None,
        question: str | None = None,
        answer: str | None = None,
        reason_code: str | None = None,
        medication_id: int | None = None,
        lines: Iterable[ActLine] | None = None,
        handed_over_at: datetime | str | None = None,
        if_match: IfMatch = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Acted:
        """Let the doctor or the pharmacist of the test world act on a prescription: verify, reject, cancel, stop and others.

        `if_match` refuses where it changed since you read it.
        """
        body = given(
            act=act,
            by=by,
            reason=reason,
            question=question,
            answer=answer,
            reason_code=reason_code,
            medication_id=medication_id,
            lines=None if lines is None else [bodies.reversed_line(line) for line in lines],
            handed_over_at=None if handed_over_at is None else moment(handed_over_at),
        )
        call = Call(
            "play_act", "POST", "/sandbox/prescriptions/{id}/act", Acted,
            ids={"id": id}, body=body, headers={"If-Match": bodies.if_match(if_match)},
        )  # fmt: skip
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def advance_clock(
        self,
        *,
        days: int | None = None,
        seconds: int | None = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> WorldClock:
        """Move the test world's clock forward by days or by seconds; what became due is done before it answers."""
        body = given(days=days, seconds=seconds)
        call = Call("advance_clock", "POST", "/sandbox/clock/advance", WorldClock, body=body)
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def reset(self, *, idempotency_key: str | None = None, dry_run: bool = False) -> WorldClock:
        """Empty the test world and set its clock to real time. Keys, webhook endpoints and the events' numbers stay."""
        call = Call("reset_sandbox", "POST", "/sandbox/reset", WorldClock)
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))
