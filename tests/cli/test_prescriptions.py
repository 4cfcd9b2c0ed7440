"""`elmed prescriptions`."""

from datetime import timedelta

from elmed.core.clock import real_now
from elmed.prescriptions.models import Prescription, PrescriptionLine
from tests import factories


def test_expire_ends_what_is_overdue_and_nothing_else(elmed, cast):
    long_ago = real_now() - timedelta(days=300)
    overdue = factories.verified(cast, now=long_ago)
    young = factories.verified(cast, now=real_now() - timedelta(days=1))
    ran = elmed("prescriptions", "expire")
    assert (ran.code, ran.out) == (0, "1 prescriptions expired.\n")
    overdue.refresh_from_db()
    young.refresh_from_db()
    assert (overdue.status, young.status) == ("expired", "verified")
    assert elmed("prescriptions", "expire").out == "0 prescriptions expired.\n"


def test_check_signatures_counts_intact_ones(elmed, cast, monkeypatch):
    monkeypatch.setattr("elmed.cli.prescriptions.CHUNK", 2)
    for _ in range(3):
        factories.issued(cast, answers={"duplicate:1": "Known"})
    factories.draft(cast)
    ran = elmed("prescriptions", "check-signatures")
    assert (ran.code, ran.out) == (0, "3 signed prescriptions: 3 intact, 0 broken.\n")


def test_check_signatures_names_what_was_tampered_with(elmed, cast):
    intact = factories.issued(cast)
    words, quantity, unsigned = (factories.issued(cast, answers={"duplicate:1": "Known"}) for _ in range(3))
    Prescription.objects.filter(pk=words.pk).update(notes="Give twice as much")
    PrescriptionLine.objects.filter(prescription=quantity).update(quantity_milli=99000)
    Prescription.objects.filter(pk=unsigned.pk).update(signature_value="AAAA")
    ran = elmed("prescriptions", "check-signatures")
    assert ran.code == 1
    assert ran.out.splitlines()[-1] == "4 signed prescriptions: 1 intact, 3 broken."
    for rx in (words, quantity, unsigned):
        assert f"The seal of prescription {rx.pk} does not hold." in ran.out
    assert f"prescription {intact.pk} " not in ran.out


def test_check_signatures_without_a_key_says_so(elmed, cast, data):
    factory = elmed("prescriptions", "check-signatures")
    assert factory.code == 1
    assert "No sealing key" in factory.err
