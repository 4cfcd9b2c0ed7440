"""Version 1 of the public API: one file a resource. Importing this package registers every endpoint."""

from elmed.api.v1 import dispenses, me, patients, prescriptions

__all__ = ["dispenses", "me", "patients", "prescriptions"]
