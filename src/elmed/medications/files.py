"""Reading a formulary's CSV files: UTF-8, commas, the columns named in the first line. Streams; no database.

A row that cannot be read is told with its line and does not end the reading; a file that is no such table is refused.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from elmed.core.refusals import Invalid
from elmed.medications.models import Interaction
from elmed.medications.rows import COLUMNS, INTERACTION_COLUMNS, REQUIRED, MedicineRow, RowError, interaction, medicine

Cells = tuple[int, dict[str, str]]
T = TypeVar("T")


def medicines_of(path: Path) -> Iterator[tuple[int, MedicineRow | RowError]]:
    """The rows of a file of medicines, each read or refused."""
    return _judged(_read(path, COLUMNS, REQUIRED), medicine)


def interactions_of(path: Path) -> Iterator[tuple[int, Interaction | RowError]]:
    """The rows of a file of interactions, each read or refused."""
    return _judged(_read(path, INTERACTION_COLUMNS, INTERACTION_COLUMNS), interaction)


def _judged(rows: Iterator[Cells], how: Callable[[dict[str, str]], T]) -> Iterator[tuple[int, T | RowError]]:
    for line, cells in rows:
        try:
            yield line, how(cells)
        except RowError as wrong:
            yield line, wrong


def _read(path: Path, columns: Sequence[str], required: Sequence[str]) -> Iterator[Cells]:
    """Each row with its line in the file. Raises Invalid for a file that is no such table; OSError where it is not there."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        try:
            yield from _rows(lines, columns, required)
        except UnicodeDecodeError:
            raise _wrong("broken", "The file is not UTF-8. Save it as CSV in UTF-8.") from None
        except csv.Error as broken:
            raise _wrong("broken", f"The file is no table: {broken}.") from None


def _rows(lines: Iterable[str], columns: Sequence[str], required: Sequence[str]) -> Iterator[Cells]:
    reader = csv.reader(lines, strict=True)
    header = [cell.strip().lower() for cell in next(reader, [])]
    if missing := [name for name in required if name not in header]:
        raise _wrong("columns", f"The first line must name these columns too: {', '.join(missing)}.")
    if unknown := [name for name in header if name not in columns]:
        raise _wrong("columns", f"Columns that are not known: {', '.join(unknown)}. Known are: {', '.join(columns)}.")
    if len(set(header)) < len(header):
        raise _wrong("columns", "A column stands twice.")
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise _wrong(
                "columns", f"Line {reader.line_num} has more cells than columns. Is a comma not in quotation marks?"
            )
        yield reader.line_num, dict(zip(header, cells, strict=False))


def _wrong(code: str, detail: str) -> Invalid:
    return Invalid.field("/file", code, detail)
