"""Routing, returning, transferring, correcting, expiring; who sees what from which moment; who may not, whoever they are."""

from contextlib import suppress
from datetime import timedelta

import pytest

from elmed.access.actors import of_person
from elmed.access.visibility import get
from elmed.accounts.actions import add_member, change_state
from elmed.accounts.models import Account, AccountState, Role
from elmed.core.clock import real_now
from elmed.core.models import Mode, World
from elmed.core.refusals import NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.prescriptions.actions.correct import correct
from elmed.prescriptions.actions.expire import expire_due
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.transfer import transfer
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Act, ReversalReason, Status
from tests import factories as f
from tests.cast import NOW, key_actor
from tests.prescriptions.attempts import attempt, everything, newest_dispense, refused
from tests.prescriptions.starts import HOUR, STARTS


def sees(cast, who, rx) -> bool:
    try:
        return bool(get(cast.actor(who), Prescription, rx.pk))
    except NotVisible:
        return False


def test_a_draft_is_its_doctors_alone(cast):
    rx = f.draft(cast)
    assert sees(cast, "doctor", rx)
    assert not any(sees(cast, who, rx) for who in ("other_doctor", "pharmacist", "patient", "staff"))
    with pytest.raises(NotVisible):
        get(key_actor(cast, "doctor", "rx:read"), Prescription, rx.pk)


def test_a_pharmacy_sees_what_is_routed_to_it_in_any_status(cast):
    for name in (
        "pending",
        "partly",
        "dispensed",
        "rejected",
        "not dispensed",
        "cancelled",
        "stopped",
        "entered in error",
    ):
        rx = STARTS[name].build(cast)
        assert sees(cast, "pharmacist", rx)
        assert not sees(cast, "other_pharmacist", rx)
    assert not sees(cast, "pharmacist", f.issued(cast))


def test_moved_by_the_patient_it_is_gone_for_the_first_pharmacy(cast):
    rx = f.pending_review(cast)
    with refused("already_there"):
        route(cast.actor("patient"), rx.pk, pharmacy_id=cast.pharmacy.pk, now=NOW)
    route(cast.actor("patient"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW)
    assert not sees(cast, "pharmacist", rx)
    assert sees(cast, "other_pharmacist", rx)


def test_returned_without_supply_it_is_gone_with_supply_it_stays_readable(cast):
    rx = f.verified(cast)
    return_(cast.actor("technician"), rx.pk, reason="Out of stock", now=NOW)
    assert not sees(cast, "pharmacist", rx)
    supplied = f.returned_part_supplied(cast)
    assert sees(cast, "pharmacist", supplied)
    for act in (Act.VERIFY, Act.DISPENSE, Act.RETURN, Act.CLOSE):
        with refused("not_a_party"):
            attempt(act, cast, cast.actor("pharmacist"), supplied, NOW)


def test_a_supply_that_was_void_before_the_return_gives_no_sight(cast):
    rx = f.partially_dispensed(cast)
    reverse(cast.actor("pharmacist"), newest_dispense(rx), reason=ReversalReason.RECORDED_IN_ERROR, now=NOW)
    return_(cast.actor("pharmacist"), rx.pk, reason="Out of stock", now=NOW)
    assert not sees(cast, "pharmacist", rx)


def test_it_may_come_back_to_a_pharmacy_that_supplied_some(cast):
    rx = f.returned_part_supplied(cast)
    route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.pharmacy.pk, now=NOW)
    rx = verify(cast.actor("pharmacist"), rx.pk, now=NOW)
    assert rx.status == Status.PARTIALLY_DISPENSED
    assert f.supply(cast, rx).lines.get().quantity_milli == 11000


def test_only_a_verified_pharmacy_receives(cast):
    change_state(cast.actor("staff"), cast.other_pharmacy.pk, AccountState.SUSPENDED, reason="Closed", now=NOW)
    for pharmacy in (cast.other_pharmacy.pk, cast.doctor.pk, 10**9):
        subject = f.issued(cast).pk
        with refused("unknown_pharmacy"):
            route(cast.actor("doctor"), subject, pharmacy_id=pharmacy, now=NOW)


