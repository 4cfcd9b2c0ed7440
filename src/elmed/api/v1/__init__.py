"""Version 1 of the public API: one file a resource. Importing this package registers every endpoint."""

from elmed.api.v1 import (
    checks,
    dispenses,
    events,
    integrations,
    leaks,
    me,
    meta,
    patients,
    prescriptions,
    products,
    reservations,
    sales,
    sandbox,
    webhook_shapes,
    webhooks,
)

__all__ = [
    "checks", "dispenses", "events", "integrations", "leaks", "me", "meta", "patients", "prescriptions", "products", "reservations",
    "sales", "sandbox", "webhooks",
]  # fmt: skip
SCHEMAS = {
    **events.SCHEMAS,
    **patients.SCHEMAS,
    **prescriptions.SCHEMAS,
    **products.SCHEMAS,
    **reservations.SCHEMAS,
    **webhook_shapes.SCHEMAS,
}
