"""Role × act × status. Twice: against the table in the code, and against a table written by hand from the product page."""

from contextlib import suppress

import pytest
from django.db import connection, transaction

from elmed.access import policy
from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible, Refusal
from elmed.events.models import Event
from elmed.prescriptions import facts
from elmed.prescriptions.actions.legal import lock
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import TRANSITIONS, Verdict, judge
from elmed.prescriptions.vocabulary import OPEN, Act
from tests import factories
from tests.cast import key_actor
from tests.prescriptions.attempts import Writes, attempt, everything, handed_over_at, newest_dispense
from tests.prescriptions.starts import STARTS

PEOPLE = (
    "doctor", "other_doctor", "owner", "pharmacist", "technician", "other_pharmacist", "patient", "staff", "clock",
    "pharmacy key", "doctor key",
)  # fmt: skip
COUNTER = ("owner", "pharmacist", "technician")

# By hand, row by row, from the product page's table of legal acts.
PENDING = {"pending", "pending, part supplied"}
CHECKED = {"verified", "verified, second issue due", "verified, second issue too early", "partly"}
ISSUED = {"issued", "issued, part supplied"}
ASKED = {"cancellation asked", "cancellation asked over a question", "cancellation unanswered"}
BY_PHARMACIST = {"held by pharmacist, pending", "held by pharmacist, verified", "held by pharmacist, partly"}
BY_DOCTOR = {"held by doctor, pending", "held by doctor, verified"}
FOR_FRAUD = {"held for fraud, issued", "held for fraud, verified"}
REPLACING = {"replacement of one handed over"}
OPEN_ONES = ISSUED | PENDING | CHECKED | ASKED | BY_PHARMACIST | BY_DOCTOR | FOR_FRAUD | REPLACING
PART_SUPPLIED = {
    "issued, part supplied", "pending, part supplied", "partly", "verified, second issue due",
    "verified, second issue too early", "held by pharmacist, partly",
}  # fmt: skip
SUPPLIED_NOW = {*PART_SUPPLIED, "dispensed", "stopped"} - {
    "verified, second issue due"
}  # within 72 hours of the record
SUPPLIED_LONG_AGO = {"verified, second issue due", "dispensed long ago", "stopped long ago"}
DISPENSABLE = {"verified", "verified, second issue due", "partly", "expired", "stopped", "cancelled by the clock"}

LEGAL: dict[Act, dict[tuple[str, ...], set[str]]] = {
    Act.ISSUE: {("doctor",): {"draft"}},
    Act.ROUTE: {("doctor", "patient"): ISSUED | PENDING},
    Act.VERIFY: {("pharmacist",): PENDING},
    Act.RETURN: {COUNTER: PENDING | CHECKED},
    Act.REJECT: {("pharmacist",): {"pending", "verified"}},
    Act.HOLD: {("pharmacist", "doctor"): PENDING | CHECKED, ("staff",): ISSUED | PENDING | CHECKED},
    Act.RESUME: {("pharmacist",): BY_PHARMACIST, ("doctor",): BY_DOCTOR | REPLACING, ("staff",): FOR_FRAUD},
    Act.DISPENSE: {(*COUNTER, "pharmacy key"): DISPENSABLE},
    Act.CLOSE_LINE: {("pharmacist",): {"partly"}},
    Act.REVERSE: {(*COUNTER, "pharmacy key"): SUPPLIED_NOW, ("staff",): SUPPLIED_NOW | SUPPLIED_LONG_AGO},
    Act.CLOSE: {("pharmacist",): {"pending", "verified", "held by pharmacist, pending", "held by pharmacist, verified"}},
    Act.CANCEL: {
        ("doctor",): {
            "draft", "issued", "pending", "held by pharmacist, pending", "held by doctor, pending", "held for fraud, issued",
        } | REPLACING,
    },
    Act.REQUEST_CANCEL: {
        ("doctor",): {"verified", "held by pharmacist, verified", "held by doctor, verified", "held for fraud, verified"},
    },
    Act.CONFIRM_CANCEL: {COUNTER: ASKED, ("clock",): {"cancellation unanswered"}},
    Act.ANSWER_HANDED_OVER: {COUNTER: ASKED},
    Act.WITHDRAW_CANCEL: {("doctor",): ASKED},
    Act.STOP: {("doctor",): PART_SUPPLIED},
    Act.REPLACE: {("doctor",): OPEN_ONES},
    Act.EXPIRE: {("clock",): OPEN_ONES},
    Act.TRANSFER: {("staff",): PENDING | CHECKED | BY_PHARMACIST},  # tried while the pharmacy is suspended
    Act.CORRECT: {("staff",): set(STARTS) - {"draft", "entered in error"}},
}  # fmt: skip


