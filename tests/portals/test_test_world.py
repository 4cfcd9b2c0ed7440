"""The pages of the test world: scenarios in words, what came of them with links, acts of the other side, the clock."""

import re
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.accounts.actions import register
from elmed.accounts.models import Account, AccountKind, AccountState, Role
from elmed.core.clock import real_now
from elmed.core.models import World
from elmed.core.refusals import NotNow
from elmed.portals.shared.test_world_words import ACT_WORDS, DUE_WORDS, REFUSED_WORDS, SCENARIO_WORDS
from elmed.portals.test_data import in_test_world
from elmed.prescriptions.models import Prescription
from elmed.sandbox import clock, people, plays
from elmed.sandbox.other_side import ACTS
from elmed.sandbox.scenarios import SCENARIOS
from tests import factories as f
from tests.api.shop import all_there_is
from tests.cast import newcomer
from tests.portals.test_test_data import play, switch, text

MOST = 12


@pytest.fixture
def developer(cast, sign_in):
    """A developer who looks at test data."""
    cast.people["dev"] = newcomer("dev")
    register(
        kind=AccountKind.DEVELOPER, name="Tillwork", person=cast.people["dev"], roles=[Role.DEVELOPER], now=real_now(),
        state=AccountState.VERIFIED,
    )  # fmt: skip
    client = sign_in("dev")
    switch(client)
    return client


@pytest.fixture
def testing(sign_in):
    """The pharmacist, who looks at test data."""
    client = sign_in("pharmacist")
    switch(client)
    return client


def acted():
    """Every row but those that say who looked."""
    return {name: rows for name, rows in all_there_is().items() if not name.startswith("AccessRecord")}


def act(client, pk, value, once="a"):
    return client.post(reverse("test_world_act", args=[pk]), {"act": value, "once": once}, follow=True)


def move(client, once="m", **how):
    return client.post(reverse("test_world_clock"), {"once": once} | how, follow=True)


def offers(page):
    return re.findall(r'name="act" value="([^"]+)"', page)


def test_everything_has_its_words():
    assert set(SCENARIO_WORDS) == set(SCENARIOS)
    assert set(ACT_WORDS) == set(ACTS)
    assert set(DUE_WORDS) == {work.name for work in clock.WORK}
    assert not any("`" in str(words) for words in REFUSED_WORDS.values())


def test_scenarios_stand_in_words_with_the_name_that_the_api_takes(testing):
    page = text(testing.get(reverse("test_world")))
    for name, told in SCENARIO_WORDS.items():
        assert f"<code>{name}</code>" in page
        assert str(told.title) in page
        assert f'name="name" value="{name}"' in page
    assert "You are the pharmacy" in page
    assert 'name="side"' not in page


def test_what_was_played_is_linked_and_can_be_copied(testing):
    page = text(play(testing, "two_lines"))
    rx = Prescription.objects.get()
    assert "Ready, with two medicines" in page
    assert f'href="{reverse("test_world_prescription", args=[rx.pk])}"' in page
    assert rx.reference in page
    assert ">1970-01-01<" in page
    assert "Dispense one line only: it becomes" in page
    assert "two_lines" not in re.findall(r'role="status">(.*?)</div>', text(testing.get(reverse("test_world"))), re.S)


def test_the_group_of_what_was_played_stays_open(testing):
    opened = re.compile(r'<details class="sheet scenarios" open><summary>([^<]+?) <')
    assert opened.findall(text(testing.get(reverse("test_world")))) == ["To be supplied"]
    assert opened.findall(text(play(testing, "reserved"))) == ["For a web shop"]
    assert opened.findall(text(testing.get(reverse("test_world") + "?played=x"))) == ["To be supplied"]


def test_what_the_account_does_not_see_is_not_linked(testing):
    page = text(play(testing, "held_elsewhere"))
    rx = Prescription.objects.get()
    assert "is not visible to your side" in page
    assert rx.reference in page
    assert reverse("test_world_prescription", args=[rx.pk]) not in page
    assert testing.get(reverse("test_world_prescription", args=[rx.pk])).status_code == 404


def test_the_wrong_date_of_birth_is_the_one_that_the_shopper_gives(testing):
    page = text(play(testing, "wrong_dob"))
    assert "Wrong date of birth" in page
    assert ">1970-01-02<" in page


