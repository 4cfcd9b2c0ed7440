"""Trying any act with sensible arguments, and looking at everything that could have changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from elmed.access.actors import Actor
from elmed.core.refusals import Invalid, Refusal
from elmed.events.models import AccessRecord, Event, EventCounter, EventListing
from elmed.inventory.models import Batch, Movement, Product, ProductLink, Sale, SaleLine
from elmed.patients.models import Consultation, Patient
from elmed.prescriptions import models as rx_models
from elmed.prescriptions.actions import (
    cancel,
    close,
    close_line,
    correct,
    dispense,
    hold,
    issue,
    legal,
    reject,
    replace,
    return_,
    reverse,
    route,
    stop,
    transfer,
    verify,
)
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.models import Dispense, Hold, Prescription
from elmed.prescriptions.vocabulary import LATE_SOURCES, Act, HoldKind, ReversalReason
from tests.cast import Cast
from tests.factories import KEPT

TABLES = (
    rx_models.Prescription, rx_models.PrescriptionLine, rx_models.Dispense, rx_models.DispenseLine, rx_models.Reversal,
    rx_models.Hold, rx_models.LineClosure, rx_models.FormerSupplier, rx_models.WarningAnswer,
    rx_models.Reservation, rx_models.ReservationLine, Product, Batch, Movement, ProductLink, Sale, SaleLine, Patient, Consultation,
    Event, EventListing, EventCounter, AccessRecord,
)  # fmt: skip


def everything(*, but_events: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """All clinical rows and, unless left out, all events, value by value."""
    return rows_of(*(model for model in TABLES if not (but_events and model in (Event, EventListing, EventCounter))))


def rows_of(*tables: type[Model]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of these, as the database gives it, by the model's name. Past the ORM: every refusal asks twice."""
    found = {}
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}" ORDER BY "{model._meta.pk.column}"')
            found[model.__name__] = cursor.fetchall()
    return found


class Writes:
    """Counts the statements that write, so that a refusal without one needs no further proof."""

    def __init__(self) -> None:
        self.count = 0
        self._wrapper = connection.execute_wrapper(self)

    def __call__(self, execute, sql, params, many, context):
        self.count += sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
        return execute(sql, params, many, context)

    def __enter__(self) -> "Writes":
        self._wrapper.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._wrapper.__exit__(*exc)


def handed_over_at(rx: Prescription, act: Act, now: datetime) -> datetime | None:
    """Just before the end, or before the request to cancel; None where it is handed over now."""
    if act is Act.DISPENSE and rx.status not in LATE_SOURCES:
        return None
    ends = [rx.ended_at or now]
    ends += Hold.objects.filter(prescription=rx, kind=HoldKind.CANCELLATION).values_list("placed_at", flat=True)
    return max(min(ends) - timedelta(microseconds=1), rx.issued_at or now)


def newest_dispense(rx: Prescription) -> int:
    """The id of the last dispense, or 0."""
    return Dispense.objects.filter(prescription=rx).order_by("-pk").values_list("pk", flat=True).first() or 0


def attempt(act: Act, cast: Cast, actor: Actor, rx: Prescription, now: datetime, *, draft_id: int = 0) -> Any:
    """Do it, with arguments that are right wherever the act is legal."""
    pk, why = rx.pk, {"reason": "Said so"}

    def reported() -> Supply:
        return Supply(handed_over_at=handed_over_at(rx, act, now))

    acts = {
        Act.ISSUE: lambda: issue.issue(actor, pk, answers=KEPT, now=now),
        Act.ROUTE: lambda: route.route(actor, pk, pharmacy_id=cast.other_pharmacy.pk, now=now),
        Act.VERIFY: lambda: verify.verify(actor, pk, now=now),
        Act.RETURN: lambda: return_.return_(actor, pk, now=now, **why),
        Act.REJECT: lambda: reject.reject(actor, pk, now=now, **why),
        Act.HOLD: lambda: hold.hold(actor, pk, now=now, **why),
        Act.RESUME: lambda: hold.resume(actor, pk, now=now),
        Act.DISPENSE: lambda: dispense.dispense(actor, pk, reported(), source="portal", now=now),
        Act.CLOSE_LINE: lambda: close_line.close_line(actor, pk, line_id=rx.lines.first().pk, now=now, **why),
        Act.REVERSE: lambda: reverse.reverse(
            actor, newest_dispense(rx), reason=ReversalReason.RECORDED_IN_ERROR, now=now
        ),
        Act.CLOSE: lambda: close.close(actor, pk, reason_code="0010", now=now),
        Act.CANCEL: lambda: cancel.cancel(actor, pk, now=now, **why),
        Act.REQUEST_CANCEL: lambda: cancel.request_cancel(actor, pk, now=now, **why),
        Act.CONFIRM_CANCEL: lambda: cancel.confirm_cancel(actor, pk, now=now),
        Act.ANSWER_HANDED_OVER: lambda: cancel.answer_handed_over(actor, pk, reported(), source="portal", now=now),
        Act.WITHDRAW_CANCEL: lambda: cancel.withdraw_cancel(actor, pk, now=now),
        Act.STOP: lambda: stop.stop(actor, pk, now=now, **why),
        Act.REPLACE: lambda: replace.replace(actor, pk, draft_id=draft_id, answers=KEPT, now=now, **why),
        Act.EXPIRE: lambda: legal.expire_overdue(pk, actor, rx.expires_at),
        Act.TRANSFER: lambda: transfer.transfer(actor, pk, now=now, **why),
        Act.CORRECT: lambda: correct.correct(actor, pk, now=now, **why),
    }
    return acts[act]()


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What happens inside is refused with that code (of the refusal, or of its first field), and nothing changed."""
    before = everything()
    with pytest.raises(Refusal) as caught:
        yield
    no = caught.value
    assert code in (no.code, no.errors[0]["code"] if isinstance(no, Invalid) else None), no
    assert everything() == before
