"""A page says where its reader is, and offers what can be done there: the navigation's mark, settings, what ended."""

import re

import pytest
from django.urls import reverse

from elmed.core.clock import real_now
from tests import factories

pytestmark = pytest.mark.django_db


def marked(page):
    """The words of the navigation's entry that is marked, of the main navigation alone."""
    main = page.split('<nav class="mainnav"')[1].split("</nav>")[0]
    return re.findall(r'aria-current="page">([^<]+)</a>', main)


@pytest.mark.parametrize(
    ("who", "name", "entry"),
    [
        ("patient", "patient_data", "My details"),
        ("patient", "profile", "Security"),
        ("patient", "account_email", "Security"),
        ("doctor", "account_change_password", "Settings"),
        ("doctor", "mfa_index", "Settings"),
        ("doctor", "doctor_patients", "Patients"),
        ("staff", "staff_merge_find", "Records"),
    ],
)
def test_the_navigation_marks_where_one_is(sign_in, who, name, entry):
    answer = sign_in(who).get(reverse(name), follow=True)
    assert marked(answer.content.decode()) == [entry]


def places(page):
    """The cards of the settings, in their order."""
    return re.findall(r'<div class="sheet"><h2><a href="([^"]+)"', page)


def test_the_settings_begin_with_what_everybody_changes(sign_in):
    found = places(sign_in("doctor").get(reverse("settings")).content.decode())
    assert found[:2] == [reverse("profile"), reverse("security")] and reverse("api_keys") in found[2:]
    assert len(found) == len(set(found)), "each of them once"


def test_what_ended_says_so_and_can_be_begun_anew(cast, sign_in):
    ended, open_ = factories.rejected(cast, now=real_now()), factories.verified(cast, now=real_now())
    doctor = sign_in("doctor")
    page = doctor.get(reverse("doctor_prescription", args=[ended.pk])).content.decode()
    compose = reverse("doctor_compose", args=[ended.patient_id])
    again = f"{compose}?" + "&amp;".join(f"again={line.pk}" for line in ended.lines.all())
    assert "<strong>Rejected:</strong>" in page and "Not supplied:" in page and "Remaining:" not in page
    assert f'href="{again}"' in page
    begun = doctor.get(again.replace("&amp;", "&")).content.decode()
    assert ended.lines.get().medication_text in begun
    page = doctor.get(reverse("doctor_prescription", args=[open_.pk])).content.decode()
    assert "Remaining:" in page and "Not supplied:" not in page and "again=" not in page


def test_a_patient_reads_roles_and_states_in_their_words(cast, sign_in):
    rx = factories.issued(cast, now=real_now())
    sign_in("doctor").get(reverse("doctor_prescription", args=[rx.pk]))
    patient = sign_in("patient")
    seen = patient.get(reverse("patient_access")).context["entries"]
    assert {str(entry["role"]) for entry in seen} == {"Doctor"}
    page = patient.get(reverse("patient_prescription", args=[rx.pk])).content.decode()
    route = reverse("patient_route", args=[rx.pk])
    assert f'class="btn btn-primary" href="{route}"' in page
    page = patient.get(route).content.decode()
    assert "No pharmacy chosen" in page and "Signed, no pharmacy yet" not in page
    page = patient.get(reverse("patient_reference", args=[rx.pk])).content.decode()
    assert rx.lines.get().medication_text in page
