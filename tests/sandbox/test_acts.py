"""Acts of the people in the test world: only those that the table of legal acts gives their side, and only there."""

import pytest

from elmed.accounts.models import Account, Person
from elmed.core.models import LIVE_WORLD_ID
from elmed.events.models import Event
from elmed.prescriptions.models import Dispense
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import Act
from elmed.sandbox.other_side import ACTS, ANSWER, NOT_PLAYED, legal_sides
from elmed.sandbox.people import DOMAIN
from tests import factories as f
from tests.api.client import Api, refusal
from tests.api.shop import all_there_is
from tests.portals.conftest import sign_in  # noqa: F401 - a fixture
from tests.portals.test_test_data import play as portal_play
from tests.portals.test_test_data import switch
from tests.sandbox.test_scenarios import play


def test_every_act_is_played_or_says_why_not():
    assert set(ACTS) - {ANSWER} | set(NOT_PLAYED) == set(Act)
    assert not set(ACTS) & set(NOT_PLAYED)
    for name, played in ACTS.items():
        assert set(played.sides) == legal_sides(name), name
    assert set(TRANSITIONS) == set(Act)


# From a scenario, acts one after the other, with the status that each leads to.
WAYS = {
    "checked and rejected": ("pending_review", [("verify", {}, "verified"), ("reject", {"reason": "Too strong"}, "rejected")]),
    "asked, answered, ready": ("question", [("answer_question", {"answer": "7 days"}, "on_hold"), ("resume", {}, "pending_review"), ("verify", {}, "verified")]),
    "cancellation confirmed": ("cancel_race", [("confirm_cancel", {}, "cancelled")]),
    "cancellation answered": ("cancel_race", [("answer_handed_over", {}, "dispensed")]),
    "cancellation withdrawn": ("cancel_race", [("withdraw_cancel", {}, "verified"), ("request_cancel", {}, "on_hold")]),
    "cancelled before the check": ("pending_review", [("cancel", {}, "cancelled")]),
    "handed over, taken back, closed": ("verified", [("dispense", {}, "dispensed"), ("reverse", {"reason_code": "never_left_pharmacy"}, "verified"), ("close", {"reason_code": "0003"}, "not_dispensed")]),
    "the rest ended": ("partial", [("close_line", {}, "dispensed")]),
    "stopped": ("partial", [("stop", {}, "stopped")]),
    "replaced before the check": ("pending_review", [("replace", {}, "cancelled")]),
    "replaced when it was ready": ("verified", [("replace", {"reason": "Dose changed"}, "on_hold"), ("confirm_cancel", {}, "cancelled")]),
    "replaced in the middle": ("partial", [("replace", {}, "stopped")]),
    "given back": ("verified", [("return", {}, "issued")]),
    "sent": ("issued", [("route", {}, "pending_review")]),
    "paused by both": ("verified", [("hold", {"by": "pharmacy"}, "on_hold"), ("resume", {}, "verified"), ("hold", {"by": "doctor"}, "on_hold"), ("resume", {"by": "doctor"}, "verified")]),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_one_after_the_other(way, till, practice):
    name, acts = WAYS[way]
    for api in (practice, till):
        if api is till and name == "issued":
            continue  # a pharmacy does not see it
        told = play(api, name)["prescriptions"][-1]
        path, version = f"/sandbox/prescriptions/{told['id']}/act", told["version"]
        for act, said, status in acts:
            before = all_there_is()
            stale = {"If-Match": f'"{version + 1}"'}
            no = refusal(api.post(path, {"act": act} | said, headers=stale), 412, "version_conflict")
            assert (no["current_version"], all_there_is()) == (version, before)
            answer = api.post(path, {"act": act} | said, headers={"If-Match": f'"{version}"'})
            assert answer.status_code == 200, answer.json()
            assert answer.json()["prescription"]["status"] == status
            version = answer.json()["prescription"]["version"]
    assert {act for _, acts in WAYS.values() for act, _, _ in acts} == set(ACTS)


def test_a_developer_is_either_side(developer):
    rx = play(developer, "pending_review")["prescriptions"][-1]["id"]
    assert developer.post(f"/sandbox/prescriptions/{rx}/act", {"act": "verify"}).json()["by"] == "pharmacy"
    assert developer.get(f"/prescriptions/{rx}").json()["allowed_actions"] == ["dispense"]
    assert developer.post(f"/prescriptions/{rx}/dispense").json()["prescription"]["status"] == "dispensed"
    told = play(developer, "awaiting_pharmacist")
    basket = {"lines": [{"sku": told["products"][0]["sku"], "quantity": "1"}], "reserve": True}
    asked = developer.post("/prescriptions/check", told["proof"] | basket)
    assert asked.json()["lines"][0]["reason"] == "awaiting_pharmacist"
    kept = f"/reservations/{asked.json()['reservation_id']}"
    assert developer.get(kept).json()["state"] == "waiting"
    developer.post(f"/sandbox/prescriptions/{told['prescriptions'][0]['id']}/act", {"act": "verify"})
    assert developer.get(kept).json()["state"] == "ready"
    proof = play(developer, "issued")["proof"]
    assert developer.post("/prescriptions/route", proof).json()["status"] == "pending_review"


BAD = {
    "no such act": ({"act": "issue"}, 422, "validation_failed"),
    "an act of staff": ({"act": "correct"}, 422, "validation_failed"),
    "another side's": ({"act": "verify", "by": "doctor"}, 422, "validation_failed"),
    "a field of another act": ({"act": "verify", "reason": "x"}, 422, "validation_failed"),
    "an unknown field": ({"act": "verify", "status": "verified"}, 422, "validation_failed"),
    "an unknown reason": ({"act": "close", "reason_code": "9999"}, 422, "validation_failed"),
    "an unknown line": ({"act": "dispense", "lines": [{"medication_id": 1 << 40, "quantity": "1"}]}, 422, "validation_failed"),
    "not now": ({"act": "cancel"}, 409, "invalid_status"),
    "too much": ({"act": "dispense", "lines": [{"medication_id": 0, "quantity": "100"}]}, 409, "quantity_unavailable"),
}  # fmt: skip


def test_bad_requests_change_nothing(till):
    told = play(till, "verified")["prescriptions"][0]
    before = all_there_is()
    for name, (body, status, code) in BAD.items():
        if name == "too much":
            body["lines"][0]["medication_id"] = told["medications"][0]["medication_id"]
        answer = till.post(f"/sandbox/prescriptions/{told['id']}/act", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), name
        assert all_there_is() == before, name


def test_only_what_the_account_sees_in_its_test_world(cast, till, practice, make_key):
    live = f.verified(cast)
    mine = play(practice, "pending_review")["prescriptions"][0]["id"]
    with_live_key = Api(make_key("pharmacist", "rx:read", "rx:dispense")[1])
    before = all_there_is()
    for number in (live.pk, mine, 987654321):
        refusal(till.post(f"/sandbox/prescriptions/{number}/act", {"act": "verify"}), 404, "not_found")
    refusal(with_live_key.post(f"/sandbox/prescriptions/{live.pk}/act", {"act": "return"}), 403, "test_key_required")
    assert all_there_is() == before


def test_replaced_under_the_hands_of_a_pharmacy(till):
    """What its software meets: the old one refuses, the event says so, the new one is there and can be supplied."""
    old = play(till, "verified")["prescriptions"][0]["id"]
    after = till.get("/me").json()["events"]["newest"]
    done = till.post(f"/sandbox/prescriptions/{old}/act", {"act": "replace"}).json()
    new = done["replacement"]["id"]
    assert (done["by"], done["prescription"]["status"], done["replacement"]["status"]) == (
        "doctor",
        "on_hold",
        "pending_review",
    )
    told = [(one["type"], one["prescription_id"]) for one in till.get(f"/events?after={after}").json()["data"]]
    assert ("prescription.replaced", old) in told and ("prescription.issued", new) in told
    before = all_there_is()
    refusal(till.post(f"/prescriptions/{old}/dispense"), 409, "invalid_status")
    assert all_there_is() == before
    till.post(f"/sandbox/prescriptions/{new}/act", {"act": "verify"})
    before = all_there_is()
    assert till.post(f"/prescriptions/{new}/dispense").status_code == 409  # until the older one is over
    assert all_there_is() == before
    till.post(f"/sandbox/prescriptions/{old}/act", {"act": "confirm_cancel"})
    read = till.get(f"/prescriptions/{new}").json()
    assert read["replaces"] == old and "dispense" in read["allowed_actions"]
    assert till.post(f"/prescriptions/{new}/dispense").json()["prescription"]["status"] == "dispensed"
    assert till.post(f"/sandbox/prescriptions/{new}/act", {"act": "reverse"}).json()["replacement"] is None


# What cannot be replaced, or not so; by scenario.
NOT_REPLACED = {
    "dispensed": ({}, 409, "invalid_status"),
    "cancelled": ({}, 409, "invalid_status"),
    "rejected": ({}, 409, "invalid_status"),
    "expired": ({}, 409, "invalid_status"),
    "stopped": ({}, 409, "invalid_status"),
    "verified": ({"by": "pharmacy"}, 422, "validation_failed"),
    "pending_review": ({"question": "Which one?"}, 422, "validation_failed"),
}  # fmt: skip


@pytest.mark.parametrize("scenario", NOT_REPLACED)
def test_a_replacement_that_is_refused_leaves_nothing(till, scenario):
    """No draft, no product on the shelf, no number of an event: what it prepares goes with it, also on a rehearsal."""
    said, status, code = NOT_REPLACED[scenario]
    number = play(till, scenario)["prescriptions"][-1]["id"]
    before = all_there_is()
    for rehearsed in ("", "?dry_run=true"):
        path = f"/sandbox/prescriptions/{number}/act{rehearsed}"
        refusal(till.post(path, {"act": "replace"} | said), status, code)
        assert all_there_is() == before


def test_replaced_when_it_was_handed_over_already(till):
    """The scenario: its pharmacy says so, and the new one waits for the doctor."""
    old, new = (one["id"] for one in play(till, "replace_race")["prescriptions"])
    done = till.post(f"/sandbox/prescriptions/{old}/act", {"act": "answer_handed_over"}).json()
    assert done["prescription"]["status"] == "dispensed"
    assert till.get(f"/prescriptions/{new}").json()["status"] == "on_hold"


def test_a_replacement_can_be_replaced(practice):
    """By another medicine each time; nobody needs a pharmacy for it."""
    number = play(practice, "issued")["prescriptions"][0]["id"]
    for _ in range(3):
        done = practice.post(f"/sandbox/prescriptions/{number}/act", {"act": "replace"}).json()
        assert (done["prescription"]["status"], done["replacement"]["status"]) == ("cancelled", "issued")
        number = done["replacement"]["id"]


def test_what_is_played_names_the_key_that_asked(cast, till, practice, make_key):
    """Beside the played person, who did it; whoever supplied is the person, not the key."""
    for api, account in ((till, cast.pharmacy), (practice, cast.doctor)):
        key = api.get("/me").json()["key"]["id"]
        world = Account.objects.get(pk=account.pk).test_world_id
        seen = set(Event.objects.values_list("pk", flat=True))
        number = play(api, "verified")["prescriptions"][0]["id"]
        for act in ("dispense", "reverse", "replace"):
            assert api.post(f"/sandbox/prescriptions/{number}/act", {"act": act}).status_code == 200
        rows = Event.objects.filter(prescription_id__isnull=False).exclude(pk__in=seen)
        assert {"prescription.issued", "prescription.dispensed", "prescription.replaced"} <= {one.type for one in rows}
        for one in rows:
            assert (one.source, one.actor_key_id, one.world_id) == ("sandbox", key, world), one.type
            assert Person.objects.get(pk=one.actor_person_id).email.endswith(DOMAIN)
        made = Dispense.objects.get(prescription_id=number)
        assert (made.key_id, made.person_id is not None) == (None, True)
    assert not Event.objects.filter(world_id=LIVE_WORLD_ID, source="sandbox").exists()


def test_what_somebody_asked_for_in_the_portal_names_no_key(cast, sign_in):  # noqa: F811
    client = sign_in("pharmacist")
    switch(client)
    portal_play(client, "dispensed")
    rows = Event.objects.filter(source="sandbox", prescription_id__isnull=False)
    assert rows and not rows.exclude(actor_key_id=None).exists()
