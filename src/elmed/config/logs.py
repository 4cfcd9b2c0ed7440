"""How log lines are written: a database's complaint without the row it complains about.

PostgreSQL quotes the failing row in the DETAIL of an error, and Django's traceback carries it along; logs hold ids, never
medical data. settings.py names this formatter.
"""

import logging
import re

_DETAIL = re.compile(
    r"^DETAIL:.*?(?=^(?:CONTEXT:|HINT:|Traceback |The above exception|During handling)|\Z)", re.M | re.S
)


class WithoutRows(logging.Formatter):
    """Leaves the DETAIL of a database error out, wherever it stands."""

    def format(self, record: logging.LogRecord) -> str:
        """As usual, without it."""
        return _DETAIL.sub("DETAIL: (left out)\n", super().format(record))
