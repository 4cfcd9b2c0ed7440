"""A recall's lists: pages with counts, the file for calling the patients, and an access record for what was shown."""

import csv
import html
import io
from datetime import UTC, date, timedelta

import pytest
from django.urls import reverse

from elmed.events.models import AccessRecord
from elmed.inventory import receipts
from elmed.inventory.models import Batch
from elmed.inventory.receipts import Amount
from elmed.inventory.sales import record_sale
from elmed.patients.models import Patient
from elmed.portals.pharmacy import inventory_recall
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.models import Dispense, Prescription
from tests import factories
from tests.cast import NOW
from tests.inventory.conftest import PLASTERS, amoxicillin, make  # noqa: F401

LAST_DAY = date(NOW.year + 1, 1, 31)


@pytest.fixture
def batch(cast, amoxicillin):  # noqa: F811
    who = cast.actor("technician")
    receipts.receive(who, amoxicillin.pk, Amount(9000), batch_number="B1", expiry_date=LAST_DAY, now=NOW)
    return Batch.objects.get()


def handed_over(cast, hours, **words):
    """To the first patient, so many hours later."""
    rx = factories.verified(cast)
    line = SupplyLine(factories.first_line(rx), 1000, product_sku="AMOX-500", **words)
    supply = Supply(lines=(line,), receiver="A neighbour")
    now = NOW + timedelta(hours=hours)
    return dispense(cast.actor("technician"), rx.pk, supply, source="portal", now=now)


@pytest.fixture
def gone(cast, batch):
    """Three of the batch, four without one; the oldest of each to the second patient."""
    certain = [handed_over(cast, hours, batch_number="B1") for hours in range(3)]
    possible = [handed_over(cast, 10 + hours) for hours in range(4)]
    Prescription.objects.filter(pk__in=(certain[0].prescription_id, possible[0].prescription_id)).update(
        patient=cast.other_patient
    )
    return certain, possible


def shown_to(record):
    return sorted(record.patients.values_list("patient_id", flat=True))


def ids_on(page, made):
    return [one.pk for one in made if reverse("pharmacy_prescription", args=[one.prescription_id]) in page]


def test_each_list_has_pages_and_a_count_and_a_record_of_the_page_alone(cast, sign_in, batch, gone, monkeypatch):
    monkeypatch.setattr(inventory_recall, "PAGE_SIZE", 2)
    certain, possible = gone
    browser, url = sign_in("technician"), reverse("pharmacy_batch", args=[batch.pk])

    def look(**asked):
        return html.unescape(browser.get(url, asked).content.decode())

    page = look()
    assert 'Handed over <span class="count">3</span>' in page
    assert 'Possibly handed over <span class="count">4</span>' in page
    assert "Page 1 of 2" in page
    assert "2 patients altogether, 1 of them on this page" in page
    assert ids_on(page, certain) == [certain[1].pk, certain[2].pk]  # the newest first
    assert ids_on(page, possible) == []
    assert shown_to(AccessRecord.objects.get(action="portal.recall")) == [cast.patient.pk]
    assert "?list=certain&page=2" in page
    second = look(list="certain", page=2)
    assert ids_on(second, certain) == [certain[0].pk]
    assert shown_to(AccessRecord.objects.filter(action="portal.recall").last()) == [cast.other_patient.pk]
    assert ids_on(look(list="possible", page=2), possible) == [possible[0].pk, possible[1].pk]
    assert ids_on(look(list="possible", page=99), possible) == [possible[0].pk, possible[1].pk]
    assert ids_on(look(list="x"), certain) == [certain[1].pk, certain[2].pk]
    assert "Your shop reported no order" in look(list="sold")


def test_the_file_names_everybody_once_a_hand_over_and_each_sees_it(cast, sign_in, batch, gone):
    certain, possible = gone
    Patient.objects.filter(pk=cast.patient.pk).update(phone="=1+2", email="cara@example.org")
    answer = sign_in("technician").get(reverse("pharmacy_batch_patients", args=[batch.pk]))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith(f'attachment; filename="batch-{batch.pk}-patients-')
    assert "no-store" in answer["Cache-Control"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["of_the_batch"] for row in rows] == ["yes"] * 3 + ["possible"] * 4
    assert {row["prescription"] for row in rows} == {str(one.prescription_id) for one in (*certain, *possible)}
    first = rows[0]
    moment = certain[2].handed_over_at.astimezone(UTC)
    assert first["family_name"] == "Dean"
    assert first["phone"] == "'=1+2"  # no spreadsheet runs it
    assert (first["email"], first["date_of_birth"]) == ("cara@example.org", "1961-02-03")
    assert (first["quantity"], first["unit"], first["batch_noted"]) == ("1", "capsule", "B1")
    assert (first["received_by"], first["brought_back"]) == ("A neighbour", "")
    assert first["handed_over_at"].endswith(f":{moment:%M}")
    record = AccessRecord.objects.get(action="portal.recall")
    assert shown_to(record) == sorted((cast.patient.pk, cast.other_patient.pk))


def test_nobody_elses_batch_is_exported(cast, sign_in, batch, gone):
    url = reverse("pharmacy_batch_patients", args=[batch.pk])
    assert sign_in("other_pharmacist").get(url).status_code == 404
    assert sign_in("doctor").get(url).status_code == 403
    assert not AccessRecord.objects.filter(action="portal.recall").exists()


def test_what_the_shop_sold_is_a_list_of_its_own_and_shows_no_patient(cast, sign_in, make, batch):  # noqa: F811
    goods = make(PLASTERS)
    who = cast.actor("technician")
    receipts.receive(who, goods.pk, Amount(9000), batch_number="P1", now=NOW)
    record_sale(cast.actor("pharmacist"), "1042", [("PLAST-1", 1000)], now=NOW)
    lot = Batch.objects.get(number="P1")
    page = html.unescape(sign_in("technician").get(reverse("pharmacy_batch", args=[lot.pk])).content.decode())
    assert 'Order <bdi dir="ltr">1042' in page and "(possible)" in page  # the first list that has something
    assert "Export the patients" not in page
    assert not AccessRecord.objects.filter(action="portal.recall").exists()
    assert not Dispense.objects.exists()
