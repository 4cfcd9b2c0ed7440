"""The main job, end to end through the acts."""

import pytest

from elmed.access.visibility import get
from elmed.core.refusals import NotNow, NotVisible
from elmed.events.models import Event, EventListing
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import ReversalReason, Status
from tests import factories
from tests.cast import NOW


def test_signed_verified_dispensed_reversed(cast):
    rx = factories.verified(cast)
    assert rx.status == Status.VERIFIED
    made = factories.supply(cast, rx)
    rx.refresh_from_db()
    assert rx.status == Status.DISPENSED
    with pytest.raises(NotNow) as refused:
        factories.supply(cast, rx)
    assert refused.value.extra["current_status"] == "dispensed"
    reverse(cast.actor("pharmacist"), made.pk, reason=ReversalReason.RECORDED_IN_ERROR, now=NOW)
    rx.refresh_from_db()
    assert rx.status == Status.VERIFIED
    types = list(Event.objects.filter(prescription_id=rx.pk).order_by("pk").values_list("type", "version"))
    assert [t for t, _ in types] == [
        "prescription.issued",
        "prescription.routed",
        "prescription.verified",
        "prescription.dispensed",
        "prescription.dispense_reversed",
    ]
    assert [v for _, v in types] == sorted({v for _, v in types})
    numbers = list(
        EventListing.objects.filter(account=cast.pharmacy).order_by("sequence").values_list("sequence", flat=True)
    )
    assert numbers == list(range(1, len(numbers) + 1))


def test_returned_without_supply_is_not_visible(cast):
    rx = factories.verified(cast)
    return_(cast.actor("pharmacist"), rx.pk, reason="Out of stock", now=NOW)
    with pytest.raises(NotVisible):
        get(cast.actor("pharmacist"), Prescription, rx.pk)
