"""The public pages of joining, walked as a browser would: registering, confirming, invitations, the waiting page."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from elmed.accounts import links, members
from elmed.accounts.models import Account, AccountKind, AccountState, Membership, Person, Role
from elmed.core.clock import real_now
from elmed.notifications import send
from elmed.notifications.models import Mail
from elmed.patients import claim
from elmed.patients.actions import Finding, consult
from elmed.patients.models import IdentityCheck
from elmed.portals.joining import register as register_page
from elmed.prescriptions.jurisdiction import jurisdiction
from tests.accounts.joined import PASSWORD, PDF, ahead, picture

KINDS = ("doctor", "pharmacy", "developer")


@pytest.fixture(autouse=True)
def unlimited(settings):
    """No test waits for another one's tries; the limit has a test of its own."""
    settings.ACCOUNT_RATE_LIMITS = {"join": "1000/h/ip"}


def once(browser, url):
    return re.search(r'name="once" value="([^"]+)"', browser.get(url).content.decode())[1]


def registration(**words):
    return {
        "name": "Dr Nora New", "email": "nora@example.org", "password": PASSWORD, "licence_body": "GMC",
        "licence_number": "N100", "specialty": "General practice", "licence_expires_on": ahead().isoformat(), "phone": "+44 20 1", "address": "1 New Road",
        "city": "Bristol", "terms": "on", "document": SimpleUploadedFile("licence.pdf", PDF),
    } | words  # fmt: skip


def register(browser, kind="doctor", **words):
    url = reverse("join_kind", args=[kind])
    return browser.post(url, registration(**words) | {"once": once(browser, url)})


def link_in(template):
    text = send.words(Mail.objects.filter(template=template).latest("pk"))[1]
    return re.search(r"http://localhost:8000(\S+)", text)[1]


def signed(email):
    """A browser after the sign-in page."""
    browser = Client()
    answer = browser.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    return browser, answer


def test_from_registering_to_the_waiting_page(cast):
    browser = Client()
    assert "Doctor" in browser.get(reverse("join")).content.decode()
    answer = register(browser)
    assert answer["Location"] == reverse("join_sent")
    assert "Look into your mail" in browser.get(answer["Location"]).content.decode()
    _, refused = signed("nora@example.org")
    assert refused["Location"] == reverse("account_email_verification_sent")
    page = browser.get(link_in("confirm_email")).content.decode()
    assert "nora@example.org" in page
    assert not EmailAddress.objects.get(email="nora@example.org").verified  # opening it does nothing yet
    assert browser.post(link_in("confirm_email")).status_code == 302
    assert EmailAddress.objects.get(email="nora@example.org").verified
    browser, answer = signed("nora@example.org")
    assert answer["Location"] == reverse("home")
    assert "waiting to be verified" in browser.get(reverse("home")).content.decode()
    page = browser.get(reverse("waiting")).content.decode()
    assert "licence.pdf" in page and "N100" in page
    assert Mail.objects.filter(template="staff_queue").count() == 1


def test_a_used_or_forged_confirmation_says_what_to_do(cast):
    page = Client().get(reverse("account_confirm_email", args=["forged:1:2"])).content.decode()
    assert "This link is over" in page
    assert reverse("join_sent") in page


def test_the_answer_is_the_same_for_a_known_address(cast):
    EmailAddress.objects.create(user=cast.people["doctor"], email="doctor@example.org", verified=True, primary=True)
    new = register(Client())
    known = register(Client(), email="Doctor@example.org", licence_number="N2")
    assert (new.status_code, new["Location"]) == (known.status_code, known["Location"])
    assert not Account.objects.filter(licence_number="N2").exists()
    again = [Client().post(reverse("join_sent"), {"email": email}) for email in ("nora@example.org", "x@example.org")]
    strip = [re.sub(r'value="[^"]+"', "", one.content.decode()) for one in again]
    assert strip[0] == strip[1]


