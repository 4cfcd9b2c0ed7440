"""Pages of a list that nobody counts: there is a next one or not. Counting reads every row, a page only its own."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.core.paginator import Page
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
FARTHEST = 1000  # pages


class OpenPage(Page[M]):
    """One page, as the template `c-pager` asks it; of its list it only knows whether more follows."""

    def __init__(self, rows: Sequence[M], number: int, *, more: bool) -> None:
        """`more`: whether a page follows."""
        super().__init__(rows, number, None)  # type: ignore[arg-type]
        self.more = more

    def has_next(self) -> bool:
        """Whether a page follows."""
        return self.more

    def next_page_number(self) -> int:
        """Its number."""
        return self.number + 1

    def previous_page_number(self) -> int:
        """The number of the page before."""
        return self.number - 1


def open_page(fetch: Callable[[int, int], Sequence[M]], asked: Any, size: int, farthest: int = FARTHEST) -> OpenPage[M]:
    """The page asked for in an address; the first where that is no number, or nothing stands there.

    `fetch(start, end)` gives the rows from `start` to before `end`, as a slice does; one more than a page is asked of it.
    """
    text = str(asked)
    number = min(max(int(text), 1), farthest) if text.isdecimal() and len(text) < 10 else 1
    start = (number - 1) * size
    rows = fetch(start, start + size + 1)
    if not rows and number > 1:
        return open_page(fetch, 1, size, farthest)
    return OpenPage(rows[:size], number, more=len(rows) > size and number < farthest)


def open_list(rows: QuerySet[M], asked: Any, size: int) -> OpenPage[M]:
    """The page asked for of a query in its order."""
    return open_page(lambda start, end: list(rows[start:end]), asked, size)
