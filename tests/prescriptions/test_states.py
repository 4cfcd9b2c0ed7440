"""The table and the derivation as pure functions, without a database."""

import pytest

from elmed.access.permissions import ROLES, Permission
from elmed.events.catalogue import EVENT_TYPES
from elmed.prescriptions.states import TRANSITIONS, LineState, derive, issue_complete
from elmed.prescriptions.vocabulary import OPEN, Act
from elmed.prescriptions.vocabulary import Status as S

FULL, HALF, NONE, CLOSED, HALF_CLOSED = (
    LineState(10, 10, 0), LineState(10, 5, 0), LineState(10, 0, 0), LineState(10, 0, 10), LineState(10, 5, 5),
)  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "last", "before"),
    [
        ([NONE], S.VERIFIED, S.VERIFIED),
        ([NONE, NONE], S.VERIFIED, S.VERIFIED),
        ([HALF], S.PARTIALLY_DISPENSED, S.PARTIALLY_DISPENSED),
        ([FULL, NONE], S.PARTIALLY_DISPENSED, S.PARTIALLY_DISPENSED),
        ([FULL], S.DISPENSED, S.VERIFIED),
        ([FULL, FULL], S.DISPENSED, S.VERIFIED),
        ([FULL, CLOSED], S.DISPENSED, S.VERIFIED),
        ([HALF_CLOSED], S.DISPENSED, S.VERIFIED),
        ([NONE, CLOSED], S.VERIFIED, S.VERIFIED),
        ([HALF, CLOSED], S.PARTIALLY_DISPENSED, S.PARTIALLY_DISPENSED),
    ],
)
def test_the_status_follows_from_what_was_supplied(lines, last, before):
    assert derive(lines, repeats_remain=False) == last
    assert derive(lines, repeats_remain=True) == before
    assert issue_complete(lines) == (last is S.DISPENSED)


def test_every_act_has_a_row_a_permission_of_its_own_and_an_event_of_its_own():
    rows = TRANSITIONS.values()
    assert list(TRANSITIONS) == list(Act)
    assert len({row.permission for row in rows}) == len({row.event for row in rows}) == len(Act)
    assert {row.event for row in rows} <= set(EVENT_TYPES)


def test_every_acts_permission_is_somebodys():
    of_people = frozenset[Permission]().union(*ROLES.values())
    assert {row.permission for row in TRANSITIONS.values()} - of_people == {Permission.EXPIRE}  # time's alone


def test_every_status_is_reached_and_every_open_one_can_be_left():
    reached = {status for row in TRANSITIONS.values() for status in row.to}
    assert reached == set(S) - {S.DRAFT}
    for status in OPEN:
        assert any(status in row.sources and row.to - {status} for row in TRANSITIONS.values())


def test_what_is_entered_in_error_is_final():
    assert not [row.act for row in TRANSITIONS.values() if S.ENTERED_IN_ERROR in row.sources]