def test_sent_twice_it_is_made_once(cast):
    browser, url = Client(), reverse("join_kind", args=["doctor"])
    token = once(browser, url)
    for _ in range(2):
        sent = registration(document=SimpleUploadedFile("licence.pdf", PDF))
        assert browser.post(url, sent | {"once": token})["Location"] == reverse("join_sent")
    assert Person.objects.filter(email="nora@example.org").count() == 1
    assert not Mail.objects.filter(template="already_known").exists()


@pytest.mark.parametrize(("words", "field"), [
    ({"password": "short"}, "password"), ({"terms": ""}, "terms"), ({"email": "nora"}, "email"),
    ({"licence_number": "D1"}, "licence_number"), ({"licence_expires_on": ahead(-3).isoformat()}, "licence_expires_on"),
    ({"document": SimpleUploadedFile("licence.pdf", b"MZ a program")}, "document"), ({"document": ""}, "document"),
    ({"document": SimpleUploadedFile("licence.jpg", picture("WEBP"))}, "document"),
    ({"name": "Nora \u202eNew"}, "name"),
])  # fmt: skip
def test_a_mistake_is_told_at_its_field_and_nothing_is_made(cast, words, field):
    before = (Person.objects.count(), Account.objects.count(), Mail.objects.count())
    answer = register(Client(), **words)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in page
    assert PASSWORD not in page
    if field != "name":
        assert 'value="Dr Nora New"' in page  # what was typed stays
    assert (Person.objects.count(), Account.objects.count(), Mail.objects.count()) == before


@pytest.mark.parametrize("kind", ["doctor", "pharmacy", "developer"])
def test_what_is_wrong_stands_in_the_order_of_the_page(cast, kind):
    url = reverse("join_kind", args=[kind])
    browser, before = Client(), Account.objects.count()
    page = browser.post(url, {"once": once(browser, url)}).content.decode()
    told = re.findall(r'<li><a href="#id_(\w+)"', page)
    fields = [name for name in re.findall(r'<(?:input|textarea|select)[^>]* id="id_(\w+)"', page) if name in told]
    assert len(told) >= 5 and told == fields
    assert Account.objects.count() == before


def test_a_corrected_form_is_sent_again_with_the_same_token(cast):
    browser, url = Client(), reverse("join_kind", args=["doctor"])
    token = once(browser, url)
    assert browser.post(url, registration(password="short", once=token)).status_code == 422
    assert browser.post(url, registration(once=token, document=SimpleUploadedFile("l.pdf", PDF))).status_code == 302
    assert Person.objects.filter(email="nora@example.org").exists()


def test_a_pharmacy_and_a_developer(cast):
    words = {"account_name": "New Pharmacy", "also_pharmacist": "R5", "licence_body": "GPhC"}
    assert register(Client(), "pharmacy", **words).status_code == 302
    pharmacy = Account.objects.get(name="New Pharmacy")
    assert set(pharmacy.memberships.values_list("role", flat=True)) == {"owner", "pharmacist"}
    assert register(Client(), "developer", account_name="Till Ltd", email="dev@example.org").status_code == 302
    EmailAddress.objects.filter(email="dev@example.org").update(verified=True)
    browser, _ = signed("dev@example.org")
    assert browser.get(reverse("home"))["Location"] == reverse("api_keys")
    page = browser.get(reverse("api_key_new")).content.decode()
    assert "Test: sees and touches test data only" in page and "Live: real" not in page


def test_who_has_signed_in_adds_an_account_and_acts_for_it(cast, sign_in):
    browser = sign_in("patient")
    page = browser.get(reverse("join_kind", args=["doctor"])).content.decode()
    assert 'name="password"' not in page.split("<dialog")[0]
    assert register(browser, account_name="Dr Cara Dean")["Location"] == reverse("home")
    assert "waiting to be verified" in browser.get(reverse("home")).content.decode()
    account = Account.objects.get(name="Dr Cara Dean")
    assert Membership.objects.get(account=account).person == cast.people["patient"]


