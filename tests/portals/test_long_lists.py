"""Lists beside the main one of a page are paged as well: what is older is still reached."""

from datetime import timedelta

import pytest
from django.urls import reverse

from elmed.accounts.models import Membership, Person
from elmed.core.clock import real_now
from elmed.inventory.models import Batch, ProductLink
from elmed.patients.models import Consultation, IdentityCheck
from elmed.portals.pharmacy import inventory, inventory_recall
from tests import factories
from tests.inventory.conftest import make  # noqa: F401
from tests.portals.test_inventory import amoxicillin, pharmacist, text  # noqa: F401

pytestmark = pytest.mark.usefixtures("db")


def test_a_patients_older_consultations(cast, sign_in):
    now, person = real_now(), cast.people["doctor"]
    for number in range(30):
        Consultation.objects.create(
            world_id=cast.patient.world_id, patient=cast.patient, doctor=cast.doctor, person=person, created_at=now,
            identity_check=IdentityCheck.KNOWN, held_at=now - timedelta(days=number), summary=f"Visit no. {number};",
        )  # fmt: skip
    url, doctor = reverse("doctor_patient", args=[cast.patient.pk]), sign_in("doctor")
    newest, older = text(doctor.get(url)), text(doctor.get(url, {"consultations": "2"}))
    assert 'href="?consultations=2"' in newest
    assert "Visit no. 0;" in newest and "Visit no. 29;" not in newest
    assert "Visit no. 29;" in older and "Visit no. 0;" not in older
    assert "Visit no. 0;" in text(doctor.get(url, {"consultations": "99"})), "no such page: the first"


def test_recalls_of_long_ago(cast, pharmacist, amoxicillin):  # noqa: F811
    now = real_now()
    Batch.objects.bulk_create(
        Batch(product=amoxicillin, number=f"R{number}", created_at=now, recalled_at=now - timedelta(days=number), recall_reason="Notice")
        for number in range(inventory_recall.PAGE_SIZE + 1)
    )  # fmt: skip
    url = reverse("pharmacy_recalls")
    last = f"R{inventory_recall.PAGE_SIZE}"
    assert last not in text(pharmacist.get(url))
    assert last in text(pharmacist.get(url, {"page": "2"}))


def test_a_products_older_links(cast, pharmacist, amoxicillin):  # noqa: F811
    now = real_now()
    made = [factories.verified(cast, now=now) for _ in range(inventory.MOVEMENTS + 1)]
    person = cast.people["pharmacist"]
    for rx in made:
        ProductLink.objects.create(product=amoxicillin, line=rx.lines.get(), person=person, created_at=now)
    url = reverse("pharmacy_product", args=[amoxicillin.pk])
    oldest = reverse("pharmacy_prescription", args=[made[0].pk]) + '"'
    assert oldest not in text(pharmacist.get(url))
    assert oldest in text(pharmacist.get(url, {"links": "2"}))


def test_the_people_of_a_large_pharmacy_have_pages(cast, sign_in):
    for number in range(60):
        person = Person.objects.create(email=f"p{number}@example.org", name=f"Zz {number:02}")
        Membership.objects.create(person=person, account=cast.pharmacy, role="technician")
    owner = sign_in("owner")
    first, second = (owner.get(reverse("staff"), {"page": page}).content.decode() for page in (1, 2))
    assert "Zz 59" not in first and "page=2" in first
    assert "Zz 59" in second and "Zz 00" not in second
