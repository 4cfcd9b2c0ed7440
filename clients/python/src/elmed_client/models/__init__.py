"""What ELMED answers, typed: frozen dataclasses, quantities as Decimal, days as date, moments as aware datetime."""

from elmed_client.models.account import Account, Key, Limits, Me
from elmed_client.models.base import Model
from elmed_client.models.dispenses import By, Dispense, DispensedLine, Pharmacy, Reversal, ReversedLine
from elmed_client.models.events import ActInfo, Event, EventPage, EventType, StateMachine, StatusInfo
from elmed_client.models.patients import Allergies, Allergy, Patient
from elmed_client.models.prescriptions import (
    Diagnosis,
    DispenseResult,
    Medication,
    Medicine,
    PrescribedTo,
    Prescriber,
    Prescription,
    PrescriptionHead,
    PrescriptionListItem,
    PrescriptionState,
    Quantity,
    Routed,
    Signature,
    Substitution,
)
from elmed_client.models.shop import (
    Check,
    CheckedLine,
    Product,
    ProductMedicine,
    Reservation,
    Sale,
    ShopReport,
    SoldLine,
)
from elmed_client.models.webhooks import (
    Attempt,
    Resent,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEndpointWithSecret,
    WebhookEvent,
    WebhookMessage,
)

__all__ = [
    "Account", "ActInfo", "Allergies", "Allergy", "Attempt", "By", "Check", "CheckedLine", "Diagnosis", "Dispense",
    "DispenseResult", "DispensedLine", "Event", "EventPage", "EventType", "Key", "Limits", "Me", "Medication",
    "Medicine", "Model", "Patient", "Pharmacy", "PrescribedTo", "Prescriber", "Prescription", "PrescriptionHead", "PrescriptionListItem",
    "PrescriptionState", "Product", "ProductMedicine", "Quantity", "Resent", "Reservation", "Reversal", "ReversedLine",
    "Routed", "Sale", "ShopReport", "Signature", "SoldLine", "StateMachine", "StatusInfo", "Substitution",
    "WebhookDelivery", "WebhookEndpoint", "WebhookEndpointWithSecret", "WebhookEvent",
    "WebhookMessage",
]  # fmt: skip
