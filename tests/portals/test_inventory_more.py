"""The inventory's other pages: recalls, prices, files, links, what the shop keeps, the hand-over, Settings → WooCommerce."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from elmed.access.models import RateWindow
from elmed.core.clock import real_now
from elmed.events.models import AccessRecord
from elmed.inventory import csv_files, links, products, receipts, shop
from elmed.inventory.models import Batch, Kind, Movement, Product, ProductLink
from elmed.inventory.receipts import Amount
from elmed.portals.shared import plugin_file
from elmed.prescriptions.models import Dispense, DispenseLine, Reservation
from tests import factories
from tests.cast import NOW, key_actor
from tests.inventory.conftest import AMOXICILLIN, PLASTERS, everything, make  # noqa: F401
from tests.portals.test_inventory import amoxicillin, delivered, pharmacist, text  # noqa: F401
from tests.prescriptions.shop import reserved

pytestmark = pytest.mark.usefixtures("db")


def stock_of(product):
    return Product.objects.get(pk=product.pk).stock_milli


def test_recalled_with_those_who_received_it(cast, pharmacist, sign_in, amoxicillin):  # noqa: F811
    batch = delivered(cast, amoxicillin)
    rx = factories.verified(cast, now=real_now())
    line = rx.lines.get()
    typed = {f"line-{line.pk}-quantity": "21", f"line-{line.pk}-source": f"{amoxicillin.pk}:{batch.pk}"}
    assert (
        pharmacist.post(reverse("pharmacy_dispense", args=[rx.pk]), typed | {"version": rx.version}).status_code == 302
    )
    recalls = reverse("pharmacy_recalls")
    assert "No batch is recalled" in text(pharmacist.get(recalls))
    assert "No batch with the number “Z9”" in text(pharmacist.get(recalls, {"q": "Z9"}))
    url = reverse("pharmacy_recall", args=[amoxicillin.pk]) + "?batch=B1"
    assert url in text(pharmacist.get(recalls, {"q": "b1"}))
    assert 'value="B1"' in text(pharmacist.get(url))
    before = everything()
    assert 'href="#id_reason"' in text(pharmacist.post(url, {"batch_number": "B1"}), 422)
    assert everything() == before
    answer = pharmacist.post(url, {"batch_number": "B1", "reason": "Notice 12"})
    assert answer["Location"] == reverse("pharmacy_batch", args=[batch.pk])
    assert AccessRecord.objects.filter(action="portal.recall").count() == 0
    page = text(sign_in("technician").get(answer["Location"]))
    for words in (
        "DEAN, Cara",
        "03-Feb-1961",
        "Notice 12",
        "21 capsules",
        reverse("pharmacy_prescription", args=[rx.pk]),
    ):
        assert words in page, words
    record = AccessRecord.objects.get(action="portal.recall")
    assert [row.patient_id for row in record.patients.all()] == [cast.patient.pk]
    assert "A list of whom a recalled batch" in text(sign_in("patient").get(reverse("patient_access")))
    assert "Notice 12" in text(pharmacist.get(recalls))
    assert pharmacist.post(url, {"batch_number": "B1", "reason": "Again"}).status_code == 409
    end = reverse("pharmacy_end_recall", args=[batch.pk])
    assert pharmacist.post(end, {"reason": ""}).status_code == 422
    assert pharmacist.post(end, {"reason": "Another maker's"}).status_code == 302
    assert stock_of(amoxicillin) == 42000


def test_prices_are_shown_before_they_change(cast, pharmacist, make, amoxicillin):  # noqa: F811
    make(PLASTERS)
    url = reverse("pharmacy_prices")
    asked = {"view": "all", "words": "", "how": "percent", "by": "10", "step": "10"}
    before = everything()
    page = text(pharmacist.post(url, asked))
    assert "3.52 GBP" in page
    assert "2.74 GBP" in page
    assert everything() == before
    for wrong, field in (({"by": "much"}, "by"), ({"by": "0"}, "by"), ({"by": "-101"}, "by"), ({"view": "x"}, "view")):
        assert f'href="#id_{field}"' in text(pharmacist.post(url, asked | wrong), 422)
    assert "below zero" in text(pharmacist.post(url, asked | {"how": "amount", "by": "-3"}))
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)[1]
    assert 'id="id_by"' in text(pharmacist.post(url, asked | {"seen": seen, "back": "yes"}))
    assert everything() == before
    assert pharmacist.post(url, asked | {"seen": seen}).status_code == 302
    assert dict(Product.objects.values_list("sku", "price_milli")) == {"AMOX-500": 3520, "PLAST-1": 2740}
    before = everything()
    assert "A price changed since you looked" in text(pharmacist.post(url, asked | {"seen": seen}), 409)
    assert everything() == before


def test_some_prices_alone(cast, pharmacist, make, amoxicillin):  # noqa: F811
    make(PLASTERS)
    url = reverse("pharmacy_prices")
    asked = {"view": "prescription", "words": "amox", "how": "amount", "by": "-0,20", "step": "10"}
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', text(pharmacist.post(url, asked)))[1]
    pharmacist.post(url, asked | {"seen": seen})
    assert dict(Product.objects.values_list("sku", "price_milli")) == {"AMOX-500": 3000, "PLAST-1": 2490}


def upload(browser, raw):
    return browser.post(reverse("pharmacy_import"), {"file": SimpleUploadedFile("products.csv", raw)})


def test_a_file_is_looked_at_and_then_imported(cast, pharmacist, sign_in, amoxicillin):  # noqa: F811
    assert "AMOX-500" in text(pharmacist.get(reverse("pharmacy_export")))
    template = pharmacist.get(reverse("pharmacy_template"))
    assert template["Content-Disposition"] == 'attachment; filename="products-template.csv"'
    before = everything()
    assert 'href="#id_file"' in text(upload(pharmacist, b"name\nx\n"), 422)
    assert 'href="#id_file"' in text(pharmacist.post(reverse("pharmacy_import"), {}), 422)
    review = upload(pharmacist, b"sku;name;price\nNEW;Plasters;2,49\nAMOX-500;Amoxicillin;x\n")["Location"]
    page = text(pharmacist.get(review))
    assert "1 row cannot be imported" in page
    assert "Price: An amount such as 12.50" in page
    assert "parted by semicolons" in page
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)[1]
    assert pharmacist.post(review, {"seen": seen}).status_code == 422
    assert everything() == before
    review = upload(pharmacist, b"sku,name,price\nNEW,Plasters,2.49\nAMOX-500,Amoxicillin,4.00\n")["Location"]
    assert "Plasters" in text(pharmacist.get(review))
    page = text(pharmacist.get(review, {"fate": "change"}))
    assert 'Price: <bdi dir="ltr">3.20 → <strong>4.00</strong></bdi>' in page
    assert everything() == before
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)[1]
    assert pharmacist.post(review, {"seen": "0" * 64}).status_code == 409
    assert sign_in("owner").get(review).status_code == 404  # another's file
    assert everything() == before
    assert pharmacist.post(review, {"seen": seen}).status_code == 302
    assert dict(Product.objects.values_list("sku", "price_milli")) == {"AMOX-500": 4000, "NEW": 2490}
    assert pharmacist.post(review, {"seen": seen}).status_code == 404  # it was imported


def test_a_body_larger_than_any_form_takes_is_not_read(cast, pharmacist):  # noqa: F811
    assert upload(pharmacist, b"x" * (5 * 1024 * 1024 + 1)).status_code == 422
    assert upload(pharmacist, b"x" * (6 * 1024 * 1024 + 1)).status_code in (400, 413)


def test_every_row_of_a_long_file_can_be_seen(cast, pharmacist):  # noqa: F811
    rows = "".join(f"S{n},Article {n}\n" for n in range(450))
    review = upload(pharmacist, b"sku,name\n" + rows.encode())["Location"]
    assert "Page 1 of 3" in text(pharmacist.get(review))
    assert "Article 449" in text(pharmacist.get(review, {"fate": "create", "page": "3"}))


def test_an_export_of_all_reads_back(cast, pharmacist, make, amoxicillin):  # noqa: F811
    products.retire(cast.actor("owner"), make(replace(PLASTERS, name="=HYPERLINK(1)")).pk, now=NOW)
    raw = pharmacist.get(reverse("pharmacy_export")).content
    assert b"'=HYPERLINK(1)" in raw
    assert len(csv_files.read(raw).rows) == 2
    assert "nothing to import" in text(pharmacist.get(upload(pharmacist, raw)["Location"]))


def test_a_pharmacist_links_a_product(cast, pharmacist, sign_in, make, amoxicillin):  # noqa: F811
    other = make(replace(AMOXICILLIN, sku="OTHER", name="Amoxil", medication_code="J01CA99"))
    tablets = make(replace(AMOXICILLIN, sku="TAB", name="Amoxitab", pack_unit="tablet"))
    rx = factories.verified(cast, now=real_now())
    line = rx.lines.get()
    page, url = reverse("pharmacy_stock_of_rx", args=[rx.pk]), reverse("pharmacy_link", args=[rx.pk, line.pk])
    assert url in text(pharmacist.get(page))
    technician = sign_in("technician")
    assert url not in text(technician.get(page))
    assert technician.post(url, {"product": other.pk}).status_code == 403
    shown = text(pharmacist.get(url, {"q": "amoxi"}))
    assert 'counted in <bdi dir="ltr">tablets</bdi>, not in <bdi dir="ltr">capsules</bdi>' in shown
    assert shown.index("Amoxil") < shown.index("Amoxitab")
    make(replace(AMOXICILLIN, sku="AAA", name="Amoxi first by name", pack_unit="tablet"))
    shown = text(pharmacist.get(url, {"q": "amoxi"}))
    assert shown.index("Amoxil") < shown.index("Amoxi first by name")
    make(
        replace(AMOXICILLIN, sku="ZZZ", name="Amoxi zzz last by name", pack_unit="CAP sule")
    )  # the same unit to a shop
    shown = text(pharmacist.get(url, {"q": "amoxi"}))
    assert shown.index("Amoxi zzz last by name") < shown.index("Amoxi first by name")
    assert "Amoxi first by name" in text(pharmacist.get(url, {"q": "AAA"}))  # where none can be linked
    assert "counted in tablet" in text(pharmacist.post(url, {"product": tablets.pk}), 422)
    for nonsense in ("", "x", "999999"):
        assert pharmacist.post(url, {"product": nonsense}).status_code == 404
    assert pharmacist.get(reverse("pharmacy_link", args=[rx.pk, line.pk + 1])).status_code == 404
    assert ProductLink.objects.count() == 0
    assert pharmacist.post(url, {"product": other.pk}).status_code == 302
    assert ProductLink.objects.get().person_id == cast.people["pharmacist"].pk
    assert "linked by a pharmacist" in text(pharmacist.get(page))
    assert f"Prescription {rx.pk}" in text(pharmacist.get(reverse("pharmacy_product", args=[other.pk])))
    unlink = reverse("pharmacy_unlink", args=[rx.pk, line.pk, other.pk])
    assert pharmacist.get(unlink).status_code == 302
    assert technician.post(unlink).status_code == 403
    assert ProductLink.objects.count() == 1
    assert pharmacist.post(unlink).status_code == 302
    assert ProductLink.objects.count() == 0


@pytest.fixture
def kept(cast, make, amoxicillin):  # noqa: F811
    """A pack that the shop keeps for an order at the checkout."""
    rx = factories.verified(cast, now=real_now())
    return rx, reserved(key_actor(cast, "pharmacist", "shop"), rx, ("AMOX-500", 1), now=real_now())


def test_what_the_shop_keeps_is_shown_and_freed(cast, sign_in, kept):
    rx, reservation = kept
    technician, page = sign_in("technician"), reverse("pharmacy_stock_of_rx", args=[rx.pk])
    shown = text(technician.get(page))
    assert "A shopper at the checkout" in shown
    assert "through the key “till”" in shown
    url = reverse("pharmacy_free_reservation", args=[rx.pk, reservation.pk])
    assert url in shown
    assert "must not send that order" in text(technician.get(url))
    assert technician.post(url, {"reason": " "}).status_code == 422
    assert sign_in("other_pharmacist").post(url, {"reason": "x"}).status_code == 404
    assert (
        technician.post(
            reverse("pharmacy_free_reservation", args=[rx.pk + 1, reservation.pk]), {"reason": "x"}
        ).status_code
        == 404
    )
    reservation.refresh_from_db()
    assert reservation.is_open
    assert technician.post(url, {"reason": "The customer stands here"}).status_code == 302
    reservation = Reservation.objects.get()
    assert (reservation.freed_reason, reservation.freed_note) == ("freed_by_pharmacy", "The customer stands here")
    assert "A shopper at the checkout" not in text(technician.get(page))
    assert technician.post(url, {"reason": "Again"}).status_code == 409


def dispense(browser, rx, **typed):
    line = rx.lines.get()
    fields = {f"line-{line.pk}-{name}": value for name, value in ({"quantity": "21"} | typed).items()}
    return browser.post(reverse("pharmacy_dispense", args=[rx.pk]), fields | {"version": rx.version})


def test_the_first_expiring_batch_is_proposed_and_taken(cast, pharmacist, amoxicillin):  # noqa: F811
    technician = cast.actor("technician")
    late = {"batch_number": "LATE", "expiry_date": date(NOW.year + 3, 1, 31)}
    receipts.receive(technician, amoxicillin.pk, Amount(1000), now=NOW, **late)
    batch = delivered(cast, amoxicillin, "SOON", 1000)
    rx = factories.verified(cast, now=real_now())
    page = text(pharmacist.get(reverse("pharmacy_dispense", args=[rx.pk])))
    chosen = re.search(r'<option value="([^"]*)" selected>([^<]*)', page)
    assert chosen[1] == f"{amoxicillin.pk}:{batch.pk}"
    assert chosen[2].startswith("SOON, expires 31-Jan-")
    assert dispense(pharmacist, rx, source=chosen[1]).status_code == 302
    given = DispenseLine.objects.get()
    assert (given.product_sku, given.batch_number, given.expiry_date) == ("AMOX-500", "SOON", batch.expiry_date)
    batch.refresh_from_db()
    assert (batch.stock_milli, stock_of(amoxicillin)) == (0, 21000)
    assert Movement.objects.get(kind=Kind.DISPENSE).dispense_line == given


def test_more_than_the_first_batch_holds_goes_over_several(cast, pharmacist, amoxicillin):  # noqa: F811
    delivered(cast, amoxicillin, "A", 500), delivered(cast, amoxicillin, "B", 1000)
    rx = factories.verified(cast, now=real_now())
    page = text(pharmacist.get(reverse("pharmacy_dispense", args=[rx.pk])))
    chosen = re.search(r'<option value="([^"]*)" selected>', page)[1]
    assert chosen == f"{amoxicillin.pk}:"
    assert dispense(pharmacist, rx, source=chosen).status_code == 302
    assert sorted(Batch.objects.values_list("number", "stock_milli")) == [("A", 0), ("B", 10500)]


def test_another_batch_than_the_chosen_one_is_the_one_typed(cast, pharmacist, amoxicillin):  # noqa: F811
    batch = delivered(cast, amoxicillin)
    rx = factories.verified(cast, now=real_now())
    words = {"batch_number": "Z9", "expiry_date": "2031-01-31"}
    assert dispense(pharmacist, rx, source=f"{amoxicillin.pk}:{batch.pk}", **words).status_code == 302
    given = DispenseLine.objects.get()
    assert (given.product_sku, given.batch_number, given.expiry_date) == ("AMOX-500", "Z9", date(2031, 1, 31))
    assert Batch.objects.get(number="Z9").stock_milli == -21000


def test_what_is_not_of_the_stock_is_not_counted(cast, pharmacist, amoxicillin):  # noqa: F811
    delivered(cast, amoxicillin)
    rx = factories.verified(cast, now=real_now())
    assert dispense(pharmacist, rx, source="", batch_number="X").status_code == 302
    assert (DispenseLine.objects.get().product_sku, stock_of(amoxicillin)) == (None, 63000)


def test_hand_overs_of_unfit_stock_are_refused(cast, pharmacist, make, amoxicillin):  # noqa: F811
    from elmed.inventory import recall

    batch = delivered(cast, amoxicillin)
    rx = factories.verified(cast, now=real_now())
    recall.recall(cast.actor("pharmacist"), amoxicillin.pk, batch_number="B1", reason="Notice", now=NOW)
    before = everything()
    strange = make(PLASTERS)
    page = text(pharmacist.get(reverse("pharmacy_dispense", args=[rx.pk])))
    assert f'value="{amoxicillin.pk}:{batch.pk}"' not in page
    assert "was recalled" in text(dispense(pharmacist, rx, source=f"{amoxicillin.pk}:", batch_number="B1"), 409)
    assert dispense(pharmacist, rx, source=f"{strange.pk}:").status_code == 422
    strange.delete()
    assert (Dispense.objects.count(), everything()[:3]) == (0, before[:3])


def test_settings_woocommerce_leads_to_the_first_sync(cast, pharmacist, sign_in):  # noqa: F811
    url = reverse("woocommerce")
    assert url in text(pharmacist.get(reverse("settings")))
    page = text(pharmacist.get(url))
    assert "none yet" in page
    assert "No shop has spoken yet" in page
    preset = reverse("api_key_new") + "?preset=shop"
    assert f'href="{preset}"' in page
    form = text(pharmacist.get(preset))
    assert re.search(r'value="shop"[^>]* checked', form)
    assert form.count(" checked") == 2  # this scope, and live
    assert re.search(r"enter the address <code>http[^<]+</code>, and press Test Connection", page)
    assert preset not in text(sign_in("technician").get(url))
    assert sign_in("doctor").get(url).status_code == 403
    assert url not in text(sign_in("doctor").get(reverse("settings")))


def test_settings_woocommerce_shows_how_the_shop_is(cast, pharmacist):  # noqa: F811
    key, now = key_actor(cast, "pharmacist", "shop"), real_now()
    RateWindow.objects.create(key_id=key.key_id, opened_at=now, used=1, last_used_at=now - timedelta(seconds=-1))
    words = {"plugin_version": "0.9.0", "last_sync_at": now, "orders_waiting": 3}
    shop.report(key, **words, problems=["SKU <b>7</b> has no price"], now=now)
    key_actor(cast, "owner", "rx:read", "rx:dispense")  # the dispensing system's: there is one for the shop
    page = text(pharmacist.get(reverse("woocommerce")))
    assert page.count("“till”") == 1
    assert "SKU &lt;b&gt;7&lt;/b&gt; has no price" in page
    assert re.search(r"<dt>Orders waiting</dt><dd>3</dd>", page)
    assert "0.9.0" in page
    assert "less than a minute ago" in page
    assert "Quiet" not in page
    shop.report(key, **words, problems=12, now=now)
    assert "Problems in the shop (12)" in text(pharmacist.get(reverse("woocommerce")))
    before = now - timedelta(hours=3)
    RateWindow.objects.filter(key_id=key.key_id).update(opened_at=before, last_used_at=before)
    page = text(pharmacist.get(reverse("woocommerce")))
    assert "less than a minute ago" not in page
    assert "Quiet" in page
    assert "scheduled jobs" in page


def test_a_key_with_which_a_shop_works_as_well_is_shown(cast, pharmacist):  # noqa: F811
    key_actor(cast, "pharmacist", "rx:read", "patient:read")
    assert "none yet" in text(pharmacist.get(reverse("woocommerce")))
    key_actor(cast, "pharmacist", "rx:read", "rx:dispense")
    assert "“till”" in text(pharmacist.get(reverse("woocommerce")))


def plugin_source(root, version="1.2.0"):
    """A checkout with a small plugin in it, and the project's own builder."""
    from tests.guards.source import ROOT

    folder = root / "woocommerce" / plugin_file.NAME
    folder.mkdir(parents=True)
    (folder / f"{plugin_file.NAME}.php").write_text(
        f"<?php\n/**\n * Version: {version}\n */\ndefine( 'ELMED_WC_VERSION', '{version}' );\n"
    )
    (folder / "readme.txt").write_text(f"Stable tag: {version}\n")
    (root / "tools").mkdir()
    (root / "tools" / "plugin.py").write_text((ROOT / "tools" / "plugin.py").read_text())
    return folder


