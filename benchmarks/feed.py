"""A reader a million events behind: what a page of `GET /events` costs the database at the beginning, in the middle, at the end.

    .venv/bin/python -m benchmarks.feed [--events 1000000]

Makes a database of its own (its name begins with elmed_bench) and removes it at the end.
"""

import argparse
import os
from typing import Any

import psycopg

from benchmarks import cpu, place
from benchmarks.place import ROOT, Place

PAGES = 2_000  # read at each place
LIMIT = 100
# Half of them are another account's: what a page costs must not hang on what lies between its rows.
FILL = """
INSERT INTO events_event (type, world_id, prescription_id, version, data, source, request_id, created_at)
SELECT 'prescription.held', 1, n, 1, '{{}}', 'portal', '', now() FROM generate_series(1, 2 * {many}) n;
INSERT INTO events_eventlisting (event_id, account_id, world_id, sequence)
SELECT id, CASE id % 2 WHEN 0 THEN {own} ELSE {other} END, 1, (id + 1) / 2 FROM events_event WHERE prescription_id IS NOT NULL;
INSERT INTO events_eventcounter (account_id, world_id, last) VALUES ({own}, 1, {many}), ({other}, 1, {many})
ON CONFLICT (account_id, world_id) DO UPDATE SET last = EXCLUDED.last;
"""


def main() -> None:
    """Make the lists, read pages at three places, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feed", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, metavar="1000-5000000")
    many = parser.parse_args().events
    if not 1_000 <= many <= 5_000_000:
        parser.error("--events: from 1000 to 5000000")
    where = Place("postgres:///elmed_bench_feed", ROOT / "var" / "bench-feed")
    os.environ.update(where.environment(), DJANGO_SETTINGS_MODULE="elmed.config.settings")
    try:
        place.create(where)
        with psycopg.connect(where.url, autocommit=True) as link:
            _measure(link, many, _account(link, many))
    finally:
        place.drop(where)


def _account(link: "psycopg.Connection[Any]", many: int) -> int:
    """Whose list is read; another account has one as long."""
    import django

    django.setup()
    from elmed.accounts.models import Account, AccountKind

    own, other = (
        Account.objects.create(kind=AccountKind.PHARMACY, name=name, world_id=1).pk for name in ("Own", "Other")
    )
    link.execute("DELETE FROM events_eventlisting")
    link.execute("DELETE FROM events_event")
    for statement in FILL.format(many=many, own=own, other=other).strip().split(";\n"):
        link.execute(statement)
    link.execute("VACUUM ANALYZE events_event")
    link.execute("VACUUM ANALYZE events_eventlisting")
    return own


def _measure(link: "psycopg.Connection[Any]", many: int, own: int) -> None:
    from elmed.events import feed
    from elmed.events.models import EventListing

    print(f"{many:,} events in each of two lists; {PAGES:,} pages of {LIMIT} read at each place")
    for name, begin in (("beginning", 0), ("middle", many // 2), ("end", many - 50 * LIMIT)):
        at = [begin + number % 49 * LIMIT for number in range(PAGES)]
        for after in at[:200]:  # the plan, and what is cached
            feed.page(own, 1, after=after, limit=LIMIT)
        backends = cpu.of_backends(link)
        for after in at:
            feed.page(own, 1, after=after, limit=LIMIT)
        spent = cpu.spent(backends, cpu.of_backends(link))
        rows = EventListing.objects.filter(account_id=own, world_id=1, sequence__gt=begin).order_by("sequence")
        plan = rows.values_list("sequence", "event__type")[: LIMIT + 1].explain(analyze=True, buffers=True)
        buffers = next(line.strip() for line in plan.splitlines() if "Buffers" in line)
        print(f"{name}: {1000 * spent / PAGES:.2f} ms of the database's CPU a page; {buffers}")
        print("  " + "\n  ".join(line for line in plan.splitlines() if "Scan" in line))


if __name__ == "__main__":
    main()
