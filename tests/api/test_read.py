"""GET /prescriptions/{id}, /dispenses/{id}, /patients/{id}: every field as promised, and conditional requests."""

import json
from datetime import timedelta

import pytest

from elmed.patients.models import Allergy, AllergyStatus, Consultation, Patient
from elmed.prescriptions.models import Prescription
from tests import factories as f
from tests.api.client import refusal

# By hand, from the product page.
CONTENTS = [
    "id", "reference", "status", "status_reason", "version", "prescriber", "patient", "pharmacy", "diagnosis", "medications",
    "dispenses", "notes", "valid_from", "valid_until", "repeats_allowed", "repeats_remaining", "minimum_dispense_interval_days",
    "next_dispense_at", "is_controlled", "replaces", "issued_at", "created_at", "updated_at", "signature", "allowed_actions",
]  # fmt: skip
NOT_LISTED = {"diagnosis", "notes", "dispenses"}
LINE = [
    "id",
    "medication",
    "dosage_instruction",
    "quantity",
    "days_supply",
    "substitution",
    "quantity_dispensed",
    "quantity_remaining",
    "quantity_reserved",
]
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


@pytest.fixture
def rx(cast):
    line = f.DraftLine(
        "ibuprofen 40 mg/ml", "Take 2.5 ml three times a day", 87500, "ml", medication_code="M01AE01", medication_system="ATC",
        strength="40 mg/ml", form="suspension", route="oral", days_supply=7, substitution_allowed=False, substitution_reason="Allergy to E102",
    )  # fmt: skip
    rx = f.verified(cast, lines=(line, f.RAMIPRIL), notes="“Quoted” & <b>ünïcode</b> 💊\nsecond line")
    given = f.supply(
        cast, rx, (f.first_line(rx), 12505), receiver="Cara's son", external_reference="1042", note="by bike"
    )
    return given.prescription


def test_the_whole_of_it(cast, pharmacy, rx):
    read = pharmacy.get(f"/prescriptions/{rx.pk}").json()
    rx.refresh_from_db()
    assert list(read) == CONTENTS
    assert read["reference"] == rx.reference
    assert (read["status"], read["version"], read["status_reason"]) == ("partially_dispensed", rx.version, None)
    assert read["prescriber"] == {
        "id": cast.doctor.pk,
        "name": "Dr Ada Brook",
        "licence_number": "D1",
        "phone": "+44 20 7946 0000",
    }
    assert read["patient"] == {"id": cast.patient.pk, "name": "Cara Dean", "date_of_birth": "1961-02-03"}
    assert read["pharmacy"] == {"id": cast.pharmacy.pk, "name": "Brook Street Pharmacy"}
    assert read["diagnosis"] == f.DIAGNOSIS
    assert read["notes"] == rx.notes
    assert (read["valid_from"], read["valid_until"]) == (rx.valid_from.isoformat(), rx.valid_until.isoformat())
    assert (read["repeats_allowed"], read["repeats_remaining"], read["replaces"], read["next_dispense_at"]) == (
        0,
        0,
        None,
        None,
    )
    assert read["is_controlled"] is False
    assert [read[name] for name in ("issued_at", "created_at", "updated_at")] == [
        moment.strftime(MOMENT) for moment in (rx.issued_at, rx.created_at, rx.updated_at)
    ]
    assert read["signature"] == {
        "algorithm": "Ed25519", "key_id": rx.signature_key_id, "value": rx.signature_value, "signed_at": rx.signed_at.strftime(MOMENT),
    }  # fmt: skip
    assert read["allowed_actions"] == ["dispense", "reverse"]


def test_its_lines(pharmacy, rx):
    first, second = pharmacy.get(f"/prescriptions/{rx.pk}").json()["medications"]
    assert list(first) == list(second) == LINE
    assert first["medication"] == {
        "text": "ibuprofen 40 mg/ml", "code": "M01AE01", "system": "ATC", "strength": "40 mg/ml", "form": "suspension", "route": "oral",
    }  # fmt: skip
    assert (first["quantity"], first["days_supply"]) == ({"value": "87.5", "unit": "ml"}, 7)
    assert first["substitution"] == {"allowed": False, "reason": "Allergy to E102"}
    assert (first["quantity_dispensed"], first["quantity_remaining"], first["quantity_reserved"]) == (
        "12.505",
        "74.995",
        "0",
    )
    assert second["medication"] == {"text": "ramipril 5 mg tablets"} | dict.fromkeys(
        ("code", "system", "strength", "form", "route")
    )
    assert (second["quantity"]["value"], second["days_supply"], second["substitution"]["reason"]) == ("28", None, None)


