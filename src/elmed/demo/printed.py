"""What the demo prints when it is ready: addresses, sign-ins, keys, and three curl lines that work when pasted."""

from collections.abc import Mapping
from typing import Any

from elmed.access.actors import of_command
from elmed.access.visibility import visible
from elmed.core.clock import real_now
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status

PORTAL_OF = {
    "doctor": "doctor portal",
    "pharmacist": "pharmacy portal",
    "technician": "pharmacy portal, without the pharmacist's acts",
    "owner": "pharmacy portal, the pharmacy's owner: staff and keys",
    "patient": "patient portal",
    "staff": "ELMED's staff",
    "unverified_doctor": "a doctor whom staff have not verified yet",
    "developer": "a developer, who makes test keys only",
    "locum": "a pharmacist of two pharmacies, who chooses one",
}


def welcome(told: Mapping[str, Any]) -> str:
    """The whole text."""
    return "\n".join(
        [
            "",
            f"ELMED's demo is ready: {told['base_url']}",
            "",
            "Sign in as",
            *(
                f"  {login['email']:35} {login['password']:32} {PORTAL_OF[name]}"
                for name, login in told["logins"].items()
            ),
            "",
            f"API keys for {told['api_url']}",
            *(f"  {name:20} {key}" for name, key in told["keys"].items()),
            "",
            "List, read and dispense, as the pharmacy's own software would:",
            *(f"  {line}" for line in curl_lines(told)),
            "",
            "Ctrl-C ends it.",
        ]
    )


def curl_lines(told: Mapping[str, Any]) -> list[str]:
    """Three requests with the pharmacy's key. What is dispensed is none of the named ones: they stay what they are."""
    key, api = told["keys"]["pharmacy"], told["api_url"]
    header = f"-H 'X-API-Key: {key}'"
    lines = [
        f"curl -s {header} '{api}/prescriptions?status=verified'",
        f"curl -s {header} {api}/prescriptions/{told['prescriptions']['verified']}",
    ]
    ready = _ready_to_dispense(told)
    if ready is None:
        return [*lines, "# everything is dispensed; `make demo RESET=1` starts anew"]
    return [*lines, f"curl -s -X POST {header} {api}/prescriptions/{ready}/dispense"]


def _ready_to_dispense(told: Mapping[str, Any]) -> int | None:
    """The newest one at the pharmacy that is checked and due, and that `demo.json` does not speak of."""
    return (
        visible(of_command(), Prescription)
        .filter(
            status=Status.VERIFIED,
            is_controlled=False,
            repeats_allowed=0,
            expires_at__gt=real_now(),
            pharmacy__memberships__person__email=told["logins"]["pharmacist"]["email"],
        )
        .exclude(pk__in=list(told["prescriptions"].values()))
        .exclude(reference=told["verify"]["reference"])
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
