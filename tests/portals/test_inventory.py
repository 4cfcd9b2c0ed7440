"""The inventory's pages: who sees and does what, what they say, and that a refused form changes nothing."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.inventory import products, receipts
from elmed.inventory.models import Batch, Kind, Movement, Product
from elmed.inventory.receipts import Amount
from tests.cast import NOW
from tests.inventory.conftest import AMOXICILLIN, PLASTERS, everything, make  # noqa: F401
from tests.inventory.test_shop_links_images_queries import picture

SOON = date(NOW.year + 1, 1, 31)


@pytest.fixture
def amoxicillin(make) -> Product:  # noqa: F811
    return make()


@pytest.fixture
def pharmacist(sign_in):
    return sign_in("pharmacist")


def text(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer.content.decode()


def once(browser, url):
    """The form's own token."""
    return {"once": re.search(r'name="once" value="([^"]+)"', text(browser.get(url)))[1]}


def send(browser, url, **typed):
    return browser.post(url, once(browser, url) | typed)


def delivered(cast, product, number="B1", packs=3000):
    words = {"batch_number": number, "expiry_date": SOON}
    receipts.receive(cast.actor("technician"), product.pk, Amount(packs), now=NOW, **words)
    return Batch.objects.get(product=product, number=number)


NEW = {
    "sku": "AMOX-500", "name": "Amoxicillin 500 mg capsules", "price": "3.20", "currency": "gbp", "pack_size": "21",
    "pack_unit": "capsule", "medication_code": "J01CA04", "medication_system": "ATC", "strength": "500 mg", "form": "capsule",
    "route": "oral", "requires_prescription": "on", "low_stock": "5",
}  # fmt: skip


def test_an_empty_catalogue_says_what_to_do(cast, pharmacist, sign_in):
    page = text(pharmacist.get(reverse("pharmacy_inventory")))
    assert "Your catalogue is empty" in page
    assert reverse("pharmacy_import") in page
    page = text(sign_in("technician").get(reverse("pharmacy_inventory")))
    assert "The owner or a pharmacist makes products" in page
    assert reverse("pharmacy_import") not in page


def test_made_once_and_changed(cast, pharmacist):
    url = reverse("pharmacy_product_new")
    token = once(pharmacist, url)
    answer = pharmacist.post(url, token | NEW)
    product = Product.objects.get()
    assert answer["Location"] == reverse("pharmacy_product", args=[product.pk])
    assert pharmacist.post(url, token | NEW).status_code == 302
    assert Product.objects.count() == 1
    edit = reverse("pharmacy_product_edit", args=[product.pk])
    page = text(pharmacist.get(edit))
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    assert 'value="3.20"' in page
    changed = NEW | {"price": "3,50", "seen": seen, "low_stock": ""}
    assert send(pharmacist, edit, **changed).status_code == 302
    product.refresh_from_db()
    assert (product.price_milli, product.low_stock_milli, product.requires_prescription) == (3500, None, True)
    page = text(send(pharmacist, edit, **changed | {"price": "9"}), 409)  # another tab, opened before
    assert "Somebody changed this product" in page
    product.refresh_from_db()
    assert product.price_milli == 3500


def test_what_is_wrong_is_told_at_its_field(cast, pharmacist, amoxicillin):
    url, before = reverse("pharmacy_product_new"), everything()
    wrong = {
        "sku": "", "price": "1,234", "pack_size": "many", "medication_system": "", "currency": "POUND", "low_stock": "-1",
    }  # fmt: skip
    page = text(send(pharmacist, url, **NEW | wrong | {"sku": "X", "currency": "GB"}), 422)
    for name in ("price", "pack_size", "medication_system", "currency", "low_stock"):
        assert f'href="#id_{name}"' in page, name
    assert 'value="1,234"' in page
    page = text(send(pharmacist, url, sku="", name="", price="x"), 422)  # all at once
    for name in ("sku", "name", "price"):
        assert page.count(f'href="#id_{name}"') == 1, name
    page = text(send(pharmacist, url, **NEW), 422)
    assert 'href="#id_sku"' in page
    assert "has this SKU" in page
    page = text(send(pharmacist, url, **NEW | {"sku": "M", "requires_prescription": "", "is_controlled": "on"}), 422)
    assert 'href="#id_requires_prescription"' in page
    assert everything() == before