def test_a_person_who_is_doctor_and_patient_switches(cast, sign_in):
    Membership.objects.create(account=cast.patient.account, person=cast.people["doctor"], role=Role.PATIENT)
    browser = sign_in("doctor")
    assert browser.get(reverse("home"))["Location"] == reverse("choose_account")
    for account, home in ((cast.doctor, "doctor_home"), (cast.patient.account, "patient_home")):
        browser.post(reverse("choose_account"), {"account": account.pk})
        assert browser.get(reverse("home"))["Location"] == reverse(home)
        assert "Switch account" in browser.get(reverse(home)).content.decode()
    assert browser.get(reverse("doctor_patients")).status_code == 403  # as the patient now


def test_too_many_tries_from_one_place_are_refused(cast, settings):
    settings.ACCOUNT_RATE_LIMITS = {"join": "2/h/ip"}
    browser, url = Client(), reverse("join_sent")
    assert [browser.post(url, {"email": "a@example.org"}).status_code for _ in range(3)] == [200, 200, 429]


@pytest.fixture
def invited(cast):
    """Somebody new as a pharmacist."""
    row = members.invite(cast.actor("owner"), email="tess@example.org", roles=["pharmacist"], now=real_now())
    return reverse("invited_member", args=[links.token(links.MEMBER, row.pk, row.serial)])


def test_an_invited_newcomer_chooses_a_password_and_works(cast, invited):
    browser = Client()
    page = browser.get(invited).content.decode()
    assert "Brook Street Pharmacy" in page and "tess@example.org" in page
    typed = {"name": "Tess Till", "password": PASSWORD, "registration_number": "R1", "terms": "on"}
    assert browser.post(invited, typed | {"registration_number": ""}).status_code == 422
    assert browser.post(invited, typed)["Location"] == reverse("account_login")
    assert browser.get(invited).status_code == 404
    browser, _ = signed("tess@example.org")
    assert browser.get(reverse("pharmacy_queue")).status_code == 200


def test_somebody_with_a_sign_in_signs_in_first(cast, sign_in):
    row = members.invite(
        cast.actor("owner"), email="other_pharmacist@example.org", roles=["technician"], now=real_now()
    )
    url = reverse("invited_member", args=[links.token(links.MEMBER, row.pk, row.serial)])
    assert f"{reverse('account_login')}?next=" in Client().get(url).content.decode()
    assert Client().post(url, {"name": "x", "password": PASSWORD, "terms": "on"}).status_code == 200
    browser = sign_in("other_pharmacist")
    assert browser.post(url)["Location"] == reverse("home")
    assert browser.get(reverse("home"))["Location"] == reverse("pharmacy_queue")
    assert "Brook Street Pharmacy" in browser.get(reverse("pharmacy_queue")).content.decode()


def test_signed_in_with_another_address(cast, sign_in, invited):
    browser = sign_in("doctor")
    assert browser.get(invited).status_code == 409
    assert browser.post(invited, {"registration_number": "R1"}).status_code == 409
    assert not Membership.objects.filter(person=cast.people["doctor"], account=cast.pharmacy).exists()


@pytest.fixture
def known(cast):
    """The second patient, seen by the doctor."""
    found = Finding("Ewing", cast.other_patient.date_of_birth, "H2")
    consult(
        cast.actor("doctor"), cast.other_patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=real_now()
    )
    return cast


