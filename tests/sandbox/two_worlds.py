"""What is of a world, row by row: equal before and after means that nothing reached it."""

from typing import Any

from django.apps import apps

from elmed.core.models import World
from elmed.notifications.models import Mail
from elmed.sandbox.reset import EMPTIED

WAYS = EMPTIED | {"events.EventCounter": "world", "webhooks.Endpoint": "world", "accounts.Account": "world"}


def rows_of(world_id: int) -> dict[str, list[dict[str, Any]]]:
    """Every row of that world, value by value, and the world itself."""
    found = {}
    for label, way in WAYS.items():
        rows = apps.get_model(label)._default_manager.filter(**{way: world_id}).order_by("pk")
        if rows:
            found[label] = list(rows.values())
    return found | {"core.World": list(World.objects.filter(pk=world_id).values())}


def mails() -> list[Any]:
    """Every mail, whoever it is to."""
    return list(Mail.objects.order_by("pk").values())


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The tables that differ."""
    return sorted(label for label in before.keys() | after.keys() if before.get(label) != after.get(label))