def test_a_pack_is_fixed_once_stock_has_moved(cast, pharmacist, amoxicillin):
    delivered(cast, amoxicillin)
    edit, before = reverse("pharmacy_product_edit", args=[amoxicillin.pk]), everything()
    page = text(send(pharmacist, edit, **NEW | {"pack_size": "28"}), 422)
    assert 'href="#id_pack_size"' in page
    assert "make a new product for the other pack" in page
    assert everything() == before


def test_views_and_search(cast, pharmacist, make, amoxicillin):  # noqa: F811
    make(PLASTERS)
    url = reverse("pharmacy_inventory")
    delivered(cast, amoxicillin)
    page = text(pharmacist.get(url))
    assert "Amoxicillin 500 mg capsules" in page
    assert "3 packs" in page
    assert "not counted" in page
    page = text(pharmacist.get(url, {"view": "low"}))
    assert "Plasters" not in page
    assert '<span class="status status-waiting">Low</span>' in page
    page = text(pharmacist.get(url, {"q": "plast"}))
    assert "Amoxicillin 500 mg" not in page
    assert "Nothing here has “zzz”" in text(pharmacist.get(url, {"q": "zzz"}))
    assert "Nothing is below zero" in text(pharmacist.get(url, {"view": "negative"}))
    assert "Plasters" in text(pharmacist.get(url, {"view": "what"}))


def test_what_expires_within_the_days_asked_for(cast, pharmacist, amoxicillin):
    words = {"batch_number": "B1", "expiry_date": real_now().date() + timedelta(days=100)}
    receipts.receive(cast.actor("technician"), amoxicillin.pk, Amount(1000), now=NOW, **words)
    url = reverse("pharmacy_inventory")
    for days, found in (("", False), ("1e9", False), ("30", False), ("180", True)):
        page = text(pharmacist.get(url, {"view": "expiring", "days": days}))
        assert ('of batch <bdi dir="ltr">B1' in page) == found
        assert ("Nothing on the shelf expires within" in page) != found


def test_the_catalogue_takes_as_many_statements_for_forty_as_for_two(cast, pharmacist, make):  # noqa: F811
    from dataclasses import replace

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(pharmacist.get(reverse("pharmacy_inventory")))
        return len(captured)

    make(), make(PLASTERS)
    few = statements()
    for number in range(38):
        make(replace(PLASTERS, sku=f"P{number}"))
    assert statements() == few <= 14


def test_a_products_page(cast, pharmacist, amoxicillin):
    delivered(cast, amoxicillin)
    receipts.correct(
        cast.actor("technician"), amoxicillin.pk, Amount(units_milli=70000), more=False, reason="Lost", now=NOW
    )
    page = text(pharmacist.get(reverse("pharmacy_product", args=[amoxicillin.pk])))
    assert "Below zero: more was handed over or sold" in page
    assert "minus 7 capsules" in page
    assert "+3 packs" in page
    assert "ATC J01CA04" in page
    assert "Lost" in page


def test_the_technician_moves_stock_and_edits_nothing(cast, sign_in, amoxicillin):
    batch = delivered(cast, amoxicillin)
    technician, before = sign_in("technician"), everything()
    page = text(technician.get(reverse("pharmacy_product", args=[amoxicillin.pk])))
    assert reverse("pharmacy_stock_receive", args=[amoxicillin.pk]) in page
    writing = [
        reverse(f"pharmacy_product_{name}", args=[amoxicillin.pk]) for name in ("edit", "retire", "restore", "image")
    ]
    writing += [reverse("pharmacy_product_new"), reverse("pharmacy_prices"), reverse("pharmacy_import")]
    writing += [reverse("pharmacy_recall", args=[amoxicillin.pk]), reverse("pharmacy_end_recall", args=[batch.pk])]
    for url in writing:
        assert f'"{url}"' not in page
        assert technician.get(url).status_code == 403
        assert technician.post(url, NEW).status_code == 403
    assert everything() == before
    url = reverse("pharmacy_stock_receive", args=[amoxicillin.pk])
    assert send(technician, url, packs="2", batch_number="B2", expiry_date=f"{SOON}").status_code == 302
    assert Batch.objects.get(number="B2").stock_milli == 42000