def test_a_developer_plays_on_either_side(developer):
    account = Account.objects.get(name="Tillwork")
    play(developer, "pending_review", side="doctor")
    page = text(developer.get(reverse("test_world")))
    assert Prescription.objects.get().prescriber_id == account.pk
    assert re.search(r'value="doctor"[^>]*checked', page), "the side is remembered"
    play(developer, "pending_review", side="pharmacy")
    assert Prescription.objects.latest("pk").pharmacy_id == account.pk


def test_a_developer_reads_what_the_calls_made(developer):
    play(developer, "partial")
    rx = Prescription.objects.get()
    listed = text(developer.get(reverse("test_world_prescriptions")))
    assert f'href="{reverse("test_world_prescription", args=[rx.pk])}"' in listed
    page = text(developer.get(reverse("test_world_prescription", args=[rx.pk])))
    for words in (
        "ramipril",
        "Supplied",
        "History",
        rx.reference,
        "prescription.dispensed",
        f"/prescriptions/{rx.pk}</code>",
    ):
        assert words in page, words
    assert "Open it in your portal" not in page


def test_the_list_is_paged_and_asked_by_status(developer, monkeypatch):
    from elmed.portals.shared import test_world_rows

    monkeypatch.setattr(test_world_rows, "PAGE_SIZE", 2)
    for name in ("verified", "verified", "rejected"):
        play(developer, name)
    first, second = (text(developer.get(reverse("test_world_prescriptions") + f"?page={page}")) for page in (1, 2))
    rows = [re.findall(r"/test-world/prescriptions/(\d+)", one) for one in (first, second)]
    assert [len(one) for one in rows] == [2, 1]
    asked = text(developer.get(reverse("test_world_prescriptions") + "?status=rejected"))
    assert re.findall(r"/test-world/prescriptions/(\d+)", asked) == [
        str(Prescription.objects.get(status="rejected").pk)
    ]


def test_a_draft_is_no_row_there(cast, sign_in):
    doctor = sign_in("doctor")
    switch(doctor)
    play(doctor, "verified")
    rx = Prescription.objects.get()
    Prescription.objects.filter(pk=rx.pk).update(status="draft")
    assert f"/test-world/prescriptions/{rx.pk}" not in text(doctor.get(reverse("test_world_prescriptions")))
    assert doctor.get(reverse("test_world_prescription", args=[rx.pk])).status_code == 404


def test_the_other_side_acts(testing):
    play(testing, "question")
    rx = Prescription.objects.get()
    page = text(testing.get(reverse("test_world_prescription", args=[rx.pk])))
    assert set(offers(page)) == {"doctor answer_question", "doctor cancel", "doctor replace"}
    assert reverse("pharmacy_prescription", args=[rx.pk]) in page
    assert "Played. The doctor: Answer the pharmacist’s question." in text(
        act(testing, rx.pk, "doctor answer_question")
    )
    assert rx.holds.get().answer == "Yes, as written."
    assert reverse("test_world_prescription", args=[rx.pk]) in text(
        testing.get(reverse("pharmacy_prescription", args=[rx.pk]))
    )


def test_a_developer_lets_both_sides_act(developer):
    play(developer, "pending_review")
    rx = Prescription.objects.get()
    for value, status in (
        ("pharmacy verify", "verified"),
        ("pharmacy dispense", "dispensed"),
        ("pharmacy reverse", "verified"),
        ("doctor request_cancel", "on_hold"),
    ):
        assert value in offers(text(developer.get(reverse("test_world_prescription", args=[rx.pk]))))
        act(developer, rx.pk, value, once=f"{value}-{rx.version}".replace(" ", "-"))
        rx.refresh_from_db()
        assert rx.status == status


def test_an_act_that_is_over_changes_nothing_and_says_so_in_words(developer):
    play(developer, "verified")
    rx = Prescription.objects.get()
    act(developer, rx.pk, "pharmacy dispense")
    before = acted()
    for value, once, status in (
        ("pharmacy dispense", "b", 409),
        ("pharmacy issue", "c", 422),
        ("nobody verify", "d", 422),
    ):
        answer = act(developer, rx.pk, value, once=once)
        assert answer.status_code == status
        assert "There is a problem" in text(answer)
    assert "This form was sent twice" in text(act(developer, rx.pk, "pharmacy dispense"))
    assert acted() == before


def test_what_the_doctor_signed_in_its_place_is_shown(testing):
    play(testing, "pending_review")
    old = Prescription.objects.get()
    answer = act(testing, old.pk, "doctor replace")
    new = Prescription.objects.get(replaces=old)
    assert answer.request["PATH_INFO"] == reverse("test_world_prescription", args=[new.pk])
    assert reverse("test_world_prescription", args=[old.pk]) in text(answer)


