"""Many at once, on PostgreSQL: the row lock lets exactly one through, nobody deadlocks, no number is lost or given twice."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, connections

from elmed.core.refusals import Refusal
from elmed.events.models import EventListing
from elmed.prescriptions.actions.cancel import answer_handed_over, cancel_unanswered, request_cancel
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.actions.replace import replace
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import DispenseLine, Prescription
from elmed.prescriptions.vocabulary import ReversalReason, Status
from tests import factories as f
from tests.cast import NOW, Cast, assemble

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db) -> Cast:
    """Everybody, committed, so that other connections see them."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time: there is nothing to race")
    return assemble()


def at_once(*acts) -> list[str]:
    """Start all of them together, each in a thread with a connection of its own; the codes, `done` where it went through."""
    gate, codes = threading.Barrier(len(acts)), []

    def run(act):
        try:
            gate.wait(timeout=30)
            act()
            codes.append("done")
        except Refusal as no:
            codes.append(no.code)
        except Exception as error:
            codes.append(repr(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(codes) == len(acts)
    return codes


def numbers_without_a_gap() -> bool:
    listed: dict[int, list[int]] = {}
    for account, number in EventListing.objects.order_by("account_id", "sequence").values_list(
        "account_id", "sequence"
    ):
        listed.setdefault(account, []).append(number)
    return all(numbers == list(range(1, len(numbers) + 1)) for numbers in listed.values())


def supplied(rx) -> int:
    return sum(
        row.quantity_milli - row.restored_milli for row in DispenseLine.objects.filter(dispense__prescription=rx)
    )


def test_32_dispenses_of_one_prescription(cast):
    rx, actor = f.verified(cast), cast.actor("pharmacist")
    codes = at_once(*[lambda: dispense(actor, rx.pk, Supply(), source="api", now=NOW)] * 32)
    assert Counter(codes) == {"done": 1, "invalid_status": 31}
    assert supplied(rx) == 21000
    assert numbers_without_a_gap()


def test_32_dispenses_of_a_part_each(cast):
    rx, actor = f.verified(cast), cast.actor("pharmacist")
    what = Supply(lines=(SupplyLine(f.first_line(rx), 4000),))
    codes = at_once(*[lambda: dispense(actor, rx.pk, what, source="api", now=NOW)] * 32)
    assert Counter(codes) == {"done": 5, "quantity_unavailable": 27}
    assert supplied(rx) == 20000
    rx.refresh_from_db()
    assert rx.version == 3 + 1 + 5 and numbers_without_a_gap()


@pytest.mark.parametrize("against", ["request_cancel", "return", "reject"])
def test_a_dispense_races_what_would_forbid_it(cast, against):
    pharmacist, doctor, owner = cast.actor("pharmacist"), cast.actor("doctor"), cast.actor("owner")
    for _ in range(3):
        rx = f.verified(cast)
        other = {
            "request_cancel": lambda pk=rx.pk: request_cancel(doctor, pk, reason="No", now=NOW),
            "return": lambda pk=rx.pk: return_(owner, pk, reason="No stock", now=NOW),
            "reject": lambda pk=rx.pk: reject(pharmacist, pk, reason="No", now=NOW),
        }[against]
        codes = at_once(lambda pk=rx.pk: dispense(pharmacist, pk, Supply(), source="api", now=NOW), other)
        assert codes.count("done") == 1, codes
        rx.refresh_from_db()
        assert (supplied(rx) == 21000) == (rx.status == Status.DISPENSED)
    assert numbers_without_a_gap()


def test_two_reversals_of_one_dispense_and_a_dispense(cast):
    actor, why = cast.actor("pharmacist"), ReversalReason.RECORDED_IN_ERROR
    for _ in range(3):
        made = f.supply(cast, f.verified(cast))
        rx = made.prescription
        codes = at_once(
            *[lambda pk=made.pk: reverse(actor, pk, reason=why, now=NOW)] * 2,
            lambda pk=rx.pk: dispense(actor, pk, Supply(), source="api", now=NOW),
        )
        again = supplied(rx)
        assert codes.count("done") == 1 + (again > 0)
        assert again in (0, 21000)
    assert numbers_without_a_gap()


def test_a_late_report_races_the_replacement(cast):
    """The old one reported late, the new one dispensed and replaced again: never both, and nobody waits for ever."""
    pharmacist, other, doctor = cast.actor("pharmacist"), cast.actor("other_pharmacist"), cast.actor("doctor")
    later, late = NOW + timedelta(hours=25), Supply(handed_over_at=NOW - timedelta(minutes=30))
    for _ in range(3):
        old, new = f.replaced(cast, f.verified(cast, now=NOW - timedelta(hours=1)), to=cast.other_pharmacy.pk)
        verify(other, new.pk, now=NOW)
        cancel_unanswered(later, world_id=1)
        draft = f.draft(cast, replaces=new, now=later)
        codes = at_once(
            lambda pk=old.pk: dispense(pharmacist, pk, late, source="api", now=later),
            lambda pk=new.pk: dispense(other, pk, Supply(), source="api", now=later),
            lambda pk=new.pk, draft=draft.pk: replace(
                doctor, pk, draft_id=draft, reason="Again", answers=f.KEPT, pharmacy_id=cast.pharmacy.pk, now=later
            ),
        )
        assert not [code for code in codes if "Error" in code], codes
        assert (supplied(old) > 0) + (supplied(new) > 0) <= 1, codes
    assert numbers_without_a_gap()


def test_an_answer_races_the_dispense_of_the_replacement(cast):
    pharmacist, other = cast.actor("pharmacist"), cast.actor("other_pharmacist")
    what = Supply(handed_over_at=NOW - timedelta(minutes=30))
    for _ in range(3):
        old, new = f.replaced(cast, f.verified(cast, now=NOW - timedelta(hours=1)), to=cast.other_pharmacy.pk)
        verify(other, new.pk, now=NOW)
        codes = at_once(
            lambda pk=old.pk: answer_handed_over(pharmacist, pk, what, source="api", now=NOW),
            lambda pk=new.pk: dispense(other, pk, Supply(), source="api", now=NOW),
        )
        assert codes.count("done") == 1, codes
        assert Prescription.objects.get(pk=new.pk).status == Status.ON_HOLD
    assert numbers_without_a_gap()
