"""dispense: the holding pharmacy records what it handed over. One of the two ways a quantity leaves."""

from datetime import datetime

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.prescriptions.actions import replace, supply
from elmed.prescriptions.actions.broken_seal import require_seal
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.models import Dispense
from elmed.prescriptions.vocabulary import Act


def dispense(
    actor: Actor,
    prescription_id: int,
    what: Supply,
    *,
    source: str,
    now: datetime,
    expected_version: int | None = None,
) -> Dispense:
    """Record a supply, whole or in part, and derive the status.

    Refuses: not held here (403), more than is left and not reserved, too early, substitution where not allowed,
    expired or recalled batch, seal broken (409); a shop's key without a reservation (403). Also takes, within 72 h, a
    hand-over from before the prescription ended.
    """
    if what.reservation_id is None:
        policy.require(actor, Permission.DISPENSE_UNRESERVED)
    with legal(
        actor,
        Act.DISPENSE,
        prescription_id,
        now=now,
        expected_version=expected_version,
        handed_over_at=what.handed_over_at,
        reservation_id=what.reservation_id,
        validate=lambda subject: supply.validate(subject, what, now),
    ) as subject:
        require_seal(subject)
        replacements = replace.lock_replacements(subject)
        made = supply.record_supply(subject, actor, what, source=source, now=now)
        status = supply.settle(subject)
        finish(
            subject,
            actor,
            Act.DISPENSE,
            status,
            now=now,
            changed=("issue_number", "next_dispense_at", "ended_as"),
            data={"dispense_id": made.pk} | ({"reservation_id": made.reservation_id} if made.reservation_id else {}),
        )
        replace.hold_replacements(replacements, now)
        return made
