"""Which rows of the queue somebody asks for (the filters stand in the address), and why each of them waits.

Called by queue.py. The steps are those of prescriptions/pharmacy_lists.py; nothing here decides what may be done.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.dateparse import parse_date, parse_datetime

from elmed.access import visibility
from elmed.access.actors import Actor
from elmed.accounts.models import Account
from elmed.events import queries as events
from elmed.prescriptions import pharmacy_lists, queries, reference
from elmed.prescriptions.models import Hold, Prescription, Reservation
from elmed.prescriptions.vocabulary import CANCELLATION_ANSWER, HoldKind, Status

WAITED_DAYS = (1, 3, 7, 14)
FEW = 200  # people
_SHOWN = (  # without what was signed and much else, which is read once a prescription is opened
    "status", "step_since", "valid_until", "expires_at", "next_dispense_at", "is_controlled", "patient__family_name",
    "patient__given_name", "patient__date_of_birth", "prescriber__name",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    step: str = "pending_review"
    words: str = ""
    born: date | None = None
    controlled: bool = False
    shop: bool = False
    question: bool = False
    waited: int = 0  # days, at least
    prescriber: str = ""

    @property
    def searching(self) -> bool:
        """Whether all steps are looked through instead of one."""
        return bool(self.words or self.born)

    @property
    def filtered(self) -> bool:
        """Whether the step's list is narrowed."""
        return bool(self.controlled or self.shop or self.question or self.waited or self.prescriber)

    def query(self) -> str:
        """The same as a query string, without the page."""
        pairs: list[tuple[str, object]] = [("step", self.step)]
        if self.searching:
            pairs = [("q", self.words), ("born", self.born.isoformat() if self.born else "")]
        pairs += [(name, 1) for name in ("controlled", "shop", "question") if getattr(self, name)]
        pairs += [("waited", self.waited), ("prescriber", self.prescriber)]
        return urlencode([(name, value) for name, value in pairs if value])

    def at(self, step: str) -> "Asked":
        """The same filters at another step."""
        return replace(self, step=step, words="", born=None)


def asked(request: HttpRequest) -> Asked:
    """Read from the address; what is malformed counts as absent."""

    def words(name: str) -> str:
        return request.GET.get(name, "").replace("\x00", "").strip()[:100]

    step, waited = words("step"), words("waited")
    try:
        born = parse_date(words("born"))
    except ValueError:
        born = None
    return Asked(
        step=step if step in pharmacy_lists.STEPS else "pending_review",
        words=reference.within(words("q")) if ":" in words("q") else words("q"), born=born,
        controlled=words("controlled") == "1", shop=words("shop") == "1", question=words("question") == "1",
        waited=int(waited) if waited in map(str, WAITED_DAYS) else 0,
        prescriber=words("prescriber"),
    )  # fmt: skip


def moment(text: str) -> datetime | None:
    """A moment that an address of ours carries; None where it is none, or has no time zone."""
    try:
        found = parse_datetime(text.replace(" ", "+")[:40])
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def rows_of(actor: Actor, what: Asked, now: datetime, people: list[int] | None = None) -> QuerySet[Prescription]:
    """The rows. `people`: what `few_people` found of a search."""
    rows = _named(actor, what, people) if what.searching else pharmacy_lists.at_step(actor, what.step)
    if what.controlled:
        rows = rows.filter(is_controlled=True)
    if what.waited:
        waits = pharmacy_lists.since("" if what.searching else what.step)
        rows = rows.alias(waits_since=waits).filter(waits_since__lte=now - timedelta(days=what.waited))
    if what.prescriber and (what.searching or what.step == "done"):
        rows = rows.filter(prescriber__name__icontains=what.prescriber)
    elif what.prescriber:  # looked up row by row: in the order of who waits longest a page is full soon
        name = Account.objects.filter(pk=OuterRef("prescriber_id")).values("name")
        rows = rows.alias(prescriber_name=Subquery(name)).filter(prescriber_name__icontains=what.prescriber)
    if what.question:
        rows = queries.with_question(rows)
    if what.shop:
        rows = rows.filter(Exists(_kept(actor, now)))
    return rows


