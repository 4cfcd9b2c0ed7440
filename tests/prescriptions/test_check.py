"""The shopper's basket against the prescription: coverage, packs, and the closed list of reasons."""

from dataclasses import replace
from datetime import timedelta

import pytest

from elmed.core.refusals import NotAllowed
from elmed.inventory import products
from elmed.inventory.models import ProductLink
from elmed.prescriptions.actions.check import Reason
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.actions.stop import stop
from elmed.prescriptions.models import Prescription, Reservation
from tests import factories as f
from tests.cast import NOW, key_actor
from tests.prescriptions.attempts import everything
from tests.prescriptions.shop import AMOXICILLIN, checked, counters, product, reasons, reserved, shop

RAMIPRIL = replace(
    f.RAMIPRIL, medication_code="C09AA05", medication_system="ATC", strength="5 mg", form="tablet", route="oral"
)
PACK_28 = replace(
    AMOXICILLIN, sku="RAMI-28", name="Ramipril 5 mg tablets", medication_code="C09AA05", strength="5 mg", form="tablet",
    pack_size_milli=28_000, pack_unit="tablet",
)  # fmt: skip


def test_one_pack_that_is_prescribed(cast):
    product(cast)
    rx = f.verified(cast)
    found = checked(shop(cast), rx)
    assert (reasons(found), found.lines[0].ok, found.reservation) == ([None], True, None)
    assert found.lines[0].medication_id == f.first_line(rx)


def test_two_packs_of_28_against_a_line_of_28(cast):
    product(cast, PACK_28)
    rx = f.verified(cast, lines=(RAMIPRIL,))
    assert reasons(checked(shop(cast), rx, ("RAMI-28", 2))) == ["too_much"]
    assert reasons(checked(shop(cast), rx, ("RAMI-28", 1), ("RAMI-28", 1))) == [None, "too_much"]
    assert reasons(checked(shop(cast), rx, ("RAMI-28", "0.5"), ("RAMI-28", "0.5"))) == [None, None]
    assert reasons(checked(shop(cast), rx, ("RAMI-28", "0.5"), ("RAMI-28", "0.501"))) == [None, "too_much"]


@pytest.mark.parametrize(
    "changed",
    [
        {"medication_code": "J01CA01"},
        {"medication_system": "RxNorm"},
        {"strength": "250 mg"},
        {"form": "tablet"},
        {"route": "rectal"},
        {"strength": None},
        {"form": None},
        {"route": None},
        {"medication_code": None, "medication_system": None},
    ],
)
def test_a_code_alone_covers_nothing(cast, changed):
    product(cast, **changed)
    assert reasons(checked(shop(cast), f.verified(cast))) == ["not_covered"]


def test_spelling_does_not_matter(cast):
    product(cast, strength="500MG", form="Capsule", route=" Oral ")
    assert reasons(checked(shop(cast), f.verified(cast))) == [None]


def test_another_brand_only_where_substitution_is_allowed(cast):
    product(cast, sku="BRAND", name="Amoxa-Brand 500")
    product(cast)
    strict = f.verified(
        cast, lines=(replace(f.AMOXICILLIN, substitution_allowed=False, substitution_reason="Allergy"),)
    )
    assert reasons(checked(shop(cast), strict, ("BRAND", 1))) == ["not_covered"]
    assert reasons(checked(shop(cast), strict)) == [None]
    assert reasons(checked(shop(cast), f.verified(cast), ("BRAND", 1))) == [None]


def test_a_link_by_a_pharmacist_covers_and_units_still_do_not_convert(cast):
    loose = product(cast, sku="LOOSE", medication_code=None, medication_system=None)
    drops = product(cast, sku="DROPS", pack_size_milli=10_000, pack_unit="ml")
    rx = f.verified(cast)
    line = rx.lines.get()
    assert reasons(checked(shop(cast), rx, ("LOOSE", 1), ("DROPS", 1))) == ["not_covered", "unit_mismatch"]
    person = cast.people["pharmacist"]
    ProductLink.objects.create(product=loose, line=line, person=person, created_at=NOW)
    ProductLink.objects.create(product=drops, line=line, person=person, created_at=NOW)
    assert reasons(checked(shop(cast), rx, ("LOOSE", 1), ("DROPS", 1))) == [None, "unit_mismatch"]


def test_unknown_retired_and_other_pharmacies_products_cover_nothing(cast):
    retired = product(cast, sku="OLD")
    products.retire(cast.actor("pharmacist"), retired.pk, now=NOW)
    product(cast, sku="THEIRS", by="other_pharmacist")
    rx = f.verified(cast)
    asked = checked(shop(cast), rx, ("OLD", 1), ("THEIRS", 1), ("NEVER-HEARD", 1), ("AMOX-21", 1))
    assert reasons(asked) == ["not_covered"] * 4


