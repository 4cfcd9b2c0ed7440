"""The pharmacy's test world: scenarios of the sandbox that its test key can try things on."""

from dataclasses import replace
from datetime import timedelta

from elmed.core.models import Mode
from elmed.demo.people import People
from elmed.sandbox.scenarios import play

SCENARIOS = ("verified", "two_lines", "pending_review")


def tell(people: People) -> None:
    """Three prescriptions in the pharmacy's test world, two of them ready to be dispensed."""
    pharmacy = people.accounts["pharmacy"]
    if pharmacy.test_world_id is None:
        raise RuntimeError("The pharmacy has no test world")
    actor = replace(people.actor("pharmacist"), world_id=pharmacy.test_world_id, mode=Mode.TEST)
    for hours, name in enumerate(reversed(SCENARIOS), start=1):
        play(actor, name, ago=timedelta(hours=hours))
