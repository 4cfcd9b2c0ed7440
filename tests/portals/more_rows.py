"""Every row of the installation again: what a page shows once, there is twice, four times after the second pass.

Rows are copied with their keys moved by an offset that no true row reaches. `again` copies whole families: a copied
line belongs to the copied prescription. `beside` puts each copied child beside the first: a prescription gets as many
more lines, dispenses and holds. Only the tests of statements use it; what such rows say is not to be believed.
"""

from django.apps import apps
from django.db import models

OFFSET = 10_000_000
Made = dict[type[models.Model], set[int]]
APPS = (
    "accounts",
    "access",
    "patients",
    "events",
    "notifications",
    "webhooks",
    "request_log",
    "prescriptions",
    "inventory",
)
# Who there is, and the counters of which there is one for each.
ONCE = {"Person", "Account", "Membership", "EventCounter", "RateWindow", "ProofTries", "ShopState", "ProductImage"}


def again() -> dict[str, int]:
    """Copy every family once. How many rows of each model were added."""
    made: Made = {}
    return {model.__name__: _copied(model, OFFSET, made) for model in _models()}


def beside() -> dict[str, int]:
    """Copy every child once more, to the same parent. How many rows of each model were added."""
    children = (model for model in _models() if any(_follows(field) for field in model._meta.concrete_fields))
    return {model.__name__: _copied(model, 2 * OFFSET) for model in children}


def _models() -> list[type[models.Model]]:
    found = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    return [model for model in found if model.__name__ not in ONCE]


def _follows(field: models.Field) -> bool:
    related = field.related_model
    return related is not None and related._meta.app_label in APPS and related.__name__ not in ONCE


def _copied(model: type[models.Model], offset: int, made: Made | None = None) -> int:
    """Rows that a constraint refuses are left out, and with them what belongs to them. `made`: the parents' copies."""
    before = model._default_manager.count()
    rows = [row for row in model._default_manager.filter(pk__lt=OFFSET).order_by("pk") if _moved(row, offset, made)]
    model._default_manager.bulk_create(rows, ignore_conflicts=True)
    if made is not None:
        made[model] = set(model._default_manager.filter(pk__gt=OFFSET).values_list("pk", flat=True))
    return model._default_manager.count() - before


def _moved(row: models.Model, offset: int, made: Made | None) -> bool:
    """Make the row its own copy. Whether it can be one: its parent was copied."""
    row.pk += offset
    row._state.adding = True
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if made is not None and value is not None and field.related_model in made and _follows(field):
            if value + offset not in made[field.related_model]:
                return False
            setattr(row, field.attname, value + offset)
        elif field.is_relation and field.unique and field.null:
            setattr(row, field.attname, None)
        elif not field.primary_key and _told_apart(type(row), field):
            setattr(row, field.attname, _other(field, value, offset))
    return True


def _told_apart(model: type[models.Model], field: models.Field) -> bool:
    """Whether a unique constraint rests on it, and it is no key of another row."""
    unique = [one for one in model._meta.constraints if isinstance(one, models.UniqueConstraint)]
    together = {name for one in unique for name in one.fields}
    folded = {name for one in unique for words in one.expressions for name in _named(words)}
    return not field.is_relation and not field.choices and (field.unique or field.name in together | folded)


def _named(words: models.F | models.Func) -> list[str]:
    """The fields in an expression of a constraint, such as Lower("sku")."""
    return [words.name] if isinstance(words, models.F) else [one.name for one in words.get_source_expressions()]


def _other(field: models.Field, value: object, offset: int) -> object:
    if isinstance(value, str) and value:
        mark = str(offset // OFFSET)
        return value[: field.max_length - 1] + mark if len(value) + 1 > (field.max_length or 10**6) else value + mark
    if isinstance(value, (bytes, memoryview)):
        return bytes(255 - one for one in bytes(value)) if offset == OFFSET else bytes(value)[::-1]
    if isinstance(field, models.PositiveSmallIntegerField):
        return value + 100 * (offset // OFFSET)
    if isinstance(field, models.IntegerField) and value is not None and field.choices is None:
        return value + offset
    return value
