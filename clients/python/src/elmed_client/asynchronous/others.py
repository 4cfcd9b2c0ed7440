"""Patients, what the system can do, leaked keys, and the word of a shop's plugin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from elmed_client.asynchronous.sending import AsyncSender
from elmed_client.call import Call, tried
from elmed_client.decode import moment
from elmed_client.models import EventType, EventTypeList, Patient, ShopReport, StateMachine


class AsyncPatients:
    """Patients you have an active relationship with."""

    def __init__(self, sender: AsyncSender) -> None:
        """Send through this."""
        self._sender = sender

    async def get(self, id: int) -> Patient:
        """The basic profile. Scope `patient:read`. Raises NotFoundError."""
        return await self._sender.send(Call("read_patient", "GET", "/patients/{id}", Patient, ids={"id": id}))


class AsyncMeta:
    """What the system can do."""

    def __init__(self, sender: AsyncSender) -> None:
        """Send through this."""
        self._sender = sender

    async def state_machine(self) -> StateMachine:
        """Every status and legal act."""
        return await self._sender.send(Call("read_state_machine", "GET", "/meta/state-machine", StateMachine))

    async def event_types(self) -> tuple[EventType, ...]:
        """Every type of event, what it means, and which scopes are told of it."""
        call = Call("list_event_types", "GET", "/meta/event-types", EventTypeList)
        return (await self._sender.send(call)).data


class AsyncKeys:
    """Keys that lie open somewhere."""

    def __init__(self, sender: AsyncSender) -> None:
        """Send through this."""
        self._sender = sender

    async def report_leak(self, key: str, *, dry_run: bool = False) -> None:
        """Make a key harmless that you found. It is revoked and its owner told; nothing says whether it existed.

        With `dry_run` it is not looked for, and stays as it is.
        """
        call: Call[None] = Call(
            "report_leak", "POST", "/keys/report-leak", None, body={"key": key}, repeatable=True, keyless=True
        )
        await self._sender.send(tried(call, dry_run=dry_run))


class AsyncIntegrations:
    """Software that says how it is."""

    def __init__(self, sender: AsyncSender) -> None:
        """Send through this."""
        self._sender = sender

    async def report_woocommerce(
        self,
        *,
        plugin_version: str,
        last_sync_at: datetime | str | None,
        orders_waiting: int,
        problems: Sequence[str] | int,
        dry_run: bool = False,
    ) -> ShopReport:
        """What the pharmacy portal shows of the shop. No patient's data and no key belongs in `problems`."""
        body = {
            "plugin_version": plugin_version,
            "last_sync_at": None if last_sync_at is None else moment(last_sync_at),
            "orders_waiting": orders_waiting,
            "problems": problems if isinstance(problems, int) else list(problems),
        }
        call = Call("report_shop", "PUT", "/integrations/woocommerce", ShopReport, body=body, repeatable=True)
        return await self._sender.send(tried(call, dry_run=dry_run))
