"""`GET /events` alone, for thousands who wait: an asyncio process of its own beside the WSGI server.

A request is answered by the same application in one of a few threads; where that answer would wait, the socket does,
and no thread. One loop looks at the counters of all lists that are waited for, a few statements a second however many
wait. A proxy in front sends `/api/public/v1/events` here and everything else to `elmed serve`.
"""

import asyncio
import io
import os
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import django
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from elmed.api.endpoint import PREFIX, guarded
from elmed.api.noting import note
from elmed.api.waiting import ELSEWHERE, Waits, Wish
from elmed.events.queries import last_numbers

PATH = f"{PREFIX}/events"
THREADS = 4
PAUSE = 0.25  # seconds between looks at the counters
LISTS_AT_ONCE = 1_000  # in one statement
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
T = TypeVar("T")


class Board:
    """Who waits for which list, and the loop that wakes them."""

    def __init__(self, run: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        """`run` runs a function in a thread."""
        self._run = run
        self._waiting: dict[tuple[int, int], dict[asyncio.Future[bool], int]] = defaultdict(dict)
        self._loop: asyncio.Task[None] | None = None

    async def wait(self, wish: Wish) -> bool:
        """Until the list has a number after `wish.last`; False where none came in time."""
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._look())
        key = (wish.account_id, wish.world_id)
        come: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[key][come] = wish.last
        try:
            return await asyncio.wait_for(come, wish.seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting[key].pop(come, None)
            if not self._waiting[key]:
                del self._waiting[key]

    async def _look(self) -> None:
        """Look at the counters while somebody waits; a database that is away is waited for too."""
        while self._waiting:
            await asyncio.sleep(PAUSE)
            lists = list(self._waiting)
            for start in range(0, len(lists), LISTS_AT_ONCE):
                some = lists[start : start + LISTS_AT_ONCE]
                try:
                    found: dict[tuple[int, int], int] = await self._run(lambda some=some: _counters(some))  # type: ignore[misc]
                except (DatabaseError, InterfaceError):
                    break
                self._wake(found)

    def _wake(self, found: dict[tuple[int, int], int]) -> None:
        for key, last in found.items():
            for come, known in self._waiting.get(key, {}).items():
                if last > known and not come.done():
                    come.set_result(True)


def _counters(lists: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    try:
        return last_numbers(lists)
    except (DatabaseError, InterfaceError):
        connection.close()
        raise


class ManyWaiting:
    """The ASGI application."""

    def __init__(self) -> None:
        """Load the same middleware and routes as the WSGI application has."""
        self._handler = BaseHandler()
        self._handler.load_middleware()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="events")
        self._board = Board(self._in_thread)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Nothing else is served here: a body is never read, and to a dispense no body would mean everything.
        if scope["path"] != PATH:
            await _send(send, JsonResponse({"detail": f"This process answers GET {PATH} only."}, status=404), scope)
            return
        request = ASGIRequest(scope, io.BytesIO())
        request.META[ELSEWHERE] = True
        began = time.monotonic()
        response = await self._in_thread(lambda: self._answer(request))
        if isinstance(response, Waits):
            first = response
            came = await _unless_gone(self._board.wait(first.wish), receive)
            if came is None:
                return
            if came:
                response = await self._in_thread(lambda: _again(request, first))
            note(request, response, began)
        await _send(send, response, scope)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        close_old_connections()
        return self._handler.get_response(request)


def _again(request: HttpRequest, first: Waits) -> HttpResponse:
    """The answer to who has waited, with the headers of the request's first one."""
    close_old_connections()
    fresh = guarded(request, first.wish.again)
    for name, value in first.items():
        if name.lower() not in ("content-length", "content-type"):
            fresh.setdefault(name, value)
    fresh["Content-Length"] = str(len(fresh.content))
    return fresh


async def _unless_gone(waiting: Awaitable[bool], receive: Receive) -> bool | None:
    """What was waited for, or None where the client went away meanwhile."""
    wait = asyncio.ensure_future(waiting)
    gone = asyncio.ensure_future(_disconnected(receive))
    await asyncio.wait((wait, gone), return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if wait.done():
        return wait.result()
    wait.cancel()
    return None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, response: HttpResponseBase, scope: Scope) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    body = b"" if scope["method"] == "HEAD" or not isinstance(response, HttpResponse) else response.content
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        what = (await receive())["type"]
        await send({"type": f"{what}.complete"})
        if what == "lifespan.shutdown":
            return


def application() -> ManyWaiting:
    """Made by the server's process, once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "elmed.config.settings")
    django.setup()
    return ManyWaiting()
