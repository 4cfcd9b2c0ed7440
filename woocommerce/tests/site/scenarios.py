"""The words the shop's tests say to ELMED: make a prescription in a state, act on it, read what was supplied.

Reached over control.py. Every state comes about by the project's real acts (tests/factories.py, tests/cast.py); a
prescription gets a patient of its own, so that one scenario never warns of another.
"""

import dataclasses
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.core.management import call_command

from elmed.access import keys
from elmed.accounts.actions import register
from elmed.accounts.models import Account, AccountKind, AccountState, Role
from elmed.core.clock import real_now
from elmed.patients.models import Patient, Sex
from elmed.prescriptions import seal
from elmed.prescriptions.actions.draft import DraftLine
from elmed.prescriptions.models import Prescription
from tests import factories
from tests.cast import NOW, Cast, assemble, newcomer

Function = TypeVar("Function", bound=Callable[..., Any])
WORDS: dict[str, Callable[..., Any]] = {}
SCOPES = ("shop",)  # what "Create key for WooCommerce" makes
_casts: dict[int | None, Cast] = {}


def word(function: Function) -> Function:
    """Make a function callable by its name over the control server."""
    WORDS[function.__name__] = function
    return function


def begin() -> dict[str, Any]:
    """An ELMED with the cast in it, and a key of the first pharmacy that the limit does not slow."""
    call_command("migrate", interactive=False, verbosity=0)
    seal.make_key(settings.SEALING_KEYS_DIR, real_now())
    _casts[None] = assemble()
    return key()


def cast(pharmacy: int | None = None) -> Cast:
    """Everybody; with the id of a pharmacy made later, the same people around that one."""
    return _casts[pharmacy]


@word
def pharmacy(*, per_minute: int = 10000) -> dict[str, Any]:
    """Another pharmacy with an owner and a key of its own: a catalogue that no other test has touched."""
    mark = secrets.token_hex(3)
    owner = newcomer(f"owner_{mark}")
    account = register(
        kind=AccountKind.PHARMACY, name=f"Pharmacy {mark}", person=owner, roles=[Role.OWNER, Role.PHARMACIST],
        now=real_now(), state=AccountState.VERIFIED, licence_number=mark, licence_body="GPhC",
    )  # fmt: skip
    people = {**cast().people, "owner": owner, "pharmacist": owner}
    _casts[account.pk] = dataclasses.replace(cast(), pharmacy=account, people=people)
    return {"pharmacy_id": account.pk, **key(per_minute=per_minute, pharmacy=account.pk)}


@word
def key(*, scopes: list[str] | None = None, per_minute: int = 120, pharmacy: int | None = None) -> dict[str, Any]:
    """A live key of the pharmacy: its id and its secret."""
    made, secret = keys.create(cast(pharmacy).actor("owner"), name="shop", scopes=scopes or list(SCOPES))
    if per_minute != made.requests_per_minute:
        keys.set_limit(cast().actor("staff"), made.pk, requests_per_minute=per_minute)
    return {"key_id": made.pk, "key": secret, "pharmacy": cast(pharmacy).pharmacy.name}


@word
def limit(*, key_id: int, per_minute: int) -> None:
    """Staff change a key's limit: 1 makes a storm of 429s, a large one ends it."""
    keys.set_limit(cast().actor("staff"), key_id, requests_per_minute=per_minute)


@word
def revoke(*, key_id: int) -> None:
    """The owner revokes a key."""
    keys.revoke(cast().actor("owner"), key_id)


@word
def account(*, state: str, pharmacy: int | None = None) -> None:
    """The pharmacy's account is verified or suspended from now on."""
    Account.objects.filter(pk=cast(pharmacy).pharmacy.pk).update(state=state)


