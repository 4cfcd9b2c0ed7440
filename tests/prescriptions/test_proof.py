"""The shopper's proof: one and the same no, and the lock-outs."""

from datetime import date, timedelta

import pytest

from elmed.core import clock
from elmed.core.refusals import NotAllowed, Refusal
from elmed.events.models import Event
from elmed.notifications.models import Mail
from elmed.patients.actions import FINDING
from elmed.prescriptions import reference as references
from elmed.prescriptions.actions import proof
from elmed.prescriptions.actions.bring import bring
from elmed.prescriptions.actions.proof import prove, purge_tries
from elmed.prescriptions.models import ProofTries
from tests import factories as f
from tests.cast import NOW, key_actor
from tests.prescriptions.shop import BORN, shop

OTHER_DAY = date(1999, 9, 9)


@pytest.fixture
def real(monkeypatch):
    """Real time, to be put forward."""

    class Real:
        now = clock.real_now()

        def forward(self, **words):
            self.now += timedelta(**words)

    real = Real()
    monkeypatch.setattr(proof, "real_now", lambda: real.now)
    return real


def code(actor, reference, born=BORN) -> str:
    """What it answers: `ok`, or the refusal's code."""
    try:
        prove(actor, reference=reference, date_of_birth=born)
    except Refusal as no:
        return no.code
    return "ok"


def test_right_in_any_spelling(cast):
    rx, key = f.issued(cast), shop(cast)
    assert prove(key, reference=rx.reference.lower().replace("-", " "), date_of_birth=BORN).pk == rx.pk


def test_every_wrong_proof_looks_alike(cast):
    rx, key = f.issued(cast), shop(cast)
    answers = []
    for reference, born in ((rx.reference, OTHER_DAY), (references.new(), BORN), ("nonsense", BORN), ("", BORN)):
        with pytest.raises(Refusal) as no:
            prove(key, reference=reference, date_of_birth=born)
        answers.append((no.value.status, no.value.code, no.value.detail, dict(no.value.extra)))
    assert len(set(map(str, answers))) == 1
    assert answers[0][:2] == (404, "no_matching_prescription")


@pytest.mark.parametrize("exists", [True, False])
def test_five_wrong_tries_lock_the_reference_existing_or_not(cast, real, exists):
    rx, key, other = f.issued(cast), shop(cast), shop(cast, "other_pharmacist")
    reference = rx.reference if exists else references.new()
    assert [code(key, reference, OTHER_DAY) for _ in range(5)] == ["no_matching_prescription"] * 5
    assert code(key, reference) == "reference_locked"
    assert code(shop(cast), reference.lower().replace("-", "")) == "reference_locked"
    assert code(other, reference) == ("ok" if exists else "no_matching_prescription")
    real.forward(minutes=14, seconds=59)
    assert code(key, reference) == "reference_locked"
    real.forward(seconds=1)
    assert code(key, reference) == ("ok" if exists else "no_matching_prescription")


def test_other_references_stay_open(cast, real):
    rx, key = f.issued(cast), shop(cast)
    for _ in range(5):
        code(key, references.new(), OTHER_DAY)
    assert code(key, rx.reference) == "ok"


def test_a_right_proof_forgets_the_wrong_ones(cast, real):
    rx, key = f.issued(cast), shop(cast)
    for _ in range(3):
        assert [code(key, rx.reference, OTHER_DAY) for _ in range(4)] == ["no_matching_prescription"] * 4
        assert code(key, rx.reference) == "ok"


def test_tries_long_ago_do_not_count(cast, real):
    rx, key = f.issued(cast), shop(cast)
    for _ in range(4):
        code(key, rx.reference, OTHER_DAY)
    real.forward(hours=24)
    assert [code(key, rx.reference, OTHER_DAY) for _ in range(5)] == ["no_matching_prescription"] * 5
    assert code(key, rx.reference) == "reference_locked"


def test_fifty_an_hour_pause_the_account_and_tell_its_owner(cast, real):
    rx, key = f.issued(cast), shop(cast)
    assert {code(key, references.new()) for _ in range(50)} == {"no_matching_prescription"}
    assert code(key, rx.reference) == "checks_paused"
    assert code(shop(cast), references.new()) == "checks_paused"
    mail = Mail.objects.get()
    assert (mail.to, mail.template) == (cast.people["owner"].email, "checks_paused")
    assert mail.context == {"account": "Brook Street Pharmacy"}
    assert Event.objects.filter(type="account.checks_paused").count() == 1
    assert code(shop(cast, "other_pharmacist"), rx.reference) == "ok"
    real.forward(minutes=60)
    assert code(key, rx.reference) == "ok"


def test_the_counter_is_never_locked(cast, real):
    rx, key = f.issued(cast), shop(cast)
    for _ in range(60):
        code(key, rx.reference, OTHER_DAY)
    assert bring(cast.actor("pharmacist"), reference=rx.reference, date_of_birth=BORN, now=NOW).pk == rx.pk


def test_a_locked_try_counts_nothing_more(cast, real):
    key, reference = shop(cast), references.new()
    for _ in range(60):
        code(key, reference)
    assert ProofTries.objects.get(reference_digest="").wrong == 5


def test_only_a_pharmacys_key_with_a_scope_for_it(cast):
    rx = f.issued(cast)
    for actor in (
        key_actor(cast, "doctor", "rx:read"),
        key_actor(cast, "pharmacist", "patient:read"),
        cast.actor("patient"),
    ):
        with pytest.raises(NotAllowed):
            prove(actor, reference=rx.reference, date_of_birth=BORN)
    assert not ProofTries.objects.exclude(reference_digest=FINDING).exists()


def test_no_reference_can_be_read_from_the_tries(cast, real):
    rx, key = f.issued(cast), shop(cast)
    code(key, rx.reference, OTHER_DAY)
    assert rx.reference not in str(list(ProofTries.objects.values()))


def test_old_tries_are_forgotten(cast, real):
    key = shop(cast)
    code(key, "nonsense")
    assert purge_tries(real.now) == 0
    assert purge_tries(real.now + timedelta(hours=24, seconds=1)) == 2
