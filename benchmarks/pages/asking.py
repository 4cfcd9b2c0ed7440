"""The pages that are measured, and asking for one as a server does: through the WSGI application, with a session's cookie."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.urls import reverse

from benchmarks.data import people
from benchmarks.data.size import Size
from benchmarks.pages import busy
from elmed.accounts.models import Person
from elmed.config.wsgi import application
from elmed.portals.sign_in import HAS_FACTOR


@dataclass(frozen=True)
class Page:
    """A page of somebody signed in."""

    words: str
    address: str
    cookie: str
    status: int = 200

    def ask(self) -> bytes:
        """The answer's body. Raises SystemExit where it is another answer than the one that is measured."""
        path, _, query = self.address.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1",
            "HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={self.cookie}", "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "wsgi.multithread": True, "wsgi.multiprocess": True,
            "wsgi.run_once": False, "wsgi.version": (1, 0),
        }  # fmt: skip
        answered: list[str] = []
        start: Callable[..., Any] = lambda status, _headers, _error=None: answered.append(status)  # noqa: E731
        answer = application(environ, start)
        body = b"".join(answer)
        answer.close()
        if not answered[0].startswith(str(self.status)):
            raise SystemExit(f"{self.words}: {self.address} answered {answered[0]}")
        return body


def pages(link: psycopg.Connection, size: Size) -> list[Page]:
    """All that are measured, with ids of rows that are there."""
    pharmacist, doctor, patient, staff = (
        _signed_in(pk) for pk in (busy.PHARMACIST, busy.DOCTOR, busy.PATIENT, busy.STAFF)
    )
    at, here = f"pharmacy_id = {size.pharmacy(0)}", f"prescriber_id = {busy.DOCTOR}"
    of_many = _id(link, f"{at} AND patient_id = {busy.AT_PHARMACY}")
    few = _id(link, f"{here} AND patient_id <> {busy.AT_DOCTOR}", "patient_id")
    family = people.name(busy.AT_PHARMACY)[1]
    rows: list[tuple[str, str, str, dict[str, int], dict[str, str]]] = [
        *((f"queue: {step}", pharmacist, "pharmacy_queue", {}, {"step": step})
          for step in ("pending_review", "verified", "partially_dispensed", "on_hold", "done")),
        ("queue: verified, page 100", pharmacist, "pharmacy_queue", {}, {"step": "verified", "page": "100"}),
        ("queue: verified, of one prescriber", pharmacist, "pharmacy_queue", {}, {"step": "verified", "prescriber": "Brook"}),
        ("queue: family name", pharmacist, "pharmacy_queue", {}, {"q": family[:4]}),
        ("queue: born", pharmacist, "pharmacy_queue", {}, {"born": f"{people.born_on(busy.AT_PHARMACY)}"}),
        ("queue: what changed", pharmacist, "pharmacy_queue_live", {}, {"step": "verified", "ids": "1,2"}),
        ("pharmacy: prescription, to check", pharmacist, "pharmacy_prescription", _pk(link, f"{at} AND status = 'pending_review'"), {}),
        ("pharmacy: prescription, verified", pharmacist, "pharmacy_prescription", _pk(link, f"{at} AND status = 'verified'"), {}),
        ("pharmacy: prescription, dispensed", pharmacist, "pharmacy_prescription", _pk(link, f"{at} AND status = 'dispensed'"), {}),
        ("pharmacy: beside it, a patient with 200", pharmacist, "pharmacy_beside", {"pk": of_many}, {}),
        ("pharmacy: its stock", pharmacist, "pharmacy_stock_of_rx", _pk(link, f"{at} AND status = 'verified'"), {}),
        ("pharmacy: dispense", pharmacist, "pharmacy_dispense", _pk(link, f"{at} AND status = 'verified'"), {}),
        ("pharmacy: not collected", pharmacist, "pharmacy_uncollected", {}, {}),
        ("pharmacy: handed over", pharmacist, "pharmacy_handed_over_days", {}, {}),
        ("doctor: home", doctor, "doctor_home", {}, {}),
        ("doctor: patients", doctor, "doctor_patients", {}, {}),
        ("doctor: patient", doctor, "doctor_patient", {"pk": few}, {}),
        ("doctor: patient with 200 prescriptions", doctor, "doctor_patient", {"pk": busy.AT_DOCTOR}, {}),
        ("doctor: prescriptions", doctor, "doctor_prescriptions", {}, {}),
        ("doctor: prescriptions, verified", doctor, "doctor_prescriptions", {}, {"status": "verified"}),
        ("doctor: prescription, verified", doctor, "doctor_prescription", _pk(link, f"{here} AND status = 'verified'"), {}),
        ("doctor: prescription, dispensed", doctor, "doctor_prescription", _pk(link, f"{here} AND status = 'dispensed'"), {}),
        ("patient: home, 200 prescriptions", patient, "patient_home", {}, {}),
        ("patient: prescription", patient, "patient_prescription", _pk(link, f"patient_id = {busy.AT_DOCTOR} AND {here}"), {}),
        ("patient: who looked", patient, "patient_access", {}, {}),
        ("staff: accounts", staff, "staff_accounts", {}, {}),
        ("staff: audit", staff, "staff_audit", {}, {}),
        ("staff: duplicates", staff, "staff_merge_find", {}, {}),
    ]  # fmt: skip
    return [
        Page(words, reverse(name, kwargs=ids) + (f"?{urlencode(asked)}" if asked else ""), cookie)
        for words, cookie, name, ids, asked in rows
    ]


def backends(link: psycopg.Connection) -> list[int]:
    """The processes of the database that serve this one."""
    rows = link.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
        "AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
    )
    return [pid for (pid,) in rows]


def _pk(link: psycopg.Connection, where: str) -> dict[str, int]:
    return {"pk": _id(link, where)}


def _id(link: psycopg.Connection, where: str, column: str = "id") -> int:
    row = link.execute(
        f"SELECT {column} FROM prescriptions_prescription WHERE {where} ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if row is None:
        raise SystemExit(f"No prescription where {where}: a larger --scale is needed.")
    number: int = row[0]
    return number


def _signed_in(person_id: int) -> str:
    """A session's key, as a sign-in with a second factor leaves it."""
    person = Person.objects.get(pk=person_id)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session[HAS_FACTOR] = True
    session.save()
    key: str = session.session_key
    return key
