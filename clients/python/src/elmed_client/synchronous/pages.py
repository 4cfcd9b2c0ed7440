"""Lists: iterating asks for page after page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from elmed_client.call import Call
from elmed_client.core import Answer
from elmed_client.decode import decode
from elmed_client.errors import UnexpectedAnswerError

if TYPE_CHECKING:
    from elmed_client.synchronous.sending import Sender

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page; `next_cursor` leads to the next one while `has_more`."""

    data: tuple[T, ...]
    has_more: bool
    next_cursor: str | None


class Pages(Generic[T]):
    """A list that is not asked for yet: iterate over it for everything, or over its `pages()`, or take the `first()`."""

    def __init__(self, sender: Sender, call: Call[Any], item: type[T]) -> None:
        """Keep what to ask."""
        self._sender, self._call, self._item = sender, call, item

    def first(self) -> Page[T]:
        """The page that the call asks for, and no other."""
        return self._page(self._call)

    def pages(self) -> Iterator[Page[T]]:
        """Page after page."""
        call = self._call
        while True:
            page = self._page(call)
            yield page
            if not page.has_more or page.next_cursor is None:
                return
            call = replace(call, query={**call.query, "cursor": page.next_cursor})

    def __iter__(self) -> Iterator[T]:
        """Everything, one after the other."""
        for page in self.pages():
            for one in page.data:
                yield one

    def _page(self, call: Call[Any]) -> Page[T]:
        return _read(self._sender.ask(call), call, self._item)


def _read(answer: Answer, call: Call[Any], item: type[T]) -> Page[T]:
    found = answer.content
    if not isinstance(found, dict) or not isinstance(found.get("data"), list):
        raise UnexpectedAnswerError(f"{call.operation}: not a list.")
    items = tuple(decode(item, one, where=call.operation) for one in found["data"])
    return Page(items, bool(found.get("has_more")), found.get("next_cursor"))
