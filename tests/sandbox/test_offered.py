"""What a page offers of the acts in a test world is what can be played, and nothing else; asking writes nothing."""

from dataclasses import replace

import pytest
from django.db import transaction

from elmed.access.actors import of_command
from elmed.accounts.models import Account
from elmed.core.clock import world_now
from elmed.core.models import Mode
from elmed.core.refusals import NotAllowed, Refusal
from elmed.prescriptions import queries
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Side
from elmed.sandbox import other_side
from elmed.sandbox.offered import offered
from elmed.sandbox.other_side import ACTS, Wanted
from elmed.sandbox.scenarios import SCENARIOS
from tests.api.shop import all_there_is
from tests.sandbox.test_scenarios import play


class _Undone(Exception):
    pass


def goes(actor, rx, name, side):
    """Whether that act can be played; it is taken back."""
    try:
        with transaction.atomic():
            other_side.act(actor, rx.pk, Wanted(name, by=side.value))
            raise _Undone
    except _Undone:
        return True
    except Refusal:
        return False


def of(account):
    """Its actor in its test world."""
    account = Account.objects.select_related("world").get(pk=account.pk)
    return replace(of_command(account), world_id=account.test_world_id, mode=Mode.TEST)


# As the doctor only what goes another way: where it is sent to.
@pytest.mark.parametrize(
    ("side", "scenarios"), [("pharmacy", SCENARIOS), ("doctor", ("issued", "returned", "pending_review"))]
)
def test_what_is_offered_can_be_played_and_nothing_else(developer, side, scenarios):
    actor = of(Account.objects.get(name="Tillwork"))
    tried = set()
    for scenario in scenarios:
        for told in play(developer, scenario, **{"as": side})["prescriptions"]:
            try:
                sheet = queries.sheet(actor, told["id"], world_now(actor.world_id))
            except Refusal:
                continue  # the account does not see it: no page, no act
            found = offered(actor, sheet.subject, world_now(actor.world_id))
            really = [
                (name, one) for name, played in ACTS.items() for one in played.sides if goes(actor, sheet.rx, name, one)
            ]
            assert found == really, (scenario, sheet.rx.status)
            tried |= set(found)
    if side == "pharmacy":
        # no scenario leaves a pause of the doctor's
        never = {("route", Side.DOCTOR), ("resume", Side.DOCTOR)}
        assert tried == {(name, one) for name, played in ACTS.items() for one in played.sides} - never
    else:
        assert ("route", Side.DOCTOR) in tried


def test_asking_writes_nothing(developer):
    actor = of(Account.objects.get(name="Tillwork"))
    told = play(developer, "question")["prescriptions"][0]
    sheet = queries.sheet(actor, told["id"], world_now(actor.world_id))
    before = all_there_is()
    assert offered(actor, sheet.subject, world_now(actor.world_id))
    assert all_there_is() == before


def test_outside_a_test_world_nothing_is_offered(cast, developer):
    told = play(developer, "verified")["prescriptions"][0]
    actor = of(Account.objects.get(name="Tillwork"))
    sheet = queries.sheet(actor, told["id"], world_now(actor.world_id))
    assert ("dispense", Side.PHARMACY) in offered(actor, sheet.subject, world_now(actor.world_id))
    with pytest.raises(NotAllowed, match="test_key_required"):
        offered(cast.actor("pharmacist"), sheet.subject, world_now(actor.world_id))
    assert Prescription.objects.get(pk=told["id"]).status == "verified"
