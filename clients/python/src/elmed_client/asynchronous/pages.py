"""Lists: iterating asks for page after page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from elmed_client.call import Call
from elmed_client.core import Answer
from elmed_client.decode import decode
from elmed_client.errors import UnexpectedAnswerError

if TYPE_CHECKING:
    from elmed_client.asynchronous.sending import AsyncSender

T = TypeVar("T")


@dataclass(frozen=True)
class AsyncPage(Generic[T]):
    """One page; `next_cursor` leads to the next one while `has_more`."""

    data: tuple[T, ...]
    has_more: bool
    next_cursor: str | None


class AsyncPages(Generic[T]):
    """A list that is not asked for yet: iterate over it for everything, or over its `pages()`, or take the `first()`."""

    def __init__(self, sender: AsyncSender, call: Call[Any], item: type[T]) -> None:
        """Keep what to ask."""
        self._sender, self._call, self._item = sender, call, item

    async def first(self) -> AsyncPage[T]:
        """The page that the call asks for, and no other."""
        return await self._page(self._call)

    async def pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Page after page."""
        call = self._call
        while True:
            page = await self._page(call)
            yield page
            if not page.has_more or page.next_cursor is None:
                return
            call = replace(call, query={**call.query, "cursor": page.next_cursor})

    async def __aiter__(self) -> AsyncIterator[T]:
        """Everything, one after the other."""
        async for page in self.pages():
            for one in page.data:
                yield one

    async def _page(self, call: Call[Any]) -> AsyncPage[T]:
        return _read(await self._sender.ask(call), call, self._item)


def _read(answer: Answer, call: Call[Any], item: type[T]) -> AsyncPage[T]:
    found = answer.content
    if not isinstance(found, dict) or not isinstance(found.get("data"), list):
        raise UnexpectedAnswerError(f"{call.operation}: not a list.")
    items = tuple(decode(item, one, where=call.operation) for one in found["data"])
    return AsyncPage(items, bool(found.get("has_more")), found.get("next_cursor"))
