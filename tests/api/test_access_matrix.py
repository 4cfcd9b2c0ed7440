"""Every endpoint × everybody who may not: refused as promised, and nothing changed. A route without a row here fails."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.access.permissions import SCOPES, SCOPES_OF_KIND, Permission, Scope, of_scopes
from elmed.accounts.models import Account, AccountState
from elmed.api import endpoint as endpoint_module
from elmed.api.endpoint import ENDPOINTS, endpoint
from elmed.api.urls import urlpatterns
from elmed.core.clock import real_now, rfc3339
from elmed.core.models import Mode
from elmed.inventory.models import Product
from elmed.patients.models import Consultation, Patient
from elmed.prescriptions.actions.check import Asked, check
from elmed.prescriptions.models import Prescription
from elmed.webhooks import endpoints, resend
from elmed.webhooks.endpoints import Wanted
from elmed.webhooks.models import Endpoint
from tests import factories as f
from tests.api import shop
from tests.api.client import Api
from tests.api.shop import BORN

PROOF = {"reference": "{reference}", "date_of_birth": BORN}
BASKET = [{"sku": "AMOX-7", "quantity": "1"}]
REPORT = {"plugin_version": "1.0.0", "last_sync_at": None, "orders_waiting": 0, "problems": []}
# A request that is right for the pharmacy that holds the prescription: (method, path): (address, body).
REQUESTS = {
    ("GET", "/me"): ("/me", None),
    ("GET", "/prescriptions"): ("/prescriptions", None),
    ("GET", "/prescriptions/{id}"): ("/prescriptions/{rx}", None),
    ("POST", "/prescriptions/{id}/dispense"): ("/prescriptions/{rx}/dispense", None),
    ("GET", "/dispenses/{id}"): ("/dispenses/{dispense}", None),
    ("POST", "/dispenses/{id}/reverse"): ("/dispenses/{dispense}/reverse", {"reason_code": "recorded_in_error"}),
    ("GET", "/patients/{id}"): ("/patients/{patient}", None),
    ("GET", "/products"): ("/products", None),
    ("GET", "/events"): ("/events", None),
    ("GET", "/meta/state-machine"): ("/meta/state-machine", None),
    ("GET", "/meta/event-types"): ("/meta/event-types", None),
    ("GET", "/webhook-endpoints"): ("/webhook-endpoints", None),
    ("POST", "/webhook-endpoints"): ("/webhook-endpoints", {"url": "https://8.8.8.8/hooks"}),
    ("GET", "/webhook-endpoints/{id}"): ("/webhook-endpoints/{endpoint}", None),
    ("PATCH", "/webhook-endpoints/{id}"): ("/webhook-endpoints/{endpoint}", {"description": "Till"}),
    ("DELETE", "/webhook-endpoints/{id}"): ("/webhook-endpoints/{endpoint}", None),
    ("POST", "/webhook-endpoints/{id}/roll-secret"): ("/webhook-endpoints/{endpoint}/roll-secret", None),
    ("GET", "/webhook-endpoints/{id}/deliveries"): ("/webhook-endpoints/{endpoint}/deliveries", None),
    ("GET", "/webhook-endpoints/{id}/deliveries/{delivery_id}"): (
        "/webhook-endpoints/{endpoint}/deliveries/{delivery}",
        None,
    ),
    ("POST", "/webhook-endpoints/{id}/deliveries/{delivery_id}/resend"): (
        "/webhook-endpoints/{endpoint}/deliveries/{delivery}/resend",
        None,
    ),
    ("POST", "/webhook-endpoints/{id}/resend"): ("/webhook-endpoints/{endpoint}/resend", {"since": "{now}"}),
    ("POST", "/webhook-endpoints/{id}/test"): ("/webhook-endpoints/{endpoint}/test", None),
    ("GET", "/products/{id}"): ("/products/{product}", None),
    ("PATCH", "/products/{id}/stock"): ("/products/{product}/stock", {"quantity": "5"}),
    ("POST", "/prescriptions/check"): ("/prescriptions/check", PROOF | {"lines": BASKET}),
    ("POST", "/prescriptions/route"): ("/prescriptions/route", PROOF),
    ("GET", "/reservations/{id}"): ("/reservations/{reservation}", None),
    ("POST", "/reservations/{id}/confirm"): ("/reservations/{reservation}/confirm", {"external_reference": "1042"}),
    ("DELETE", "/reservations/{id}"): ("/reservations/{reservation}", None),
    ("POST", "/sales"): ("/sales", {"external_reference": "1042", "lines": [{"sku": "PLASTER", "quantity": "1"}]}),
    ("PUT", "/integrations/woocommerce"): ("/integrations/woocommerce", REPORT),
    ("POST", "/sandbox/scenarios"): ("/sandbox/scenarios", {"name": "verified"}),
    ("POST", "/sandbox/prescriptions/{id}/act"): ("/sandbox/prescriptions/{rx}/act", {"act": "stop"}),
    ("POST", "/sandbox/clock/advance"): ("/sandbox/clock/advance", {"days": 1}),
    ("POST", "/sandbox/reset"): ("/sandbox/reset", None),
}
TESTING = {"a test key on live data", "a test key on another account's test data", "a pending account's test key"}
OPEN_TO_ANY_KEY = {
    ("GET", "/me"), ("GET", "/events"), ("GET", "/meta/state-machine"), ("GET", "/meta/event-types"),
}  # fmt: skip
LISTS = {
    ("GET", "/prescriptions"): "rx", ("GET", "/products"): "product", ("GET", "/webhook-endpoints"): "endpoint",
}  # fmt: skip
ALL = ["rx:read", "rx:dispense", "patient:read", "inventory:write", "webhooks:manage"]
# What a call without an id in its path is answered to somebody whose data it does not name.
OF_ANOTHER_PHARMACY = {
    ("POST", "/prescriptions/route"): (409, "held_elsewhere"), ("POST", "/sales"): (422, "validation_failed"),
}  # fmt: skip
IN_ANOTHER_WORLD = {
    ("POST", "/prescriptions/check"): (404, "no_matching_prescription"),
    ("POST", "/prescriptions/route"): (404, "no_matching_prescription"), ("POST", "/sales"): (422, "validation_failed"),
}  # fmt: skip
LOOKED_AT = ("AccessRecord", "ProofTries")  # what a refusal after the proof leaves: who looked, and who guessed


def routes():
    return [(one.method, one.path) for one in ENDPOINTS]


def test_every_route_has_its_row():
    assert sorted(REQUESTS) == sorted(routes())


def test_what_needs_no_key():
    """Anything else comes by @endpoint, with a permission."""
    endpoints = {re.sub(r"{(\w+)}", r"<str:\1>", one.path).lstrip("/") for one in ENDPOINTS}
    assert {str(one.pattern) for one in urlpatterns} - endpoints == {
        "openapi.json",
        "docs",
        "docs/",
        "keys/report-leak",
    }


def ok(one):
    return (one.status, None)


def always(status, code):
    return lambda _one: (status, code)


def not_yours(one, others=IN_ANOTHER_WORLD):
    """404 for one thing, nothing in a list; what is about oneself is one's own."""
    if (one.method, one.path) in others:
        return others[one.method, one.path]
    return (404, "not_found") if "{id}" in one.path else ok(one)


