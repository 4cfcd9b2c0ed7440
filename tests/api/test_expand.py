"""`expand`: the same data as the calls it saves, the same rights, the same record of who looked, few statements."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from elmed.core.clock import real_now
from elmed.events.models import AccessRecord
from elmed.patients.models import Allergy, Patient
from elmed.prescriptions.models import Prescription
from tests import factories as f
from tests.api.client import Api, refusal


@pytest.fixture
def two(cast):
    """One that was supplied and one that waits, of two patients."""
    supplied = f.partially_dispensed(cast)
    waits = f.verified(cast)
    Prescription.objects.filter(pk=waits.pk).update(patient=cast.other_patient)
    Allergy.objects.create(
        patient=cast.patient, substance="Penicillin", reaction="rash", recorded_by=cast.doctor, created_at=real_now()
    )
    return supplied, waits


def test_a_patient_is_the_profile_of_its_own_call(cast, pharmacy, two):
    for rx, patient in zip(two, (cast.patient, cast.other_patient), strict=True):
        profile = pharmacy.get(f"/patients/{patient.pk}").json()
        assert pharmacy.get(f"/prescriptions/{rx.pk}?expand=patient").json()["patient"] == profile
        listed = {one["id"]: one for one in pharmacy.get("/prescriptions?expand=patient").json()["data"]}
        assert listed[rx.pk]["patient"] == profile
        assert "dispenses" not in listed[rx.pk]


def test_dispenses_in_the_list_are_those_of_the_read(pharmacy, two):
    listed = pharmacy.get("/prescriptions?expand=patient,dispenses").json()["data"]
    for one in listed:
        read = pharmacy.get(f"/prescriptions/{one['id']}?expand=dispenses").json()
        assert one["dispenses"] == read["dispenses"]
        assert read["patient"].keys() == {"id", "name", "date_of_birth"}
    assert sum(len(one["dispenses"]) for one in listed) == 1


def test_everything_else_is_as_without(pharmacy, two):
    for path in (f"/prescriptions/{two[0].pk}", "/prescriptions"):
        plain, more = pharmacy.get(path).json(), pharmacy.get(f"{path}?expand=patient,dispenses").json()
        for one, other in zip(plain.get("data", [plain]), more.get("data", [more]), strict=True):
            for added in ("patient", "dispenses"):
                one.pop(added, None), other.pop(added)
        assert plain == more


def test_it_needs_the_scope_before_anything_is_read(cast, make_key, two):
    api = Api(make_key("pharmacist", "rx:read")[1])
    records = AccessRecord.objects.count()
    for path in ("/prescriptions", f"/prescriptions/{two[0].pk}", "/prescriptions/987654"):
        no = refusal(api.get(f"{path}?expand=patient"), 403, "insufficient_scope")
        assert no["needed_scopes"] == ["patient:read", "admin"] or no["needed_scopes"] == ["patient:read"]
    assert AccessRecord.objects.count() == records
    assert api.get("/prescriptions?expand=dispenses").status_code == 200


@pytest.mark.parametrize("what", ["doctor", "patient,doctor", "", "patient,", "Patient", "patient%20"])
def test_what_cannot_be_expanded(pharmacy, two, what):
    no = refusal(pharmacy.get(f"/prescriptions?expand={what}"), 400, "invalid_parameter")
    assert no["errors"][0]["parameter"] == "expand"
    assert "patient, dispenses" in no["errors"][0]["detail"]


def test_a_relationship_that_ended_leaves_the_short_form(cast, pharmacy, two):
    rx = two[0]
    Prescription.objects.filter(patient_id=rx.patient_id).update(created_at=rx.created_at - timedelta(days=800))
    refusal(pharmacy.get(f"/patients/{rx.patient_id}"), 404, "not_found")
    short = pharmacy.get(f"/prescriptions/{rx.pk}?expand=patient").json()["patient"]
    assert short == pharmacy.get(f"/prescriptions/{rx.pk}").json()["patient"]


def test_the_patient_sees_that_the_profile_was_read(cast, pharmacy, two):
    pharmacy.get("/prescriptions?expand=patient")
    record = AccessRecord.objects.get(action="patient.read")
    seen = set(record.patients.values_list("patient_id", flat=True))
    assert seen == {cast.patient.pk, cast.other_patient.pk}


def test_a_merged_record_is_answered_with_the_one_it_went_into(cast, pharmacy, two):
    Patient.objects.filter(pk=cast.patient.pk).update(merged_into=cast.other_patient)
    assert pharmacy.get(f"/prescriptions/{two[0].pk}?expand=patient").json()["patient"]["id"] == cast.other_patient.pk


def test_the_number_of_statements_does_not_grow(cast, pharmacy, two):
    def statements():
        with CaptureQueriesContext(connection) as seen:
            answer = pharmacy.get("/prescriptions?expand=patient,dispenses&limit=100")
        return len(seen), len(answer.json()["data"])

    statements()  # the first one also opens the key's window, and notes its use
    few, rows = statements()
    Allergy.objects.all().delete()  # or each one more would have to be answered for
    for _ in range(4):
        f.partially_dispensed(cast)
    assert statements() == (few, rows + 4)


def test_an_expanded_read_has_an_etag_of_its_own(pharmacy, two):
    path = f"/prescriptions/{two[0].pk}"
    plain, more = pharmacy.get(path), pharmacy.get(f"{path}?expand=patient")
    assert plain["ETag"] != more["ETag"]
    assert pharmacy.get(f"{path}?expand=patient", headers={"If-None-Match": more["ETag"]}).status_code == 304
    assert json.loads(more.content)["version"] == json.loads(plain.content)["version"]


def test_a_cursor_goes_on_whatever_is_expanded(pharmacy, two):
    first = pharmacy.get("/prescriptions?limit=1").json()
    second = pharmacy.get(f"/prescriptions?limit=1&expand=dispenses&cursor={first['next_cursor']}").json()
    assert second["data"][0]["id"] != first["data"][0]["id"]
