"""What can be permitted, and to whom: permissions, roles, scopes. Tables, read top to bottom.

No imports from ELMED: models and states may name a permission. The decision itself is policy.py.
"""

from enum import StrEnum

from django.utils.translation import gettext_noop as _


class Permission(StrEnum):
    """One word for each thing that somebody may do. `.read` ones stay with a lapsed account."""

    ACCOUNT_READ = "account.read"
    ACCOUNT_MANAGE = "account.manage"
    ACCOUNT_VERIFY = "account.verify"
    ACCOUNT_SUSPEND = "account.suspend"
    MEMBER_MANAGE = "member.manage"
    KEY_READ = "key.read"
    KEY_MANAGE = "key.manage"
    KEY_LIMIT = "key.limit"
    SECOND_FACTOR_RESET = "person.second_factor.reset"
    PATIENT_READ = "patient.read"
    PATIENT_WRITE = "patient.write"
    PATIENT_INVITE = "patient.invite"
    PATIENT_CONTACT = "patient.contact"
    PATIENT_MERGE = "patient.merge"
    CONSULTATION_READ = "consultation.read"
    CONSULTATION_WRITE = "consultation.write"
    PRESCRIPTION_READ = "prescription.read"
    PRESCRIPTION_READ_ALL = "prescription.all.read"
    PRESCRIPTION_DRAFT = "prescription.draft"
    ISSUE = "prescription.issue"
    ROUTE = "prescription.route"
    REISSUE = "prescription.reissue"
    VERIFY = "prescription.verify"
    RETURN = "prescription.return"
    REJECT = "prescription.reject"
    HOLD = "prescription.hold"
    RESUME = "prescription.resume"
    DISPENSE = "prescription.dispense"
    DISPENSE_UNRESERVED = "dispense.unreserved"
    DISPENSE_READ = "dispense.read"
    CLOSE_LINE = "prescription.close_line"
    REVERSE = "prescription.reverse"
    CLOSE = "prescription.close"
    CANCEL = "prescription.cancel"
    REQUEST_CANCEL = "prescription.request_cancel"
    CONFIRM_CANCEL = "prescription.confirm_cancel"
    ANSWER_HANDED_OVER = "prescription.answer_handed_over"
    WITHDRAW_CANCEL = "prescription.withdraw_cancel"
    STOP = "prescription.stop"
    REPLACE = "prescription.replace"
    EXPIRE = "prescription.expire"
    TRANSFER = "prescription.transfer"
    CORRECT = "prescription.correct"
    CHECK_PROOF = "proof.check"
    RESERVE = "reservation.make"
    RESERVATION_READ = "reservation.read"
    RESERVATION_FREE = "reservation.free"
    PRODUCT_READ = "product.read"
    PRODUCT_WRITE = "product.write"
    PRODUCT_LINK = "product.link"
    STOCK_MOVE = "stock.move"
    RECALL = "stock.recall"
    SALE_RECORD = "sale.record"
    SHOP_REPORT = "shop.report"
    WEBHOOK_READ = "webhook.read"
    WEBHOOK_MANAGE = "webhook.manage"
    NAME_CORRECT = "name.correct"
    AUDIT_READ = "audit.read"
    SANDBOX = "sandbox.use"
    SANDBOX_MANAGE = "sandbox.manage"

    @property
    def reads_only(self) -> bool:
        """Whether it changes nothing."""
        return self.value.endswith(".read")


P = Permission
_READ = frozenset({P.ACCOUNT_READ, P.PRESCRIPTION_READ, P.DISPENSE_READ})
_PROFESSIONAL = _READ | {P.PATIENT_READ, P.KEY_READ, P.SANDBOX}
_CATALOGUE = frozenset({P.PRODUCT_READ, P.RESERVATION_READ})
_COUNTER = _PROFESSIONAL | _CATALOGUE | {
    P.RETURN, P.DISPENSE, P.DISPENSE_UNRESERVED, P.REVERSE, P.CONFIRM_CANCEL, P.ANSWER_HANDED_OVER, P.ROUTE,
    P.CHECK_PROOF, P.RESERVE, P.RESERVATION_FREE, P.STOCK_MOVE, P.SALE_RECORD, P.SHOP_REPORT,
}  # fmt: skip

