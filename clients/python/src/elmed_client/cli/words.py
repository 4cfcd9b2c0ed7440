"""How the command speaks: tables for people, JSON for programs, and errors that say what to do."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from elmed_client import errors

# The exit codes, in the order they are documented.
DONE, FAILED, MISUSED, NOT_ALLOWED, NOT_THERE, NOT_NOW, AWAY, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
EXIT_CODES = """\
exit codes:
  0 done    1 failed, or `doctor` found something    2 not understood
  3 the key may not (401, 403)    4 not there (404)    5 not now, or changed meanwhile (409, 412)
  6 ELMED is away, busy or does not answer    130 interrupted"""


class CommandFailed(Exception):
    """Ends the command with words for people and an exit code."""

    def __init__(self, words: str, code: int = FAILED) -> None:
        """Keep them."""
        super().__init__(words)
        self.code = code


def say(text: str = "") -> None:
    """A line for people."""
    print(text, flush=True)


def say_json(value: Any) -> None:
    """JSON for programs, one line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def complain(text: str) -> None:
    """A line about what went wrong."""
    print(text, file=sys.stderr, flush=True)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns, as wide as they need to be; the last one is cut to the terminal's width."""
    cells = [list(head), *([clean(one) for one in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    room = shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 10_000
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(line if len(line) <= room else line[: max(room - 1, 1)] + "…" for line in lines)


def clean(value: object) -> str:
    """As text on one line: nothing in it can move the cursor or change colours."""
    text = "" if value is None else str(value)
    return "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in text)


def code_of(error: errors.ElmedError) -> int:
    """The exit code of an error."""
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return code
    return FAILED


def json_of(error: errors.ElmedError | CommandFailed) -> str:
    """What went wrong, for programs: ELMED's own problem document where there is one."""
    known = error.problem if isinstance(error, errors.APIError) else {}
    kind = type(error).__name__
    return json.dumps({"error": {"kind": kind, "detail": str(error), **known}}, ensure_ascii=False)


def words_of(error: errors.ElmedError) -> str:
    """An error with what to do about it."""
    lines = [clean(error)]
    if isinstance(error, errors.InvalidRequestError):
        lines += [f"  {one.pointer or one.parameter or 'request'}: {clean(one.detail)}" for one in error.errors]
    if isinstance(error, errors.ConflictError) and error.current_status:
        allowed = ", ".join(error.allowed_actions) or "nothing"
        lines.append(f"  Now: {clean(error.current_status)}. Possible with this key: {allowed}.")
    if isinstance(error, errors.PermissionDeniedError) and error.needed_scopes:
        lines.append(f"  The key needs one of the scopes {', '.join(error.needed_scopes)} (Settings → API Keys).")
    for kind, words in _ADVICE:
        if isinstance(error, kind):
            lines.append(f"  {words}")
            break
    if isinstance(error, errors.APIError) and "type" in error.problem:
        lines.append(f"  More: {clean(error.problem['type'])}")
    return "\n".join(lines)


_CODES: tuple[tuple[tuple[type[errors.ElmedError], ...], int], ...] = (
    ((errors.AuthenticationError, errors.PermissionDeniedError), NOT_ALLOWED),
    ((errors.NotFoundError,), NOT_THERE),
    ((errors.ConflictError, errors.PreconditionFailedError), NOT_NOW),
    ((errors.RateLimitedError, errors.ServerError, errors.ConnectionFailedError), AWAY),
    ((errors.ConfigurationError,), MISUSED),
)
_ADVICE: tuple[tuple[type[errors.ElmedError], str], ...] = (
    (errors.AuthenticationError, "Make a key under Settings → API Keys, then: elmed-client login"),
    (errors.PreconditionFailedError, "Look at it again before you go on."),
    (errors.RateLimitedError, "The key's requests of this minute are used up. Try again in a minute."),
    (errors.TimedOutError, "Whether a write was done is not known: look before you repeat it."),
    (errors.ConnectionFailedError, "Is the address right, and the network there? elmed-client doctor looks closer."),
)
