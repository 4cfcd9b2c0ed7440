"""What a shop says of itself, links, pictures, and what the screens read."""

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from PIL import Image

from elmed.core.refusals import Invalid, NotAllowed, NotVisible
from elmed.events.models import Event
from elmed.inventory import images, links, products, queries, receipts, shop
from elmed.inventory.models import ProductImage, ProductLink, ShopState
from elmed.inventory.receipts import Amount
from tests import factories
from tests.cast import NOW, key_actor
from tests.inventory.conftest import AMOXICILLIN, PLASTERS, refused


def report(actor, **words):
    said = {"plugin_version": "1.0.0", "last_sync_at": NOW, "orders_waiting": 2, "problems": ["No VAT rate"]} | words
    return shop.report(actor, **said, now=NOW)


def test_the_shops_newest_word_is_kept(cast):
    key = key_actor(cast, "pharmacist", "shop")
    report(key)
    report(key, orders_waiting=0, problems=7, last_sync_at=None)
    state = ShopState.objects.get()
    assert (state.orders_waiting, state.last_sync_at, shop.problems_of(state)) == (0, None, (7, []))
    assert shop.state_of(cast.actor("technician")) == state
    assert shop.state_of(cast.actor("other_pharmacist")) is None
    report(key_actor(cast, "other_pharmacist", "rx:dispense"))
    assert ShopState.objects.count() == 2


@pytest.mark.parametrize(
    "words",
    [
        {"plugin_version": ""}, {"plugin_version": "x" * 41}, {"orders_waiting": -1}, {"problems": -1},
        {"problems": ["x"] * 51}, {"problems": ["x" * 301]},
    ],
)  # fmt: skip
def test_words_of_a_shop_that_are_not_kept(cast, words):
    with pytest.raises(Invalid):
        report(key_actor(cast, "pharmacist", "shop"), **words)
    assert ShopState.objects.count() == 0


def test_who_may_not_speak_for_a_shop(cast):
    for actor in (key_actor(cast, "pharmacist", "rx:read"), cast.actor("doctor")):
        with pytest.raises(NotAllowed):
            report(actor)
    assert ShopState.objects.count() == 0


def test_linked_by_a_pharmacist_once(cast, make):
    product = make(replace(AMOXICILLIN, sku="OTHER", medication_code="J01CA99"))
    rx, who = factories.verified(cast), cast.actor("pharmacist")
    line = factories.first_line(rx)
    for _ in range(2):
        links.link(who, product.pk, line, now=NOW)
    row = ProductLink.objects.get()
    assert (row.person_id, list(queries.links(product))) == (who.person_id, [row])
    told = Event.objects.get(type="product.linked")
    assert told.data == {"product_id": product.pk, "medication_id": line}
    day = NOW.date()
    assert [one.linked for one in queries.choices_for(who, list(rx.lines.all()), day=day)[line]] == [True]
    for _ in range(2):
        links.unlink(who, product.pk, line, now=NOW)
    assert ProductLink.objects.count() == 0
    assert Event.objects.filter(type="product.unlinked").count() == 1
    assert queries.choices_for(who, list(rx.lines.all()), day=day)[line] == []


def test_links_that_are_refused(cast, make, amoxicillin):
    rx, who = factories.verified(cast), cast.actor("pharmacist")
    line = factories.first_line(rx)
    tablets = make(replace(AMOXICILLIN, sku="TAB", pack_unit="tablet"))
    other = make(replace(AMOXICILLIN, sku="X"), "other_pharmacist")

    def act(product, line=line, actor=who):
        return lambda: links.link(actor, product.pk, line, now=NOW)

    refused(Invalid, act(tablets), "unit_mismatch")
    refused(NotVisible, act(other), "not_found")
    refused(NotVisible, act(amoxicillin, 999999), "not_found")
    refused(NotVisible, act(other, actor=cast.actor("other_pharmacist")), "not_found")  # a prescription held elsewhere
    for name in ("owner", "technician", "doctor"):
        refused(NotAllowed, act(amoxicillin, actor=cast.actor(name)), "permission_denied")
    products.retire(who, amoxicillin.pk, now=NOW)
    refused(Invalid, act(amoxicillin), "retired")
    assert ProductLink.objects.count() == 0


def picture(kind="JPEG", size=(1600, 800), mode="RGB", **words):
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else (255, 0, 0, 0)).save(out, kind, **words)
    return out.getvalue()


def store(actor, raw):
    return images.store(actor, io.BytesIO(raw), now=NOW)


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_picture_is_drawn_anew_and_small(cast, kind, extension):
    row = store(cast.actor("owner"), picture(kind))
    assert (row.width, row.height, row.content_type) == (1200, 600, images.FORMATS[kind][0])
    with Image.open(io.BytesIO(bytes(row.data))) as drawn:
        assert (drawn.format, drawn.size) == (kind, (1200, 600))
    assert images.path(row.pk, row.content_type) == f"/images/{row.pk}.{extension}"
    assert images.load(row.pk, extension) == row
    assert store(cast.actor("owner"), picture(kind)) == row
    with pytest.raises(NotVisible):
        images.load(row.pk, "gif")