def test_others_see_nothing(cast, sign_in, amoxicillin):
    batch = delivered(cast, amoxicillin)
    other, doctor, before = sign_in("other_pharmacist"), sign_in("doctor"), everything()
    assert "Amoxicillin" not in text(other.get(reverse("pharmacy_inventory")))
    assert b"AMOX" not in other.get(reverse("pharmacy_export")).content
    one = [
        reverse(f"pharmacy_stock_{name}", args=[amoxicillin.pk])
        for name in ("receive", "count", "set_aside", "discard")
    ]
    one += [reverse(f"pharmacy_product_{name}", args=[amoxicillin.pk]) for name in ("edit", "retire", "image")]
    one += [reverse("pharmacy_product", args=[amoxicillin.pk]), reverse("pharmacy_recall", args=[amoxicillin.pk])]
    one += [reverse("pharmacy_batch", args=[batch.pk]), reverse("pharmacy_end_recall", args=[batch.pk])]
    for url in one:
        assert other.get(url).status_code == 404, url
        assert other.post(url, NEW).status_code == 404, url
        assert doctor.get(url).status_code == 403, url
    assert everything() == before


@pytest.mark.parametrize(
    ("name", "typed", "kind", "shelf", "aside"),
    [
        (
            "receive",
            {"packs": "1", "units": "3", "batch_number": "B2", "expiry_date": str(SOON)},
            Kind.RECEIPT,
            87000,
            0,
        ),
        ("receive", {"packs": "1,5"}, Kind.RECEIPT, 94500, 0),
        ("count", {"packs": "2", "batch_id": ""}, Kind.CORRECTION, 42000, 0),
        ("count", {"packs": "0", "batch_id": "B"}, Kind.CORRECTION, 0, 0),
        ("correct", {"more": "less", "units": "3", "batch_id": "", "reason": "Broken"}, Kind.CORRECTION, 60000, 0),
        ("correct", {"more": "more", "units": "3", "batch_id": "B", "reason": "Found"}, Kind.CORRECTION, 66000, 0),
        ("return", {"packs": "1", "batch_number": "B1", "reason": "Not needed"}, Kind.RETURN, 63000, 21000),
        ("set_aside", {"packs": "1", "batch_id": "B", "reason": "Wet"}, Kind.QUARANTINE, 42000, 21000),
    ],
)
def test_stock_is_moved(cast, sign_in, amoxicillin, name, typed, kind, shelf, aside):
    batch = delivered(cast, amoxicillin)
    typed = {field: str(batch.pk) if value == "B" else value for field, value in typed.items()}
    technician, url = sign_in("technician"), reverse(f"pharmacy_stock_{name}", args=[amoxicillin.pk])
    token = once(technician, url)
    assert technician.post(url, token | typed).status_code == 302
    assert technician.post(url, token | typed).status_code == 302  # sent twice, done once
    moved = Movement.objects.exclude(pk=Movement.objects.earliest("pk").pk)
    assert {row.kind for row in moved} == {kind}
    assert {row.person_id for row in moved} == {cast.people["technician"].pk}
    amoxicillin.refresh_from_db()
    assert amoxicillin.stock_milli == shelf
    assert sum(moved.values_list("quarantine_milli", flat=True)) == aside


def test_loose_units_are_asked_for_where_a_pack_holds_several(cast, sign_in, make):  # noqa: F811
    technician = sign_in("technician")
    for fields, loose in ((AMOXICILLIN, True), (PLASTERS, False)):
        page = text(technician.get(reverse("pharmacy_stock_receive", args=[make(fields).pk])))
        assert ("Loose capsules" in page) == loose == ('name="units"' in page)
    one = make(PLASTERS, sku="ONE", pack_size_milli=1000, pack_unit="inhaler")
    assert 'name="units"' not in text(technician.get(reverse("pharmacy_stock_receive", args=[one.pk])))


def test_out_of_quarantine_and_away(cast, sign_in, amoxicillin):
    batch = delivered(cast, amoxicillin)
    technician = sign_in("technician")
    for name, packs in (("set_aside", "3"), ("release", "1"), ("discard", "2")):
        url = reverse(f"pharmacy_stock_{name}", args=[amoxicillin.pk])
        assert "?batch=" in text(technician.get(reverse("pharmacy_product", args=[amoxicillin.pk])))
        assert send(technician, url, packs=packs, batch_id=str(batch.pk), reason="Wet").status_code == 302
    batch.refresh_from_db()
    assert (batch.stock_milli, batch.quarantined_milli) == (21000, 0)