def test_a_patient_is_invited_and_opens_the_record(known, sign_in):
    doctor = sign_in("doctor")
    patient = known.other_patient.pk
    url = reverse("doctor_patient_invite", args=[patient])
    assert url in doctor.get(reverse("doctor_patient", args=[patient])).content.decode()
    assert doctor.post(url, {"email": "dora"}).status_code == 422
    assert doctor.post(url, {"email": "dora@example.org"}).status_code == 302
    link, browser = link_in("patient_invited"), Client()
    page = browser.get(link).content.decode()
    assert "Ewing" not in page and "1961" not in page
    typed = {"name": "Dora Ewing", "password": PASSWORD, "terms": "on", "date_of_birth": "1961-03-02"}
    answer = browser.post(link, typed)
    assert answer.status_code == 422 and "Tries left: 4" in answer.content.decode()
    assert browser.post(link, typed | {"date_of_birth": "1961-02-03"})["Location"] == reverse("account_login")
    browser, _ = signed("dora@example.org")
    assert browser.get(reverse("patient_home")).status_code == 200
    assert url not in doctor.get(reverse("doctor_patient", args=[patient])).content.decode()
    assert doctor.post(url, {"email": "other@example.org"}).status_code == 409


def test_who_is_invited_stands_in_the_banner(known, sign_in):
    url = reverse("doctor_patient_invite", args=[known.other_patient.pk])
    page = sign_in("doctor").get(url).content.decode()
    banner = page.split('<section class="banner"')[1].split("</section>")[0]
    assert "EWING" in banner and "Allergies" in banner


def test_a_strangers_patient_cannot_be_invited(known, sign_in):
    browser = sign_in("other_doctor")
    url = reverse("doctor_patient_invite", args=[known.other_patient.pk])
    assert (browser.get(url).status_code, browser.post(url, {"email": "d@example.org"}).status_code) == (404, 404)
    assert claim.last_invitation(known.other_patient) is None


@pytest.fixture
def pending(cast):
    """The doctor waits."""
    cast.doctor.state = AccountState.PENDING
    cast.doctor.save()
    return cast


def test_a_registrant_answers_with_a_document(pending, sign_in):
    browser = sign_in("doctor")
    typed = {"text": "Here it is", "document": SimpleUploadedFile("back.png", picture("PNG"))}
    assert browser.post(reverse("waiting"), typed | {"once": once(browser, reverse("waiting"))}).status_code == 302
    page = browser.get(reverse("waiting")).content.decode()
    assert "Here it is" in page and "back.png" in page
    kept = pending.doctor.documents.get()
    answer = browser.get(reverse("document", args=[kept.pk]))
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert answer["Content-Disposition"] == 'attachment; filename="back.png"'
    assert "no-store" in answer["Cache-Control"]
    assert sign_in("staff").get(reverse("document", args=[kept.pk])).status_code == 200
    assert sign_in("other_doctor").get(reverse("document", args=[kept.pk])).status_code == 404
    assert sign_in("patient").get(reverse("document", args=[kept.pk])).status_code == 403
    assert Client().get(reverse("document", args=[kept.pk])).status_code == 302


@pytest.mark.parametrize("state", [AccountState.VERIFIED, AccountState.REJECTED, AccountState.SUSPENDED])
def test_nothing_waits_for_an_answer_then(cast, sign_in, state):
    Account.objects.filter(pk=cast.doctor.pk).update(state=state)
    browser = sign_in("doctor")
    assert browser.post(reverse("waiting"), {"text": "x", "once": "y"}).status_code in (302, 403)
    assert not cast.doctor.messages.exists()


def test_the_banner_and_the_renewal(cast, sign_in):
    browser = sign_in("doctor")
    assert "Your licence ends" not in browser.get(reverse("doctor_patients")).content.decode()
    Account.objects.filter(pk=cast.doctor.pk).update(licence_expires_on=ahead(6))
    assert "Your licence ends in" in browser.get(reverse("doctor_patients")).content.decode()
    url = reverse("licence")
    typed = {"expires_on": ahead(5).isoformat(), "document": SimpleUploadedFile("new.pdf", PDF)}
    assert browser.post(url, typed | {"once": once(browser, url)}).status_code == 422
    typed = {"expires_on": ahead(500).isoformat(), "document": SimpleUploadedFile("new.pdf", PDF)}
    assert browser.post(url, typed | {"once": once(browser, url)}).status_code == 302
    assert "Your renewal is with" in browser.get(url).content.decode()
    assert cast.doctor.renewals.count() == 1