def of_another_pharmacy(one):
    """A proof is shown by whoever has it: the check says `not_routed_here`."""
    return not_yours(one, OF_ANOTHER_PHARMACY)


def reads_only(code):
    return lambda one: (403, code) if one.writes else (200, None)


def without_scope(one):
    return (200, None) if (one.method, one.path) in OPEN_TO_ANY_KEY else (403, "insufficient_scope")


DOCTOR_HOLDS = of_scopes(frozenset({"rx:read", "patient:read"}), "doctor")


def of_a_doctor(one):
    return ok(one) if one.permission in DOCTOR_HOLDS else (403, "insufficient_scope")


def of_another_doctor(one):
    return not_yours(one) if one.permission in DOCTOR_HOLDS else (403, "insufficient_scope")


def with_scopes(*scopes):
    """What these scopes reach, with a dispense that was not made by reservation."""

    def expected(one):
        if one.permission not in of_scopes(frozenset(scopes), "pharmacy"):
            return 403, "insufficient_scope"
        if "shop" in scopes and one.path.startswith("/dispenses"):
            return 404, "not_found"
        if "shop" in scopes and one.permission is Permission.DISPENSE:
            return 403, "insufficient_scope"
        return ok(one)

    return expected


def of_an_admin(one):
    """Reads everything that staff read, does the staff acts, never dispenses."""
    return ok(one) if one.permission in SCOPES[Scope.ADMIN] else (403, "insufficient_scope")


def promised(who, one):
    """What the caller is answered; whoever may, but with a live key, is told to use a test key where only that will do."""
    status, code = CALLERS[who](one)
    if one.test_only and who not in TESTING and status in (one.status, 404):
        return 403, "test_key_required"
    return status, code