def test_nothing_of_the_file_but_its_pixels_is_kept(cast):
    place = Image.Exif()
    place[0x010E] = "GPS 51.4545 -2.5879"
    place[0x0112] = 6  # lies on its side
    row = store(cast.actor("owner"), picture(exif=place, comment=b"secret words"))
    assert (row.width, row.height) == (600, 1200)
    for word in (b"GPS", b"secret", b"Exif"):
        assert word not in bytes(row.data)
    row = store(cast.actor("owner"), picture("PNG") + b"<script>alert(1)</script>")
    assert b"script" not in bytes(row.data)


def test_see_through_stays_see_through(cast):
    row = store(cast.actor("owner"), picture("PNG", (10, 10), "RGBA"))
    with Image.open(io.BytesIO(bytes(row.data))) as drawn:
        assert drawn.mode == "RGBA"


def test_pictures_that_are_refused(cast):
    who = cast.actor("owner")
    for raw, code in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "wrong_type"), (b"", "wrong_type"), (b"GIF89a" + b"\0" * 40, "wrong_type"),
        (picture()[:400], "broken"), (picture("PNG")[:60], "broken"), (picture(size=(4001, 10)), "too_large"),
        (b"\xff\xd8" + b"\0" * images.MAX_BYTES, "too_large"), (picture("BMP", (10, 10)), "wrong_type"),
    ):  # fmt: skip
        refused(Invalid, lambda raw=raw: store(who, raw), code)
    refused(NotAllowed, lambda: store(cast.actor("technician"), picture()), "permission_denied")
    assert ProductImage.objects.count() == 0


def test_a_products_picture_is_set_and_taken_away(cast, amoxicillin):
    who = cast.actor("owner")
    row = store(who, picture())
    for _ in range(2):
        assert products.set_image(who, amoxicillin.pk, row, now=NOW).image == row
    products.set_image(who, amoxicillin.pk, None, now=NOW)
    assert Event.objects.filter(type="product.changed").count() == 2
    refused(
        NotAllowed,
        lambda: products.set_image(cast.actor("technician"), amoxicillin.pk, row, now=NOW),
        "permission_denied",
    )


def test_the_views_of_the_catalogue(cast, make, amoxicillin, plasters):
    who, day = cast.actor("technician"), NOW.date()
    retired = make(replace(PLASTERS, sku="OLD", name="Old plasters"))
    products.retire(cast.actor("owner"), retired.pk, now=NOW)
    make(replace(PLASTERS, sku="THEIRS"), "other_pharmacist")
    soon = {"batch_number": "B1", "expiry_date": day + timedelta(days=queries.EXPIRING_DAYS)}
    receipts.receive(who, amoxicillin.pk, Amount(5000), now=NOW, **soon)
    later = {"batch_number": "B2", "expiry_date": date(NOW.year + 3, 1, 1)}
    receipts.receive(who, plasters.pk, Amount(1000), now=NOW, **later)

    def skus(view, words=""):
        return [row.sku for row in queries.catalogue(who, view=view, words=words, day=day)]

    assert skus("all") == ["AMOX-500", "PLAST-1"]
    assert skus("low") == ["AMOX-500"]  # 5 packs, warned at 5
    assert skus("expiring") == ["AMOX-500"]
    assert skus("prescription") == ["AMOX-500"]
    assert (skus("negative"), skus("retired")) == ([], ["OLD"])
    assert queries.view_counts(who, day=day) == {
        "all": 2, "low": 1, "expiring": 1, "negative": 0, "prescription": 1, "retired": 1,
    }  # fmt: skip
    receipts.receive(who, amoxicillin.pk, Amount(units_milli=1), now=NOW)
    assert skus("low") == []
    amoxicillin.refresh_from_db()
    assert not queries.is_low(amoxicillin)
    receipts.correct(who, plasters.pk, Amount(1500), more=False, reason="Lost", now=NOW)
    assert skus("negative") == ["PLAST-1"]
    assert (skus("all", "capsules amox"), skus("all", "j01"), skus("all", "plast amox")) == (
        ["AMOX-500"],
        ["AMOX-500"],
        [],
    )


def test_a_product_covers_a_line_by_all_its_words(cast, make, amoxicillin):
    make(replace(AMOXICILLIN, sku="250", strength="250 mg"))
    make(replace(AMOXICILLIN, sku="NO-ROUTE", route=None))
    make(replace(AMOXICILLIN, sku="ML", pack_unit="ml"))
    empty = make(replace(AMOXICILLIN, sku="EMPTY", name="Amoxicillin 500 mg capsules (Another)"))
    gone = make(replace(AMOXICILLIN, sku="GONE"))
    products.retire(cast.actor("owner"), gone.pk, now=NOW)
    who, rx = cast.actor("technician"), factories.verified(cast)
    for number, year in (("LATE", 2), ("SOON", 1)):
        words = {"batch_number": number, "expiry_date": date(NOW.year + year, 1, 31)}
        receipts.receive(who, empty.pk, Amount(1000), now=NOW, **words)
    line = factories.first_line(rx)
    found = queries.choices_for(who, list(rx.lines.all()), day=NOW.date())[line]
    assert [(row.product.sku, [one.number for one in row.batches]) for row in found] == [
        ("EMPTY", ["SOON", "LATE"]), ("AMOX-500", []),
    ]  # fmt: skip
    assert queries.choices_for(cast.actor("other_pharmacist"), list(rx.lines.all()), day=NOW.date()) == {line: []}