def test_a_lapsed_account_sees_the_banner_and_renews(cast, sign_in):
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.LAPSED, licence_expires_on=ahead(-2))
    browser = sign_in("owner")
    page = browser.get(reverse("pharmacy_queue")).content.decode()
    assert "The pharmacy’s licence has ended" in page
    assert reverse("licence") in page
    assert browser.get(reverse("licence")).status_code == 200


def test_who_cannot_renew_is_told_who_can(cast, sign_in):
    """Technicians and pharmacists are led to no page that refuses them."""
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.LAPSED, licence_expires_on=ahead(-2))
    browser = sign_in("technician")
    for url, status in ((reverse("pharmacy_queue"), 200), (reverse("pharmacy_bring"), 403)):
        answer = browser.get(url)
        assert answer.status_code == status
        assert reverse("licence") not in answer.content.decode()
        assert "owner" in answer.content.decode()
    assert browser.get(reverse("licence")).status_code == 403


@pytest.mark.parametrize(("days", "words"), [(30, "in 30 days,"), (1, "in 1 day,"), (0, "ends today,")])
def test_the_banner_counts_the_days(cast, sign_in, days, words):
    today = jurisdiction().day(real_now())
    Account.objects.filter(pk=cast.doctor.pk).update(licence_expires_on=today + timedelta(days=days))
    answer = sign_in("doctor").get(reverse("doctor_patients"))
    assert answer.status_code == 200, answer.headers
    page = answer.content.decode()
    assert f"Your licence {words if days == 0 else 'ends ' + words}" in page


@pytest.mark.parametrize("kind", KINDS)
def test_statements_of_the_public_pages(cast, django_assert_max_num_queries, kind):
    with django_assert_max_num_queries(1):
        Client().get(reverse("join_kind", args=[kind]))


def test_statements_of_an_invitation(invited, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        Client().get(invited)


def test_an_invitation_of_last_week_says_so(cast, invited, monkeypatch):
    later = real_now() + timedelta(days=8)
    monkeypatch.setattr("elmed.portals.joining.invited.real_now", lambda: later)
    answer = Client().get(invited)
    assert answer.status_code == 404
    assert "This invitation is over" in answer.content.decode()


def test_no_other_kind_registers_itself(cast):
    for kind in {one.value for one in AccountKind} - set(KINDS):
        assert Client().get(f"/join/{kind}").status_code == 404


def test_after_a_breakdown_the_same_form_is_sent_again(cast, monkeypatch):
    browser, url = Client(raise_request_exception=False), reverse("join_kind", args=["doctor"])
    token = once(browser, url)
    with monkeypatch.context() as patched:
        patched.setattr(register_page.joining, "join", lambda *_, **__: 1 / 0)
        assert browser.post(url, registration(once=token)).status_code == 500
    assert browser.post(url, registration(once=token))["Location"] == reverse("join_sent")
    assert Account.objects.filter(licence_number="N100").count() == 1


@pytest.mark.parametrize("host", ["localhost:6666", "127.0.0.1"])
def test_links_in_mails_do_not_follow_the_requests_host(cast, host):
    Client(headers={"host": host}).post(reverse("account_reset_password"), {"email": "doctor@example.org"})
    Client(headers={"host": host}).post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    texts = {row.to: send.words(row)[1] for row in Mail.objects.filter(template="plain")}
    assert set(texts) == {"doctor@example.org", "nobody@example.org"}
    assert not any(host in text for text in texts.values())
    path = re.search(r"http://localhost:8000(/\S+/key/\S+)", texts["doctor@example.org"])[1]
    assert Client().get(path, follow=True).status_code == 200
    assert "http://localhost:8000" + reverse("join") in texts["nobody@example.org"]