# What is tried: (how the caller comes about, what is promised of each endpoint).
CALLERS = {
    "the pharmacy itself": ok,
    "nobody": always(401, "missing_key"),
    "an unknown key": always(401, "invalid_key"),
    "a revoked key": always(401, "invalid_key"),
    "an expired key": always(401, "invalid_key"),
    "a key without the scope": without_scope,
    "a doctor": of_a_doctor,
    "another pharmacy": of_another_pharmacy,
    "another doctor": of_another_doctor,
    "its shop": with_scopes("shop"),
    "its dispensing system": with_scopes("rx:read", "rx:dispense"),
    "a key that reads only": with_scopes("rx:read"),
    "a key that dispenses only": with_scopes("rx:dispense"),
    "a key for stock": with_scopes("inventory:write"),
    "a test key on live data": not_yours,
    "a live key on test data": not_yours,
    "a test key on another account's test data": not_yours,
    "another address": always(403, "ip_not_allowed"),
    "a suspended account": always(403, "account_not_active"),
    "a suspended account's test key": always(403, "account_not_active"),
    "a pending account": always(403, "account_not_active"),
    "a rejected account": always(403, "account_not_active"),
    "a lapsed account": reads_only("account_not_active"),
    "a pending account's test key": not_yours,
    "an admin key": of_an_admin,
}  # fmt: skip


def secret_of(who, cast, make_key, one):
    """A key as its owner would hold it."""
    month = real_now() + timedelta(days=30)
    simple = {
        "the pharmacy itself": ("pharmacist", ALL), "a doctor": ("doctor", ["rx:read", "patient:read"]),
        "another pharmacy": ("other_pharmacist", ALL), "another doctor": ("other_doctor", ["rx:read", "patient:read"]),
        "a live key on test data": ("pharmacist", ALL), "a suspended account": ("pharmacist", ALL),
        "a pending account": ("pharmacist", ALL), "a rejected account": ("pharmacist", ALL), "a lapsed account": ("pharmacist", ALL),
        "its shop": ("pharmacist", ["shop"]), "its dispensing system": ("pharmacist", ["rx:read", "rx:dispense"]),
        "a key that reads only": ("pharmacist", ["rx:read"]), "a key that dispenses only": ("pharmacist", ["rx:dispense"]),
        "a key for stock": ("pharmacist", ["inventory:write"]),
    }  # fmt: skip
    if who in simple:
        name, scopes = simple[who]
        return make_key(name, *scopes)[1]
    if who == "nobody":
        return None
    if who == "an unknown key":
        return keys._new_secret(Mode.LIVE)
    if who in ("a revoked key", "an expired key"):
        key, secret = make_key("pharmacist", *ALL)
        column = {"a revoked key": "revoked_at", "an expired key": "expires_at"}[who]
        ApiKey.objects.filter(pk=key.pk).update(**{column: real_now() - timedelta(hours=1)})
        return secret
    if who == "a key without the scope":
        weak = [scope.value for scope in SCOPES_OF_KIND["pharmacy"] if one.permission not in SCOPES[scope]]
        return make_key("pharmacist", *weak)[1]
    if who == "another address":
        return make_key("pharmacist", *ALL, allowed_ips=["203.0.113.7"])[1]
    if who == "an admin key":
        return make_key("staff", "admin", allowed_ips=["127.0.0.1"], expires_at=month)[1]
    name = "other_pharmacist" if who == "a test key on another account's test data" else "pharmacist"
    return make_key(name, *ALL, mode=Mode.TEST)[1]


def move_to_test_world(rx, world_id):
    for model, rows in (
        (Prescription, {"pk": rx.pk}),
        (Patient, {"pk": rx.patient_id}),
        (Consultation, {"patient_id": rx.patient_id}),
        (Product, {"pharmacy_id": rx.pharmacy_id}),
        (Endpoint, {"account_id": rx.pharmacy_id}),
    ):
        model.objects.filter(**rows).update(world_id=world_id)


def filled(body, names):
    """The request's body with the reference in its place."""
    return body and {
        key: value.format(**names) if key in ("reference", "since") else value for key, value in body.items()
    }


STATES = {
    "a suspended account": AccountState.SUSPENDED, "a suspended account's test key": AccountState.SUSPENDED,
    "a pending account": AccountState.PENDING, "a rejected account": AccountState.REJECTED, "a lapsed account": AccountState.LAPSED,
    "a pending account's test key": AccountState.PENDING,
}  # fmt: skip


