"""Make all the benchmark's rows, and the files that the load reads.

`list.tsv`: the secret of each pharmacy key. `read.tsv`, `dispense.tsv`: a prescription and the secret of a key of its
pharmacy. All are shuffled, and lie in the benchmark's own folder, readable by its owner alone.
"""

import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.db.models import Model

from benchmarks.data import copying, people, prescriptions
from benchmarks.data.size import Size
from elmed.access.models import ApiKey
from elmed.accounts.models import Account, Membership, Person
from elmed.patients.models import Patient
from elmed.prescriptions.models import Dispense, DispenseLine, Hold, Prescription, PrescriptionLine

BIG = (Prescription, PrescriptionLine, Dispense, DispenseLine)
# What each builder fills: every column of the model (tests/guards/test_benchmarks.py).
COLUMNS: dict[type[Model], Sequence[str]] = {
    Person: people.PERSON, Account: people.ACCOUNT, Membership: people.MEMBERSHIP, Patient: people.PATIENT, ApiKey: people.KEY,
    Prescription: prescriptions.RX, PrescriptionLine: prescriptions.LINE, Dispense: prescriptions.DISPENSE,
    DispenseLine: prescriptions.DISPENSE_LINE, Hold: prescriptions.HOLD,
}  # fmt: skip


def make(database_url: str, folder: Path, size: Size) -> None:
    """Fill the migrated, empty database."""
    began = time.monotonic()
    secrets = people.make_secrets(size)
    small = (
        (Person, people.persons(size)),
        (Account, people.accounts(size)),
        (Membership, people.memberships(size)),
        (Patient, people.patients(size)),
        (ApiKey, people.keys(size, secrets)),
    )
    maker = prescriptions.Maker(size, secrets)
    with psycopg.connect(database_url) as connection:
        copying.spare_foreign_keys(connection)
        for model, rows in small:
            _copy(connection, model, rows)
        with copying.without_indexes(connection, BIG):
            for chunk in maker.chunks():
                _write(connection, chunk)
            connection.commit()
            print(f"  rows written after {time.monotonic() - began:.0f} s; now their indexes", flush=True)
        copying.finish(connection, [*(model for model, _ in small), *BIG, Hold])
    _write_files(folder, secrets, maker)
    print(f"  {size.prescriptions} prescriptions, {maker.line_id} lines, {maker.dispense_id} dispenses, "
          f"{len(maker.dispensable)} of them to be dispensed, in {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip


def _write(connection: psycopg.Connection, chunk: prescriptions.Chunk) -> None:
    for model, rows in (
        (Prescription, chunk.rx),
        (PrescriptionLine, chunk.lines),
        (Dispense, chunk.dispenses),
        (DispenseLine, chunk.dispense_lines),
        (Hold, chunk.holds),
    ):
        _copy(connection, model, rows)


def _copy(connection: psycopg.Connection, model: type[Model], rows: Iterable[tuple[Any, ...]]) -> None:
    copying.check_columns(model, COLUMNS[model])
    copying.copy(connection, model, COLUMNS[model], rows)


def _write_files(folder: Path, secrets: list[people.Secret], maker: prescriptions.Maker) -> None:
    by_account: dict[int, list[str]] = defaultdict(list)
    for one in secrets:
        by_account[one.account_id].append(one.secret)
    pharmacies = [one for one in people.shuffled(secrets) if one.kind == "pharmacy"]
    (folder / "list.tsv").write_text("".join(f"{one.secret}\n" for one in pharmacies))
    for name, pairs in (("read", maker.readable), ("dispense", maker.dispensable)):
        mixed = list(pairs)
        random.Random(2).shuffle(mixed)
        lines = (f"{rx}\t{by_account[pharmacy][rx % len(by_account[pharmacy])]}\n" for rx, pharmacy in mixed)
        (folder / f"{name}.tsv").write_text("".join(lines))