# By the values of accounts.Role.
ROLES: dict[str, frozenset[Permission]] = {
    "prescriber": _PROFESSIONAL
    | {
        P.ACCOUNT_MANAGE, P.KEY_MANAGE, P.WEBHOOK_READ, P.WEBHOOK_MANAGE, P.SANDBOX_MANAGE,
        P.PATIENT_WRITE, P.PATIENT_INVITE, P.CONSULTATION_READ, P.CONSULTATION_WRITE,
        P.PRESCRIPTION_DRAFT, P.ISSUE,
        P.ROUTE, P.HOLD, P.RESUME, P.CANCEL, P.REQUEST_CANCEL, P.WITHDRAW_CANCEL, P.STOP, P.REPLACE,
    },
    "owner": _COUNTER
    | {
        P.ACCOUNT_MANAGE, P.MEMBER_MANAGE, P.KEY_MANAGE, P.WEBHOOK_READ, P.WEBHOOK_MANAGE, P.SANDBOX_MANAGE,
        P.PRODUCT_WRITE, P.RECALL,
    },
    "pharmacist": _COUNTER
    | {
        P.KEY_MANAGE, P.WEBHOOK_READ, P.WEBHOOK_MANAGE, P.SANDBOX_MANAGE,
        P.VERIFY, P.REJECT, P.HOLD, P.RESUME, P.CLOSE, P.CLOSE_LINE, P.PRODUCT_WRITE, P.PRODUCT_LINK, P.RECALL,
    },
    "technician": _COUNTER,
    "patient": _READ | {P.ROUTE, P.REISSUE, P.PATIENT_CONTACT},
    "developer": frozenset({
        P.ACCOUNT_READ, P.ACCOUNT_MANAGE, P.KEY_READ, P.KEY_MANAGE, P.WEBHOOK_READ, P.WEBHOOK_MANAGE, P.SANDBOX,
        P.SANDBOX_MANAGE,
    }),
    "staff": frozenset({
        P.ACCOUNT_READ, P.ACCOUNT_VERIFY, P.ACCOUNT_SUSPEND, P.KEY_READ, P.KEY_MANAGE, P.KEY_LIMIT,
        P.SECOND_FACTOR_RESET, P.PATIENT_READ, P.PRESCRIPTION_READ, P.PRESCRIPTION_READ_ALL, P.DISPENSE_READ,
        P.PRODUCT_READ, P.RESERVATION_READ,
        P.HOLD, P.RESUME, P.REVERSE, P.TRANSFER, P.CORRECT, P.PATIENT_MERGE, P.NAME_CORRECT, P.AUDIT_READ,
    }),
}  # fmt: skip

# What an account of each kind can do at all: a key never holds more, whatever its scopes say.
KINDS: dict[str, frozenset[Permission]] = {
    "doctor": ROLES["prescriber"],
    "pharmacy": ROLES["owner"] | ROLES["pharmacist"] | ROLES["technician"],
    "patient": ROLES["patient"],
    "developer": ROLES["prescriber"] | ROLES["pharmacist"],
    "staff": ROLES["staff"],
}


class Scope(StrEnum):
    """What a key may be given, as the developer guide names it."""

    RX_READ = "rx:read"
    RX_DISPENSE = "rx:dispense"
    PATIENT_READ = "patient:read"
    ADMIN = "admin"
    SHOP = "shop"
    INVENTORY_WRITE = "inventory:write"
    WEBHOOKS_MANAGE = "webhooks:manage"


# What a web shop does with the shopper's proof. `shop` dispenses, and takes back, only what it reserved.
_SHOP = frozenset({P.ROUTE, P.RESERVE, P.SALE_RECORD, P.SHOP_REPORT})

SCOPES: dict[Scope, frozenset[Permission]] = {
    Scope.RX_READ: frozenset({P.PRESCRIPTION_READ, P.DISPENSE_READ, P.CHECK_PROOF, P.SANDBOX, P.SANDBOX_MANAGE})
    | _CATALOGUE,
    Scope.RX_DISPENSE: frozenset({P.DISPENSE, P.DISPENSE_UNRESERVED, P.REVERSE}) | _SHOP,
    Scope.PATIENT_READ: frozenset({P.PATIENT_READ}),
    Scope.ADMIN: ROLES["staff"] - {P.KEY_MANAGE, P.SECOND_FACTOR_RESET},
    Scope.SHOP: frozenset({P.DISPENSE, P.REVERSE, P.DISPENSE_READ, P.CHECK_PROOF}) | _CATALOGUE | _SHOP,
    Scope.INVENTORY_WRITE: frozenset({P.PRODUCT_READ, P.STOCK_MOVE}),
    Scope.WEBHOOKS_MANAGE: frozenset({P.WEBHOOK_READ, P.WEBHOOK_MANAGE}),
}

SCOPE_MEANING: dict[Scope, str] = {
    Scope.RX_READ: _("Read prescription details and status"),
    Scope.RX_DISPENSE: _("Mark a prescription as dispensed, and take a dispense back"),
    Scope.PATIENT_READ: _("Read basic patient profile details"),
    Scope.ADMIN: _("Full access (ELMED admin only)"),
    Scope.SHOP: _(
        "A web shop: products, prescription checks, reservations, sales; dispensing only what it reserved. "
        "No list of prescriptions, no diagnosis"
    ),
    Scope.INVENTORY_WRITE: _("Set the stock of products"),
    Scope.WEBHOOKS_MANAGE: _("Make, change and remove webhooks, and send them again"),
}

_OF_A_PHARMACY = (
    Scope.RX_READ, Scope.RX_DISPENSE, Scope.PATIENT_READ, Scope.SHOP, Scope.INVENTORY_WRITE, Scope.WEBHOOKS_MANAGE,
)  # fmt: skip

# Which kinds of account may give a key which scope, in the order the form shows them.
SCOPES_OF_KIND: dict[str, tuple[Scope, ...]] = {
    "doctor": (Scope.RX_READ, Scope.PATIENT_READ, Scope.WEBHOOKS_MANAGE),
    "pharmacy": _OF_A_PHARMACY,
    "developer": _OF_A_PHARMACY,
    "staff": (Scope.ADMIN,),
    "patient": (),
}


def of_roles(roles: frozenset[str]) -> frozenset[Permission]:
    """Everything that these roles of one account permit together."""
    return frozenset().union(*(ROLES[role] for role in roles))


def of_scopes(scopes: frozenset[str], kind: str) -> frozenset[Permission]:
    """Everything that a key with these scopes permits: never more than its kind of account can do."""
    return (frozenset().union(*(SCOPES[Scope(scope)] for scope in scopes)) & KINDS[kind]) | {P.ACCOUNT_READ}