@pytest.mark.parametrize(
    ("name", "typed", "field"),
    [
        ("receive", {}, "packs"), ("receive", {"packs": "few"}, "packs"), ("receive", {"packs": "0"}, "packs"),
        ("receive", {"packs": "1", "batch_number": "B2", "expiry_date": "2020-01-31"}, "expiry_date"),
        ("receive", {"packs": "1", "expiry_date": str(SOON)}, "batch_number"),
        ("correct", {"more": "less", "packs": "1"}, "reason"), ("set_aside", {"packs": "9", "reason": "x"}, "packs"),
        ("discard", {"packs": "1", "reason": "x"}, "packs"), ("count", {"packs": "-1"}, "packs"),
        ("return", {"packs": "1"}, "reason"),
    ],
)  # fmt: skip
def test_stock_that_is_not_moved(cast, sign_in, amoxicillin, name, typed, field):
    delivered(cast, amoxicillin)
    technician, before = sign_in("technician"), everything()
    page = text(send(technician, reverse(f"pharmacy_stock_{name}", args=[amoxicillin.pk]), **typed), 422)
    assert f'href="#id_{field}"' in page
    assert everything() == before


def test_retired_and_put_back(cast, pharmacist, amoxicillin):
    url = reverse("pharmacy_product_retire", args=[amoxicillin.pk])
    assert "your shop hides it" in text(pharmacist.get(url))
    assert Product.objects.get().active
    assert pharmacist.post(url).status_code == 302
    assert not Product.objects.get().active
    restore = reverse("pharmacy_product_restore", args=[amoxicillin.pk])
    assert pharmacist.get(restore).status_code == 302
    assert not Product.objects.get().active
    assert pharmacist.post(restore).status_code == 302
    assert Product.objects.get().active


def test_a_picture_is_kept_shown_to_anybody_and_taken_away(cast, pharmacist, amoxicillin, client):
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    url = reverse("pharmacy_product_image", args=[amoxicillin.pk])
    bad = SimpleUploadedFile("x.jpg", b"<script>", "image/jpeg")
    assert 'href="#id_image"' in text(pharmacist.post(url, {"image": bad}), 422)
    assert pharmacist.post(url, {"image": SimpleUploadedFile("x.jpg", picture())}).status_code == 302
    page = text(pharmacist.get(reverse("pharmacy_product", args=[amoxicillin.pk])))
    address = re.search(r'src="(/images/[0-9a-f]{64}\.jpg)"', page)[1]
    for browser in (client, pharmacist):
        with CaptureQueriesContext(connection) as captured:
            answer = browser.get(address)
        assert (answer.status_code, answer["Content-Type"], len(captured)) == (200, "image/jpeg", 1)
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "Cookie" not in answer.get("Vary", "")
        assert not answer.cookies
    assert client.get(address.replace(".jpg", ".png")).status_code == 404
    assert client.get("/images/" + "0" * 64 + ".jpg").status_code == 404
    assert pharmacist.post(url, {"remove": "yes"}).status_code == 302
    assert Product.objects.get().image is None


def test_a_suspended_pharmacy_moves_nothing(cast, pharmacist, amoxicillin):
    from elmed.accounts.models import AccountState

    cast.pharmacy.state = AccountState.SUSPENDED
    cast.pharmacy.save()
    before = everything()
    for name in ("pharmacy_product_edit", "pharmacy_stock_receive", "pharmacy_recall", "pharmacy_product_retire"):
        assert pharmacist.post(reverse(name, args=[amoxicillin.pk]), NEW).status_code == 403
    assert everything() == before


def test_a_retired_product_is_off_the_list(cast, pharmacist, amoxicillin):
    products.retire(cast.actor("owner"), amoxicillin.pk, now=NOW)
    url = reverse("pharmacy_inventory")
    assert AMOXICILLIN.name not in text(pharmacist.get(url))
    assert AMOXICILLIN.name in text(pharmacist.get(url, {"view": "retired"}))
