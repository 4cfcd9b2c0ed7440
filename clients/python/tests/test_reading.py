"""Reads, against a real ELMED."""

import asyncio
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from elmed_client import NotFoundError


def test_me(client, demo):
    me = client("pharmacy").me()
    assert (me.account.kind, me.mode) == ("pharmacy", "live")
    assert set(me.scopes) == {"rx:read", "rx:dispense", "patient:read"}
    assert me.now.utcoffset() == timedelta(0)


def test_a_list_goes_on_by_itself(client):
    elmed = client()
    listed = elmed.prescriptions.list(limit=7)
    ids = [one.id for one in listed]
    assert len(ids) > 14 and len(set(ids)) == len(ids)
    pages = [page for page in listed.pages()]
    assert [one.id for page in pages for one in page.data] == ids
    assert [page.has_more for page in pages] == [True] * (len(pages) - 1) + [False]
    assert [one.id for one in listed.first().data] == ids[:7]


def test_a_list_by_status_and_change(client):
    elmed = client()
    found = {one.status for one in elmed.prescriptions.list(status=["verified", "pending_review"])}
    assert found == {"verified", "pending_review"}
    since = datetime.now(timezone.utc) - timedelta(days=3)
    changed = [one.updated_at for one in elmed.prescriptions.list(updated_since=since)]
    assert changed == sorted(changed) and changed[0] >= since


def test_one_is_typed(client, demo):
    one = client().prescriptions.get(demo.told["prescriptions"]["verified"])
    assert one.status == "verified" and one.etag.startswith(f'"{one.version}-')
    assert isinstance(one.patient.date_of_birth, date) and isinstance(one.valid_until, date)
    line = one.medications[0]
    assert isinstance(line.quantity.value, Decimal) and line.quantity_remaining <= line.quantity.value
    assert one.issued_at.utcoffset() == timedelta(0)
    assert one.diagnosis[0].text == one.raw["diagnosis"][0]["text"]


def test_one_that_did_not_change(client, demo):
    elmed = client()
    one = elmed.prescriptions.get(demo.told["prescriptions"]["verified"])
    assert elmed.prescriptions.get_if_changed(one) is None


def test_what_is_not_there(client, demo):
    with pytest.raises(NotFoundError) as caught:
        client().prescriptions.get(demo.told["prescriptions"]["other_pharmacy"])
    assert caught.value.code == "not_found" and caught.value.request_id.startswith("req_")


def test_for_asyncio(async_client):
    async def ask():
        async with async_client() as elmed:
            me = await elmed.me()
            ids = [one.id async for one in elmed.prescriptions.list(limit=7)]
            return me, ids, await elmed.prescriptions.list(limit=7).first()

    me, ids, page = asyncio.run(ask())
    assert me.account.kind == "pharmacy" and len(set(ids)) == len(ids) > 14
    assert [one.id for one in page.data] == ids[:7]
