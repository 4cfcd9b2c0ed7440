"""How many of a worker's threads anybody may hold at once, so that no receiver, no account and no test keeps others waiting.

Pure counting. Used by run.py; what may not have more is left out of the question in deliver.py (`due_endpoints`), so
that it cannot crowd out of a short list those who may.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from elmed.core.models import Mode

AN_ENDPOINT = 5  # deliveries to one receiver at once
A_SLOW_ONE = 1  # to one that failed, or took long, at its last try


@dataclass(frozen=True)
class Due:
    """An endpoint for which something is due, as it stood when it was asked for."""

    endpoint_id: int
    account_id: int
    world_id: int
    test: bool
    slow: bool  # it fails, or its last try took long


@dataclass(frozen=True)
class Shares:
    """Of so many threads."""

    threads: int

    @property
    def account(self) -> int:
        """One account's in one world: a quarter."""
        return max(1, self.threads // 4)

    @property
    def half(self) -> int:
        """All test worlds' together, and all slow endpoints' together."""
        return max(1, self.threads // 2)

    def endpoint(self, slow: bool) -> int:
        """One endpoint's: never all that its account has, so that the account's others are told meanwhile."""
        return A_SLOW_ONE if slow else max(1, min(AN_ENDPOINT, self.account - 1))

    def room(self, one: Due, under_way: Collection[Due]) -> int:
        """How many more deliveries this endpoint may have beside those under way, one entry each."""
        rooms = [
            self.threads - len(under_way),
            self.endpoint(one.slow) - sum(other.endpoint_id == one.endpoint_id for other in under_way),
            self.account - sum(_whose(other) == _whose(one) for other in under_way),
        ]
        if one.test:
            rooms.append(self.half - sum(other.test for other in under_way))
        if one.slow:
            rooms.append(self.half - sum(other.slow for other in under_way))
        return max(0, min(rooms))

    def full(self, under_way: Collection[Due]) -> Q:
        """The endpoints that may have nothing more, judged by what is under way alone."""
        none = Q(pk__in=[one.endpoint_id for one in under_way if self.room(one, under_way) == 0])
        for account_id, world_id in {_whose(one) for one in under_way}:
            if sum(_whose(one) == (account_id, world_id) for one in under_way) >= self.account:
                none |= Q(account_id=account_id, world_id=world_id)
        if sum(one.test for one in under_way) >= self.half:
            none |= Q(world__mode=Mode.TEST)
        if sum(one.slow for one in under_way) >= self.half:
            none |= Q(failing_since__isnull=False) | Q(slow=True)
        return none

    def in_turn(self, due: list[Due], under_way: Collection[Due]) -> list[Due]:
        """Those that answer well first, the live ones of them first, and who has the fewest under way; else as given."""
        return sorted(
            due, key=lambda one: (one.slow, one.test, sum(_whose(other) == _whose(one) for other in under_way))
        )


def _whose(one: Due) -> tuple[int, int]:
    return one.account_id, one.world_id