def test_what_was_supplied(cast, pharmacy, doctor, rx):
    dispense = rx.dispenses.get()
    [shown] = pharmacy.get(f"/prescriptions/{rx.pk}").json()["dispenses"]
    assert shown == pharmacy.get(f"/dispenses/{dispense.pk}").json()
    assert shown["lines"] == [
        {"medication_id": f.first_line(rx), "quantity": "12.505", "product_sku": None, "batch_number": None, "expiry_date": None,
         "substituted": False, "substitution_reason": None}
    ]  # fmt: skip
    assert (shown["issue_number"], shown["source"], shown["reversal"]) == (1, "portal", None)
    assert shown["by"] == {"type": "person", "id": cast.people["pharmacist"].pk}
    assert (shown["receiver"], shown["external_reference"], shown["note"]) == ("Cara's son", "1042", "by bike")
    seen_by_doctor = doctor.get(f"/dispenses/{dispense.pk}").json()
    assert seen_by_doctor == {**shown, "receiver": None, "external_reference": None, "note": None}


def test_a_list_shows_the_same_without_what_is_only_read(pharmacy, doctor, admin, rx):
    for api in (pharmacy, doctor, admin):
        read = api.get(f"/prescriptions/{rx.pk}").json()
        expected = {name: value for name, value in read.items() if name not in NOT_LISTED}
        assert api.get("/prescriptions").json()["data"] == [expected]
        assert api.get("/prescriptions?updated_since=2020-01-01T00:00:00Z").json()["data"] == [expected]


@pytest.mark.parametrize("milli,shown", [(1, "0.001"), (10, "0.01"), (500, "0.5"), (1000, "1"), (1500, "1.5"), (10000, "10"), (100000000, "100000"), (999999999, "999999.999"), (1000000000, "1000000"), (20010, "20.01")])  # fmt: skip
def test_quantities_are_canonical(cast, pharmacy, milli, shown):
    rx = f.verified(cast, lines=(f.DraftLine("x", "y", milli, "g"),))
    line = pharmacy.get(f"/prescriptions/{rx.pk}").json()["medications"][0]
    assert (line["quantity"]["value"], line["quantity_remaining"], line["quantity_dispensed"]) == (shown, shown, "0")
    answer = pharmacy.dispense(rx, {"lines": [{"medication_id": line["id"], "quantity": shown}]})
    assert answer.json()["dispense"]["lines"][0]["quantity"] == shown
    assert answer.json()["prescription"]["status"] == "dispensed"


@pytest.mark.parametrize("microsecond", [0, 1, 100000, 999999])
def test_moments_have_six_digits(pharmacy, rx, microsecond):
    moment = rx.updated_at.replace(microsecond=microsecond)
    Prescription.objects.filter(pk=rx.pk).update(updated_at=moment, created_at=moment, issued_at=moment)
    read = pharmacy.get(f"/prescriptions/{rx.pk}").json()
    assert read["updated_at"] == read["created_at"] == read["issued_at"] == moment.strftime(MOMENT)


def test_repeats(cast, pharmacy):
    rx = f.dispensed(cast, repeats_allowed=2, minimum_dispense_interval_days=28)
    read = pharmacy.get(f"/prescriptions/{rx.pk}").json()
    assert (read["status"], read["repeats_allowed"], read["repeats_remaining"]) == ("verified", 2, 1)
    assert read["next_dispense_at"] == (rx.dispenses.get().handed_over_at + timedelta(days=28)).strftime(MOMENT)
    assert (read["medications"][0]["quantity_dispensed"], read["medications"][0]["quantity_remaining"]) == ("0", "21")
    assert read["allowed_actions"] == ["reverse"]
    refusal(pharmacy.dispense(rx), 409, "too_early")


