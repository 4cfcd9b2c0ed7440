"""The demo's API keys, made by the people who would make them: one for each way of trying the API."""

from datetime import timedelta

from elmed.access import keys, limits
from elmed.access.actors import Actor
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.demo.people import People

READ = ["rx:read", "patient:read"]
COUNTER = ["rx:read", "rx:dispense", "patient:read"]


def make(people: People) -> dict[str, str]:
    """Every key of `demo.json`, by name. `expired` stops working a second after it was made."""
    doctor, other_doctor = people.actor("doctor"), people.actor("other_doctor")
    pharmacy, other_pharmacy = people.actor("pharmacist"), people.actor("other_pharmacist")

    def key(actor: Actor, name: str, scopes: list[str], mode: Mode = Mode.LIVE) -> str:
        return keys.create(actor, name=name, scopes=scopes, mode=mode)[1]

    tills, _ = keys.create(
        pharmacy, name="Counter tablets", scopes=COUNTER, expires_at=real_now() + timedelta(days=12),
        allowed_ips=["203.0.113.0/24", "2001:db8:17::/48"],
    )  # fmt: skip
    limits.ask(
        pharmacy, tills.pk, requests_per_minute=300,
        reason="Four tablets at the counter ask for the queue every second. 300 a minute would do.",
    )  # fmt: skip
    gone, revoked = keys.create(pharmacy, name="Old dispensing system", scopes=COUNTER)
    keys.revoke(pharmacy, gone.pk)
    soon = real_now() + timedelta(seconds=1)
    _, expired = keys.create(pharmacy, name="Trial of spring", scopes=COUNTER, expires_at=soon)
    _, admin = keys.create(
        people.actor("staff"),
        name="Reconciliation",
        scopes=["admin"],
        expires_at=real_now() + keys.ADMIN_KEY_MAX_LIFE,
        allowed_ips=["127.0.0.1", "::1"],
    )
    return {
        "doctor": key(doctor, "Surgery software", READ),
        "other_doctor": key(other_doctor, "Clinic software", READ),
        "pharmacy": key(pharmacy, "Dispensing system", COUNTER),
        "other_pharmacy": key(other_pharmacy, "Dispensing system", COUNTER),
        "pharmacy_read_only": key(pharmacy, "Waiting-room screen", ["rx:read"]),
        "shop": key(pharmacy, "WooCommerce shop", ["shop"]),
        "pharmacy_webhooks": key(pharmacy, "Webhook receiver", ["rx:read", "rx:dispense", "webhooks:manage"]),
        "revoked": revoked,
        "expired": expired,
        "admin": admin,
        "pharmacy_test": key(pharmacy, "Trying the API", COUNTER, Mode.TEST),
    }
