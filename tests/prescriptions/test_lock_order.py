"""Two transactions that meet half way, on PostgreSQL: one waits for the other, and neither is thrown out as a deadlock."""

import threading
import time

import pytest
from django.db import OperationalError, connection, connections, transaction

from elmed.access import keys
from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState
from elmed.prescriptions.actions import sweeps
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.fraud import suspend_for_fraud
from elmed.prescriptions.actions.legal import lock
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.models import Prescription, Sweep
from elmed.prescriptions.vocabulary import Status
from tests import factories as f
from tests.cast import NOW, Cast, assemble, key_actor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db) -> Cast:
    """Everybody, committed, so that other connections see them."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time: no two can meet")
    return assemble()


def meet(first, second, *, then=lambda: None) -> list[str]:
    """`first` in an open transaction, `second` beside it, then `then` and the commit of the first. What went wrong."""
    started, wrong = threading.Event(), []

    def run(act):
        try:
            act()
        except Exception as error:
            wrong.append(repr(error))
        finally:
            connections.close_all()

    def holding():
        with transaction.atomic():
            first()
            started.set()
            time.sleep(0.5)
            then()

    def meeting():
        started.wait(timeout=10)
        second()

    threads = [threading.Thread(target=run, args=(act,)) for act in (holding, meeting)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return wrong


def test_a_key_is_revoked_while_it_dispenses(cast):
    rx, till = f.verified(cast), key_actor(cast, "owner", "rx:read", "rx:dispense")
    owner = cast.actor("owner")
    wrong = meet(
        lambda: dispense(till, rx.pk, Supply(), source="api", now=NOW), lambda: keys.revoke(owner, till.key_id)
    )
    assert wrong == []


def test_a_pharmacy_is_suspended_while_it_dispenses(cast):
    rx, pharmacist, staff = f.verified(cast), cast.actor("pharmacist"), cast.actor("staff")
    wrong = meet(
        lambda: dispense(pharmacist, rx.pk, Supply(), source="portal", now=NOW),
        lambda: change_state(staff, cast.pharmacy.pk, AccountState.SUSPENDED, reason="Licence withdrawn", now=NOW),
    )
    assert wrong == []


def test_a_doctor_is_suspended_for_fraud_while_a_pharmacy_dispenses(cast):
    """The suspension waits for nobody's prescription, and what is dispensed after it is refused."""
    rx, other, pharmacist = f.verified(cast), f.verified(cast), cast.actor("pharmacist")
    staff = cast.actor("staff")
    wrong = meet(
        lambda: lock(pharmacist, rx.pk),
        lambda: suspend_for_fraud(staff, cast.doctor.pk, reason="Forged identity", now=NOW),
        then=lambda: dispense(pharmacist, rx.pk, Supply(), source="portal", now=NOW),
    )
    assert len(wrong) == 1 and "not possible while it is `on_hold`" in wrong[0]
    sweeps.advance(Sweep.objects.get().pk, seconds=60)
    rx.refresh_from_db()
    other.refresh_from_db()
    assert (rx.status, other.status) == (Status.ON_HOLD, Status.ON_HOLD)


def test_an_act_locks_what_replaces_it_before_anybodys_event_list(cast):
    """Otherwise what first expires an overdue, replaced one takes event lists, and then the replacement."""
    old, new = f.replaced(cast, f.verified(cast))
    wrong = []

    def take():
        try:
            with transaction.atomic():
                Prescription.objects.select_for_update(nowait=True).get(pk=new.pk)
        except OperationalError as error:
            wrong.append(str(error))
        finally:
            connections.close_all()

    with transaction.atomic():
        lock(cast.actor("pharmacist"), old.pk)
        other = threading.Thread(target=take)
        other.start()
        other.join(timeout=30)
    assert len(wrong) == 1 and "could not obtain lock" in wrong[0]