@pytest.fixture
def rx(cast):
    """Some of it was supplied, and a pack of the rest is reserved."""
    rx = f.partially_dispensed(cast)
    shop.product(cast)
    shop.product(cast, shop.PLASTERS)
    return rx


def names_of(cast, rx):
    kept = check(cast.actor("pharmacist"), rx.pk, [Asked("AMOX-7", 1000)], reserve=True, now=real_now()).reservation
    endpoint, _ = endpoints.make(cast.actor("pharmacist"), Wanted("https://8.8.8.8/hooks"))
    sent = resend.send_test(cast.actor("pharmacist"), endpoint.pk)
    return {
        "endpoint": endpoint.pk, "delivery": sent.pk, "now": rfc3339(real_now()),
        "rx": rx.pk, "dispense": rx.dispenses.get().pk, "patient": rx.patient_id, "reference": rx.reference,
        "product": Product.objects.get(sku="AMOX-7").pk, "reservation": kept.pk,
    }  # fmt: skip


@pytest.mark.parametrize("who", CALLERS)
def test_everybody_at_every_endpoint(cast, make_key, rx, who):
    if connection.vendor == "postgresql" and list(CALLERS).index(who) % 2:
        pytest.skip("who may is decided before any row is touched: PostgreSQL sees every second caller")
    names = names_of(cast, rx)
    for one in sorted(ENDPOINTS, key=lambda one: one.writes):  # reads first: a successful act changes what comes next
        api = Api(secret_of(who, cast, make_key, one))
        if who in ("a live key on test data", "a test key on another account's test data"):
            make_key("owner", "rx:read", mode=Mode.TEST)
            move_to_test_world(rx, Account.objects.get(pk=cast.pharmacy.pk).test_world_id)
        Account.objects.filter(pk=cast.pharmacy.pk).update(state=STATES.get(who, AccountState.VERIFIED))
        address, body = REQUESTS[one.method, one.path]
        status, code = promised(who, one)
        proven = one.path == "/prescriptions/route" or (status == 404 and one.path == "/prescriptions/check")
        before = shop.all_there_is(but=LOOKED_AT if proven else ())
        answer = api.call(one.method, address.format(**names), filled(body, names))
        said = answer.json() if answer.content else {}
        assert (answer.status_code, said.get("code")) == (status, code), f"{one.method} {one.path} by {who}: {said}"
        Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.VERIFIED)
        if status >= 400:
            after = shop.all_there_is(but=LOOKED_AT if proven else ())
            assert after == before, f"{one.method} {one.path} by {who}: refused, and yet something changed"
        elif (one.method, one.path) in LISTS:
            foreign = CALLERS[who] in (not_yours, of_another_pharmacy, of_another_doctor)
            ids = [item["id"] for item in said["data"]]
            assert (names[LISTS[one.method, one.path]] in ids, bool(ids)) == (not foreign, not foreign), who


def test_not_yours_and_not_there_look_alike(cast, rx, other_pharmacy):
    names = names_of(cast, rx)
    for path, name in (
        ("/prescriptions/{}", "rx"), ("/dispenses/{}", "dispense"), ("/patients/{}", "patient"),
        ("/products/{}", "product"), ("/reservations/{}", "reservation"),
    ):  # fmt: skip
        foreign, absent = (other_pharmacy.get(path.format(pk)).json() for pk in (names[name], 987654321))
        assert {**foreign, "request_id": 0} == {**absent, "request_id": 0}


class TestAnEndpointMustSayWhoMay:
    """Forgetting fails at import, not at the first request."""

    @pytest.fixture(autouse=True)
    def registered(self, monkeypatch):
        monkeypatch.setattr(endpoint_module, "ENDPOINTS", [])

    def handler(self, call):
        """Says something of itself."""

    def test_without_permission(self):
        with pytest.raises(TypeError):
            endpoint("GET", "/secrets", answer={}, tag="x")
        for nothing in (None, "", "prescription.read", False):
            with pytest.raises(TypeError, match="names no permission"):
                endpoint("GET", "/secrets", permission=nothing, answer={}, tag="x")

    def test_without_words(self):
        with pytest.raises(TypeError, match="says nothing"):
            endpoint("GET", "/secrets", permission=Permission.ACCOUNT_READ, answer={}, tag="x")(lambda call: None)

    def test_with_both(self):
        endpoint("GET", "/fine", permission=Permission.ACCOUNT_READ, answer={}, tag="x")(self.handler)
        assert [one.path for one in endpoint_module.ENDPOINTS] == ["/fine"]
