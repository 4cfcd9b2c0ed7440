"""`?expand=patient,dispenses`: what a prescription points at, in the same answer instead of in further requests."""

import json
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.api.bodies import Query
from elmed.api.v1 import dispense_read, patients
from elmed.api.v1.prescription_read import Row

NEEDS = {"patient": Permission.PATIENT_READ, "dispenses": Permission.PRESCRIPTION_READ}


def _known(text: str) -> str:
    if not set(text.split(",")) <= set(NEEDS):
        raise ValueError(f"One or more of: {', '.join(NEEDS)}; with a comma between them.")
    return text


class ExpandQuery(Query):
    """What is to come with it."""

    expand: Annotated[str, AfterValidator(_known)] | None = Field(
        None,
        description="`patient`: the profile of `GET /patients/{id}` instead of the short form, with the scope "
        "`patient:read` and while that call would answer it. `dispenses`: also in the list. Both: `patient,dispenses`.",
    )

    def wanted(self, actor: Actor) -> frozenset[str]:
        """What is asked for. Raises NotAllowed where a scope is missing for it."""
        names = frozenset((self.expand or "").split(",")) - {""}
        for name in sorted(names):
            policy.require(actor, NEEDS[name])
        return names


def expanded(actor: Actor, wanted: frozenset[str], rows: Sequence[Row], texts: Sequence[str]) -> Sequence[str]:
    """The prescriptions' JSON texts with what is wanted: three statements more at most, however many they are."""
    if not wanted or not rows:
        return texts
    bodies = [json.loads(text) for text in texts]
    if "patient" in wanted:
        profiles = patients.profiles(actor, {row.patient_id for row in rows})
        for row, body in zip(rows, bodies, strict=True):
            body["patient"] = profiles.get(row.patient_id, body["patient"])
    if "dispenses" in wanted and "dispenses" not in bodies[0]:
        found = dispense_read.of_prescriptions(actor, [row.id for row in rows])
        for row, body in zip(rows, bodies, strict=True):
            body["dispenses"] = found.get(row.id, [])
    return [json.dumps(body, ensure_ascii=False) for body in bodies]
