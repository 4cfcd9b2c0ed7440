"""Staff ask a registrant for more, who answers; the state stays pending."""

import pytest
from django.db import transaction

from elmed.accounts import review
from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState, Document, Membership, Message, Person
from elmed.accounts.told import tell_waiting
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from tests.accounts.joined import document, waiting, words_of


@pytest.fixture
def pending(cast):
    cast.doctor.state = AccountState.PENDING
    cast.doctor.save()
    return cast


def ask(cast, who="staff", text="Please send the back side too.", account=None):
    return review.ask(cast.actor(who), account or cast.doctor.pk, text=text, now=real_now())


def answer(cast, who="doctor", text="Here it is.", **words):
    return review.answer(cast.actor(who), text=text, now=real_now(), **words)


def test_asked_and_answered_with_a_document(pending):
    ask(pending)
    pending.doctor.refresh_from_db()
    assert (pending.doctor.state, pending.doctor.asked_at is not None) == (AccountState.PENDING, True)
    assert waiting("account_asked") == ["doctor@example.org"]
    assert "the back side" in words_of("account_asked")
    answer(pending, document=document())
    pending.doctor.refresh_from_db()
    assert (pending.doctor.state, pending.doctor.asked_at) == (AccountState.PENDING, None)
    assert waiting("staff_queue") == ["staff@example.org"]
    asked, answered = Message.objects.order_by("pk")
    assert (asked.from_staff, answered.from_staff) == (True, False)
    assert answered.document == Document.objects.get()
    kinds = list(Event.objects.order_by("pk").values_list("type", flat=True))
    assert kinds == ["account.asked", "account.answered"]


def test_the_decision_ends_the_question(pending):
    ask(pending)
    assert (
        change_state(pending.actor("staff"), pending.doctor.pk, AccountState.VERIFIED, now=real_now()).asked_at is None
    )


@pytest.mark.parametrize(("who", "words", "refusal"), [
    ("doctor", {}, NotAllowed),
    ("staff", {"text": "  "}, Invalid),
    ("staff", {"text": "x" * 2001}, Invalid),
    ("staff", {"account": 10**9}, NotVisible),
])  # fmt: skip
def test_asking_refused_and_nothing_changed(pending, who, words, refusal):
    with pytest.raises(refusal):
        ask(pending, who, **words)
    assert (Message.objects.count(), Event.objects.count(), waiting()) == (0, 0, [])


def test_only_a_registration_that_waits_is_asked_and_answers(cast):
    with pytest.raises(NotNow):
        ask(cast)
    with pytest.raises(NotNow):
        answer(cast)
    cast.doctor.state = AccountState.SUSPENDED
    cast.doctor.save()
    with pytest.raises(NotAllowed):
        answer(cast)
    assert Message.objects.count() == 0


@pytest.mark.parametrize(("who", "text", "refusal"), [
    ("pharmacist", "x", NotAllowed), ("technician", "x", NotAllowed), ("patient", "x", NotAllowed),
    ("doctor", " ", Invalid), ("doctor", "x" * 2001, Invalid),
])  # fmt: skip
def test_answering_refused_and_nothing_changed(pending, who, text, refusal):
    pending.pharmacy.state = AccountState.PENDING
    pending.pharmacy.save()
    with pytest.raises(refusal):
        answer(pending, who, text, document=document())
    assert (Message.objects.count(), Document.objects.count()) == (0, 0)


def test_it_is_no_chat(pending, monkeypatch):
    monkeypatch.setattr(review, "MOST", 1)
    answer(pending)
    with pytest.raises(Invalid):
        answer(pending)
    assert Message.objects.count() == 1


def test_many_staff_are_told_in_as_many_statements_as_one(cast, django_assert_max_num_queries):
    for n in range(12):
        somebody = Person.objects.create(email=f"staff{n}@example.org", name="Staff", password="!")
        Membership.objects.create(account=cast.staff, person=somebody, role="staff")
    with transaction.atomic(), django_assert_max_num_queries(3):
        tell_waiting(real_now())
    assert len(waiting("staff_queue")) == 13
