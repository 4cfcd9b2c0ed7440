"""A change that waited for a lock is dated when it was written, not when its request began."""

from datetime import timedelta
from types import SimpleNamespace

from elmed.prescriptions.actions import legal
from elmed.prescriptions.models import Prescription
from tests import factories as f
from tests.cast import NOW


def test_whoever_polls_by_change_does_not_miss_it(cast, monkeypatch):
    rx = f.verified(cast)
    ticks = iter((100.0, 103.5))
    monkeypatch.setattr(legal, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    f.supply(cast, rx)
    after = Prescription.objects.get(pk=rx.pk)
    assert after.updated_at == after.step_since == NOW + timedelta(seconds=3.5)
