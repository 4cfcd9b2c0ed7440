"""What scenarios are made of: synthetic patients, medicines, and the pharmacy's products that cover them."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from elmed.access.actors import Actor
from elmed.access.visibility import visible
from elmed.inventory import money, products
from elmed.inventory.models import Product
from elmed.inventory.product_fields import ProductFields
from elmed.patients.actions import create, set_allergies
from elmed.patients.identity import Identity
from elmed.patients.models import Consultation, IdentityCheck, Patient, Sex
from elmed.prescriptions.actions.draft import DraftLine
from elmed.prescriptions.jurisdiction import jurisdiction

BORN = date(1970, 1, 1)
FAMILIES = ("Testerby", "Sampleton", "Mockford", "Fixturey", "Dummond", "Stubbs-Test")
IN_STOCK = 20_000  # thousandths of a pack


@dataclass(frozen=True)
class Medicine:
    """A line as a doctor writes it, what it is for (ICD-10), and the pack that the test pharmacy sells."""

    line: DraftLine
    diagnosis: tuple[str, str]
    sku: str
    price: str
    pack_milli: int


def _line(
    text: str, atc: str, strength: str, form: str, dosage: str, quantity: int, days: int, **more: bool
) -> DraftLine:
    return DraftLine(
        medication_text=text, dosage_text=dosage, quantity_milli=quantity * 1000, unit=form, medication_code=atc, medication_system="ATC",
        strength=strength, form=form, route="oral", days_supply=days, **more,  # type: ignore[arg-type]
    )  # fmt: skip


# fmt: off
MEDICINES = {
    "amoxicillin": Medicine(_line("amoxicillin 500 mg capsules", "J01CA04", "500 mg", "capsule", "Take one capsule three times a day for 7 days", 21, 7), ("Acute bronchitis", "J20.9"), "TEST-AMOX-21", "3.20", 21_000),
    "ramipril": Medicine(_line("ramipril 5 mg tablets", "C09AA05", "5 mg", "tablet", "Take one tablet each morning", 28, 28), ("Essential hypertension", "I10"), "TEST-RAMI-28", "2.45", 28_000),
    "atorvastatin": Medicine(_line("atorvastatin 20 mg tablets", "C10AA05", "20 mg", "tablet", "Take one tablet at night", 28, 28), ("Pure hypercholesterolaemia", "E78.0"), "TEST-ATOR-28", "2.60", 28_000),
    "omeprazole": Medicine(_line("omeprazole 20 mg capsules", "A02BC01", "20 mg", "capsule", "Take one capsule each morning before breakfast", 28, 28), ("Gastro-oesophageal reflux disease", "K21.9"), "TEST-OMEP-28", "2.30", 28_000),
    "levothyroxine": Medicine(_line("levothyroxine 50 microgram tablets", "H03AA01", "50 microgram", "tablet", "Take one tablet each morning", 28, 28, substitution_allowed=False), ("Hypothyroidism", "E03.9"), "TEST-LEVO-28", "2.75", 28_000),
    "morphine": Medicine(_line("morphine sulfate 10 mg modified-release tablets", "N02AA01", "10 mg", "tablet", "Take one tablet every 12 hours", 14, 7, is_controlled=True), ("Chronic pain due to neoplasm", "R52.1"), "TEST-MORP-14", "7.80", 14_000),
}
# fmt: on


def patient(doctor: Actor, now: datetime, *, allergy: str = "") -> Consultation:
    """A new synthetic patient, with the consultation in which the doctor met them."""
    family = secrets.choice(FAMILIES)
    new = Identity(
        family, "Test", BORN, Sex.OTHER, health_number=f"TEST-{secrets.token_hex(5).upper()}", phone="+44 7700 900999",
        address="2 Example Street, Testford",
    )  # fmt: skip
    met = create(doctor, new, identity_check=IdentityCheck.KNOWN, summary="A synthetic patient.", now=now)
    found = [(allergy, "rash")] if allergy else []
    set_allergies(doctor, met.patient_id, none_known=not found, substances=found, now=now)
    return met


def stocked(pharmacist: Actor, names: tuple[str, ...], now: datetime) -> list[Product]:
    """The products that cover these medicines, in the pharmacy's catalogue and on its shelf; those that are there already stay."""
    return [_product(pharmacist, MEDICINES[name], now) for name in names]


def _product(pharmacist: Actor, medicine: Medicine, now: datetime) -> Product:
    known = visible(pharmacist, Product).filter(sku=medicine.sku).first()
    if known is not None:
        return known
    line, currency = medicine.line, jurisdiction().currency
    words = line.medication_text
    fields = ProductFields(
        sku=medicine.sku, name=words[0].upper() + words[1:], currency=currency, price_milli=money.parse(medicine.price, currency),
        medication_code=line.medication_code, medication_system=line.medication_system, strength=line.strength,
        form=line.form, route=line.route, pack_size_milli=medicine.pack_milli, pack_unit=line.unit, requires_prescription=True,
        is_controlled=line.is_controlled,
    )  # fmt: skip
    made = products.create(pharmacist, fields, now=now)
    return products.set_stock(pharmacist, made.pk, IN_STOCK, now=now)


def name_of(who: Patient) -> str:
    """As the API writes it."""
    return f"{who.given_name} {who.family_name}"
