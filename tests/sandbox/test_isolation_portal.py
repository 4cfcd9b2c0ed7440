"""Every page of the portals in test mode and out of it: neither reaches a row of the other's world, or a mail.

CASES names each page; a new one without a case fails. What is opened by an id is opened with those of both worlds.
"""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from elmed.accounts.actions import add_member, register
from elmed.accounts.models import Account, AccountKind, AccountState, Role
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID, Mode
from elmed.inventory.models import Product
from elmed.patients.models import Patient
from elmed.prescriptions.actions.check import Asked, check
from elmed.prescriptions.models import Prescription
from elmed.webhooks import endpoints, resend
from elmed.webhooks.endpoints import Wanted
from tests import factories as f
from tests.api import shop
from tests.cast import newcomer
from tests.portals.conftest import sign_in  # noqa: F401 - a fixture
from tests.portals.test_frame import portal_patterns
from tests.portals.test_test_data import play, switch, text
from tests.sandbox.two_worlds import differences, mails, rows_of

RX = {"pk": "rx"}
GIVEN = {"pk": "rx", "dispense_pk": "dispense"}
PATIENT, PRODUCT, ENDPOINT, ACCOUNT = {"pk": "patient"}, {"pk": "product"}, {"pk": "endpoint"}, {"pk": "account"}
REASON = {"reason": "Tried out"}
# Pages of a portal: what its ids are, and what is sent, besides what its form holds already. None: nothing is sent.
CASES: dict[str, tuple[dict[str, str], dict[str, str] | None]] = {
    "doctor_home": ({}, None), "doctor_patients": ({}, None), "doctor_prescriptions": ({}, None), "doctor_medicines": ({}, None),
    "doctor_favourites": ({}, {}),
    "doctor_patient_find": ({}, {"family_name": "{family}", "date_of_birth": "{born}", "exact": "{number}"}),
    "doctor_patient_new": ({}, {"family_name": "Newcomer", "given_name": "Nia", "date_of_birth": "1990-05-05", "sex": "female", "identity_check": "photo_id"}),
    "doctor_patient": (PATIENT, None), "doctor_past_medication": (PATIENT, None), "doctor_allergies": (PATIENT, {"allergies": "latex: hives"}),
    "doctor_correct": (PATIENT, {"phone": "+44 7700 900001", "email": "someone.real@example.org", **REASON}),
    "doctor_patient_invite": (PATIENT, {"email": "someone.real@example.org"}),
    "doctor_consultation": (PATIENT, {"identity_check": "known", "summary": "Again"}),
    "doctor_basket": (PATIENT, {}), "doctor_compose": ({"patient_pk": "patient"}, {}), "doctor_check": ({"patient_pk": "patient"}, {}),
    "doctor_weight": (PATIENT, {"weight": "70", "weighed_on": "2026-01-01"}), "doctor_favourite_new": ({"pk": "line"}, {"name": "Mine"}),
    "doctor_print": (RX, None), "doctor_answered": (RX, {"words": "Yes"}), "doctor_prescription": (RX, None), "doctor_edit": (RX, {}),
    "doctor_review": (RX, {}), "doctor_discard": (RX, {}), "doctor_route": (RX, {}), "doctor_replace": (RX, {}),
    "doctor_act_hold": (RX, REASON), "doctor_act_resume": (RX, {}), "doctor_act_cancel": (RX, REASON),
    "doctor_act_request_cancel": (RX, REASON), "doctor_act_withdraw_cancel": (RX, {}), "doctor_act_stop": (RX, REASON),
    "pharmacy_queue": ({}, None), "pharmacy_queue_live": ({}, None), "pharmacy_next": ({}, None), "pharmacy_uncollected": ({}, None),
    "pharmacy_handed_over_days": ({}, None), "pharmacy_handed_over_file": ({}, None),
    "pharmacy_bring": ({}, {"reference": "{reference}", "date_of_birth": "{born}"}),
    "pharmacy_prescription": (RX, None), "pharmacy_beside": (RX, None), "pharmacy_stock_of_rx": (RX, None), "pharmacy_labels": (RX, None),
    "pharmacy_reminded": (RX, {}), "pharmacy_labels_given": (GIVEN, None), "pharmacy_receipt": (GIVEN, None),
    "pharmacy_dispense": (RX, {}), "pharmacy_handed_over": (RX, {}), "pharmacy_close_line": (RX, {"line": "{line}", **REASON}),
    "pharmacy_reverse": (GIVEN, {"reason": "recorded_in_error"}), "pharmacy_act_verify": (RX, {}), "pharmacy_act_return": (RX, REASON),
    "pharmacy_act_reject": (RX, REASON), "pharmacy_act_hold": (RX, REASON), "pharmacy_act_resume": (RX, {}),
    "pharmacy_act_close": (RX, {"reason_code": "0010"}), "pharmacy_act_confirm_cancel": (RX, {}),
    "pharmacy_inventory": ({}, None), "pharmacy_product_new": ({}, {"sku": "NEW-1", "name": "New one", "price": "1.00"}),
    "pharmacy_prices": ({}, {}), "pharmacy_import": ({}, {}), "pharmacy_import_review": ({"token": "token"}, {}),
    "pharmacy_export": ({}, None), "pharmacy_template": ({}, None), "pharmacy_recalls": ({}, None),
    "pharmacy_batch": ({"pk": "batch"}, None), "pharmacy_batch_patients": ({"pk": "batch"}, None), "pharmacy_end_recall": ({"pk": "batch"}, REASON),
    "pharmacy_product": (PRODUCT, None), "pharmacy_product_edit": (PRODUCT, {"name": "Other words"}), "pharmacy_product_retire": (PRODUCT, {}),
    "pharmacy_product_restore": (PRODUCT, {}), "pharmacy_product_image": (PRODUCT, {}), "pharmacy_recall": (PRODUCT, {"number": "B1", **REASON}),
    "pharmacy_stock_receive": (PRODUCT, {"packs": "2"}), "pharmacy_stock_count": (PRODUCT, {"packs": "9"}),
    "pharmacy_stock_correct": (PRODUCT, {"packs": "1", **REASON}), "pharmacy_stock_return": (PRODUCT, {"packs": "1", **REASON}),
    "pharmacy_stock_set_aside": (PRODUCT, {"packs": "1", **REASON}), "pharmacy_stock_release": (PRODUCT, {"packs": "1", **REASON}),
    "pharmacy_stock_discard": (PRODUCT, {"packs": "1", **REASON}), "pharmacy_link": ({"pk": "rx", "line_pk": "line"}, {"product": "{product}"}),
    "pharmacy_unlink": ({"pk": "rx", "line_pk": "line", "product_pk": "product"}, {}),
    "pharmacy_free_reservation": ({"pk": "rx", "reservation_pk": "reservation"}, REASON),
    "webhooks": ({}, None), "webhook_new": ({}, {"url": "https://8.8.8.8/more", "which": "all"}), "webhook": (ENDPOINT, None),
    "webhook_change": (ENDPOINT, {"description": "Changed"}), "webhook_switch": (ENDPOINT, {}), "webhook_roll": (ENDPOINT, {}),
    "webhook_test": (ENDPOINT, {}), "webhook_since": (ENDPOINT, {}), "webhook_resend": ({"pk": "endpoint", "delivery": "delivery"}, {}),
    "webhook_remove": (ENDPOINT, {}),
    "test_world": ({}, None), "test_world_play": ({}, {"name": "verified", "once": "a"}), "test_world_clock": ({}, {"step": "1d", "once": "b"}),
    "test_world_prescriptions": ({}, None), "test_world_prescription": (RX, None), "test_world_act": (RX, {"act": "doctor hold", "once": "c"}),
    "test_world_empty": ({}, {}),
}  # fmt: skip
# Accounts that have no test world: their pages with the ids of somebody's test world.
OUTSIDE: dict[str, dict[str, str]] = {
    "patient_prescription": RX, "patient_route": RX, "patient_reference": RX, "staff_record": PATIENT, "staff_patient_name": PATIENT,
    "staff_prescription": RX, "staff_act_correct": RX, "staff_act_transfer": RX, "staff_act_hold": RX, "staff_act_resume": RX,
    "staff_reverse": GIVEN, "staff_merge": {"pk": "patient", "other": "patient"}, "staff_merge_undo": PATIENT,
    "staff_account": ACCOUNT, "staff_account_name": ACCOUNT, "staff_account_keys": ACCOUNT, "staff_key_revoke": {"pk": "account", "key": "account"},
    "staff_sign_ins": ACCOUNT, "staff_second_factor_reset": {"pk": "account", "person": "account"}, "staff_account_ask": ACCOUNT,
    "staff_account_verified": ACCOUNT, "staff_account_rejected": ACCOUNT, "staff_account_suspended": ACCOUNT, "staff_account_transfer": ACCOUNT,
}  # fmt: skip
# Of a person, of the account itself, or of nobody: they show no row of a world.
OF_NO_WORLD = re.compile(
    r"^(home|choose_account|unlock|alive|confirm|passkey_options|language|components|test_data|settings|profile|profile_contact|security"
    r"|second_factor|sessions?|session_end|sessions_end_others|factors|woocommerce|woocommerce_plugin|product_picture|request_log|api_keys"
    r"|api_key_\w+|join\w*|terms|invited_\w+|waiting|document|licence|staff|staff_invite\w*|staff_roles|staff_remove|mails|doctor_disown"
    r"|patient_(home|access|details|data)|staff_(verification|renewal|accounts|limits?|records|sweep|merge_find|audit))$"
)
# The state in which an act of the other list is possible.
SCENARIO = {
    "doctor_act_cancel": "pending_review", "doctor_act_request_cancel": "verified", "doctor_act_withdraw_cancel": "cancel_race",
    "doctor_act_stop": "partial", "doctor_act_hold": "verified", "pharmacy_act_verify": "pending_review", "pharmacy_act_reject": "pending_review",
    "pharmacy_act_return": "verified", "pharmacy_act_hold": "verified", "pharmacy_act_resume": "question", "pharmacy_act_close": "verified",
    "pharmacy_act_confirm_cancel": "cancel_race", "pharmacy_reverse": "dispensed", "pharmacy_receipt": "dispensed", "doctor_answered": "question",
}  # fmt: skip