def test_staff_transfer_only_from_a_pharmacy_that_cannot_act(cast):
    rx, fraud = f.partially_dispensed(cast), f.held(cast, "staff", f.verified(cast))
    with refused("pharmacy_active"):
        transfer(cast.actor("staff"), rx.pk, reason="Closed down", now=NOW)
    change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.SUSPENDED, reason="Closed down", now=NOW)
    with refused("hold_of_another_side"):
        transfer(cast.actor("staff"), fraud.pk, reason="Closed down", now=NOW)
    rx = transfer(cast.actor("staff"), rx.pk, reason="Closed down", now=NOW)
    assert (rx.status, rx.pharmacy_id, rx.verified_at) == (Status.ISSUED, None, None)


def test_corrected_it_stays_readable_and_nothing_can_happen_to_it(cast):
    rx = f.dispensed(cast)
    with refused("required"):
        correct(cast.actor("staff"), rx.pk, reason="", now=NOW)
    correct(cast.actor("staff"), rx.pk, reason="Wrong patient", now=NOW)
    assert sees(cast, "doctor", rx) and sees(cast, "pharmacist", rx) and sees(cast, "patient", rx)
    with refused("invalid_status"):
        reverse(cast.actor("staff"), newest_dispense(rx), reason=ReversalReason.RECORDED_IN_ERROR, now=NOW)


class TestOverdue:
    """Its time is over, and no job ran yet."""

    @pytest.mark.parametrize(
        ("act", "who"),
        [(Act.VERIFY, "pharmacist"), (Act.RETURN, "owner"), (Act.CANCEL, "doctor"), (Act.ROUTE, "patient")],
    )
    def test_a_refused_act_leaves_exactly_the_expiry(self, cast, act, who):
        rx, actor = f.pending_review(cast), cast.actor(who)
        now, events = rx.expires_at + HOUR, Event.objects.count()
        with pytest.raises(NotNow) as no:
            attempt(act, cast, actor, rx, now)
        assert no.value.extra["current_status"] == "expired"
        after = Prescription.objects.get(pk=rx.pk)
        assert (after.status, after.version, after.ended_at) == (Status.EXPIRED, rx.version + 1, rx.expires_at)
        assert Event.objects.count() == events + 1
        last = Event.objects.latest("pk")
        assert (last.type, last.source, last.version) == ("prescription.expired", "clock", after.version)
        untouched = everything()
        with suppress(NotNow):
            attempt(act, cast, actor, rx, now)
        assert everything() == untouched

    def test_the_job_expires_what_is_open_and_nothing_else(self, cast):
        made = [STARTS[name].build(cast) for name in ("issued", "verified", "partly", "cancellation asked", "draft")]
        dispensed = f.dispensed(cast)
        end = max(rx.expires_at for rx in made)
        assert expire_due(end - timedelta(microseconds=1), world_id=1) == 0
        assert expire_due(end, world_id=1, most=3) == 3
        assert expire_due(end, world_id=1) == 1
        dispensed.refresh_from_db()
        assert dispensed.status == Status.DISPENSED
        made[-1].refresh_from_db()
        assert made[-1].status == Status.DRAFT


class TestNobodyServesThemselves:
    """Nobody verifies or dispenses what they prescribed or what is prescribed to them."""

    def second_role(self, cast, who, role):
        account = cast.pharmacy
        add_member(account, cast.people[who], role)
        actor = of_person(cast.people[who], account, authenticated_at=real_now())
        assert actor is not None
        return actor

    @pytest.mark.parametrize("who", ["doctor", "patient"])
    def test_a_pharmacist_who_prescribed_it_or_takes_it(self, cast, who):
        actor = self.second_role(cast, who, Role.PHARMACIST)
        pending, checked, asked = f.pending_review(cast), f.verified(cast), f.cancellation_requested(cast)
        for act, rx in ((Act.VERIFY, pending), (Act.DISPENSE, checked), (Act.ANSWER_HANDED_OVER, asked)):
            with refused("own_prescription"):
                attempt(act, cast, actor, rx, NOW)
        assert return_(actor, checked.pk, reason="Colleague is away", now=NOW).status == Status.ISSUED


