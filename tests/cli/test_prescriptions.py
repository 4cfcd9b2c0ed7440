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


def test_staff_pause_and_release_what_a_doctor_suspended_for_fraud_signed(elmed, cast):
    rx = factories.verified(cast)
    ran = elmed("accounts", "suspend", cast.doctor.pk, "--fraud", "--reason", "Forged identity")
    assert ran.code == 0, ran.err
    assert elmed("prescriptions", "hold", rx.pk, "--reason", "Again").code == 1  # it is paused already
    ran = elmed("prescriptions", "resume", rx.pk)
    assert (ran.code, ran.out) == (0, f"Prescription {rx.pk} is verified.\n")


def test_transfer_takes_it_only_from_a_pharmacy_that_cannot_act(elmed, cast):
    rx = factories.verified(cast)
    ran = elmed("prescriptions", "transfer", rx.pk, "--reason", "Closed")
    assert (ran.code, "pharmacy_active" in ran.err) == (1, True)
    rx.refresh_from_db()
    assert (rx.status, rx.pharmacy_id) == ("verified", cast.pharmacy.pk)
    elmed("accounts", "suspend", cast.pharmacy.pk, "--reason", "Closed")
    assert elmed("prescriptions", "transfer", rx.pk, "--reason", "Closed").out == f"Prescription {rx.pk} is issued.\n"


def test_correct_is_final_and_asks_for_a_reason(elmed, cast):
    rx = factories.issued(cast)
    assert elmed("prescriptions", "correct", rx.pk).code == 2
    assert elmed("prescriptions", "correct", rx.pk, "--reason", "Wrong patient").code == 0
    assert elmed("prescriptions", "correct", rx.pk, "--reason", "Again").code == 1
    assert elmed("prescriptions", "correct", 2**40, "--reason", "No such").code == 1
    rx.refresh_from_db()
    assert rx.status == "entered_in_error"