def test_every_page_has_its_case():
    names = {entry.name for entry in portal_patterns() if entry.lookup_str.startswith("elmed.portals")}
    assert names == set(CASES) | set(OUTSIDE) | {name for name in names if OF_NO_WORLD.match(name)}
    assert not any(OF_NO_WORLD.match(name) for name in (*CASES, *OUTSIDE))


def names_of(rx: Prescription, **more: Any) -> dict[str, Any]:
    """What stands for the ids of one world."""
    made = rx.dispenses.order_by("pk").last()
    who = rx.patient
    return {
        "rx": rx.pk, "dispense": made.pk if made else 987654, "patient": who.pk, "line": rx.lines.first().pk, "reference": rx.reference,
        "family": who.family_name, "born": who.date_of_birth.isoformat(), "number": who.health_number, "token": "none", **more,
    }  # fmt: skip


def visit(
    client: Client, name: str, ids: dict[str, Any], kwargs: dict[str, str], body: dict[str, str] | None
) -> list[Any]:
    """Open the page, and send its form with what stands in it and `body`."""
    url = reverse(name, kwargs={key: ids[value] for key, value in kwargs.items()})
    answers = [client.get(url)]
    if body is not None:
        main = re.search(r"<main.*</main>", text(answers[0]), re.S)
        inputs = re.findall(r"<input[^>]*>", main[0] if main else "")
        standing = {}
        for one in inputs:
            field, value = re.search(r'name="([^"]+)"', one), re.search(r'value="([^"]*)"', one)
            if field and ("checked" in one or ('type="radio"' not in one and 'type="checkbox"' not in one)):
                standing[field[1]] = value[1] if value else ""
        sent = {key: value.format(**ids) for key, value in body.items()}
        answers.append(client.post(url, standing | sent))
    return answers


