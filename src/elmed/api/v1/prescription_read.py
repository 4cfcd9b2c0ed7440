"""The hot reads: one statement that finds, records who looked, and builds the JSON text; nothing is made an object.

The visibility rule is not written again here: its SQL is compiled once from access.visibility for each kind of
caller, with the account and the world as named parameters.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction

from elmed.access.actors import Actor
from elmed.access.policy import account_active
from elmed.access.visibility import prescription_branches
from elmed.accounts.models import AccountKind
from elmed.api.acts import API_ACTS
from elmed.api.shape import dialect
from elmed.api.v1.shapes import PRESCRIPTION, PRESCRIPTION_JOINS
from elmed.core.clock import real_now
from elmed.events.record import record_access
from elmed.prescriptions.facts import first_moment
from elmed.prescriptions.guards import Caller, Facts
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import TRANSITIONS, allowed
from elmed.prescriptions.vocabulary import OPEN, REVERSAL_WINDOW, Act, Side, Status

_ACCOUNT, _WORLD = -7_000_000_001, -7_000_000_002  # stand-ins while the rule is compiled; no row has such ids
_NAMES = {_ACCOUNT: "%(account)s", _WORLD: "%(world)s"}


class Row(NamedTuple):
    """One prescription as read: its JSON text, and the facts that decide what the caller may do with it."""

    id: int
    patient_id: int
    version: int
    updated_at: Any
    text: str
    status: str
    pharmacy_id: int | None
    is_controlled: Any
    valid_from: Any
    expires_at: Any
    next_dispense_at: Any
    replaced_at: Any
    predecessor_status: str | None
    anything_available: Any
    reversible: Any
    more_follow: Any


class Page(NamedTuple):
    """What a read found: the bodies in order, and whether more follow."""

    rows: list[Row]
    texts: list[str]
    has_more: bool


def one(actor: Actor, prescription_id: int, *, now: datetime, action: str) -> tuple[Row, str] | None:
    """A prescription in full: its row and its JSON text; None where it is not visible."""
    page = _read(
        actor, "p.id = %(id)s", {"id": prescription_id}, order="p.id", limit=1, now=now, listed=False, action=action
    )
    return (page.rows[0], page.texts[0]) if page.rows else None


def many(actor: Actor, condition: str, params: dict[str, Any], *, order: str, limit: int, now: datetime) -> Page:
    """A list's page. `condition` and `order` are SQL over p, of constants and named parameters only."""
    return _read(actor, condition, params, order=order, limit=limit, now=now, listed=True, action="prescription.list")


def stored(moment: datetime) -> Any:
    """A moment as this database compares it."""
    return connection.ops.adapt_datetimefield_value(moment)


def _read(
    actor: Actor,
    condition: str,
    params: dict[str, Any],
    *,
    order: str,
    limit: int,
    now: datetime,
    listed: bool,
    action: str,
) -> Page:
    postgres = connection.vendor == "postgresql"
    sql = _statement(connection.vendor, actor.account_kind, actor.by_key, actor.permissions, condition, order, listed)
    values = {
        "account": actor.account_id,
        "world": actor.world_id,
        "more": limit + 1,
        "limit": limit,
        "reversible_since": stored(now - REVERSAL_WINDOW),
        **params,
    }
    if postgres:  # the statement writes the access record too: it needs no transaction around it
        values |= {
            "person": actor.person_id,
            "key": actor.key_id,
            "source": actor.source,
            "action": action,
            "request": actor.request_id,
            "at": real_now(),
        }
        rows = _rows(sql, values)
    else:
        with transaction.atomic():
            rows = _rows(sql, values)
            record_access(actor, action, patient_ids=[row.patient_id for row in rows])
    possible = [act for act in API_ACTS if account_active(actor, TRANSITIONS[act].permission)]
    texts = [_with_actions(row, actor, now, possible) for row in rows]
    return Page(rows, texts, bool(rows and rows[0].more_follow))


def _rows(sql: str, values: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Row(*row) for row in cursor.fetchall()]


@lru_cache(maxsize=256)
def _statement(  # noqa: PLR0917 - lru_cache tells calls apart by position
    vendor: str,
    kind: AccountKind | None,
    by_key: bool,
    permissions: frozenset[Any],
    condition: str,
    order: str,
    listed: bool,
) -> str:
    """The whole statement for a kind of caller and a kind of read. Texts come from this package only, values are parameters."""
    rules = _visibility(kind, by_key, permissions)
    found = _page(rules, condition, order) if listed else f"{_FOUND} WHERE {condition} AND ({' OR '.join(rules)})"
    shown = f"shown AS (SELECT p.id, p.patient_id FROM page p ORDER BY {order} LIMIT %(limit)s)"
    d = dialect(vendor)
    body = PRESCRIPTION.sql(d, listed_only=listed)
    select = f"""
        SELECT p.id, p.patient_id, p.version, {d.instant("p.updated_at")}, {body}{"::text" if vendor == "postgresql" else ""},
               p.status, p.pharmacy_id, p.is_controlled, p.valid_from, {d.instant("p.expires_at")},
               {d.instant("p.next_dispense_at")}, {d.instant("p.replaced_at")},
               (SELECT o.status FROM prescriptions_prescription o WHERE o.id = p.replaces_id),
               EXISTS (SELECT 1 FROM prescriptions_prescriptionline a WHERE a.prescription_id = p.id
                       AND a.quantity_milli > a.supplied_milli + a.closed_milli + a.reserved_milli),
               EXISTS ({_reversible(kind)}), (SELECT count(*) FROM page) > %(limit)s
        FROM shown JOIN prescriptions_prescription p ON p.id = shown.id {PRESCRIPTION_JOINS} ORDER BY {order}"""
    if vendor != "postgresql":
        return f"WITH page AS ({found}), {shown} {select}"
    return f"WITH page AS MATERIALIZED ({found}), {shown}, {_ACCESS_RECORD} {select}"