def test_full_it_takes_nothing_more_and_says_so_in_words(testing, monkeypatch):
    from elmed.core.refusals import NotNow
    from elmed.sandbox import scenarios

    def full(_actor):
        raise NotNow("test_world_full", "Reset it (`POST /sandbox/reset`).")

    monkeypatch.setattr(scenarios, "require_room", full)
    answer = play(testing, "verified")
    assert answer.status_code == 409
    assert "The test world is full. Empty it, then go on." in text(answer)
    assert not Prescription.objects.exists()


def test_once_it_has_left_sight_the_list_is_shown(testing):
    play(testing, "verified")
    rx = Prescription.objects.get()
    answer = act(testing, rx.pk, "pharmacy return")
    assert answer.request["PATH_INFO"] == reverse("test_world_prescriptions")
    assert rx.holds.count() == 0


def test_to_the_next_moment_something_is_due(testing):
    play(testing, "cancel_race")
    page = text(testing.get(reverse("test_world_clock")))
    assert "a request to cancel that nobody answered" in page
    assert "What became due is done" in text(move(testing, step="next"))
    rx = Prescription.objects.get()
    assert rx.status == "cancelled"
    offset = World.objects.exclude(clock_offset_seconds=0).get().clock_offset_seconds
    assert 86400 - 60 < offset <= 86400


def test_where_nothing_is_due_the_clock_stays(testing):
    play(testing, "patient")
    assert "Nothing." in text(testing.get(reverse("test_world_clock")))
    assert "Nothing is due: the clock stays." in text(move(testing, step="next"))
    assert not World.objects.exclude(clock_offset_seconds=0).exists()


@pytest.mark.parametrize(
    ("how", "by"),
    [({"step": "15m"}, timedelta(minutes=15)), ({"step": "30d"}, timedelta(days=30)), ({"amount": "90", "unit": "minutes"}, timedelta(minutes=90)), ({"amount": "2", "unit": "days"}, timedelta(days=2)), ({"amount": "2"}, timedelta(days=2))],
)  # fmt: skip
def test_it_goes_by_steps_and_freely(testing, how, by):
    play(testing, "verified")
    move(testing, **how)
    assert World.objects.exclude(clock_offset_seconds=0).get().clock_offset_seconds == by.total_seconds()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "choose one of the steps"), ({"amount": "0"}, "1"), ({"amount": "-3"}, "1"), ({"step": "1y"}, "There is a problem"),
        ({"amount": "3661", "unit": "days"}, "Ten years ahead"), ({"amount": "9999999", "unit": "days"}, "Ten years ahead"),
        ({"amount": "5", "unit": "years"}, "There is a problem"),
    ],
)  # fmt: skip
def test_what_the_clock_does_not_do_is_told_in_words(testing, how, words):
    play(testing, "expiring")
    before = all_there_is(), list(World.objects.values())
    answer = move(testing, **how)
    assert answer.status_code == 422
    assert words in text(answer)
    assert "POST /sandbox" not in text(answer)
    assert (all_there_is(), list(World.objects.values())) == before


def test_before_it_is_emptied_it_says_what_goes(testing):
    page = text(testing.get(reverse("test_world_empty")))
    for words in ("What goes", "Every prescription and patient", "What stays", "Test keys and webhooks"):
        assert words in page


def test_out_of_test_data_nothing_is_shown_or_done(cast, sign_in):
    live = f.verified(cast)
    client = sign_in("pharmacist")
    for name in ("test_world_prescriptions", "test_world_clock"):
        assert client.get(reverse(name))["Location"] == reverse("test_world")
    before = all_there_is()
    assert client.get(reverse("test_world_prescription", args=[live.pk])).status_code == 403
    refused = act(client, live.pk, "pharmacy dispense")
    assert refused.status_code == 403
    assert "choose “View test data” first" in text(refused)
    assert move(client, step="1d").status_code == 403
    assert all_there_is() == before


