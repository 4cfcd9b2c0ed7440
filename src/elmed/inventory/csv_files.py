"""Product files: reading what spreadsheets save, and writing what they open. Pure: text in, rows out, and back.

Called by csv_import.py and the portal. Which row becomes what is decided in csv_import.py; the columns are those of
product_fields.py, and two more: `stock`, which only a new product takes, and `active`.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from elmed.core.refusals import Invalid
from elmed.inventory import packs
from elmed.inventory.models import Product
from elmed.inventory.product_fields import TEXT_FIELDS, as_text, of

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
COLUMNS = (*TEXT_FIELDS, "active", "stock")
SEPARATORS = {
    ",": gettext_noop("commas"),
    ";": gettext_noop("semicolons"),
    "\t": gettext_noop("tabs"),
    "|": gettext_noop("vertical bars"),
}
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_NUMBER = re.compile(r"^-?[0-9]+(\.[0-9]+)?$")


@dataclass(frozen=True)
class Table:
    """A file as it was read: its known columns, its rows with their line in the file, and what was noticed."""

    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]
    notices: list[str]


def read(raw: bytes) -> Table:
    """The rows of a file that somebody saved. Raises Invalid with words for whoever sent it."""
    if len(raw) > MAX_BYTES:
        raise _wrong("too_large", _("The file is larger than 5 MB."))
    text, notices = _decoded(raw)
    lines = text.lstrip("\ufeff")
    if not lines.strip():
        raise _wrong("empty", _("The file is empty."))
    separator = _separator(lines)
    if separator != ",":
        notices.append(_("Its columns are parted by %(what)s.") % {"what": _(SEPARATORS[separator])})
    try:
        return _table(csv.reader(io.StringIO(lines, newline=""), delimiter=separator, strict=True), notices)
    except csv.Error as broken:
        raise _wrong(
            "broken", _("The file is no table: %(broken)s. A quotation mark may be missing.") % {"broken": broken}
        ) from None


def _decoded(raw: bytes) -> tuple[str, list[str]]:
    """The text, whatever program saved it; a guess is told."""
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ["utf-16"] if wide else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise _wrong("broken", _("This is no text file. Save the table as CSV, and send that."))
        guess = [_("It is not UTF-8; it was read as Windows-1252. Look whether letters with accents are right.")]
        return text, guess if encoding == "cp1252" else []
    raise _wrong("broken", _("The letters cannot be read. Save the table as CSV in UTF-8, and send that."))


def _separator(text: str) -> str:
    """The one that parts the known columns of the first line best."""
    header = text.lstrip("\r\n").splitlines()[0]
    return max(SEPARATORS, key=lambda one: len({_name(cell) for cell in header.split(one)} & set(COLUMNS)))


def _name(cell: str) -> str:
    """A column's name without regard to case, spaces and quotation marks."""
    return re.sub(r"[\s\-]+", "_", cell.strip().strip('"').strip().lower())


def _table(reader: Iterable[Sequence[str]], notices: list[str]) -> Table:
    header: list[str] | None = None
    rows: list[tuple[int, dict[str, str]]] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = _header(cells, notices)
            continue
        if len(rows) >= MAX_ROWS:
            raise _wrong("too_many", _("More than %(most)s rows. Part the file.") % {"most": MAX_ROWS})
        line = getattr(reader, "line_num", len(rows) + 2)
        rows.append((line, _row(header, cells)))
    if not rows:
        raise _wrong("empty", _("The file has no rows below its first line."))
    known = tuple(name for name in COLUMNS if name in (header or ()))
    return Table(known, rows, notices)


def _header(cells: Sequence[str], notices: list[str]) -> list[str]:
    names = [_name(cell) for cell in cells]
    if "sku" not in names:
        raise _wrong(
            "no_sku", _("The first line must name the columns, and one of them must be “sku”. See the template.")
        )
    if twice := {name for name in names if name in COLUMNS and names.count(name) > 1}:
        raise _wrong("column_twice", _("A column stands twice: %(names)s.") % {"names": ", ".join(sorted(twice))})
    if unknown := [cell.strip() for cell, name in zip(cells, names, strict=True) if name and name not in COLUMNS]:
        notices.append(_("Columns that are not read: %(names)s.") % {"names": ", ".join(unknown[:10])})
    return names


def _row(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The known cells by their column. More cells than columns are kept under a name that no column has."""
    row = {name: _plain(cell) for name, cell in zip(header, cells, strict=False) if name in COLUMNS}
    if any(cell.strip() for cell in cells[len(header) :]):
        row[""] = "more cells than columns"
    return row


def _plain(cell: str) -> str:
    """A cell as it was before `_safe` put an apostrophe in front."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def write(rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> bytes:
    """A file that spreadsheets open with the right letters, and in which no cell is run as a formula."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in row.items()} for row in rows)
    return codecs.BOM_UTF8 + out.getvalue().encode()


def _safe(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.match(cell) else cell


def exported(products: Iterable[Product]) -> bytes:
    """The products as a file that can be read back."""
    return write(
        as_text(of(product))
        | {"active": "yes" if product.active else "no", "stock": packs.text(product, product.stock_milli) or ""}
        for product in products
    )


def template() -> bytes:
    """A file to fill in: the columns, one medicine and one article without prescription."""
    medicine = {
        "sku": "EXAMPLE-1", "name": "Amoxicillin 500 mg capsules", "description": "21 capsules", "price": "3.20",
        "currency": "GBP", "medication_code": "J01CA04", "medication_system": "ATC", "strength": "500 mg", "form": "capsule",
        "route": "oral", "pack_size": "21", "pack_unit": "capsule", "requires_prescription": "yes", "is_controlled": "no",
        "low_stock": "5", "active": "yes", "stock": "12",
    }  # fmt: skip
    article = {
        "sku": "EXAMPLE-2", "name": "Plasters, assorted", "price": "2.49", "currency": "GBP", "requires_prescription": "no",
        "is_controlled": "no", "active": "yes", "stock": "30",
    }  # fmt: skip
    return write([medicine, article])


def _wrong(code: str, detail: str) -> Invalid:
    return Invalid.field("/file", code, detail)
