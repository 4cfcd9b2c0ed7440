"""`?dry_run=true`: the same answer or the same refusal, and nothing is kept, on every endpoint that writes."""

import pytest

from elmed.api.endpoint import ENDPOINTS
from elmed.core.models import Mode
from elmed.events.models import AccessRecord
from elmed.prescriptions.models import ProofTries
from tests import factories as f
from tests.api import shop
from tests.api.client import Api, refusal
from tests.api.test_access_matrix import ALL, LOOKED_AT, REQUESTS, filled, names_of, rx  # noqa: F401 - `rx` is a fixture

WRITES = [one for one in ENDPOINTS if one.writes]


@pytest.mark.parametrize("one", WRITES, ids=lambda one: f"{one.method} {one.path}")
def test_a_dry_run_answers_and_keeps_nothing(cast, make_key, rx, one):  # noqa: F811
    holder = Api(make_key("pharmacist", *ALL, mode=Mode.TEST if one.test_only else Mode.LIVE)[1])
    names = names_of(cast, rx)
    if one.test_only:
        names["rx"] = holder.post("/sandbox/scenarios", {"name": "partial"}).json()["prescriptions"][0]["id"]
    address, body = REQUESTS[one.method, one.path]
    path, body = address.format(**names), filled(body, names)
    before = shop.all_there_is(but=LOOKED_AT)
    answer = holder.call(one.method, f"{path}?dry_run=true", body, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.headers.get("Dry-Run")) == (one.status, "true"), answer.content
    assert shop.all_there_is(but=LOOKED_AT) == before
    real = holder.call(one.method, path, body, headers={"Idempotency-Key": "k"})
    assert real.status_code == one.status
    assert "Dry-Run" not in real.headers
    assert (shop.all_there_is(but=LOOKED_AT) == before) is (one.path == "/prescriptions/check")  # that one only looks


def test_a_look_at_a_patients_data_is_recorded_all_the_same(cast, pharmacy):
    script, before = f.verified(cast), AccessRecord.objects.count()
    answer = pharmacy.post(f"/prescriptions/{script.pk}/dispense?dry_run=true")
    assert answer.json()["prescription"]["status"] == "dispensed"
    assert AccessRecord.objects.count() == before + 1
    script.refresh_from_db()
    assert script.status == "verified"


def test_refusals_are_the_same(cast, pharmacy):
    script = f.dispensed(cast)
    refusal(pharmacy.post(f"/prescriptions/{script.pk}/dispense?dry_run=true"), 409, "invalid_status")


def test_guessing_is_counted_as_ever(cast, webshop):
    wrong = {"reference": "AAAA-BBBB-CCCC", "date_of_birth": "1961-02-03", "lines": [{"sku": "X", "quantity": "1"}]}
    for _ in range(5):
        refusal(webshop.post("/prescriptions/check?dry_run=true", wrong), 404, "no_matching_prescription")
    refusal(webshop.post("/prescriptions/check?dry_run=true", wrong), 429, "reference_locked")
    assert ProofTries.objects.exists()


@pytest.mark.parametrize(
    "query", ["dry_run=maybe", "dry_run=", "dry_run=1", "dry_run=True", "dry_run=true&dry_run=true"]
)
def test_bad_values_change_nothing(cast, pharmacy, query):
    script = f.verified(cast)
    refusal(pharmacy.post(f"/prescriptions/{script.pk}/dispense?{query}"), 400, "invalid_parameter")
    script.refresh_from_db()
    assert script.status == "verified"


def test_reads_take_no_dry_run(cast, pharmacy):
    refusal(pharmacy.get("/me?dry_run=true"), 400, "invalid_parameter")
