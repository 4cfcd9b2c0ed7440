"""Random lives of a prescription: acts, repeats and reversals in any order, while time goes by.

The model keeps nothing of the code's own bookkeeping: what was supplied is summed from the dispense rows, the
status is derived from scratch, and each act that went through must have left one event and one version more.
"""

from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from elmed.core.refusals import Refusal
from elmed.events.models import Event, EventListing
from elmed.prescriptions import facts
from elmed.prescriptions.actions.cancel import answer_handed_over, cancel_unanswered
from elmed.prescriptions.actions.close_line import close_line
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.expire import expire_due
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.models import Dispense, DispenseLine, Hold, LineClosure, Prescription, PrescriptionLine
from elmed.prescriptions.states import allowed
from elmed.prescriptions.vocabulary import OPEN, Act, HoldKind, ReversalReason, Status
from tests import factories as f
from tests.cast import NOW, assemble
from tests.prescriptions.attempts import attempt

PLAIN = [act for act in Act if act not in (Act.ISSUE, Act.DISPENSE, Act.REVERSE, Act.CLOSE_LINE, Act.REPLACE, Act.EXPIRE,
                                           Act.ANSWER_HANDED_OVER, Act.TRANSFER, Act.CORRECT)]  # fmt: skip
GENTLE = (Act.ROUTE, Act.VERIFY, Act.RETURN, Act.HOLD, Act.RESUME, Act.REQUEST_CANCEL, Act.WITHDRAW_CANCEL)
PEOPLE = ("doctor", "patient", "pharmacist", "other_pharmacist", "staff")
FORWARD = {
    Status.ON_HOLD: (Act.WITHDRAW_CANCEL, Act.RESUME), Status.ISSUED: (Act.ROUTE,), Status.PENDING_REVIEW: (Act.VERIFY,),
}  # fmt: skip
COUNTER = ("pharmacist", "pharmacist", "other_pharmacist")


