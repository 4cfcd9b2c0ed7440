"""A pharmacy's web shop in tests: its products, its key, its baskets."""

from datetime import date

from elmed.access.actors import Actor
from elmed.inventory.models import Product
from elmed.inventory.product_fields import ProductFields
from elmed.inventory.products import create
from elmed.prescriptions.actions.check import Asked, Checked, check
from elmed.prescriptions.models import Prescription, PrescriptionLine, Reservation
from tests.cast import NOW, Cast, key_actor

BORN = date(1961, 2, 3)
AMOXICILLIN = ProductFields(
    sku="AMOX-21", name="Amoxicillin 500 mg capsules", currency="EUR", price_milli=8_500, medication_code="J01CA04",
    medication_system="ATC", strength="500 mg", form="capsule", route="oral", pack_size_milli=21_000, pack_unit="capsule",
    requires_prescription=True,
)  # fmt: skip


def product(cast: Cast, fields: ProductFields = AMOXICILLIN, *, by: str = "pharmacist", **changed) -> Product:
    """Put it into the catalogue of that person's pharmacy."""
    return create(cast.actor(by), ProductFields(**(vars(fields) | changed)), now=NOW)


def shop(cast: Cast, who: str = "pharmacist") -> Actor:
    """The key that *Create key for WooCommerce* makes."""
    return key_actor(cast, who, "shop")


def basket(*lines: tuple[str, str | int]) -> list[Asked]:
    """SKUs with packs."""
    return [Asked(sku, int(float(packs) * 1000)) for sku, packs in lines]


def checked(actor: Actor, rx: Prescription, *lines: tuple[str, str | int], reserve: bool = False, now=NOW) -> Checked:
    """Ask for these; one pack of amoxicillin where nothing is named."""
    return check(actor, rx.pk, basket(*(lines or (("AMOX-21", 1),))), reserve=reserve, now=now)


def reasons(found: Checked) -> list[str | None]:
    """The reasons in the order asked; None where it is ok."""
    return [line.reason and line.reason.value for line in found.lines]


def reserved(actor: Actor, rx: Prescription, *lines: tuple[str, str | int], now=NOW) -> Reservation:
    """Kept; fails where it cannot be."""
    found = checked(actor, rx, *lines, reserve=True, now=now)
    assert found.reservation is not None, reasons(found)
    return found.reservation


def counters(rx: Prescription) -> list[tuple[int, int]]:
    """Supplied and reserved, line by line."""
    return list(
        PrescriptionLine.objects.filter(prescription=rx)
        .order_by("position")
        .values_list("supplied_milli", "reserved_milli")
    )