class TestAccountsThatMayNotAct:
    """Suspended, pending, rejected: nothing at all. Lapsed: reading."""

    @pytest.mark.parametrize("state", [s for s in AccountState if s != AccountState.VERIFIED])
    @pytest.mark.parametrize("who", ["doctor", "pharmacist", "pharmacy key"])
    def test_every_act_is_refused(self, cast, state, who):
        rx = f.partially_dispensed(cast)
        account = cast.doctor if who == "doctor" else cast.pharmacy
        scopes = ("rx:read", "rx:dispense")
        actor = key_actor(cast, "pharmacist", *scopes) if "key" in who else None
        Account.objects.filter(pk=account.pk).update(state=state)
        if actor is None:
            actor = cast.actor(who)
        else:
            from dataclasses import replace

            actor = replace(actor, account_state=state)
        for act in (Act.DISPENSE, Act.REVERSE, Act.RETURN, Act.STOP, Act.REPLACE, Act.ISSUE):
            with refused("account_not_active"):
                attempt(act, cast, actor, rx, NOW)


class TestTwoWorlds:
    """Test and live never touch."""

    def in_test_world(self, cast, actor):
        from dataclasses import replace

        world = World.objects.get(pk=cast.pharmacy.test_world_id)
        return replace(actor, world_id=world.pk, mode=Mode.TEST)

    def test_a_test_actor_finds_nothing_live(self, cast):
        rx = f.partially_dispensed(cast)
        before = everything()
        for who in ("doctor", "pharmacist", "patient", "staff"):
            actor = self.in_test_world(cast, cast.actor(who))
            for act in Act:
                if act is Act.EXPIRE:
                    continue
                with pytest.raises((NotVisible, NotAllowed)):
                    attempt(act, cast, actor, rx, NOW)
        assert everything() == before

    def test_the_jobs_of_one_world_leave_the_other_alone(self, cast):
        from elmed.prescriptions.actions.cancel import cancel_unanswered

        rx = f.cancellation_requested(cast)
        world = cast.pharmacy.test_world_id
        assert expire_due(rx.expires_at, world_id=world, mode=Mode.TEST) == 0
        assert cancel_unanswered(rx.expires_at, world_id=world) == 0

    def test_a_live_prescription_goes_to_no_pharmacy_of_a_test_world(self, cast):
        Account.objects.filter(pk=cast.other_pharmacy.pk).update(world_id=cast.pharmacy.test_world_id)
        subject = f.issued(cast).pk
        with refused("unknown_pharmacy"):
            route(cast.actor("doctor"), subject, pharmacy_id=cast.other_pharmacy.pk, now=NOW)


def test_signing_needs_the_doctor_at_the_keyboard(cast):
    from dataclasses import replace

    rx = f.draft(cast)
    for age in (None, timedelta(minutes=6)):
        absent = replace(cast.actor("doctor"), authenticated_at=age and real_now() - age)
        with refused("reauthentication_required"):
            issue(absent, rx.pk, answers=f.KEPT, now=NOW)
    controlled = f.draft(cast, lines=(f.DraftLine("morphine 10 mg", "One a day", 7000, "tablet", is_controlled=True),))
    minute_ago = replace(cast.actor("doctor"), authenticated_at=real_now() - timedelta(minutes=1))
    with refused("reauthentication_required"):
        issue(minute_ago, controlled.pk, now=NOW)
    assert issue(minute_ago, rx.pk, answers=f.KEPT, now=NOW).status == Status.ISSUED
