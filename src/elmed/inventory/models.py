"""A pharmacy's products, their batches and every movement of stock: fields and constraints, no acts.

Products are written by inventory/products.py, batches and movements by inventory/stock.py alone. Stock is counted in
thousandths of the product's unit (a tablet, a ml; the pack itself where no pack size is given), so that 10 of 28
tablets are exact; faces show packs (inventory/packs.py).
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from elmed.access.models import ApiKey
from elmed.accounts.models import Account, Person
from elmed.core.models import World
from elmed.prescriptions.models import DispenseLine, PrescriptionLine


class ProductImage(models.Model):
    """A picture of a pack, found by the hash of its bytes. It shows goods, nobody's data: anybody may fetch it."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    data = models.BinaryField()
    created_at = models.DateTimeField()
    unused_since = models.DateTimeField(
        null=True, blank=True, help_text="When the clock first found no product that shows it."
    )

    def __str__(self) -> str:
        """For logs."""
        return f"image {self.sha256[:8]}"


class Product(models.Model):
    """What a pharmacy sells under one SKU. Retired, never deleted: orders and dispenses name it."""

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+", db_index=False)
    pharmacy = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    sku = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=5000, blank=True)
    price_milli = models.BigIntegerField(null=True, blank=True, help_text="Thousandths of the currency's unit.")
    currency = models.CharField(max_length=3, help_text="ISO 4217")
    medication_code = models.CharField(max_length=40, null=True, blank=True)
    medication_system = models.CharField(max_length=10, null=True, blank=True, help_text="ATC, RxNorm or local")
    strength = models.CharField(max_length=60, null=True, blank=True)
    form = models.CharField(max_length=60, null=True, blank=True)
    route = models.CharField(max_length=60, null=True, blank=True)
    pack_size_milli = models.BigIntegerField(null=True, blank=True, help_text="Thousandths of `pack_unit` in a pack.")
    pack_unit = models.CharField(max_length=20, null=True, blank=True)
    requires_prescription = models.BooleanField(default=False)
    is_controlled = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    image = models.ForeignKey(ProductImage, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    low_stock_milli = models.BigIntegerField(null=True, blank=True, help_text="Warned at or below; thousandth packs.")
    stock_milli = models.BigIntegerField(
        null=True, blank=True, help_text="The sum of the movements, sellable; null until the first of them."
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.IntegerField(
        default=1, db_default=1, help_text="Grows wherever `updated_at` moves, for `If-Match`."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("pharmacy", "world", Lower("sku"), name="product_sku_once"),
            models.CheckConstraint(
                condition=Q(price_milli__isnull=True) | Q(price_milli__gte=0), name="product_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(pack_size_milli__isnull=True, pack_unit__isnull=True)
                | Q(pack_size_milli__gt=0, pack_unit__isnull=False),
                name="product_pack_has_a_unit",
            ),
            models.CheckConstraint(
                condition=Q(is_controlled=False) | Q(requires_prescription=True),
                name="product_controlled_on_prescription",
            ),
        ]
        indexes = [
            models.Index(fields=["world", "pharmacy", "-id"], name="product_newest"),
            models.Index(fields=["world", "pharmacy", "updated_at", "id"], name="product_changed"),
        ]

    def __str__(self) -> str:
        """For people."""
        return f"{self.sku} {self.name}"


class Batch(models.Model):
    """One manufacturer's lot of a product. Its two counters are sums of its movements."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="batches")
    number = models.CharField(max_length=40)
    expiry_date = models.DateField(null=True, blank=True)
    stock_milli = models.BigIntegerField(default=0)
    quarantined_milli = models.BigIntegerField(default=0)
    recalled_at = models.DateTimeField(null=True, blank=True)
    recall_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = [F("expiry_date").asc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint("product", Lower("number"), name="batch_number_once"),
        ]
        # Asked every minute: years of used-up batches are not in it.
        indexes = [models.Index(fields=["expiry_date"], condition=Q(stock_milli__gt=0), name="batch_expiry")]

    def __str__(self) -> str:
        """For people."""
        return self.number


class Kind(models.TextChoices):
    """Why stock moved."""

    RECEIPT = "receipt"
    DISPENSE = "dispense"
    SALE = "sale"
    CORRECTION = "correction"
    RETURN = "return"
    QUARANTINE = "quarantine"
    RECALL = "recall"  # off the shelf by a recall, or back where it was a mistake


class Sale(models.Model):
    """Over-the-counter lines of one completed order of the shop; once per its reference."""

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+", db_index=False)
    pharmacy = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    external_reference = models.CharField(max_length=120)
    key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pharmacy", "world", "external_reference"], name="sale_reference_once")
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"sale {self.pk}"


class SaleLine(models.Model):
    """So many packs of one product."""

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    packs_milli = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(packs_milli__gt=0), name="sale_line_positive")]

    def __str__(self) -> str:
        """For logs."""
        return f"sale line {self.pk}"


class Movement(models.Model):
    """A change of stock; append-only. `shelf_milli` on the sellable shelf, `quarantine_milli` in quarantine.

    `assumed`: no batch was named, so the first-expiring one was taken for the count. It may have been any: a recall asks about all
    of the product.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="movements")
    batch = models.ForeignKey(Batch, null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    shelf_milli = models.BigIntegerField(default=0)
    quarantine_milli = models.BigIntegerField(default=0)
    assumed = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    dispense_line = models.ForeignKey(
        DispenseLine, null=True, blank=True, on_delete=models.PROTECT, related_name="movements"
    )
    sale_line = models.ForeignKey(SaleLine, null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(shelf_milli=0, quarantine_milli=0), name="movement_moves"),
        ]
        indexes = [models.Index(fields=["product", "-id"], name="movement_of_product")]

    def __str__(self) -> str:
        """For logs."""
        return f"movement {self.pk}"


class ProductLink(models.Model):
    """A pharmacist said that this product covers this line, although their codes do not say so."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="links")
    line = models.ForeignKey(PrescriptionLine, on_delete=models.PROTECT, related_name="product_links")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "line"], name="product_link_once")]

    def __str__(self) -> str:
        """For logs."""
        return f"link {self.pk}"


class ShopState(models.Model):
    """What a pharmacy's shop plugin said of itself last; one a pharmacy and world."""

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+", db_index=False)
    pharmacy = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    plugin_version = models.CharField(max_length=40)
    last_sync_at = models.DateTimeField(null=True, blank=True)
    orders_waiting = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="Short texts, or their number alone.")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pharmacy", "world"], name="shop_state_once")]

    def __str__(self) -> str:
        """For logs."""
        return f"shop state {self.pk}"
