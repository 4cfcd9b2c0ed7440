"""Reads of the formulary: the search, one medicine, the interactions of a draft, what is loaded.

Where real data are loaded the demonstration is not offered any more. Every function is a few statements, however
many medicines there are.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from django.db.models import Case, Count, Exists, IntegerField, Q, QuerySet, Value, When

from elmed.medications.facts import Ingredient, InteractionFacts, Limits, MedicineFacts
from elmed.medications.folding import HEAD_LENGTH, WORD_LENGTH, folded
from elmed.medications.models import FormularySource, Interaction, Medicine, MedicineWord

MOST = 100


def search(words: str, limit: int = 20) -> list[Medicine]:
    """Medicines that the words are prefixes of, those that begin with them first; none below three characters.

    The first word of that length is looked up among names and brands, else the next; the others may also begin a
    strength or a form: `amox 500`, `500 amox`.
    """
    typed = folded(words[:200])
    parts = [part[:WORD_LENGTH] for part in typed.split()][:8]
    for lead in (part for part in parts if len(part) >= HEAD_LENGTH and not part.isdigit()):
        if found := _found(typed, lead, [part for part in parts if part != lead], min(limit, MOST)):
            return found
    return []


def _found(typed: str, lead: str, others: list[str], limit: int) -> list[Medicine]:
    found = MedicineWord.objects.filter(head=lead[:HEAD_LENGTH], word__startswith=lead)
    rows = offered().filter(pk__in=found.values("medicine_id"))
    for part in others:
        rows = rows.filter(search_text__contains=f" {part}")
    start = Case(
        When(search_text__startswith=f" {typed}", then=Value(0)),
        When(search_text__startswith=f" {lead}", then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    # Ids first: sorting a common prefix's thousands of whole rows would take several times as long.
    pks = list(rows.order_by(start, "sort_key", "pk").values_list("pk", flat=True)[:limit])
    by_pk = by_id(pks)
    return [by_pk[pk] for pk in pks]


def offered() -> QuerySet[Medicine]:
    """What may be chosen now: not retired, and no demonstration beside real data."""
    real = Medicine.objects.filter(source__demonstration=False, retired_at__isnull=True)
    return real if real.exists() else Medicine.objects.filter(retired_at__isnull=True)


def by_id(pks: Iterable[int]) -> dict[int, Medicine]:
    """Medicines by id, retired ones too: prescriptions name them."""
    return {row.pk: row for row in Medicine.objects.filter(pk__in=set(pks)).select_related("source")}


def facts_of(row: Medicine) -> MedicineFacts:
    """The medicine as the checks look at it; `row` comes with its source."""
    return MedicineFacts(
        name=row.name,
        ingredients=tuple(
            Ingredient(one["name"], frozenset(one["codes"]), None if one["mg"] is None else Fraction(one["mg"]))
            for one in row.ingredients
        ),
        strength=row.strength,
        form=row.form,
        dose_unit=row.dose_unit,
        is_controlled=row.is_controlled,
        weekly_only=row.weekly_only,
        limits=Limits(
            row.max_single_milli, row.max_daily_milli, row.max_daily_per_kg_milli, row.max_days, row.limits_source
        ),
        demonstration=row.source.demonstration,
    )


def interactions_for(codes: Iterable[str]) -> list[InteractionFacts]:
    """The pairs among these ingredient codes; a pair of real data goes before the same one of the demonstration.

    Where only the demonstration knows a pair it is used beside real data too, and says that it is demonstration data.
    """
    wanted = set(codes)
    pairs = list(
        Interaction.objects.filter(first_code__in=wanted, second_code__in=wanted)
        .select_related("source")
        .order_by("first_code", "second_code", "source__demonstration", "source_id")
    )
    found: dict[tuple[str, str], InteractionFacts] = {}
    for pair in pairs:
        found.setdefault((pair.first_code, pair.second_code), _pair(pair))
    return list(found.values())


def _pair(row: Interaction) -> InteractionFacts:
    return InteractionFacts(
        row.first_code, row.second_code, row.first_name, row.second_name, row.tier, row.sentence, row.advice,
        f"{row.reference_title}, {row.reference_url}, read on {row.read_on.isoformat()}",
        row.source.demonstration,
    )  # fmt: skip


def demonstration_offered() -> Q:
    """What `offered` gives is demonstration data: as a condition, so that a page's frame asks within a statement it has."""
    real = Medicine.objects.filter(source__demonstration=False, retired_at__isnull=True)
    return Q(Exists(FormularySource.objects.filter(demonstration=True))) & ~Q(Exists(real))


def nothing_loaded() -> bool:
    """Whether there is no formulary at all: every medicine is free text then."""
    return not FormularySource.objects.exists()


class SourceStatus(NamedTuple):
    """A source with its counts."""

    source: FormularySource
    offered: int
    retired: int
    interactions: int


def status() -> list[SourceStatus]:
    """What is loaded, real data first."""
    pairs = dict(Interaction.objects.values_list("source").annotate(count=Count("pk")))
    rows = FormularySource.objects.annotate(
        offered=Count("medicines", filter=Q(medicines__retired_at__isnull=True)),
        retired=Count("medicines", filter=Q(medicines__retired_at__isnull=False)),
    ).order_by("demonstration", "name")
    return [SourceStatus(row, row.offered, row.retired, pairs.get(row.pk, 0)) for row in rows]
