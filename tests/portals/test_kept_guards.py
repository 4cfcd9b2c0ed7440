"""What comes back after the lock is refused as it would have been without one: for what changed meanwhile, and what was made already."""

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.inventory.models import Movement, Product
from elmed.patients.models import Allergy, Consultation, Patient
from elmed.portals import kept
from elmed.prescriptions.models import Dispense, Prescription
from tests import factories as f
from tests.inventory.conftest import make  # noqa: F401  (a fixture)
from tests.portals.conftest import PASSWORD
from tests.portals.test_kept import FOR, NOTICE, back_of, locked, pauses  # noqa: F401  (a fixture)

WHY = "A slip when the record was made"


class Case(NamedTuple):
    """A form that is sent, and sent again with other words behind the lock from a page that was open since before."""

    role: str
    guard: str
    first: dict[str, str]
    then: dict[str, str]
    refused: int
    rows: Callable[[], Any]  # what it writes


CASES = {
    "pharmacy_dispense": Case("pharmacist", "version", {"quantity": "7"}, {"quantity": "7"}, 412, Dispense.objects.order_by("pk").values),
    "pharmacy_product_edit": Case("pharmacist", "seen", {"price": "3.50"}, {"name": "Another"}, 409, Product.objects.values),
    "doctor_correct": Case("doctor", "seen", {"phone": "+44 7"}, {"given_name": "Carla"}, 409, Patient.objects.order_by("pk").values),
    "staff_patient_name": Case("staff", "seen", {"family_name": "Deane"}, {"given_name": "Carla"}, 409, Patient.objects.order_by("pk").values),
    "patient_details": Case("patient", "seen", {"phone": "+44 7"}, {"address": "1 Low Road"}, 409, Patient.objects.order_by("pk").values),
    "doctor_allergies": Case("doctor", "seen", {"substances": "latex"}, {"substances": "aspirin"}, 409, Allergy.objects.order_by("pk").values),
    "doctor_patient_new": Case("doctor", "once", {}, {"summary": "Hay fever since June"}, 302, Patient.objects.order_by("pk").values),
    "doctor_consultation": Case("doctor", "once", {}, {"summary": "Hay fever since June"}, 302, Consultation.objects.order_by("pk").values),
    "pharmacy_stock_receive": Case("pharmacist", "once", {}, {"batch_number": "B2"}, 302, Movement.objects.order_by("pk").values),
}  # fmt: skip
TYPED = {
    "doctor_patient_new": {
        "family_name": "Nowicka", "given_name": "Ewa", "date_of_birth": "1984-05-06", "sex": "female",
        "identity_check": "photo_id", "summary": "Hay fever since May",
    },
    "pharmacy_stock_receive": {"packs": "2", "batch_number": "B1", "expiry_date": "2031-01-31"},
    "doctor_consultation": {"identity_check": "photo_id", "summary": "Hay fever since May"},
}  # fmt: skip


def hidden(page) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    words = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.content.decode())
    return {name: html.unescape(value) for name, value in words if name != "csrfmiddlewaretoken"}


def shown(page) -> dict[str, str]:
    """The visible fields of its form."""
    values = {field.html_name: field.value() for field in page.context["form"].visible_fields()}
    return {name: str(value) for name, value in values.items() if value not in (None, False)}


@pytest.mark.parametrize("name", CASES)
def test_a_page_of_before_is_refused_when_it_comes_back(request, cast, sign_in, name):
    case, args, typed = CASES[name], [], TYPED.get(name, {})
    rx = f.verified(cast, now=real_now())
    browser = sign_in(case.role)
    if name == "pharmacy_dispense":
        line, args = rx.lines.get(), [rx.pk]
        typed = {"receiver": "Her son", f"line-{line.pk}-batch_number": "LOT77", f"line-{line.pk}-quantity": "7"}
    elif name.startswith("pharmacy_"):
        args = [request.getfixturevalue("make")().pk]
    elif name not in ("patient_details", "doctor_patient_new"):
        args = [cast.patient.pk]
    if name == "staff_patient_name":
        browser.post(reverse("staff_record", args=args), {"reason": "The patient asked us to"})
    url = reverse(name, args=args)
    page = browser.get(url)
    before = hidden(page)
    typed = before | (shown(page) if case.guard == "seen" else {}) | typed | {"reason": WHY}
    assert before[case.guard] and before[FOR]

    assert browser.post(url, typed | case.first).status_code == 302
    rows = list(case.rows())
    assert rows
    locked(browser)
    back = back_of(browser.post(url, typed | case.then))
    browser.post(reverse("unlock"), {"password": PASSWORD})
    again = browser.get(back)
    assert NOTICE in again.content.decode()
    assert hidden(again)[case.guard] == before[case.guard]
    assert list(case.rows()) == rows

    answer = browser.post(back, typed | hidden(again) | case.then)
    assert answer.status_code == case.refused
    assert list(case.rows()) == rows  # nobody's change was written over, and nothing was made twice
    if case.guard != "once":  # who looks at what it is now, can send theirs
        assert browser.post(url, typed | hidden(browser.get(url)) | case.then).status_code == 302
        assert list(case.rows()) != rows


@pytest.mark.parametrize("name", ["doctor_review", "pharmacy_act_hold"])
def test_a_prescription_that_went_on_meanwhile_is_refused(cast, sign_in, name):
    """Its page is asked for anew with the version of before, so that nothing is signed or held unread."""
    if name == "doctor_review":
        rx, role = f.draft(cast, now=real_now()), "doctor"
        typed = {"sign": "yes", "pharmacy_words": "Corner", "pharmacy_id": str(cast.pharmacy.pk)}
    else:
        rx, role, typed = f.verified(cast, now=real_now()), "pharmacist", {"reason": "The dose is asked about"}
    browser, url = sign_in(role), reverse(name, args=[rx.pk])
    typed |= hidden(browser.get(url))
    assert typed["version"] == str(rx.version)
    locked(browser)
    back = back_of(browser.post(url, typed))
    Prescription.objects.filter(pk=rx.pk).update(version=rx.version + 1)
    browser.post(reverse("unlock"), {"password": PASSWORD})
    before = Prescription.objects.values().get(pk=rx.pk)
    again = hidden(browser.get(back))
    assert again["version"] == str(rx.version)
    assert browser.post(back, typed | again).status_code == 412
    assert Prescription.objects.values().get(pk=rx.pk) == before


# They carry what the page shows now: buttons with nothing typed, a second step, and the composer, which reads it itself.
NOW = {
    "portals/_buttons.html",
    "pharmacy/inventory_prices.html",
    "pharmacy/inventory_review.html",
    "doctor/compose.html",
}


def test_no_template_writes_a_guard_past_what_was_kept():
    folder = Path(kept.__file__).parent / "templates"
    wrong = {
        f"{path.relative_to(folder)}: {value}"
        for path in folder.rglob("*.html")
        for _guard, value in re.findall(
            rf'type="hidden" name="({"|".join(kept.GUARDS)})" value="{{{{ ?(.*?) ?}}}}"', path.read_text()
        )
        if "|unless_kept:" not in value
        and not value.endswith("form.fresh")
        and str(path.relative_to(folder)) not in NOW
    }
    assert not wrong