def legal_by_hand(act: Act, who: str, start: str) -> bool:
    return any(who in people and start in starts for people, starts in LEGAL[act].items())


def refusal_by_the_code(act, actor, rx, now) -> type[Refusal] | None:
    """What visibility, policy and the table say together, asked apart from the act."""
    try:
        policy.require(actor, TRANSITIONS[act].permission)
        subject = lock(actor, rx.pk)
    except Refusal as no:
        return type(no)
    dispense = newest_dispense(rx) if act is Act.REVERSE else None
    if dispense == 0:
        return NotVisible
    caller = facts.caller(subject, actor, handed_over_at=handed_over_at(rx, act, now))
    no = judge(act, facts.facts(subject, actor, now, dispense_id=dispense), caller, now)
    return None if no is None else NotAllowed if no.verdict is Verdict.NOT_ALLOWED else NotNow


class Undo(Exception):
    """Ends a try that succeeded."""


def check(act, cast, who, actor, start, rx, now, before, draft_id):
    """One cell: legal exactly where both tables say so; one event where it is, no trace where it is not."""
    if TRANSITIONS[act].permission not in actor.permissions:
        assert not legal_by_hand(act, who, start)
        with Writes() as writes, pytest.raises(NotAllowed):
            attempt(act, cast, actor, rx, now, draft_id=draft_id)
        assert not writes.count
        return
    expected = refusal_by_the_code(act, actor, rx, rx.expires_at if act is Act.EXPIRE else now)
    cell = f"{act.value} by {who} on {start}"
    assert (expected is None) == legal_by_hand(act, who, start), f"{cell}: the code's table says {expected}"
    row, last = TRANSITIONS[act], max((event[0] for event in before["Event"]), default=0)
    with Writes() as writes, suppress(Undo), transaction.atomic():
        try:
            attempt(act, cast, actor, rx, now, draft_id=draft_id)
        except Refusal as no:
            assert type(no) is expected, f"{cell}: {no}"
            assert not isinstance(no, Invalid)
        else:
            assert expected is None, f"{cell}: it went through"
            after = Prescription.objects.get(pk=rx.pk)
            assert after.status in row.to, cell
            assert after.version == rx.version + 1, cell
            events = Event.objects.filter(pk__gt=last, prescription_id=rx.pk).values_list("type", "version")
            assert list(events) == [(row.event, after.version)], cell
            raise Undo
    if expected is not None and writes.count:
        assert everything() == before, f"{cell}: refused, and yet something changed"


@pytest.mark.parametrize("start", STARTS)
def test_every_act_by_everybody(cast, start):
    if connection.vendor == "postgresql" and list(STARTS).index(start) % 2:
        pytest.skip("the table is pure: SQLite goes through every start state, PostgreSQL through every second")
    state = STARTS[start]
    rx = state.build(cast)
    rx.refresh_from_db()
    assert rx.status == state.status
    now = state.moment(rx)
    draft_id = factories.draft(cast, replaces=rx, now=now).pk if rx.status in OPEN else 0
    actors = {name: cast.actor(name) for name in PEOPLE if "key" not in name}
    actors["pharmacy key"] = key_actor(cast, "pharmacist", "rx:read", "rx:dispense", "patient:read")
    actors["doctor key"] = key_actor(cast, "doctor", "rx:read", "patient:read")
    before = everything()
    for act in Act:
        for who, actor in actors.items():
            if act is Act.TRANSFER or (act is Act.EXPIRE and who != "clock"):
                continue  # transfer: below; time is the only one who expires, there is no act for anybody else
            if act is Act.EXPIRE and rx.status not in OPEN:
                continue
            check(act, cast, who, actor, start, rx, now, before, draft_id)
    change_state(actors["staff"], cast.pharmacy.pk, AccountState.SUSPENDED, reason="Licence withdrawn", now=now)
    before = everything()
    for who in PEOPLE:
        actor = cast.actor(who) if "key" not in who else actors[who]
        check(Act.TRANSFER, cast, who, actor, start, rx, now, before, draft_id)


def test_both_tables_name_every_act_and_status():
    assert set(LEGAL) == set(TRANSITIONS) == set(Act)
    assert {start.status for start in STARTS.values()} == {
        status for row in TRANSITIONS.values() for status in row.to
    } | {"draft"}
