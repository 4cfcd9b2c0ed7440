"""What every model is: frozen, with its JSON as it came, and silent about patients where it is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_SHOWN = ("id", "sku", "sequence", "type", "kind", "state", "status", "version", "code", "mode", "ok", "enabled")


@dataclass(frozen=True, kw_only=True, repr=False)
class Model:
    """A part of an answer."""

    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """The JSON as it came, with what this version of the client does not know."""

    def __repr__(self) -> str:
        """Ids and states alone, so that logs and tracebacks hold no patient's data and no secret."""
        shown = [f"{name}={getattr(self, name)!r}" for name in _SHOWN if hasattr(self, name)]
        return f"<{' '.join([type(self).__name__, *shown])}>"