class TestConditions:
    """ETag, 304, If-Match."""

    def test_304_until_it_changes(self, cast, pharmacy, rx):
        first = pharmacy.get(f"/prescriptions/{rx.pk}")
        tag = first["ETag"]
        version = first.json()["version"]
        assert tag.startswith(f'"{version}-')
        assert pharmacy.get(f"/prescriptions/{rx.pk}")["ETag"] == tag
        for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = pharmacy.get(f"/prescriptions/{rx.pk}", headers={"If-None-Match": given})
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag), given
            assert again["Cache-Control"] == first["Cache-Control"]
        for given in ("", '"x"', tag.strip('"'), f'"{version}"', tag[:-2] + '"'):
            assert pharmacy.get(f"/prescriptions/{rx.pk}", headers={"If-None-Match": given}).status_code == 200, given
        pharmacy.dispense(rx)
        changed = pharmacy.get(f"/prescriptions/{rx.pk}", headers={"If-None-Match": tag})
        assert changed.status_code == 200
        assert changed["ETag"] != tag

    def test_what_the_caller_may_do_is_part_of_the_tag(self, pharmacy, rx):
        tag = pharmacy.get(f"/prescriptions/{rx.pk}")["ETag"]
        Prescription.objects.filter(pk=rx.pk).update(expires_at=f.NOW)
        again = pharmacy.get(f"/prescriptions/{rx.pk}", headers={"If-None-Match": tag})
        assert again.status_code == 200
        assert again["ETag"].split("-")[0] == tag.split("-")[0]

    @pytest.mark.parametrize("form", ["etag", "weak", "version", "star"])
    def test_if_match_takes_the_tag_or_the_version(self, pharmacy, rx, form):
        tag = pharmacy.get(f"/prescriptions/{rx.pk}")["ETag"]
        given = {"etag": tag, "weak": f"W/{tag}", "version": tag.split("-")[0] + '"', "star": "*"}[form]
        assert pharmacy.dispense(rx, headers={"If-Match": given}).status_code == 200

    def test_if_match_compares_the_version_alone(self, pharmacy, rx):
        version = pharmacy.get(f"/prescriptions/{rx.pk}").json()["version"]
        assert pharmacy.dispense(rx, headers={"If-Match": f'"{version}-0123456789abcdef"'}).status_code == 200

    def test_reverse_takes_it_too(self, pharmacy, rx):
        dispense, body = rx.dispenses.get(), {"reason_code": "recorded_in_error"}
        path = f"/dispenses/{dispense.pk}/reverse"
        rx.refresh_from_db()
        refusal(pharmacy.post(path, body, headers={"If-Match": f'"{rx.version - 1}"'}), 412, "version_conflict")
        assert pharmacy.post(path, body, headers={"If-Match": f'"{rx.version}"'}).status_code == 200


class TestPatients:
    """GET /patients/{id}."""

    def test_the_profile(self, cast, pharmacy, doctor, rx):
        patient = cast.patient
        Allergy.objects.create(
            patient=patient, substance="Penicillin", reaction="Rash", recorded_by=cast.doctor, created_at=f.NOW
        )
        Patient.objects.filter(pk=patient.pk).update(allergy_status=AllergyStatus.RECORDED, phone="+44 1")
        said = pharmacy.get(f"/patients/{patient.pk}").json()
        assert list(said) == [
            "id",
            "name",
            "date_of_birth",
            "sex",
            "phone",
            "email",
            "address",
            "allergies",
            "updated_at",
        ]
        assert said["allergies"] == {
            "status": "recorded",
            "items": [{"substance": "Penicillin", "code": None, "reaction": "Rash"}],
        }
        assert (said["id"], said["name"], said["sex"], said["phone"], said["email"]) == (
            patient.pk,
            "Cara Dean",
            "female",
            "+44 1",
            None,
        )
        assert doctor.get(f"/patients/{patient.pk}").json() == said
        assert "health_number" not in json.dumps(said)

    def test_without_a_relationship_it_is_404(self, cast, pharmacy, doctor, other_pharmacy, admin, rx):
        for api in (pharmacy, doctor):
            refusal(api.get(f"/patients/{cast.other_patient.pk}"), 404, "not_found")
        refusal(other_pharmacy.get(f"/patients/{cast.patient.pk}"), 404, "not_found")
        assert admin.get(f"/patients/{cast.other_patient.pk}").json()["allergies"] == {
            "status": "not_recorded",
            "items": [],
        }

    def test_the_relationship_ends_after_24_months(self, cast, pharmacy, doctor, rx):
        long_ago = f.NOW - timedelta(days=732)
        Prescription.objects.update(created_at=long_ago)
        refusal(pharmacy.get(f"/patients/{cast.patient.pk}"), 404, "not_found")
        assert doctor.get(f"/patients/{cast.patient.pk}").status_code == 200, "there is a consultation"
        Consultation.objects.update(held_at=long_ago)
        refusal(doctor.get(f"/patients/{cast.patient.pk}"), 404, "not_found")

    def test_a_draft_is_no_relationship_of_a_key(self, cast, other_pharmacy):
        f.draft(cast)
        refusal(other_pharmacy.get(f"/patients/{cast.patient.pk}"), 404, "not_found")


def test_a_draft_is_not_there(cast, doctor, admin):
    rx = f.draft(cast)
    for api in (doctor, admin):
        refusal(api.get(f"/prescriptions/{rx.pk}"), 404, "not_found")
        assert api.get("/prescriptions").json()["data"] == []
