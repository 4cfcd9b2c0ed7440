"""Loading a formulary: a source's new version takes the place of the old one in one transaction, or nothing does.

Rows are matched by the source's own ids: what is new is created, what differs is changed, what is gone is retired and
kept. Called by cli/formulary.py, demonstration.py and the tests; rows come from rows.py or rxnorm.py.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from django.db import transaction

from elmed.core.refusals import Invalid
from elmed.medications.folding import HEAD_LENGTH, words
from elmed.medications.models import FormularySource, Interaction, Medicine, MedicineWord
from elmed.medications.rows import MedicineRow, RowError

BATCH = 500
T = TypeVar("T")
Judged = tuple[int, MedicineRow | RowError]


class Fate(StrEnum):
    """What becomes of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RETIRED = "retired"
    ERROR = "error"


@dataclass(frozen=True)
class Release:
    """Which source, and which version of it."""

    name: str
    version: str
    licence: str = ""
    demonstration: bool = False


@dataclass(frozen=True)
class RowFate:
    """One row's fate; `line` is 0 where the file has no line for it."""

    fate: Fate
    item: str
    label: str
    line: int = 0
    problems: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What a file does. With an error in it nothing is written."""

    fates: list[RowFate] = field(default_factory=list)
    written: bool = False

    @property
    def counts(self) -> Counter[Fate]:
        """How many rows of each fate."""
        return Counter(row.fate for row in self.fates)

    @property
    def errors(self) -> list[RowFate]:
        """The rows that cannot be."""
        return [row for row in self.fates if row.fate is Fate.ERROR]


@dataclass
class _Plan:
    outcome: Outcome = field(default_factory=Outcome)
    put: list[MedicineRow] = field(default_factory=list)
    touched: list[int] = field(default_factory=list)  # rows whose words are made anew
    retired: list[int] = field(default_factory=list)


def replace(release: Release, rows: Iterable[Judged], now: datetime, *, dry_run: bool = False) -> Outcome:
    """Load a release. Raises Invalid for no rows at all, and for a demonstration that would replace real data."""
    with transaction.atomic():
        source = _source(release, now, dry_run=dry_run)
        plan = _plan(source, rows)
        if not plan.outcome.fates or all(row.fate is Fate.RETIRED for row in plan.outcome.fates):
            raise Invalid.field("/file", "empty", "There are no medicines in it. The formulary stays as it is.")
        if not plan.outcome.errors and not dry_run:
            _write(source, plan, now)
            _stamp(source, release, now)
            plan.outcome.written = True
        elif source.pk is not None:
            transaction.set_rollback(True)  # a source made a moment ago goes too
    return plan.outcome


def _source(release: Release, now: datetime, *, dry_run: bool) -> FormularySource:
    """The source, locked; a new one is made."""
    source = FormularySource.objects.select_for_update().filter(name=release.name).first()
    if source is not None and source.demonstration != release.demonstration:
        kind = "demonstration data" if source.demonstration else "real data"
        raise Invalid.field("/name", "taken", f"“{release.name}” holds {kind}. Give the source another name.")
    if source is None:
        source = FormularySource(name=release.name, demonstration=release.demonstration, loaded_at=now)
        if not dry_run:
            source.save()
    return source


def _stamp(source: FormularySource, release: Release, now: datetime) -> None:
    source.version, source.licence, source.loaded_at = release.version, release.licence, now
    source.save(update_fields=["version", "licence", "loaded_at"])


def _plan(source: FormularySource, rows: Iterable[Judged]) -> _Plan:
    known = {}
    if source.pk is not None:
        columns = ("pk", "item", "fingerprint", "retired_at", "name", "strength")
        for one in Medicine.objects.filter(source=source).values(*columns).iterator(chunk_size=BATCH):
            known[one["item"]] = one
    plan = _Plan()
    seen: dict[str, int] = {}
    for line, row in rows:
        if isinstance(row, RowError):
            plan.outcome.fates.append(RowFate(Fate.ERROR, "", "", line, tuple(row.problems)))
            continue
        label = f"{row.name} {row.strength}".strip()
        if row.item in seen:
            problem = f"id: {row.item} stands in line {seen[row.item]} already"
            plan.outcome.fates.append(RowFate(Fate.ERROR, row.item, label, line, (problem,)))
            continue
        seen[row.item] = line
        before = known.get(row.item)
        fate = Fate.CREATED if before is None else Fate.CHANGED
        if before and before["retired_at"] is None and before["fingerprint"] == row.fields()["fingerprint"]:
            fate = Fate.UNCHANGED
        else:
            plan.put.append(row)
            plan.touched += [before["pk"]] if before else []
        plan.outcome.fates.append(RowFate(fate, row.item, label, line))
    for item, one in known.items():
        if item not in seen and one["retired_at"] is None:
            plan.retired.append(one["pk"])
            plan.outcome.fates.append(RowFate(Fate.RETIRED, item, f"{one['name']} {one['strength']}".strip()))
    return plan


def _write(source: FormularySource, plan: _Plan, now: datetime) -> None:
    for batch in _batches(plan.touched + plan.retired):
        MedicineWord.objects.filter(medicine_id__in=batch).delete()
    for batch in _batches(plan.retired):
        Medicine.objects.filter(pk__in=batch).update(retired_at=now)
    columns = [one.name for one in Medicine._meta.fields if one.name not in ("id", "source", "item")]
    for rows in _batches(plan.put):
        made = [Medicine(source=source, retired_at=None, **row.fields()) for row in rows]
        # The ids come back from the statement: looking them up would scan a table that nobody has analysed yet.
        stored = Medicine.objects.bulk_create(
            made, update_conflicts=True, unique_fields=["source", "item"], update_fields=columns
        )
        MedicineWord.objects.bulk_create(
            (
                MedicineWord(medicine_id=one.pk, head=word[:HEAD_LENGTH], word=word)
                for one, row in zip(stored, rows, strict=True)
                for word in sorted(words(row.found_by))
            ),
            batch_size=BATCH,
        )


def _batches(rows: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def replace_interactions(
    name: str, rows: Iterable[tuple[int, Interaction | RowError]], *, dry_run: bool = False
) -> Outcome:
    """Put these pairs in the place of a source's. Raises Invalid where there is no such source, or no row."""
    outcome = Outcome()
    made: list[Interaction] = []
    seen: dict[tuple[str, str], int] = {}
    with transaction.atomic():
        source = FormularySource.objects.select_for_update().filter(name=name).first()
        if source is None:
            raise Invalid.field("/name", "unknown", f"There is no source “{name}”. Load its medicines first.")
        for line, row in rows:
            if isinstance(row, RowError):
                outcome.fates.append(RowFate(Fate.ERROR, "", "", line, tuple(row.problems)))
                continue
            pair, label = (row.first_code, row.second_code), f"{row.first_name} + {row.second_name}"
            if pair in seen:
                problem = (f"the pair stands in line {seen[pair]} already",)
                outcome.fates.append(RowFate(Fate.ERROR, "+".join(pair), label, line, problem))
                continue
            seen[pair] = line
            row.source = source
            made.append(row)
            outcome.fates.append(RowFate(Fate.CREATED, "+".join(pair), label, line))
        if not outcome.fates:
            raise Invalid.field("/file", "empty", "There are no pairs in it. The interactions stay as they are.")
        if not outcome.errors and not dry_run:
            Interaction.objects.filter(source=source).delete()
            Interaction.objects.bulk_create(made, batch_size=BATCH)
            outcome.written = True
    return outcome
