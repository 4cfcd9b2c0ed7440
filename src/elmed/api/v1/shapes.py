"""What a prescription and a dispense look like in JSON: the one definition for list, read, answers and OpenAPI.

SQL names: p prescription, pr prescriber, pa patient, ph pharmacy; `%(account)s` is the reading account.
"""

from elmed.api.acts import API_ACTS
from elmed.api.shape import (
    Leaf,
    Shape,
    array,
    blank_as_null,
    boolean,
    day,
    integer,
    moment,
    nested,
    quantity,
    stored,
    text,
)
from elmed.prescriptions.models import Source
from elmed.prescriptions.vocabulary import ReversalReason, Status

PUBLIC_STATUSES = [status.value for status in Status if status is not Status.DRAFT]

_MEDICATION = Shape(
    "Medication",
    (
        text("text", "l.medication_text", "As the doctor wrote it."),
        text("code", "l.medication_code", "Its code, where there is one.", null=True),
        text("system", "l.medication_system", "The code's system: ATC, RxNorm or local.", null=True),
        text("strength", "l.strength", "Such as `500 mg`.", null=True),
        text("form", "l.form", "Such as `capsule`.", null=True),
        text("route", "l.route", "Such as `oral`.", null=True),
    ),
)
_QUANTITY = Shape(
    "Quantity",
    (
        quantity("value", "l.quantity_milli", "What one issue supplies: a decimal string."),
        text("unit", "l.unit", "Its unit; units are never converted."),
    ),
)
_SUBSTITUTION = Shape(
    "Substitution",
    (
        boolean("allowed", "l.substitution_allowed", "Whether another product of the same medicine may be supplied."),
        blank_as_null("reason", "l.substitution_reason", "Why not, or why."),
    ),
)
_REMAINING = "l.quantity_milli - l.supplied_milli - l.closed_milli"
LINE = Shape(
    "PrescriptionLine",
    (
        integer("id", "l.id", "What `medication_id` means elsewhere."),
        nested("medication", _MEDICATION, "The medicine."),
        text("dosage_instruction", "l.dosage_text", "The sentence the patient reads: the legal truth."),
        nested("quantity", _QUANTITY, "How much one issue supplies."),
        integer("days_supply", "l.days_supply", "How many days one issue lasts.", null=True),
        nested("substitution", _SUBSTITUTION, "Whether another product may be supplied."),
        quantity("quantity_dispensed", "l.supplied_milli", "Supplied of the current issue."),
        quantity("quantity_remaining", _REMAINING, "Left of the current issue, reserved or not."),
        quantity("quantity_reserved", "l.reserved_milli", "Reserved of the current issue."),
    ),
)

_PHARMACY = Shape("Pharmacy", (integer("id", "ph.id", "The account."), text("name", "ph.name", "Its name.")))
_DISPENSING_PHARMACY = Shape(
    "DispensingPharmacy", (integer("id", "dp.id", "The account."), text("name", "dp.name", "Its name."))
)
_OWN = "d.pharmacy_id = %(account)s"


def _own(name: str, column: str, meaning: str) -> Leaf:
    """Shown to the pharmacy that recorded it alone."""
    return text(
        name, f"CASE WHEN {_OWN} THEN NULLIF({column}, '') END", f"{meaning} Shown to that pharmacy.", null=True
    )


def _acted_by(name: str, alias: str) -> Shape:
    """Who did it, from a row with `person_id` and `key_id`."""
    kind = f"CASE WHEN {alias}.key_id IS NULL THEN 'person' ELSE 'key' END"
    number = f"coalesce({alias}.key_id, {alias}.person_id)"
    return Shape(
        name,
        (
            text("type", kind, "A person or a key.", enum=["person", "key"]),
            integer("id", number, "The person's or the key's id."),
        ),
    )


_BY, _REVERSED_BY = _acted_by("ActedBy", "d"), _acted_by("ReversedBy", "r")
_REVERSED_LINE = Shape(
    "ReversedLine",
    (
        integer("medication_id", "bl.line_id", "The line's id."),
        quantity("quantity", "bl.reversed_milli", "How much was taken back."),
    ),
)
_REVERSAL = Shape(
    "Reversal",
    (
        text("reason_code", "r.reason_code", "Why.", enum=[reason.value for reason in ReversalReason]),
        array(
            "lines",
            _REVERSED_LINE,
            "prescriptions_dispenseline bl WHERE bl.dispense_id = d.id AND bl.reversed_milli > 0",
            "bl.id",
            "What was taken back.",
        ),
        moment("at", "r.created_at", "When."),
        nested("by", _REVERSED_BY, "Who."),
    ),
)
_DISPENSE_LINE = Shape(
    "DispenseLine",
    (
        integer("medication_id", "dl.line_id", "The line's id."),
        quantity("quantity", "dl.quantity_milli", "How much, in the line's unit."),
        text("product_sku", "dl.product_sku", "The product.", null=True),
        text("batch_number", "dl.batch_number", "Its batch.", null=True),
        day("expiry_date", "dl.expiry_date", "The batch's last day.", null=True),
        boolean("substituted", "dl.substituted", "Whether another product than the prescribed one."),
        blank_as_null("substitution_reason", "dl.substitution_reason", "Why."),
    ),
)
DISPENSE = Shape(
    "Dispense",
    (
        integer("id", "d.id", "The dispense."),
        integer("prescription_id", "d.prescription_id", "Its prescription."),
        integer("issue_number", "d.issue_number", "Which issue it supplied, from 1."),
        array(
            "lines", _DISPENSE_LINE, "prescriptions_dispenseline dl WHERE dl.dispense_id = d.id", "dl.id", "What left."
        ),
        nested("pharmacy", _DISPENSING_PHARMACY, "Who supplied."),
        nested("by", _BY, "Who recorded it."),
        text("source", "d.source", "Through which face.", enum=[source.value for source in Source]),
        moment("handed_over_at", "d.handed_over_at", "When it was handed over."),
        moment("recorded_at", "d.created_at", "When it was recorded."),
        _own("receiver", "d.receiver", "Who received it."),
        _own("external_reference", "d.external_reference", "The shop's or system's own number."),
        _own("note", "d.note", "A note."),
        nested("reversal", _REVERSAL, "Its reversal, if any.", null_when="r.id IS NULL"),
    ),
)
DISPENSE_TABLES = (
    "prescriptions_dispense d JOIN accounts_account dp ON dp.id = d.pharmacy_id "
    "LEFT JOIN prescriptions_reversal r ON r.dispense_id = d.id"
)

