"""What was typed for one account, or in one world, is laid into no form of another: it is told, or waits."""

import pytest
from django.urls import reverse

from elmed.accounts.actions import add_member
from elmed.accounts.models import Role
from elmed.patients.models import Patient
from tests.portals.conftest import PASSWORD
from tests.portals.test_kept import NOTICE, WAYS, back_of, ended, locked, pauses  # noqa: F401  (a fixture)
from tests.portals.test_kept_guards import TYPED, hidden
from tests.portals.test_stale import link_of, signs_in, strict

WORDS = TYPED["doctor_patient_new"]
NOT_HERE, TO_READ, WAITS = "It is not put into this page", "Read it here", "It waits for an hour"


def switch(browser, to):
    assert browser.post(reverse("test_data"), {"view": to}).status_code == 302


def proves(browser, person):
    """Whichever page asks."""
    name = "unlock" if browser.session.get("_auth_user_id") else "account_login"
    assert browser.post(reverse(name), {"login": person.email, "password": PASSWORD}).status_code == 302


def typed_nowhere(page, name, value) -> bool:
    return page.context["form"][name].value() != value and f'value="{value}"' not in page.content.decode()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("world", ["test", "live"])
def test_the_world_where_it_was_typed(cast, sign_in, way, world):
    doctor, other = sign_in("doctor"), "live" if world == "test" else "test"
    before = Patient.objects.count()
    url = reverse("doctor_patient_new")
    if world == "test":
        switch(doctor, "test")
    sent = WORDS | hidden(doctor.get(url))
    assert sent["made_for"] == f"{cast.doctor.pk}{'-test' if world == 'test' else ''}"
    WAYS[way](doctor)
    back = back_of(doctor.post(url, sent))
    proves(doctor, cast.people["doctor"])
    switch(doctor, other)
    page = doctor.get(back)
    words = page.content.decode()
    assert page.status_code == 200 and NOT_HERE in words
    assert typed_nowhere(page, "family_name", "Nowicka")
    assert hidden(page)["once"] != sent["once"]
    if world == "test":  # who looks at live data may read what was invented
        assert "in the test data of" in words and TO_READ in words and "<bdi>Nowicka</bdi>" in words
    else:  # a real name is not even shown among invented ones
        assert "in the live data of" in words and WAITS in words and "Nowicka" not in words
    switch(doctor, world)
    page = doctor.get(back)
    assert page.context["form"]["family_name"].value() == "Nowicka" and NOT_HERE not in page.content.decode()
    assert Patient.objects.count() == before


@pytest.mark.parametrize("way", WAYS)
def test_the_account_for_which_it_was_typed(cast, sign_in, way):
    add_member(cast.other_pharmacy, cast.people["pharmacist"], Role.PHARMACIST)
    browser, url = sign_in("pharmacist"), reverse("pharmacy_product_new")
    browser.post(reverse("choose_account"), {"account": cast.pharmacy.pk})
    sent = {"name": "Nurofen", "sku": "N1"} | hidden(browser.get(url))
    WAYS[way](browser)
    back = back_of(browser.post(url, sent))
    proves(browser, cast.people["pharmacist"])
    browser.post(reverse("choose_account"), {"account": cast.other_pharmacy.pk})
    page = browser.get(back)
    words = page.content.decode()
    assert typed_nowhere(page, "name", "Nurofen")
    assert NOT_HERE in words and f"in the live data of {cast.pharmacy.name}" in words and "<bdi>Nurofen</bdi>" in words
    browser.post(reverse("choose_account"), {"account": cast.pharmacy.pk})
    assert browser.get(back).context["form"]["name"].value() == "Nurofen"


@pytest.mark.parametrize("mark", ["", "0", "x-test", "999999"])
def test_where_nobody_knows_it_is_told_in_live_data_alone(cast, sign_in, mark):
    """A page from before forms said it, an account that the person has left, or what somebody made up."""
    doctor, url = sign_in("doctor"), reverse("doctor_patient_new")
    locked(doctor)
    back = back_of(doctor.post(url, WORDS | {"made_for": mark}))
    proves(doctor, cast.people["doctor"])
    page = doctor.get(back)
    assert (
        "It is not known for which account" in page.content.decode() and "<bdi>Nowicka</bdi>" in page.content.decode()
    )
    assert typed_nowhere(page, "family_name", "Nowicka")
    switch(doctor, "test")
    page = doctor.get(back).content.decode()
    assert WAITS in page and "Nowicka" not in page


def test_a_tab_that_outlived_the_session_of_the_test_data(cast, sign_in):
    """Its page was of the test world: it is not revived in the live one, which a new sign-in begins in."""
    client = sign_in("doctor")
    switch(client, "test")
    browser, url = strict(client), reverse("doctor_patient_new")
    page = browser.get(url)
    sent = WORDS | hidden(page) | {"csrfmiddlewaretoken": str(page.context["csrf_token"])}
    signs_in(browser, cast.people["doctor"].email)
    back = link_of(browser.post(url, sent))
    assert "kept=" in back
    page = browser.get(back)
    assert NOT_HERE in page.content.decode() and typed_nowhere(page, "family_name", "Nowicka")


def test_a_page_of_the_account_itself_has_no_world(cast, sign_in):
    owner, url = sign_in("owner"), reverse("api_key_new")
    switch(owner, "test")
    sent = {"name": "Till"} | hidden(owner.get(url))
    ended(owner)
    back = back_of(owner.post(url, sent))
    proves(owner, cast.people["owner"])
    page = owner.get(back)
    assert NOTICE in page.content.decode() and page.context["form"]["name"].value() == "Till"