def test_the_zip_is_served(cast, pharmacist, sign_in, settings, tmp_path, monkeypatch):  # noqa: F811
    settings.DATA_DIR = tmp_path / "data"
    plugin_source(tmp_path / "checkout")
    find = plugin_file.find
    monkeypatch.setattr(plugin_file, "find", lambda: find(tmp_path / "checkout"))
    assert "Download ELMED for WooCommerce 1.2.0" in text(pharmacist.get(reverse("woocommerce")))
    answer = sign_in("technician").get(reverse("woocommerce_plugin"))
    assert answer["Content-Disposition"] == 'attachment; filename="elmed-for-woocommerce-1.2.0.zip"'
    assert answer["Content-Type"] == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert f"{plugin_file.NAME}/readme.txt" in names
    assert sign_in("doctor").get(reverse("woocommerce_plugin")).status_code == 403
    monkeypatch.setattr(plugin_file, "find", lambda: None)
    assert pharmacist.get(reverse("woocommerce_plugin")).status_code == 404
    assert "not part of this installation" in text(pharmacist.get(reverse("woocommerce")))


def test_a_zip_is_taken_as_built_or_built_anew(settings, tmp_path):
    import os

    settings.DATA_DIR = tmp_path / "data"
    root = tmp_path / "checkout"
    assert plugin_file.find(root) is None
    (root / "dist").mkdir(parents=True)
    for version in ("1.9.0", "1.10.0"):
        (root / "dist" / f"{plugin_file.NAME}-{version}.zip").write_bytes(b"zip")
    assert plugin_file.version_of(plugin_file.find(root)) == "1.10.0"  # no source: the newest that is there
    folder = plugin_source(root, "1.10.0")
    assert (
        plugin_file.find(root).parent == root / "dist" or plugin_file.find(root).parent == tmp_path / "data" / "plugin"
    )
    os.utime(folder / "readme.txt", (9e9, 9e9))  # changed since
    assert plugin_file.find(root).parent == tmp_path / "data" / "plugin"
    os.utime(folder / "readme.txt", (1, 1)), os.utime(folder / f"{plugin_file.NAME}.php", (1, 1))
    assert plugin_file.find(root).parent == root / "dist"
    (folder / "notes.md").write_text("not shipped")
    assert plugin_file.find(root).parent == root / "dist"


def test_links_count_for_the_hand_over(cast, pharmacist, make):  # noqa: F811
    other = make(replace(AMOXICILLIN, sku="OTHER", medication_code="J01CA99"))
    rx = factories.verified(cast, now=real_now())
    assert 'name="line-' in text(pharmacist.get(reverse("pharmacy_dispense", args=[rx.pk])))
    assert (
        dispense(pharmacist, rx, source=f"{other.pk}:", quantity="7").status_code == 302
    )  # no such field: not counted
    assert DispenseLine.objects.get().product_sku is None
    links.link(cast.actor("pharmacist"), other.pk, factories.first_line(rx), now=real_now())
    rx.refresh_from_db()
    assert dispense(pharmacist, rx, source=f"{other.pk}:", quantity="7").status_code == 302
    assert stock_of(other) == -7000
