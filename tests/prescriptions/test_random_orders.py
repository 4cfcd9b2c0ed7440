"""Random lives with a web shop in them: reservations made, confirmed, used, freed and forgotten between all other acts.

What is reserved is summed from the reservations' own rows; the counters on the lines must say the same.
"""

from collections import defaultdict
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from elmed.core.refusals import Refusal
from elmed.prescriptions.actions.check import Asked, check
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reservations import confirm, free, free_due, release
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.models import Prescription, PrescriptionLine, Reservation, ReservationLine
from elmed.prescriptions.vocabulary import OPEN
from tests.prescriptions.shop import product, shop
from tests.prescriptions.test_random_lives import Life, live


class ShopLife(Life):
    """The life of a prescription whose first pharmacy has a web shop."""

    @initialize(repeats=st.integers(0, 2), interval=st.sampled_from((0, 7)))
    def is_signed(self, repeats, interval):
        super().is_signed(repeats, interval)
        product(self.cast)
        self.key = shop(self.cast)

    def _reservation(self, pick: int) -> Reservation:
        rows = list(Reservation.objects.order_by("pk"))
        return rows[pick % len(rows)]

    def _refused_or_done(self, act) -> None:
        """These acts change neither status nor version, unless they found it overdue."""
        before = Prescription.objects.get(pk=self.rx_id).version
        with suppress(Refusal):
            act()
        rx = Prescription.objects.get(pk=self.rx_id)
        assert rx.version - before == self._events() - self.events <= 1
        self.version, self.events = rx.version, self._events()

    @rule(eighths=st.integers(1, 9))
    def a_shopper_reserves(self, eighths):
        asked = [Asked("AMOX-21", eighths * 125)]
        self._refused_or_done(lambda: check(self.key, self.rx_id, asked, reserve=True, now=self.now))

    @precondition(lambda self: hasattr(self, "key") and Reservation.objects.exists())
    @rule(pick=st.integers(0, 9), what=st.sampled_from(("confirm", "confirm", "release", "free")))
    def the_order_goes_on(self, pick, what):
        row = self._reservation(pick)
        acts = {
            "confirm": lambda: confirm(self.key, row.pk, external_reference=str(row.pk), now=self.now),
            "release": lambda: release(self.key, row.pk, now=self.now),
            "free": lambda: free(self.actors["pharmacist"], row.pk, reason="Called", now=self.now),
        }
        self._refused_or_done(acts[what])

    @precondition(lambda self: hasattr(self, "key") and Reservation.objects.exists())
    @rule(pick=st.integers(0, 9), ago=st.sampled_from((None, None, 1, 30)))
    def the_parcel_is_sent(self, pick, ago):
        row = self._reservation(pick)
        what = Supply(reservation_id=row.pk, handed_over_at=self.now - timedelta(hours=ago) if ago else None)
        self._try(lambda: dispense(self.key, self.rx_id, what, source="api", now=self.now))

    @rule(minutes=st.sampled_from((5, 15, 15 * 24 * 60)))
    def the_shops_time_goes_by(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def the_worker_frees_what_is_overdue(self):
        self._refused_or_done(lambda: free_due(self.now, world_id=1))

    @invariant()
    def the_counters_say_what_the_reservations_say(self):
        if not hasattr(self, "key"):
            return
        rx = Prescription.objects.get(pk=self.rx_id)
        kept = defaultdict(int)
        for row in ReservationLine.objects.filter(reservation__used_at=None, reservation__freed_at=None):
            kept[row.line_id] += row.quantity_milli
        for line in PrescriptionLine.objects.filter(prescription_id=self.rx_id):
            assert line.reserved_milli == kept[line.pk]
        for row in Reservation.objects.filter(used_at=None, freed_at=None):
            assert rx.status in OPEN
            assert (row.pharmacy_id, row.issue_number) == (rx.pharmacy_id, rx.issue_number)


@pytest.mark.django_db
def test_random_orders():
    live(ShopLife, examples=12 if connection.vendor == "sqlite" else 5, steps=30)