@pytest.fixture
def live(cast):
    """A prescription, a product, a reservation and a webhook of the live world."""
    rx = f.partially_dispensed(cast)
    product = shop.product(cast)
    Patient.objects.filter(pk=rx.patient_id).update(family_name="Livingstone")
    rx = Prescription.objects.get(pk=rx.pk)
    kept = check(cast.actor("pharmacist"), rx.pk, [Asked("AMOX-7", 1000)], reserve=True, now=real_now()).reservation
    endpoint, _ = endpoints.make(cast.actor("pharmacist"), Wanted("https://8.8.8.8/hooks"))
    sent = resend.send_test(cast.actor("pharmacist"), endpoint.pk)
    return names_of(
        rx,
        product=product.pk,
        batch=1,
        reservation=kept.pk,
        endpoint=endpoint.pk,
        delivery=sent.pk,
        account=cast.doctor.pk,
    )


def newest(account: Account, **more: Any) -> dict[str, Any]:
    """The newest prescription of the account's test world."""
    world = Account.objects.get(pk=account.pk).test_world_id
    rx = Prescription.objects.filter(world_id=world).latest("pk")
    product = Product.objects.filter(world_id=world).first()
    kept = rx.reservations.first()
    endpoint = endpoints.Endpoint.objects.filter(world_id=world).first()
    sent = endpoint and endpoint.deliveries.first()
    return names_of(
        rx, product=product.pk, batch=1, reservation=kept.pk if kept else 987654, endpoint=endpoint.pk if endpoint else 987654,
        delivery=sent.pk if sent else 987654, account=Account.objects.filter(world_id=world).latest("pk").pk, **more,
    )  # fmt: skip


