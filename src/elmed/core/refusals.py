"""How ELMED says no: typed refusals with stable codes, in three words.

Not visible is 404, not allowed 403, not now 409; a body that makes no sense is 422. Actions raise
them, each face translates them once (api/problems.py, portals/). A refusal always means: nothing changed.
"""

from collections.abc import Callable, Mapping
from typing import Any

# the one that asks for no settings: the command imports this module before it has read them
from django.utils.translation.trans_null import gettext_noop


class Refusal(Exception):
    """The act did not happen. `code` is stable and documented; `detail` says what to do, and names nobody."""

    status = 400
    title = gettext_noop("Refused")

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        """Keep the code, the words and whatever the answer carries besides (`current_status`, …)."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.extra: Mapping[str, Any] = extra
        # What even a refusal leaves behind, in a transaction of its own (an overdue prescription's expiry, telling
        # staff). Whoever puts a transaction around an act does it again after theirs is undone; twice is once.
        self.leaves: Callable[[], object] | None = None


class NotVisible(Refusal):
    """404: not there, or not yours; the two look alike."""

    status, title = 404, gettext_noop("Not found")

    what = ""

    def __init__(self, what: str = "resource") -> None:
        """Name the kind of thing, never the thing."""
        self.what = what
        super().__init__("not_found", f"There is no such {what}, or it is not visible to this account.")


class NotAllowed(Refusal):
    """403: visible, but this actor may not."""

    status, title = 403, "Not allowed"


class NotNow(Refusal):
    """409: allowed in general, but not in the state the thing is in."""

    status, title = 409, "Not possible now"


class VersionConflict(Refusal):
    """412: it changed since the caller looked."""

    status, title = 412, "Changed meanwhile"

    def __init__(self, current_version: int) -> None:
        """Say which version it is now."""
        super().__init__(
            "version_conflict",
            "It has changed since you read it. Read it again and repeat.",
            current_version=current_version,
        )


def require_version(expected: int | None, current: int) -> None:
    """Raise VersionConflict where the caller looked at another version of the locked row; None asks nothing."""
    if expected not in (None, current):
        raise VersionConflict(current)


class Invalid(Refusal):
    """422: understood, but what was sent cannot be. `errors` points at each field."""

    status, title = 422, gettext_noop("Not valid")

    def __init__(
        self, errors: list[dict[str, str]], detail: str = "Some fields are not valid; `errors` names each."
    ) -> None:
        """`errors`: `[{"pointer": "/lines/0/quantity", "code": "…", "detail": "…"}]` (JSON Pointer, RFC 6901)."""
        super().__init__("validation_failed", detail, errors=errors)
        self.errors = errors

    @classmethod
    def field(cls, pointer: str, code: str, detail: str) -> "Invalid":
        """One field is wrong."""
        return cls([{"pointer": pointer, "code": code, "detail": detail}])
