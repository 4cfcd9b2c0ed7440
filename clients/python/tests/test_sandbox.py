"""The test world: scenarios, acts of the other side, the clock; and `trigger`, which plays them."""

import json
from datetime import timedelta

import pytest

from elmed_client import ConflictError, NotFoundError, PermissionDeniedError, PreconditionFailedError
from elmed_client.cli.trigger import WAYS


def test_the_other_side_acts(client):
    elmed = client("pharmacy_test")
    played = elmed.sandbox.play("awaiting_pharmacist")
    one = played.prescriptions[-1]
    assert (played.as_, one.status, played.proof.reference) == ("pharmacy", "pending_review", one.reference)
    with pytest.raises(ConflictError):
        elmed.prescriptions.dispense(one.id)
    with pytest.raises(PreconditionFailedError):
        elmed.sandbox.act(one.id, "verify", if_match=one.version + 1)
    acted = elmed.sandbox.act(one.id, "verify", if_match=one)
    assert (acted.by, acted.prescription.status) == ("pharmacy", "verified")
    assert elmed.prescriptions.dispense(one.id).prescription.status == "dispensed"
    with pytest.raises(NotFoundError):
        client("pharmacy").prescriptions.get(one.id)


def test_the_clock_goes_forward(client):
    elmed = client("developer_test")
    played = elmed.sandbox.play("expiring", as_="doctor")
    assert played.as_ == "doctor"
    now = elmed.sandbox.advance_clock(days=3).now
    assert now - played.now >= timedelta(days=3) and elmed.me().now >= now
    assert elmed.prescriptions.get(played.prescriptions[-1].id).status == "expired"
    assert elmed.sandbox.reset().now < now
    assert not elmed.prescriptions.list().first().data


def test_a_live_key_plays_nothing(client):
    with pytest.raises(PermissionDeniedError, match="test_key_required"):
        client("pharmacy").sandbox.play("verified")


@pytest.mark.parametrize("type_", WAYS)
def test_every_type_that_it_lists_happens(run, client, type_):
    code, said, complaint = run("trigger", type_, "--json", key="pharmacy_test")
    assert code == 0, complaint
    came = [json.loads(line) for line in said.splitlines()]
    assert type_ in {one["type"] for one in came}
    assert {one["mode"] for one in came} == {"test"}


def test_what_cannot_be_triggered(run):
    code, _, complaint = run("trigger", "audit.searched", key="pharmacy_test")
    assert code == 2 and "prescription.verified" in complaint
    code, _, complaint = run("trigger", "prescription.verified", key="pharmacy")
    assert code == 2 and "elm_test_" in complaint


def test_what_can_be(run):
    assert run("trigger", "--list", key="pharmacy_test")[1].splitlines() == list(WAYS)
