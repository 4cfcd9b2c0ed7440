"""ELMED's staff correct a name, of a record or of an account: kept what it said, told who is called so, signed words untouched."""

import json

import pytest
from django.urls import reverse

from elmed.accounts import profile
from elmed.accounts.models import Account, NameCorrection, Person
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow
from elmed.events.models import AccessRecord, Event
from elmed.notifications.models import Mail
from elmed.patients import identity
from elmed.patients.models import PatientCorrection
from elmed.prescriptions.actions import corrected
from elmed.prescriptions.models import Prescription
from tests import factories

WHY = "A slip when the record was made"


def told(template: str) -> set[str]:
    return set(Mail.objects.filter(template=template).values_list("to", flat=True))


def everything() -> tuple[object, ...]:
    rows = (PatientCorrection, NameCorrection, Mail, Event)
    names = [list(model.objects.order_by("pk").values_list("name", flat=True)) for model in (Account, Person)]
    return (*names, *(model.objects.count() for model in rows))


@pytest.fixture
def staff(sign_in):
    return sign_in("staff")


def sent(browser, url, **changed):
    """The form as the page shows it, with these changes."""
    form = browser.get(url).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    if "seen" in typed:
        typed["seen"] = json.dumps(form.initial["seen"])
    return browser.post(url, {name: value or "" for name, value in typed.items()} | changed)


def test_a_patients_name_is_corrected_and_everybody_concerned_hears(cast, staff):
    rx = factories.pending_review(cast, now=real_now())
    record = reverse("staff_record", args=[cast.patient.pk])
    staff.post(record, {"reason": "The patient asked us to"})
    url = reverse("staff_patient_name", args=[cast.patient.pk])
    assert url in staff.get(record).content.decode()
    assert sent(staff, url, family_name="Deane", reason=WHY)["Location"] == record
    cast.patient.refresh_from_db()
    assert cast.patient.name == "Cara Deane" == Account.objects.get(pk=cast.patient.account_id).name
    row = PatientCorrection.objects.get()
    assert (row.before, row.reason, row.account, row.person) == (
        {"family_name": "Dean"},
        WHY,
        cast.staff,
        cast.people["staff"],
    )
    assert AccessRecord.objects.get(action="portal.correction", patients__patient_id=cast.patient.pk).reason == WHY
    assert told("record_corrected") == {cast.people["patient"].email}
    assert all(mail.context["called"] for mail in Mail.objects.filter(template="record_corrected"))
    assert Event.objects.filter(type=corrected.CORRECTED, prescription_id=rx.pk).count() == 1
    assert json.loads(Prescription.objects.get(pk=rx.pk).snapshot)["patient"]["name"] == "Cara Dean"


def test_a_record_that_was_not_opened_is_asked_for_first(cast, staff):
    before = everything()
    for answer in (
        staff.get(reverse("staff_patient_name", args=[cast.patient.pk])),
        staff.post(reverse("staff_patient_name", args=[cast.patient.pk]), {"family_name": "Deane", "reason": WHY}),
    ):
        assert answer["Location"] == reverse("staff_record", args=[cast.patient.pk])
    assert everything() == before


@pytest.mark.parametrize("changed", [{"family_name": "Deane", "reason": ""}, {"family_name": " ", "reason": WHY}, {"given_name": "Ca", "reason": "slip"}])  # fmt: skip
def test_no_name_or_no_reason_changes_nothing(cast, staff, changed):
    staff.post(reverse("staff_record", args=[cast.patient.pk]), {"reason": "The patient asked us to"})
    before = everything()
    answer = sent(staff, reverse("staff_patient_name", args=[cast.patient.pk]), **changed)
    assert answer.status_code == 422
    assert everything() == before


def test_over_what_the_page_showed_only(cast, staff):
    staff.post(reverse("staff_record", args=[cast.patient.pk]), {"reason": "The patient asked us to"})
    url = reverse("staff_patient_name", args=[cast.patient.pk])
    stale = json.dumps(identity.recorded(cast.patient) | {"phone": "+44 other"})
    before = everything()
    assert sent(staff, url, family_name="Deane", reason=WHY, seen=stale).status_code == 409
    assert everything() == before


def test_a_doctors_account_and_its_person_are_called_anew(cast, staff):
    rx = factories.issued(cast, now=real_now())
    was = cast.doctor.name
    url = reverse("staff_account_name", args=[cast.doctor.pk])
    assert url in staff.get(reverse("staff_account", args=[cast.doctor.pk])).content.decode()
    Person.objects.filter(pk=cast.people["doctor"].pk).update(name=was)
    assert sent(staff, url, name="Dr Anna Corrected", reason=WHY).status_code == 302
    cast.doctor.refresh_from_db()
    assert cast.doctor.name == Person.objects.get(pk=cast.people["doctor"].pk).name == "Dr Anna Corrected"
    row = NameCorrection.objects.get()
    assert (row.before, row.reason, row.by_person) == (was, WHY, cast.people["staff"])
    assert Event.objects.filter(type="account.name_corrected", subject_account_id=cast.doctor.pk).count() == 1
    assert told("name_corrected") == {cast.people["doctor"].email}
    assert json.loads(Prescription.objects.get(pk=rx.pk).snapshot)["prescriber"]["name"] == was
    assert (
        "corrected the name of an account"
        in staff.get(reverse("staff_account", args=[cast.doctor.pk])).content.decode()
    )


def test_a_pharmacys_people_keep_their_own_names(cast, staff):
    people = {name: cast.people[name].name for name in ("owner", "pharmacist")}
    sent(staff, reverse("staff_account_name", args=[cast.pharmacy.pk]), name="Quay Pharmacy Ltd", reason=WHY)
    cast.pharmacy.refresh_from_db()
    assert cast.pharmacy.name == "Quay Pharmacy Ltd"
    assert people == {name: Person.objects.get(pk=cast.people[name].pk).name for name in people}


def test_refusals_change_nothing(cast):
    staff, now, before = cast.actor("staff"), real_now(), everything()
    with pytest.raises(NotNow):
        profile.correct_name(staff, cast.patient.account_id, name="Somebody", reason=WHY, now=now)
    with pytest.raises(NotNow):
        profile.correct_name(staff, cast.staff.pk, name="Somebody", reason=WHY, now=now)
    for name, reason in (("", WHY), ("x" * 201, WHY), ("Somebody", "slip")):
        with pytest.raises(Invalid):
            profile.correct_name(staff, cast.doctor.pk, name=name, reason=reason, now=now)
    for who in ("doctor", "owner", "patient"):
        with pytest.raises(NotAllowed):
            profile.correct_name(cast.actor(who), cast.pharmacy.pk, name="Somebody", reason=WHY, now=now)
        with pytest.raises(NotAllowed):
            identity.correct_name(
                cast.actor(who), cast.patient.pk, family_name="Some", given_name="Body", reason=WHY, now=now
            )
    assert profile.correct_name(staff, cast.doctor.pk, name=cast.doctor.name, reason=WHY, now=now) is None
    assert everything() == before
