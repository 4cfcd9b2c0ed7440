"""The tables are complete: nothing in them is unreachable, unheld, unwritten or unexplained."""

import inspect

import pytest

from elmed.access import actors, policy
from elmed.access.permissions import KINDS, ROLES, SCOPE_MEANING, SCOPES, SCOPES_OF_KIND, Permission, Scope
from elmed.accounts import actions as account_actions
from elmed.accounts.models import AccountKind, AccountState, Role
from elmed.core.refusals import Refusal
from elmed.events.catalogue import EVENT_TYPES
from elmed.prescriptions import guards
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import LATE_SOURCES, OPEN, Act, Side, Status
from tests.guards.source import PACKAGE, attributes, files, functions, strings

# Which kind of account can stand on a side; the clock is an actor of its own.
KIND_OF_SIDE = {
    Side.DOCTOR: "doctor", Side.PHARMACY: "pharmacy", Side.SUPPLIER: "pharmacy", Side.BEARER: "pharmacy", Side.PATIENT: "patient",
    Side.STAFF: "staff",
}  # fmt: skip
ACTION_NAMES = {Act.EXPIRE: "expire_overdue", Act.RETURN: "return_"}  # a Python word, and the clock's own entry
CLOCK = actors.clock().permissions


def of_side(side):
    """What whoever stands on that side may hold at most."""
    return CLOCK if side is Side.CLOCK else KINDS[KIND_OF_SIDE[side]]


def test_each_act_has_its_row():
    assert set(TRANSITIONS) == set(Act)
    assert all(TRANSITIONS[act].act is act for act in Act)


@pytest.mark.parametrize("act", Act)
def test_the_row_is_whole(act):
    row = TRANSITIONS[act]
    assert row.sources and row.to and row.sides
    assert row.permission is Permission(f"prescription.{act.value}")
    assert row.event in EVENT_TYPES


def test_no_two_acts_write_the_same_event():
    assert len({row.event for row in TRANSITIONS.values()}) == len(TRANSITIONS)


@pytest.mark.parametrize("act", Act)
def test_somebody_holds_the_permission(act):
    row = TRANSITIONS[act]
    by_role = any(row.permission in permitted for permitted in ROLES.values())
    assert by_role or (Side.CLOCK in row.sides and row.permission in CLOCK)


@pytest.mark.parametrize(("act", "side"), [(act, side) for act in Act for side in sorted(TRANSITIONS[act].sides)])
def test_each_side_of_the_row_can_hold_its_permission(act, side):
    assert TRANSITIONS[act].permission in of_side(side)


@pytest.mark.parametrize("kind", sorted(set(KIND_OF_SIDE.values())))
def test_no_kind_holds_an_act_it_has_no_side_for(kind):
    sides = {side for side, of in KIND_OF_SIDE.items() if of == kind}
    useless = [act for act in Act if TRANSITIONS[act].permission in KINDS[kind] and not TRANSITIONS[act].sides & sides]
    assert not useless


@pytest.mark.parametrize("act", Act)
def test_each_act_is_a_function_in_the_actions_folder(act):
    wanted = ACTION_NAMES.get(act, act.value)
    homes = [path for path in files(PACKAGE / "prescriptions" / "actions") if wanted in functions(path)]
    assert len(homes) == 1, f"`{wanted}` in {homes}"
    assert act.name in attributes(homes[0]), f"{homes[0].name} does not name Act.{act.name}"


def test_every_status_can_be_reached_and_every_open_one_left():
    """By an act that leads there: a reversal, and a supply reported late, leave what has ended as it is."""
    keeps = {Act.REVERSE: frozenset(Status), Act.DISPENSE: LATE_SOURCES}
    reached = {Status.DRAFT} | {to for act, row in TRANSITIONS.items() for to in row.to - keeps.get(act, frozenset())}
    assert reached == set(Status)
    for status in OPEN:
        assert any(status in row.sources and row.to - OPEN for row in TRANSITIONS.values())


def test_nothing_follows_entered_in_error_and_nothing_leads_back_to_draft():
    for row in TRANSITIONS.values():
        assert Status.ENTERED_IN_ERROR not in row.sources
        assert Status.DRAFT not in row.to


def test_every_guard_is_used_and_explained():
    public = {
        name: value
        for name, value in vars(guards).items()
        if inspect.isfunction(value) and value.__module__ == guards.__name__ and not name.startswith("_")
    }
    used = {guard.__qualname__.split(".")[0] for row in TRANSITIONS.values() for guard in row.guards}
    assert set(public) == used
    assert all(value.__doc__ for value in public.values())


def test_every_role_kind_and_scope_has_its_row():
    assert set(ROLES) == set(Role.values)
    assert set(KINDS) == set(SCOPES_OF_KIND) == set(AccountKind.values)
    assert set(SCOPES) == set(SCOPE_MEANING) == set(Scope)
    assert all(SCOPE_MEANING.values())
    assert set(account_actions._ROLES_OF_KIND) == set(AccountKind)
    assert set(policy._WHY) == set(AccountState) - {AccountState.VERIFIED}


def test_every_permission_is_held_by_a_role_or_the_clock():
    held = frozenset().union(*ROLES.values()) | CLOCK
    assert held == set(Permission)


def test_an_account_can_do_no_more_than_its_roles():
    for kind, roles in account_actions._ROLES_OF_KIND.items():
        if kind is not AccountKind.DEVELOPER:  # it acts as a synthetic doctor and pharmacy, in its test world only
            assert KINDS[kind.value] == frozenset().union(*(ROLES[role.value] for role in roles))


@pytest.mark.parametrize("kind", AccountKind.values)
def test_each_scope_on_offer_grants_its_account_something(kind):
    for scope in SCOPES_OF_KIND[kind]:
        assert SCOPES[scope] & KINDS[kind]


def test_no_scope_signs_verifies_or_makes_keys():
    never = {
        Permission.ISSUE, Permission.REPLACE, Permission.PRESCRIPTION_DRAFT, Permission.VERIFY, Permission.REJECT,
        Permission.CLOSE, Permission.CLOSE_LINE, Permission.KEY_MANAGE,
    }  # fmt: skip
    for granted in SCOPES.values():
        assert not granted & never
    assert Permission.DISPENSE not in SCOPES[Scope.ADMIN]


def test_every_event_type_is_written_somewhere():
    literals = {text for path in files() if path.name != "catalogue.py" for _, text in strings(path)}
    from_table = {row.event for row in TRANSITIONS.values()}
    assert set(EVENT_TYPES) <= literals | from_table
    assert all(EVENT_TYPES.values())


def test_refusals_have_their_own_status():
    kinds = Refusal.__subclasses__()
    assert len({kind.status for kind in kinds}) == len(kinds) >= 5
    assert all(400 <= kind.status < 500 and kind.title and kind.__doc__ for kind in kinds)
