"""Which pharmacies are offered: at most fifty, and always the one that is chosen already."""

import pytest

from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.accounts.queries import MOST_PHARMACIES, pharmacies
from elmed.core.models import LIVE_WORLD_ID


@pytest.fixture
def many(cast) -> list[Account]:
    """More than are offered at once, in the order of their names."""
    return Account.objects.bulk_create(
        Account(
            kind=AccountKind.PHARMACY, state=AccountState.VERIFIED, name=f"Row {number:03}", city="Ely", world_id=LIVE_WORLD_ID
        )
        for number in range(MOST_PHARMACIES + 10)
    )  # fmt: skip


def test_the_chosen_one_stays_wherever_it_stands_and_whatever_is_looked_for(many):
    last = many[-1]
    assert last not in pharmacies(LIVE_WORLD_ID, "Ely")
    for words in ("", "Ely", "Row 003", "nowhere at all"):
        found = pharmacies(LIVE_WORLD_ID, words, chosen=str(last.pk))
        assert found[0] == last and len(found) <= MOST_PHARMACIES
    assert pharmacies(LIVE_WORLD_ID, "Row 003", chosen=str(last.pk))[1:] == [many[3]]
    assert len(pharmacies(LIVE_WORLD_ID, "Ely", chosen=str(last.pk))) == MOST_PHARMACIES


@pytest.mark.parametrize("chosen", ["", "x", "²", "-1", "0", "9" * 19, "9" * 18])
def test_what_is_no_pharmacy_adds_none(cast, chosen):
    assert pharmacies(LIVE_WORLD_ID, chosen=chosen) == pharmacies(LIVE_WORLD_ID)


def test_one_that_may_not_be_chosen_is_not_brought_back(cast, many):
    Account.objects.filter(pk=many[-1].pk).update(state=AccountState.SUSPENDED)
    assert many[-1] not in pharmacies(LIVE_WORLD_ID, chosen=str(many[-1].pk))
    assert cast.doctor not in pharmacies(LIVE_WORLD_ID, chosen=str(cast.doctor.pk))