@pytest.mark.parametrize("scenario", ["dispensed", "expired", "verified"])
def test_a_replacement_that_is_refused_on_the_page_leaves_nothing(testing, monkeypatch, scenario):
    """No draft and no product on the shelf; the form may be sent again."""
    play(testing, scenario)
    rx = Prescription.objects.get()
    if scenario == "verified":  # which may be replaced: refused at its last step, when all is prepared
        monkeypatch.setattr(plays, "replace", Mock(side_effect=NotNow("invalid_status", "Somebody was faster.")))
    before = acted()
    for _ in range(2):
        assert act(testing, rx.pk, "doctor replace").status_code == 409
        assert acted() == before


def empty(client, once="e"):
    return client.post(reverse("test_world_empty"), {"once": once}, follow=True)


def test_emptied_twice_by_a_double_click_it_is_emptied_once(cast, testing):
    play(testing, "verified")
    assert "The test world is empty" in text(empty(testing))
    play(testing, "verified")  # before the second click arrives
    before = all_there_is()
    assert "the test world was emptied once" in text(empty(testing))
    assert all_there_is() == before
    assert testing.post(reverse("test_world_empty")).status_code == 422  # a form that is none
    assert all_there_is() == before
    assert "The test world is empty" in text(empty(testing, once="f"))
    assert not Prescription.objects.exists()


def test_a_technician_plays_there_and_neither_moves_its_clock_nor_empties_it(cast, sign_in):
    """Both are everybody's of the account, their software's too: for whoever makes its keys."""
    technician, owner = sign_in("technician"), sign_in("owner")
    for client in (technician, owner):
        switch(client)
    assert "Played" in text(play(technician, "verified"))
    words, place = "Whoever manages your API keys moves the clock", reverse("test_world_clock")
    page, managed = text(technician.get(place)), text(owner.get(place))
    for offered in (reverse("test_world_empty"), 'name="step"', 'name="amount"'):
        assert (offered in page, offered in managed) == (False, True), offered
    assert (words in page, words in managed) == (True, False)
    assert [f'href="{place}">Move the clock' in text(one.get(reverse("test_world"))) for one in (technician, owner)] == [
        False, True
    ]  # fmt: skip
    before, at = all_there_is(), list(World.objects.order_by("pk").values())
    for how in ({"step": "1d"}, {"step": "next"}, {"amount": "3", "unit": "days"}, {}):
        assert move(technician, **how).status_code == 403
    assert list(World.objects.order_by("pk").values()) == at
    assert technician.get(reverse("test_world_empty")).status_code == 403
    assert empty(technician).status_code == 403
    assert all_there_is() == before
    assert "The clock was moved forward" in text(move(owner, step="1d"))
    assert list(World.objects.order_by("pk").values()) != at
    assert "The test world is empty" in text(empty(owner))


def test_only_what_the_account_sees_is_a_link(cast, testing):
    """A pharmacy signed in place of what another holds: named by its day, not by its reference, and no way that ends."""
    account = Account.objects.get(pk=cast.pharmacy.pk)
    with transaction.atomic():
        stage = people.set_up(in_test_world(cast.actor("pharmacist"), account), AccountKind.PHARMACY)
        old = plays.held_elsewhere(stage).rx
        new, _ = plays.in_its_place(stage.doctor, old, pharmacist=stage.pharmacist, reason="Dose", now=stage.now)
    page = text(testing.get(reverse("test_world_prescription", args=[new.pk])))
    there = reverse("test_world_prescription", args=[old.pk])
    assert "Replaces" in page and there not in page and old.reference not in page
    assert testing.get(there).status_code == 404
    play(testing, "replaced")
    own = Prescription.objects.order_by("pk").last()
    page = text(testing.get(reverse("test_world_prescription", args=[own.pk])))
    there = reverse("test_world_prescription", args=[own.replaces_id])
    assert f'href="{there}"' in page and own.replaces.reference in page
    assert testing.get(there).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["test_world", "test_world_prescriptions", "test_world_prescription", "test_world_clock", "test_world_empty"],
)
def test_they_take_few_statements_however_much_stands_there(developer, name):
    for scenario in ("partial", "question"):
        play(developer, scenario)
    rx = Prescription.objects.order_by("pk").first()
    address = reverse(name, args=[rx.pk] if name == "test_world_prescription" else [])
    taken = []
    for _ in range(2):
        developer.get(address)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert developer.get(address).status_code == 200
        taken.append(
            [one["sql"] for one in caught if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
        )
        for scenario in ("partial", "replaced", "cancel_race"):
            play(developer, scenario)
    assert len(taken[0]) <= MOST, "\n".join(taken[0])
    assert len(taken[1]) == len(taken[0]), "\n".join(taken[1])
