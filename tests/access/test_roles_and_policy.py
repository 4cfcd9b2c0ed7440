"""The role table and the policy: who may what, and in which state of the account."""

from dataclasses import replace

import pytest

from elmed.access import policy
from elmed.access.actors import of_person
from elmed.access.permissions import KINDS, ROLES, Permission
from elmed.accounts.models import AccountKind, AccountState, Role
from elmed.core.models import Mode
from elmed.core.refusals import NotAllowed
from tests.cast import key_actor

P = Permission
# Each role's acts, by hand from the product page.
COUNTER = {P.RETURN, P.DISPENSE, P.REVERSE, P.CONFIRM_CANCEL, P.ANSWER_HANDED_OVER, P.ROUTE}
ACTS = {
    "prescriber": {
        P.ISSUE,
        P.ROUTE,
        P.HOLD,
        P.RESUME,
        P.CANCEL,
        P.REQUEST_CANCEL,
        P.WITHDRAW_CANCEL,
        P.STOP,
        P.REPLACE,
    },
    "owner": COUNTER,
    "pharmacist": COUNTER | {P.VERIFY, P.REJECT, P.HOLD, P.RESUME, P.CLOSE, P.CLOSE_LINE},
    "technician": COUNTER,
    "patient": {P.ROUTE, P.REISSUE},
    "developer": set(),
    "staff": {P.HOLD, P.RESUME, P.REVERSE, P.TRANSFER, P.CORRECT},
}
ALL_ACTS = {p for p in P if p.value.startswith("prescription.")} - {
    P.PRESCRIPTION_READ, P.PRESCRIPTION_READ_ALL, P.PRESCRIPTION_DRAFT,
}  # fmt: skip


def test_every_role_of_an_account_is_in_the_table():
    assert set(ROLES) == {role.value for role in Role}
    assert set(KINDS) == {kind.value for kind in AccountKind}


@pytest.mark.parametrize("role", ACTS)
def test_a_role_holds_these_acts_and_no_other(role):
    assert ROLES[role] & ALL_ACTS == ACTS[role]


def test_only_a_pharmacist_verifies_and_owner_and_pharmacist_make_keys():
    assert [role for role in ROLES if P.VERIFY in ROLES[role]] == ["pharmacist"]
    assert {role for role in ROLES if P.KEY_MANAGE in ROLES[role]} == {
        "prescriber", "owner", "pharmacist", "developer", "staff",
    }  # fmt: skip


def test_several_roles_of_one_person_add_up(cast):
    from elmed.accounts.actions import add_member

    add_member(cast.pharmacy, cast.people["technician"], Role.PHARMACIST)
    assert P.VERIFY in cast.actor("technician").permissions


def test_who_left_an_account_acts_for_it_no_more(cast):
    assert of_person(cast.people["doctor"], cast.pharmacy) is None
    cast.people["doctor"].is_active = False
    assert of_person(cast.people["doctor"], cast.doctor) is None


@pytest.mark.parametrize("state", list(AccountState))
@pytest.mark.parametrize("mode", list(Mode))
def test_what_an_account_may_in_each_state_and_world(cast, state, mode):
    actor = replace(cast.actor("pharmacist"), account_state=state, mode=mode)
    acts = state == AccountState.VERIFIED or (mode == Mode.TEST and state != AccountState.SUSPENDED)
    reads = acts or state == AccountState.LAPSED
    for permission, may in (
        (P.DISPENSE, acts),
        (P.KEY_MANAGE, acts),
        (P.PRESCRIPTION_READ, reads),
        (P.PATIENT_READ, reads),
    ):
        if may:
            policy.require(actor, permission)
        else:
            with pytest.raises(NotAllowed) as no:
                policy.require(actor, permission)
            assert no.value.code == "account_not_active"


def test_a_role_and_a_key_are_refused_with_different_words(cast):
    with pytest.raises(NotAllowed) as no:
        policy.require(cast.actor("technician"), P.VERIFY)
    assert no.value.code == "permission_denied"
    with pytest.raises(NotAllowed) as no:
        policy.require(key_actor(cast, "pharmacist", "rx:read"), P.DISPENSE)
    assert (no.value.code, no.value.extra["needed_scopes"]) == ("insufficient_scope", ["rx:dispense", "shop"])