_PRESCRIBER = Shape(
    "Prescriber",
    (
        integer("id", "pr.id", "The doctor's account."),
        text("name", "pr.name", "The doctor's name."),
        text("licence_number", "pr.licence_number", "The licence."),
        blank_as_null("phone", "pr.phone", "For questions."),
    ),
)
_PATIENT = Shape(
    "PrescriptionPatient",
    (
        integer("id", "pa.id", "The patient."),
        text("name", "pa.given_name || ' ' || pa.family_name", "Given name, then family name."),
        day("date_of_birth", "pa.date_of_birth", "Date of birth."),
    ),
)
_SIGNATURE = Shape(
    "Signature",
    (
        text("algorithm", "'Ed25519'", "RFC 8032, over RFC 8785 canonical JSON."),
        text("key_id", "p.signature_key_id", "Which key of /.well-known/elmed-keys.json."),
        text("value", "p.signature_value", "Base64."),
        moment("signed_at", "p.signed_at", "When."),
    ),
)
_DIAGNOSIS_SCHEMA = {
    "type": "array",
    "description": "ICD-10 where coded.",
    "items": {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "code": {"type": ["string", "null"]},
            "system": {"type": ["string", "null"]},
        },
        "required": ["text"],
    },
}
PRESCRIPTION = Shape(
    "Prescription",
    (
        integer("id", "p.id", "The prescription."),
        text("reference", "p.reference", "The code the patient shows.", null=True),
        text("status", "p.status", "The one word.", enum=PUBLIC_STATUSES),
        blank_as_null("status_reason", "p.status_reason", "Why it came to that."),
        integer("version", "p.version", "Grows by one with each change."),
        nested("prescriber", _PRESCRIBER, "The doctor."),
        nested("patient", _PATIENT, "The patient."),
        nested("pharmacy", _PHARMACY, "Who holds it.", null_when="ph.id IS NULL"),
        stored("diagnosis", "p.diagnosis", _DIAGNOSIS_SCHEMA, listed=False),
        array(
            "medications",
            LINE,
            "prescriptions_prescriptionline l WHERE l.prescription_id = p.id",
            "l.position",
            "Its lines.",
        ),
        array(
            "dispenses",
            DISPENSE,
            f"{DISPENSE_TABLES} WHERE d.prescription_id = p.id",
            "d.id",
            "What was supplied.",
            listed=False,
        ),
        blank_as_null("notes", "p.notes", "To the pharmacist.", listed=False),
        day("valid_from", "p.valid_from", "First day."),
        day("valid_until", "p.valid_until", "Last day, to its end where the prescription was written."),
        integer("repeats_allowed", "p.repeats_allowed", "How often it may be supplied again."),
        integer(
            "repeats_remaining", "p.repeats_allowed - p.issue_number + 1", "Issues that may follow the current one."
        ),
        integer("minimum_dispense_interval_days", "p.minimum_dispense_interval_days", "Days between issues at least."),
        moment("next_dispense_at", "p.next_dispense_at", "Before this moment nothing is dispensed.", null=True),
        boolean("is_controlled", "p.is_controlled", "Whether it holds a controlled medicine."),
        integer("replaces", "p.replaces_id", "The prescription it replaces.", null=True),
        moment("issued_at", "p.issued_at", "When it was signed.", null=True),
        moment("created_at", "p.created_at", "When writing it began."),
        moment("updated_at", "p.updated_at", "When it last changed."),
        nested("signature", _SIGNATURE, "The installation's seal.", null_when="p.signed_at IS NULL"),
    ),
)
PRESCRIPTION_JOINS = (
    "JOIN accounts_account pr ON pr.id = p.prescriber_id "
    "JOIN patients_patient pa ON pa.id = p.patient_id LEFT JOIN accounts_account ph ON ph.id = p.pharmacy_id"
)
ALLOWED_ACTIONS_SCHEMA = {
    "type": "array",
    "items": {"type": "string", "enum": [act.value for act in API_ACTS]},
    "description": "The acts that this key can do on it now through the API.",
}
