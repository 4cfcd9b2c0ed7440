"""What a pharmacy's shop plugin says of itself: its version, its last sync, what waits there. Shown in Settings.

Called by the API; read by portals/shared/woocommerce.py. It decides nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.core.refusals import Invalid
from elmed.inventory.models import ShopState

MAX_PROBLEMS = 50
MAX_PROBLEM = 300
MAX_COUNT = 1_000_000


@transaction.atomic
def report(
    actor: Actor, *, plugin_version: str, last_sync_at: datetime | None, orders_waiting: int,
    problems: Sequence[str] | int, now: datetime,
) -> ShopState:  # fmt: skip
    """Keep the shop's newest word, in place of the one before. Raises NotAllowed, Invalid."""
    policy.require(actor, Permission.SHOP_REPORT)
    _check(plugin_version, orders_waiting, problems)
    said = {
        "plugin_version": plugin_version,
        "last_sync_at": last_sync_at,
        "orders_waiting": orders_waiting,
        "problems": problems if isinstance(problems, int) else list(problems),
        "updated_at": now,
    }
    return ShopState.objects.update_or_create(
        world_id=actor.world_id, pharmacy_id=actor.acting_account_id, defaults=said
    )[0]


def state_of(actor: Actor) -> ShopState | None:
    """What the shop said last; None where none has spoken."""
    policy.require(actor, Permission.PRODUCT_READ)
    return visible(actor, ShopState).first()


def problems_of(state: ShopState) -> tuple[int, list[str]]:
    """How many problems it told, and their words as far as it told them."""
    told = state.problems
    return (told, []) if isinstance(told, int) else (len(told), told)


def _check(plugin_version: str, orders_waiting: int, problems: Sequence[str] | int) -> None:
    errors = []
    if not 0 < len(plugin_version) <= 40:
        errors.append({"pointer": "/plugin_version", "code": "required", "detail": "1 to 40 characters."})
    if not 0 <= orders_waiting <= MAX_COUNT:
        errors.append({"pointer": "/orders_waiting", "code": "out_of_range", "detail": f"0 to {MAX_COUNT}."})
    if isinstance(problems, int):
        if not 0 <= problems <= MAX_COUNT:
            errors.append({"pointer": "/problems", "code": "out_of_range", "detail": f"0 to {MAX_COUNT}."})
    elif len(problems) > MAX_PROBLEMS or any(len(text) > MAX_PROBLEM for text in problems):
        detail = f"At most {MAX_PROBLEMS} texts of at most {MAX_PROBLEM} characters."
        errors.append({"pointer": "/problems", "code": "too_long", "detail": detail})
    if errors:
        raise Invalid(errors)
