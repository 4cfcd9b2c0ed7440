"""The feed of events, and following it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from elmed_client.asynchronous.sending import AsyncSender
from elmed_client.call import Call
from elmed_client.models import Event, EventPage, Me

MOST_WAIT = 25
_PAUSE = 2.0  # after an empty page that came at once: the server has no room for one more who waits


class AsyncEvents:
    """The account's events, oldest first, in a numbering without gaps."""

    def __init__(self, sender: AsyncSender) -> None:
        """Send through this."""
        self._sender = sender

    async def list(self, *, after: int | None = None, limit: int | None = None, wait: int | None = None) -> EventPage:
        """A page after a `sequence` (None: from the oldest kept), waiting up to `wait` seconds (25 at most) for one.

        Raises EventsExpiredError where some of what follows is older than 90 days.
        """
        query = {"after": after, "limit": limit, "wait": wait}
        return await self._sender.send(
            Call("list_events", "GET", "/events", EventPage, query=query, patience=float(wait or 0))
        )

    async def newest(self) -> int:
        """The `sequence` of the newest event; 0 where there is none. Follow after it to hear only what comes.

        Raises UnexpectedAnswerError where this ELMED is too old to tell it.
        """
        me = await self._sender.send(Call("me", "GET", "/me", Me))
        return me.newest

    def follow(self, *, after: int | None = None, wait: int = MOST_WAIT) -> AsyncFollower:
        """Iterate over events for ever: what is there after `after`, then each as it happens.

        Keep the follower's `cursor` where you keep what you did for an event: it is where to go on.
        """
        return AsyncFollower(self, after, wait)


class AsyncFollower:
    """Events for ever. `cursor` is the `sequence` of the last one that you have dealt with."""

    def __init__(self, events: AsyncEvents, after: int | None, wait: int) -> None:
        """Begin after that number."""
        self._events, self._wait = events, wait
        self.cursor = after

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Each event; the cursor moves on when the next one is asked for. Errors come through: go on with a new one."""
        while True:
            began = time.monotonic()
            page = await self._events.list(after=self.cursor, limit=100, wait=self._wait)
            for event in page.data:
                yield event
                self.cursor = event.sequence
            if not page.data and time.monotonic() - began < min(1.0, self._wait / 2):
                await asyncio.sleep(_PAUSE)