@word
def prescription(
    *,
    state: str = "verified",
    lines: list[dict[str, Any]] | None = None,
    pharmacy: int | None = None,
    **content: Any,
) -> dict[str, Any]:
    """A prescription in that state, with what the shopper would hold in hand: reference and date of birth.

    `lines`: objects with text, quantity (whole units), unit, and code, system, strength, form, route.
    """
    written = tuple(map(_line, lines)) if lines else (factories.AMOXICILLIN,)
    people = dataclasses.replace(cast(pharmacy), patient=_patient())
    made = MAKERS[state](people, lines=written, **content)
    made.refresh_from_db()
    born = people.patient.date_of_birth.isoformat()
    return {
        "id": made.pk, "reference": made.reference, "date_of_birth": born, "status": made.status,
        "lines": [line.pk for line in made.lines.order_by("position")], "patient": people.patient.name,
    }  # fmt: skip


def _patient() -> Patient:
    """Somebody new, with a name that a leak would show."""
    mark = secrets.token_hex(3)
    return Patient.objects.create(
        world_id=1, family_name=f"Quillfeather{mark}", given_name="Zenobia", date_of_birth=date(1957, 8, 23), sex=Sex.FEMALE,
        health_number=f"S{mark}", created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def _line(given: dict[str, Any]) -> DraftLine:
    return DraftLine(
        medication_text=given.get("text", "amoxicillin 500 mg capsules"), dosage_text="One each morning",
        quantity_milli=round(float(given["quantity"]) * 1000), unit=given.get("unit", "capsule"),
        medication_code=given.get("code", "J01CA04"), medication_system=given.get("system", "ATC"),
        strength=given.get("strength", "500 mg"), form=given.get("form", "capsule"), route=given.get("route", "oral"),
    )  # fmt: skip


def _expired(people: Cast, **content: Any) -> Prescription:
    """Checked five weeks ago, good for a week, and then the clock came."""
    then = NOW - timedelta(days=35)
    made = factories.verified(people, now=then, valid_until=(then + timedelta(days=7)).date(), **content)
    return factories.expired(people, made)


def _elsewhere(people: Cast, **content: Any) -> Prescription:
    """At the other pharmacy."""
    from elmed.prescriptions.actions.route import route

    made = factories.issued(people, **content)
    return route(people.actor("doctor"), made.pk, pharmacy_id=people.other_pharmacy.pk, now=NOW)


MAKERS: dict[str, Callable[..., Prescription]] = {
    "issued": factories.issued, "pending_review": factories.pending_review, "verified": factories.verified,
    "dispensed": factories.dispensed, "expired": _expired, "elsewhere": _elsewhere,
}  # fmt: skip


@word
def act(*, id: int, act: str, pharmacy: int | None = None, **words: Any) -> str:
    """The pharmacist (or whose act it is) acts now; returns the status."""
    from elmed.prescriptions.actions.cancel import cancel
    from elmed.prescriptions.actions.hold import hold, resume
    from elmed.prescriptions.actions.reject import reject
    from elmed.prescriptions.actions.return_ import return_
    from elmed.prescriptions.actions.verify import verify

    who, function = {
        "verify": ("pharmacist", verify), "reject": ("pharmacist", reject), "hold": ("pharmacist", hold),
        "resume": ("pharmacist", resume), "return": ("pharmacist", return_), "cancel": ("doctor", cancel),
    }[act]  # fmt: skip
    function(cast(pharmacy).actor(who), id, now=real_now(), **words)
    return status(id=id)["status"]


@word
def status(*, id: int) -> dict[str, Any]:
    """How it stands: its status and what was supplied of each line, in whole units."""
    rx = Prescription.objects.get(pk=id)
    supplied = [
        {
            "id": one.pk, "external_reference": one.external_reference, "source": one.source,
            "reversed": one.fully_reversed,
            "lines": {line.line_id: line.quantity_milli / 1000 for line in one.lines.all()},
        }
        for one in rx.dispenses.order_by("pk")
    ]  # fmt: skip
    return {"status": rx.status, "version": rx.version, "dispenses": supplied}