class Life(RuleBasedStateMachine):
    """One prescription of two lines, its doctor, its patient, two pharmacies and the clock."""

    @initialize(repeats=st.integers(0, 2), interval=st.sampled_from((0, 7)))
    def is_signed(self, repeats, interval):
        self.sandbox = transaction.atomic()
        self.sandbox.__enter__()
        self.cast, self.now = assemble(), NOW
        self.actors = {who: self.cast.actor(who) for who in PEOPLE}
        lines = (f.AMOXICILLIN, f.RAMIPRIL)
        rx = f.verified(self.cast, lines=lines, repeats_allowed=repeats, minimum_dispense_interval_days=interval)
        self.rx_id, self.version = rx.pk, rx.version
        self.answers = set()
        self.events = self._events()
        self.lines = [(line.pk, line.quantity_milli) for line in rx.lines.all()]

    def teardown(self):
        if hasattr(self, "sandbox"):
            transaction.set_rollback(True)
            self.sandbox.__exit__(None, None, None)

    def _events(self) -> int:
        return Event.objects.filter(prescription_id=self.rx_id, type__startswith="prescription.").count()

    def _try(self, act) -> None:
        """Do it; refused or not, it must have left as many events as versions, and none where nothing was legal."""
        try:
            act()
        except Refusal:
            done = 0
        else:
            done = 1
        rx = Prescription.objects.get(pk=self.rx_id)
        expired = Event.objects.filter(prescription_id=self.rx_id, type="prescription.expired").count()
        new_events, steps = self._events() - self.events, rx.version - self.version
        assert new_events == steps
        assert steps in ((done, done + 1) if expired else (done,))
        self.version, self.events = rx.version, self.events + new_events

    @rule(hours=st.sampled_from((1, 1, 20, 80, 24 * 8)))
    def time_goes_by(self, hours):
        self.now += timedelta(hours=hours)

    @rule(
        act=st.sampled_from(PLAIN),
        who=st.sampled_from(PEOPLE),
    )
    def somebody_acts(self, act, who):
        rx = Prescription.objects.get(pk=self.rx_id)
        self._try(lambda: attempt(act, self.cast, self.actors[who], rx, self.now))

    def _legal(self, acts) -> list:
        """Who could do which of these acts now, by the table."""
        rx = Prescription.objects.select_related("patient").get(pk=self.rx_id)
        subject, moves = facts.load(rx, None), []
        for who in PEOPLE:
            actor = self.actors[who]
            known = facts.facts(subject, actor, self.now)
            legal = allowed(known, facts.caller(subject, actor), self.now, acts)
            moves += [(act, actor, rx) for act in legal]
        return moves

    def _move(self, moves, pick=0) -> bool:
        if not moves:
            return False
        act, actor, rx = moves[pick % len(moves)]
        self._try(lambda: attempt(act, self.cast, actor, rx, self.now))
        return True

    @rule(pick=st.integers(0, 999))
    def something_legal_happens(self, pick):
        """Acts that keep it going: without them most lives would end at once."""
        self._move(self._legal(GENTLE), pick)

    def _make_dispensable(self) -> None:
        """Whatever must happen first: withdraw, resume, route, verify."""
        for _ in range(4):
            rx = Prescription.objects.get(pk=self.rx_id)
            if rx.next_dispense_at and rx.next_dispense_at > self.now:
                self.now = rx.next_dispense_at
            steps = FORWARD.get(rx.status, ())
            if not steps or not self._move(self._legal(steps)):
                return

    @rule(
        parts=st.one_of(st.none(), st.tuples(st.integers(0, 9), st.integers(0, 9))),
        ago=st.sampled_from((None, None, None, 1, 30)),
        ready=st.sampled_from((True, True, True, False)),
    )
    def is_dispensed(self, parts, ago, ready):
        if ready:
            self._make_dispensable()
        holder = Prescription.objects.get(pk=self.rx_id).pharmacy_id
        who = "other_pharmacist" if holder == self.cast.other_pharmacy.pk else "pharmacist"
        what = self._supply(parts, ago)
        self._try(lambda: dispense(self.actors[who], self.rx_id, what, source="portal", now=self.now))

    @rule(parts=st.one_of(st.none(), st.tuples(st.integers(1, 9), st.integers(0, 9))), ago=st.sampled_from((1, 30)))
    def is_answered_as_handed_over(self, parts, ago):
        what, actor = self._supply(parts, ago), self.actors["pharmacist"]
        self.answers.add(self.now)
        self._try(lambda: answer_handed_over(actor, self.rx_id, what, source="portal", now=self.now))

    def _supply(self, parts, ago) -> Supply:
        """`parts`: eighths of what is left of each line; nine are more than is left."""
        left = PrescriptionLine.objects.filter(prescription_id=self.rx_id).order_by("position")
        rows = [
            (line, line.remaining_milli * part // 8 + (part > 8)) for line, part in zip(left, parts or (), strict=False)
        ]
        lines = tuple(SupplyLine(line.pk, quantity) for line, quantity in rows if quantity)
        moment = self.now - timedelta(hours=ago) if ago else None
        return Supply(lines=lines if parts else None, handed_over_at=moment)

    @rule(line=st.integers(0, 1))
    def a_line_is_closed(self, line):
        actor, line_id = self.actors["pharmacist"], self.lines[line][0]
        self._try(lambda: close_line(actor, self.rx_id, line_id=line_id, reason="Enough", now=self.now))

    @precondition(lambda self: hasattr(self, "rx_id") and Dispense.objects.exists())
    @rule(
        data=st.data(),
        reason=st.sampled_from(ReversalReason),
        who=st.sampled_from((*COUNTER, "staff")),
        half=st.booleans(),
    )
    def is_reversed(self, data, reason, who, half):
        made = data.draw(st.sampled_from(list(Dispense.objects.order_by("pk").values_list("pk", flat=True))))
        lines = None
        if half:
            row = DispenseLine.objects.filter(dispense_id=made).first()
            lines = {row.line_id: max(row.quantity_milli // 2, 1)}
        self._try(lambda: reverse(self.actors[who], made, reason=reason, lines=lines, now=self.now))

    @rule()
    def the_clock_does_its_rounds(self):
        before = self._events()
        expire_due(self.now, world_id=1)
        cancel_unanswered(self.now, world_id=1)
        rx = Prescription.objects.get(pk=self.rx_id)
        assert rx.version - self.version == self._events() - before <= 1
        self.version, self.events = rx.version, self._events()

    @invariant()
    def never_more_is_supplied_than_prescribed(self):
        if not hasattr(self, "rx_id"):
            return
        supplied = defaultdict(int)
        for row in DispenseLine.objects.select_related("dispense"):
            supplied[row.line_id, row.dispense.issue_number] += row.quantity_milli - row.restored_milli
        prescribed = dict(self.lines)
        assert all(0 <= total <= prescribed[line] for (line, _), total in supplied.items())

    @invariant()
    def nothing_is_handed_over_in_a_pause(self):
        """But for the answer to a request to cancel, which may lie in a pharmacy's own pause, never in the request."""
        if not hasattr(self, "rx_id"):
            return
        skew = timedelta(minutes=2)
        for made in Dispense.objects.all():
            answered = made.created_at in self.answers
            for pause in Hold.objects.filter(kind=HoldKind.CANCELLATION) if answered else Hold.objects.all():
                over = pause.ended_at is not None and pause.ended_at <= made.handed_over_at + skew
                assert over or made.handed_over_at < pause.placed_at or made.created_at <= pause.placed_at

    @invariant()
    def the_status_is_what_the_dispenses_say(self):
        if not hasattr(self, "rx_id"):
            return
        rx = Prescription.objects.get(pk=self.rx_id)
        of_issue = DispenseLine.objects.filter(dispense__issue_number=rx.issue_number)
        gone = sum(row.quantity_milli - row.restored_milli for row in of_issue)
        closures = LineClosure.objects.filter(issue_number=rx.issue_number, reopened_at=None)
        rest = sum(quantity for _, quantity in self.lines) - gone - sum(row.quantity_milli for row in closures)
        some = gone > 0
        if rx.status in (Status.VERIFIED, Status.PARTIALLY_DISPENSED):
            assert rest > 0
            assert (rx.status == Status.PARTIALLY_DISPENSED) == some
        if rx.status == Status.DISPENSED:
            assert rest == 0 and rx.issue_number == rx.repeats_allowed + 1
        assert (rx.ended_at is None) == (rx.status in OPEN)

    @invariant()
    def every_account_counts_its_events_without_a_gap(self):
        if not hasattr(self, "rx_id"):
            return
        listed = defaultdict(list)
        for account, number in EventListing.objects.order_by("pk").values_list("account_id", "sequence"):
            listed[account].append(number)
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in listed.values())


def live(life: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """So many lives of so many steps, the same ones each time."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    profile = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True, database=None,
        suppress_health_check=checks, phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    run_state_machine_as_test(life, settings=profile)


@pytest.mark.django_db
def test_random_lives():
    live(Life, examples=12 if connection.vendor == "sqlite" else 6, steps=25)