# Two go back to a page that says in words, or by being none, that there is no such thing.
REFUSED = dict.fromkeys(CASES, (404, 405)) | dict.fromkeys(
    ("pharmacy_reminded", "pharmacy_product_restore"), (302, 404, 405)
)
PORTALS = {
    "doctor": ("doctor_", "test_world"), "owner": ("pharmacy_", "webhook", "test_world"), "developer": ("webhook", "test_world"),
}  # fmt: skip


def account_of(cast, who: str) -> Account:
    """The account of whoever signs in; the developer's is made."""
    if who != "developer":
        return cast.doctor if who == "doctor" else cast.pharmacy
    cast.people[who] = newcomer(who)
    return register(
        kind=AccountKind.DEVELOPER, name="Tillwork", person=cast.people[who], roles=[Role.DEVELOPER], now=real_now(),
        state=AccountState.VERIFIED,
    )  # fmt: skip


@pytest.mark.parametrize("who", PORTALS)
def test_in_test_mode_nothing_live_is_reached(cast, sign_in, live, who):  # noqa: F811
    if who == "owner":
        add_member(cast.pharmacy, cast.people["owner"], Role.PHARMACIST)
    account = account_of(cast, who)
    client = sign_in(who)
    switch(client)
    play(client, "reserved")
    play(client, "partial")
    before, letters, done = rows_of(LIVE_WORLD_ID), mails(), []
    client.post(reverse("webhook_new"), {"url": "https://8.8.8.8/mine", "which": "all", "once": "w"})
    last = ("webhook_remove", "test_world_empty")
    for name, (kwargs, body) in sorted(CASES.items(), key=lambda case: case[0] in last):
        if not name.startswith(PORTALS[who]):
            continue
        named = kwargs or "{" in str(body or "")
        answers = visit(client, name, live, kwargs, body) if named else []
        assert not any("Livingstone" in text(answer) for answer in answers[:1]), name
        for answer in answers:
            if kwargs and set(kwargs.values()) != {"token"}:
                assert answer.status_code in REFUSED[name], f"{name} with an id of the live world: {answer.status_code}"
        if name in SCENARIO:
            play(client, SCENARIO[name])
        answers = visit(client, name, newest(account), kwargs, body)
        assert all(answer.status_code < 500 for answer in answers), name
        if len(answers) > 1 and answers[-1].status_code in (200, 204, 302):
            done.append(name)
        if body is not None:  # what a page alone wrote is found after the next form
            assert differences(before, rows_of(LIVE_WORLD_ID)) == [], name
            assert mails() == letters, name
    assert differences(before, rows_of(LIVE_WORLD_ID)) == []
    assert len(done) >= {"doctor": 12, "owner": 20, "developer": 9}[who], done


@pytest.mark.parametrize("who", PORTALS)
def test_outside_it_nothing_of_the_test_world_is_reached(cast, sign_in, live, who):  # noqa: F811
    account = account_of(cast, who)
    client = sign_in(who)
    switch(client)
    play(client, "partial")
    world = Account.objects.get(pk=account.pk).test_world_id
    Patient.objects.filter(world_id=world).update(family_name="Fictitious")
    client.post(reverse("webhook_new"), {"url": "https://8.8.8.8/mine", "which": "all", "once": "w"})
    ids = newest(account)
    switch(client, "live")
    before = rows_of(world)
    for name, (kwargs, body) in CASES.items():
        if name.startswith(PORTALS[who]):
            answers = visit(client, name, ids, kwargs, body)
            for answer in answers:
                if kwargs and set(kwargs.values()) != {"token"}:
                    assert answer.status_code in (403, *REFUSED[name]), (
                        f"{name} with an id of the test world: {answer.status_code}"
                    )
            assert "Fictitious" not in text(answers[0]), name
            if body is not None:
                assert differences(before, rows_of(world)) == [], name
    assert differences(before, rows_of(world)) == []


def test_whoever_has_no_test_world_reaches_nobodys(cast, sign_in, live):  # noqa: F811
    client = sign_in("pharmacist")
    switch(client)
    play(client, "partial")
    world = Account.objects.get(pk=cast.pharmacy.pk).test_world_id
    Patient.objects.filter(world_id=world).update(family_name="Fictitious")
    ids, before = newest(cast.pharmacy), rows_of(world)
    for who in ("patient", "staff"):
        browser = sign_in(who)
        assert cast.actor(who).mode == Mode.LIVE
        for name, kwargs in OUTSIDE.items():
            if name.startswith(who):
                for answer in visit(browser, name, ids, kwargs, REASON):
                    assert answer.status_code in (403, 404, 405), f"{name}: {answer.status_code}"
                    assert "Fictitious" not in text(answer)
        assert differences(before, rows_of(world)) == [], who
