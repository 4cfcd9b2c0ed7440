"""Everything ELMED holds on a patient as one file: a zip with a page to read, JSON, and two tables as CSV.

Written row by row into a temporary file, so that its memory does not grow with the record, and sent from there.
"""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.clock import real_now
from elmed.patients.contact import taken_out
from elmed.patients.models import Patient
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.patient import held
from elmed.portals.patient.held_prescriptions import prescriptions
from elmed.portals.patient.views import PATIENT

IN_MEMORY = 1_000_000  # bytes; what is more lies on the disk


@page(permission=Permission.PRESCRIPTION_READ, kinds=PATIENT)
def data(request: PortalRequest) -> HttpResponse:
    """The page that says what is in the file, and the file."""
    own = visibility.visible(request.actor, Patient).order_by("pk").first()
    if request.method != "POST" or own is None:
        return render(request, "patient/data.html", {"own": own})
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    _write(request, own, file)
    shown(request, "export", [own.pk])
    taken_out(request.actor, now=request.now)
    file.seek(0)
    name = f"elmed-my-data-{real_now():%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")  # type: ignore[return-value]


def _write(request: PortalRequest, own: Patient, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        with zipped.open("my-data.json", "w") as entry:
            _json(entry, request, own)
        with zipped.open("read-me.html", "w") as entry:
            for part in _html(request, own):
                entry.write(part.encode())
        with zipped.open("prescriptions.csv", "w") as entry:
            _csv(entry, held.PRESCRIPTION_COLUMNS, held.prescription_rows(request.actor))
        with zipped.open("who-looked.csv", "w") as entry:
            _csv(entry, held.LOOK_COLUMNS, (list(look.values()) for look in held.looks(request.actor, own)))


def _json(entry: IO[bytes], request: PortalRequest, own: Patient) -> None:
    """One object; the long lists are written one element after the other."""
    lists: dict[str, Iterator[Any]] = {
        "consultations": held.consultations(request.actor),
        "prescriptions": prescriptions(request.actor),
        "who_looked": held.looks(request.actor, own),
        "changes": held.changes(request.actor),
    }
    sign_in = held.sign_in(request.person, own, real_now())
    words = {"made_at": real_now().isoformat(), "record": held.record(own), "sign_in": sign_in}
    head = json.dumps(words, ensure_ascii=False, indent=1)
    entry.write(head[:-2].encode())
    for name, rows in lists.items():
        entry.write(f',\n "{name}": ['.encode())
        for number, row in enumerate(rows):
            entry.write((",\n  " if number else "\n  ").encode() + json.dumps(row, ensure_ascii=False).encode())
        entry.write(b"]")
    entry.write(b"\n}\n")


def _html(request: PortalRequest, own: Patient) -> Iterator[str]:
    yield render_to_string("patient/export_head.html", {"own": own, "record": held.record(own)}, request)
    for row in prescriptions(request.actor):
        yield render_to_string("patient/export_prescription.html", {"rx": row})
    yield render_to_string("patient/export_foot.html", {}, request)


def _csv(entry: IO[bytes], columns: list[str], rows: Iterator[list[Any]]) -> None:
    text = io.TextIOWrapper(entry, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_plain(value) for value in row])
    text.detach()


def _plain(value: Any) -> str:
    """As text that no spreadsheet takes for a formula."""
    words = "" if value is None else str(value)
    return f"'{words}" if words.startswith(("=", "+", "-", "@", "\t", "\r")) else words