def test_controlled_medicines_are_not_sold_online(cast):
    product(cast, is_controlled=True)
    product(cast, sku="PLAIN")
    rx = f.verified(cast, lines=(replace(f.AMOXICILLIN, is_controlled=True),))
    assert rx.is_controlled
    assert reasons(checked(shop(cast), rx, ("AMOX-21", 1), ("PLAIN", 1))) == ["not_online", "not_online"]


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (f.issued, "not_routed_here"),
        (f.pending_review, "awaiting_pharmacist"),
        (f.dispensed, "already_dispensed"),
        (f.rejected, "not_active"),
        (f.cancelled, "not_active"),
        (f.not_dispensed, "not_active"),
        (lambda cast: f.held(cast, "pharmacist", f.verified(cast)), "not_active"),
        (f.cancellation_requested, "not_active"),
        (f.entered_in_error, "not_active"),
        (lambda cast: f.expired(cast, f.verified(cast)), "expired"),
        (lambda cast: f.replaced(cast, f.verified(cast))[1], "not_active"),
    ],
)
def test_what_stands_against_it(cast, start, reason):
    product(cast)
    assert reasons(checked(shop(cast), start(cast), reserve=False)) == [reason]


def test_routed_elsewhere(cast):
    product(cast, by="other_pharmacist")
    assert reasons(checked(shop(cast, "other_pharmacist"), f.verified(cast))) == ["not_routed_here"]


def test_what_an_issue_supplied_and_when_the_next_is_due(cast):
    product(cast)
    rx = f.partially_dispensed(cast)
    assert reasons(checked(shop(cast), rx)) == ["too_much"]
    assert reasons(checked(shop(cast), rx, ("AMOX-21", "0.5"))) == [None]
    again = f.dispensed(cast, repeats_allowed=1, minimum_dispense_interval_days=7)
    assert reasons(checked(shop(cast), again)) == ["too_early"]
    assert reasons(checked(shop(cast), again, now=NOW + timedelta(days=7))) == [None]


def test_an_overdue_one_is_expired_by_the_check_itself(cast):
    product(cast)
    rx = f.verified(cast)
    assert reasons(checked(shop(cast), rx, reserve=True, now=rx.expires_at)) == ["expired"]
    rx.refresh_from_db()
    assert rx.status == "expired"


def test_a_broken_seal_is_not_sold_on(cast, mailoutbox, django_capture_on_commit_callbacks):
    product(cast)
    rx = f.verified(cast)
    Prescription.objects.filter(pk=rx.pk).update(repeats_allowed=3)
    with django_capture_on_commit_callbacks(execute=True):
        found = checked(shop(cast), rx, reserve=True)
    assert (reasons(found), found.reservation) == (["not_active"], None)
    assert len(mailoutbox) == 1


def test_all_or_nothing_is_reserved(cast):
    product(cast)
    product(cast, PACK_28)
    rx, key = f.verified(cast, lines=(f.AMOXICILLIN, RAMIPRIL)), shop(cast)
    before = everything()
    found = checked(key, rx, ("AMOX-21", 1), ("RAMI-28", 2), reserve=True)
    assert (reasons(found), found.reservation) == ([None, "too_much"], None)
    assert everything() == before
    made = reserved(key, rx, ("AMOX-21", 1), ("RAMI-28", 1))
    assert counters(rx) == [(0, 21_000), (0, 28_000)]
    assert made.reserved_until == NOW + timedelta(minutes=15)
    after = Prescription.objects.get(pk=rx.pk)
    assert (after.status, after.version, after.updated_at) == (rx.status, rx.version, rx.updated_at)


def test_what_is_reserved_counts_as_supplied_for_everybody_else(cast):
    product(cast)
    rx = f.verified(cast)
    reserved(shop(cast), rx)
    assert reasons(checked(shop(cast), rx, reserve=True)) == ["reserved"]
    assert reasons(checked(key_actor(cast, "pharmacist", "rx:read"), rx)) == ["reserved"]
    assert Reservation.objects.count() == 1


def test_a_line_that_waits_for_the_pharmacist_is_reserved_too(cast):
    product(cast)
    found = checked(shop(cast), f.pending_review(cast), reserve=True)
    assert (reasons(found), found.lines[0].ok) == (["awaiting_pharmacist"], False)
    assert found.reservation is not None


def test_reading_is_enough_to_check_and_not_to_reserve(cast):
    product(cast)
    rx, reader = f.verified(cast), key_actor(cast, "pharmacist", "rx:read")
    strangers = key_actor(cast, "pharmacist", "patient:read"), key_actor(cast, "doctor", "rx:read")
    assert reasons(checked(reader, rx)) == [None]
    before = everything()
    with pytest.raises(NotAllowed):
        checked(reader, rx, reserve=True)
    for stranger in strangers:
        with pytest.raises(NotAllowed):
            checked(stranger, rx)
    assert everything() == before


def test_a_stopped_one_and_a_rejected_one_say_the_same(cast):
    product(cast)
    rx = f.partially_dispensed(cast)
    stop(cast.actor("doctor"), rx.pk, reason="Rash", now=NOW)
    other = f.pending_review(cast)
    reject(cast.actor("pharmacist"), other.pk, reason="No", now=NOW)
    assert reasons(checked(shop(cast), rx)) == reasons(checked(shop(cast), other)) == ["not_active"]


def test_the_reasons_are_the_promised_list():
    assert {reason.value for reason in Reason} == {
        "not_covered", "too_much", "awaiting_pharmacist", "not_routed_here", "already_dispensed", "reserved", "too_early",
        "expired", "not_active", "not_online", "unit_mismatch",
    }  # fmt: skip