# A patient and the records that were merged into theirs; `patient` is the parameter.
OF_PATIENT = "p.patient_id IN (SELECT id FROM patients_patient WHERE id = %(patient)s OR merged_into_id = %(patient)s)"

_FOUND = "SELECT p.id, p.updated_at, p.patient_id FROM prescriptions_prescription p"


def _page(rules: Sequence[str], condition: str, order: str) -> str:
    """The first rows of all branches: each branch a short scan of its own index."""
    branches = " UNION ".join(
        f"SELECT * FROM ({_FOUND} WHERE {rule} AND {condition} ORDER BY {order} LIMIT %(more)s) branch_{number}"
        for number, rule in enumerate(rules)
    )
    return f"SELECT p.id, p.updated_at, p.patient_id FROM ({branches}) p ORDER BY {order} LIMIT %(more)s"


def _reversible(kind: AccountKind | None) -> str:
    """What this caller could take back: staff any dispense of the newest issue, a pharmacy its own of the last 72 hours."""
    own = "d.pharmacy_id = %(account)s AND d.created_at >= %(reversible_since)s"
    return f"""
    SELECT 1 FROM prescriptions_dispense d
    WHERE d.prescription_id = p.id AND {"1 = 1" if kind == AccountKind.STAFF else own}
      AND NOT EXISTS (SELECT 1 FROM prescriptions_reversal r WHERE r.dispense_id = d.id)
      AND NOT EXISTS (SELECT 1 FROM prescriptions_dispense n
                      WHERE n.prescription_id = p.id AND n.issue_number > d.issue_number AND NOT n.void)
    """


# The access record of this very read, naming the patients it shows (not the one on the row that only tells that more follow).
_ACCESS_RECORD = """
    looked AS (INSERT INTO events_accessrecord
                 (world_id, actor_person_id, actor_account_id, actor_key_id, source, action, reason, request_id, created_at)
               SELECT %(world)s, %(person)s, %(account)s, %(key)s, %(source)s, %(action)s, '', %(request)s, %(at)s
               WHERE EXISTS (SELECT 1 FROM shown) RETURNING id),
    at_whom AS (INSERT INTO events_accessrecordpatient (record_id, patient_id)
                SELECT looked.id, seen.patient_id FROM looked, (SELECT DISTINCT patient_id FROM shown) seen)
"""


def _visibility(kind: AccountKind | None, by_key: bool, permissions: frozenset[Any]) -> list[str]:
    """Each branch of the caller's visibility as a SQL condition over p, with the world's."""
    model = Actor(_ACCOUNT, kind, None, permissions, "api", key_id=1 if by_key else None, world_id=_WORLD)  # type: ignore[arg-type]
    rules = []
    for branch in prescription_branches(replace(model)):
        try:
            sql, params = Prescription.objects.filter(branch, world_id=_WORLD).values("pk").query.sql_with_params()
        except EmptyResultSet:
            continue
        where = sql.split(" WHERE ", 1)[1].replace('"prescriptions_prescription".', "p.")
        named = where % tuple(_NAMES[value] if value in _NAMES else _literal(value) for value in params)
        rules.append(f"({named})")
    return rules or ["1 = 0"]


def _literal(value: object) -> str:
    """A constant of the rule itself (a status), as SQL."""
    if not isinstance(value, str) or not value.replace("_", "").isalpha():
        raise TypeError(f"Not a constant of a visibility rule: {value!r}")
    return f"'{value}'"


def _with_actions(row: Row, actor: Actor, now: datetime, possible: Sequence[Act]) -> str:
    """The JSON text with `allowed_actions` as its last member."""
    acts = ", ".join(f'"{act.value}"' for act in allowed(_facts(row), _caller(row, actor), now, possible))
    return f'{row.text[:-1]}, "allowed_actions": [{acts}]}}'


def _caller(row: Row, actor: Actor) -> Caller:
    sides = {Side.PHARMACY} if row.pharmacy_id == actor.account_id else set()
    if actor.account_kind == AccountKind.STAFF:
        sides.add(Side.STAFF)
    if row.reversible:
        sides.add(Side.SUPPLIER)
    return Caller(actor.permissions, frozenset(sides), actor.by_key, self_dealing=False)


def _facts(row: Row) -> Facts:
    """The facts that `dispense` and `reverse` depend on; what other acts ask about is not read here."""
    return Facts(
        status=Status(row.status),
        is_controlled=bool(row.is_controlled),
        valid_from_at=first_moment(_day(row.valid_from)),
        expires_at=moment(row.expires_at) or datetime.max.replace(tzinfo=UTC),
        complete=True,
        supplied_ever=bool(row.reversible),
        supplied_in_issue=False,
        anything_available=bool(row.anything_available),
        next_dispense_at=moment(row.next_dispense_at),
        replaced_at=moment(row.replaced_at),
        predecessor_open=row.predecessor_status in OPEN,
        pharmacy_active=True,
        verified_at=None,
        ended_at=None,
        ended_by_clock=False,
        cancel_requested_at=None,
        reversible=bool(row.reversible),
        hold=None,
    )


def moment(value: Any) -> datetime | None:
    """A moment as the cursor gave it: PostgreSQL as seconds, SQLite without its zone or as a text."""
    if isinstance(value, float):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) and found.tzinfo is None else found


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def texts_json(texts: Sequence[str]) -> str:
    """A JSON array of JSON texts."""
    return f"[{', '.join(texts)}]"
