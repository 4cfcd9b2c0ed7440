"""The account's own test world. Needs a test key (`elm_test_…`) with `rx:read`."""

from __future__ import annotations

from elmed_client.call import Call, given, once
from elmed_client.models import Scenario
from elmed_client.synchronous.sending import Sender


class Sandbox:
    """Scenarios with synthetic patients, and acts of the other side."""

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
