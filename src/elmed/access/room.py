"""How much an account's test world may hold, whoever puts it there: what is played, and what people write there themselves.

The live world has no bound, and is asked nothing. Called by what makes prescriptions and patients, and before something is played.
"""

from elmed.access.actors import Actor
from elmed.config.environment import environment
from elmed.core.models import Mode, World
from elmed.core.refusals import NotNow
from elmed.patients.models import Patient
from elmed.prescriptions.models import Prescription

Counted = type[Prescription] | type[Patient]


def require_room(actor: Actor, *counted: Counted) -> None:
    """Raise NotNow (`test_world_full`) where the actor's test world holds as many of these as it may; both, where none is named.

    Inside a transaction, and before anything else is locked: several at once wait for each other, and do not pass the bound.
    Drafts count too. It counts no further than the bound.
    """
    if actor.mode is not Mode.TEST:
        return
    World.objects.select_for_update(no_key=True).get(pk=actor.world_id, mode=Mode.TEST)
    most = environment().test_world_size
    rows = (model.objects.filter(world_id=actor.world_id).order_by() for model in counted or (Prescription, Patient))
    if any(found[:most].count() >= most for found in rows):
        raise NotNow(
            "test_world_full",
            f"The test world holds {most} prescriptions or patients: it takes no more. To go on, reset the test world "
            "(`POST /sandbox/reset`, or its page in the portal).",
        )