def dressed(rows: QuerySet[Prescription], actor: Actor, what: Asked, now: datetime) -> QuerySet[Prescription]:
    """The same with what a row shows, and whether a web shop's order keeps some (`kept_order`: its number, where it has one)."""
    kept = _kept(actor, now)
    order = Subquery(kept.order_by("pk").values("external_reference")[:1])
    rows = rows.select_related(None).select_related("patient", "prescriber").only(*_SHOWN)
    rows = rows.prefetch_related(None).prefetch_related("lines")
    if what.searching or what.step == Status.ON_HOLD:  # a pause lies on nothing else
        rows = queries.with_open_holds(rows)
    return queries.with_kept(rows).annotate(
        kept_for_shop=Exists(kept), kept_order=order,
        last_event=events.last_number_beside(actor.acting_account_id, actor.world_id),
    )  # fmt: skip


def _kept(actor: Actor, now: datetime) -> QuerySet[Reservation]:
    """What shops' orders keep of the prescription beside."""
    return visibility.visible(actor, Reservation).filter(
        prescription=OuterRef("pk"), used_at__isnull=True, freed_at__isnull=True, reserved_until__gt=now
    )


def _named(actor: Actor, what: Asked, people: list[int] | None) -> QuerySet[Prescription]:
    """This pharmacy's with that reference, or of patients with that birth date whose family name begins so.

    `Dean, Ca` asks for the given name too, as the rows write it.
    """
    by = _people(actor, what, "patient__") if people is None else Q(patient_id__in=people)
    whole = reference.canonical(what.words) if what.words else None
    if whole:  # a name of twelve letters can look like one
        by = Q(reference=whole) | by if what.words.isalpha() else Q(reference=whole)
        if what.born:
            by &= Q(patient__date_of_birth=what.born)
    return queries.listed(actor).filter(by)


def few_people(actor: Actor, what: Asked) -> list[int] | None:
    """Whom a search means, where they are few: then their prescriptions are looked at, else the pharmacy's in their order.

    None where they are many, or where the words can be a reference. One statement.
    """
    if not what.searching or reference.canonical(what.words):
        return None
    ids = pharmacy_lists.people(_people(actor, what), FEW + 1)
    return ids if len(ids) <= FEW else None


def _people(actor: Actor, what: Asked, at: str = "") -> Q:
    """The condition of a search on the patient, who stands at `at`."""
    family, _, given = (part.strip() for part in what.words.partition(","))
    by: dict[str, object] = {"world_id": actor.world_id}
    if family:
        by["family_name__istartswith"] = family
    if given:
        by["given_name__istartswith"] = given
    if what.born:
        by["date_of_birth"] = what.born
    return Q(**{f"{at}{name}": value for name, value in by.items()})


def answer_by(hold: Hold | None) -> datetime | None:
    """Until when the doctor's request to cancel waits for the pharmacy's answer: then the clock cancels."""
    asked_to_cancel = hold is not None and hold.kind == HoldKind.CANCELLATION
    return hold.placed_at + CANCELLATION_ANSWER if hold is not None and asked_to_cancel else None


def mark(rows: Iterable[Any], now: datetime) -> None:
    """Say at each row what the template asks: since when it waits, whether its next supply is not due,
    whether it ends soon, what pauses it.
    """
    for rx in rows:
        rx.waits_since = pharmacy_lists.place(rx)
        rx.too_early = rx.next_dispense_at is not None and now < rx.next_dispense_at
        rx.ends_soon = now < rx.expires_at <= now + timedelta(days=3)
        rx.top_hold = next(iter(getattr(rx, "open_holds", [])), None)
        rx.answer_by = answer_by(rx.top_hold)
