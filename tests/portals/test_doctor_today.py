# ruff: noqa: F811
"""The doctor's day: what waits, answers by phone, the weight, the medication, favourites, prescribing again."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.events.models import Event
from elmed.prescriptions import today
from elmed.prescriptions.models import Favourite, Hold, Prescription, PrescriptionLine
from elmed.prescriptions.vocabulary import Status
from tests import factories
from tests.portals.test_doctor import composed, doctor, known, once  # noqa: F401  (fixtures)


def lists(cast, now=None) -> dict[str, int]:
    """The start page's lists with their counts."""
    return {one.kind: one.count for one in today.waiting(cast.actor("doctor"), now or real_now())}


def test_each_stands_in_one_list_with_its_count(cast, doctor):
    now = real_now()
    factories.held(cast, "pharmacist", factories.pending_review(cast, now=now), now=now, question="Is 46 kg right?")
    factories.rejected(cast, now=now)
    factories.not_dispensed(cast, now=now)
    factories.cancellation_requested(cast, now=now)
    factories.verified(cast, now=now - timedelta(days=8))
    factories.pending_review(cast, now=now)
    factories.draft(cast, now=now)
    soon = now.date() + timedelta(days=2)
    factories.issued(cast, now=now, valid_until=soon)
    assert lists(cast) == {
        "question": 1, "rejected": 1, "not_dispensed": 1, "paused": 1, "not_collected": 1, "expiring": 1, "draft": 1,
    }  # fmt: skip
    page = doctor.get(reverse("doctor_home")).content.decode()
    assert "Is 46 kg right?" in page and "tel:" in page
    assert "Patient did not collect medication" in page and "Interaction" in page


def test_a_repeat_is_not_collected_seven_days_after_it_is_due(cast):
    supplied = real_now()
    rx = factories.dispensed(cast, now=supplied, repeats_allowed=1, minimum_dispense_interval_days=20)
    assert rx.status == Status.VERIFIED and rx.next_dispense_at is not None
    assert lists(cast, supplied + timedelta(days=8)) == {}
    assert lists(cast, rx.next_dispense_at + timedelta(days=6)) == {}
    assert lists(cast, rx.next_dispense_at + timedelta(days=8)) == {"not_collected": 1}
    (shown,) = today.waiting(cast.actor("doctor"), rx.next_dispense_at + timedelta(days=8))
    assert shown.rows[0].ready_since == rx.next_dispense_at, "not when the supply before it was handed over"


def test_each_list_is_shown_whole_behind_its_first_eight(cast, doctor):
    now = real_now()
    made = [factories.verified(cast, now=now - timedelta(days=8)) for _ in range(10)]
    factories.pending_review(cast, now=now)
    home = doctor.get(reverse("doctor_home")).content.decode()
    whole = reverse("doctor_prescriptions") + "?waits=not_collected"
    assert f'href="{whole}"' in home
    page = doctor.get(whole).content.decode()
    listed = set(re.findall(r"/doctor/prescriptions/(\d+)", page))
    assert listed == {str(rx.pk) for rx in made}
    assert "Not collected for 7 days" in page


def test_prescriptions_are_found_by_every_status_and_the_patients_family_name(cast, doctor):
    now = real_now()
    gone, open_ = factories.not_dispensed(cast, now=now), factories.verified(cast, now=now)
    url, name = reverse("doctor_prescriptions"), cast.patient.family_name

    def listed(**asked):
        page = doctor.get(url, asked).content.decode()
        return set(re.findall(r"/doctor/prescriptions/(\d+)", page)), page

    assert listed(status="not_dispensed")[0] == {str(gone.pk)}
    assert listed(q=name[:3].lower())[0] == {str(gone.pk), str(open_.pk)}
    assert listed(q=name, status="verified")[0] == {str(open_.pk)}
    assert listed(waits="nonsense")[0] == {str(gone.pk), str(open_.pk)}
    nothing, page = listed(q="Zz<b>")
    assert not nothing
    assert "begins with “Zz&lt;b&gt;”" in page


def test_nothing_waits(doctor):
    assert "Nothing waits for you" in doctor.get(reverse("doctor_home")).content.decode()


def test_the_start_page_takes_twelve_statements_for_any_number(cast, doctor, django_assert_max_num_queries):
    for _ in range(10):
        factories.rejected(cast, now=real_now())
        factories.draft(cast, now=real_now())
    factories.held(cast, "pharmacist", factories.pending_review(cast, now=real_now()), now=real_now())
    with django_assert_max_num_queries(12):
        page = doctor.get(reverse("doctor_home")).content.decode()
    assert "The newest 8 of 10" in page


def test_an_answer_by_phone_is_written_down_and_the_pharmacist_ends_the_pause(cast, doctor, sign_in):
    now = real_now()
    rx = factories.held(cast, "pharmacist", factories.pending_review(cast, now=now), now=now, question="Twice?")
    url = reverse("doctor_answered", args=[rx.pk])
    assert "Twice?" in doctor.get(url).content.decode()
    before = Event.objects.count()
    assert doctor.post(url, {"version": rx.version, "words": " "}).status_code == 422
    assert doctor.post(url, {"version": rx.version - 1, "words": "Yes, twice"}).status_code == 412
    assert (Event.objects.count(), Hold.objects.get().answer) == (before, "")
    assert doctor.post(url, {"version": rx.version, "words": "Yes, twice"}).status_code == 302
    rx.refresh_from_db()
    assert (rx.status, Hold.objects.get().answer) == (Status.ON_HOLD, "Yes, twice")
    assert Event.objects.filter(type="prescription.question_answered", prescription_id=rx.pk).exists()
    assert lists(cast) == {"paused": 1}
    shown = sign_in("pharmacist").get(reverse("pharmacy_prescription", args=[rx.pk])).content.decode()
    assert "Yes, twice" in shown


def test_only_a_pharmacists_pause_of_an_own_prescription_is_answered(cast, doctor, sign_in):
    now = real_now()
    own = factories.held(cast, "doctor", factories.pending_review(cast, now=now), now=now)
    url = reverse("doctor_answered", args=[own.pk])
    assert doctor.get(url).status_code == 409
    assert doctor.post(url, {"version": own.version, "words": "x"}).status_code == 409
    asked = factories.held(cast, "pharmacist", factories.pending_review(cast, now=now), now=now)
    other = sign_in("other_doctor")
    sent = {"version": asked.version, "words": "x"}
    assert other.post(reverse("doctor_answered", args=[asked.pk]), sent).status_code == 404
    assert set(Hold.objects.values_list("answer", flat=True)) == {""}


@pytest.mark.parametrize(("weight", "day", "field"), [
    ("0.2", "", "weight"), ("600", "", "weight"), ("abc", "", "weight"), ("20", "1950-01-01", "weighed_on"),
    ("20", "2190-01-01", "weighed_on"),
])  # fmt: skip
def test_an_impossible_weight_changes_nothing(cast, doctor, known, weight, day, field):
    day = day or real_now().date().isoformat()
    answer = doctor.post(reverse("doctor_weight", args=[known.pk]), {"weight": weight, "weighed_on": day})
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in answer.content.decode()
    known.refresh_from_db()
    assert known.weight_milli is None
    assert not Event.objects.filter(type="patient.weight_recorded").exists()


def test_a_childs_weight_is_asked_for_and_recorded_with_its_day(cast, doctor, known):
    known.date_of_birth = real_now().date() - timedelta(days=5 * 365)
    known.save(update_fields=["date_of_birth"])
    for name in ("doctor_compose", "doctor_patient"):
        assert "no weight is recorded" in doctor.get(reverse(name, args=[known.pk])).content.decode()
    day = real_now().date().isoformat()
    assert (
        doctor.post(reverse("doctor_weight", args=[known.pk]), {"weight": "18,5", "weighed_on": day}).status_code == 302
    )
    known.refresh_from_db()
    assert (known.weight_milli, known.weighed_on.isoformat()) == (18_500, day)
    page = doctor.get(reverse("doctor_patient", args=[known.pk])).content.decode()
    assert "18.5 kg" in page and "no weight is recorded" not in page


def test_a_strangers_weight_is_not_recorded(cast, sign_in):
    other = sign_in("other_doctor")
    day = real_now().date().isoformat()
    url = reverse("doctor_weight", args=[cast.patient.pk])
    assert other.post(url, {"weight": "60", "weighed_on": day}).status_code == 404
    cast.patient.refresh_from_db()
    assert cast.patient.weight_milli is None


def test_current_and_past_medication_and_prescribing_again(cast, doctor, django_assert_max_num_queries):
    now = real_now()
    factories.dispensed(cast, now=now - timedelta(days=20))  # seven days' supply: over
    signed = factories.pending_review(cast, now=now, lines=(factories.RAMIPRIL,))
    with django_assert_max_num_queries(12):
        page = doctor.get(reverse("doctor_patient", args=[cast.patient.pk])).content.decode()
    current = page.split("Current medication")[1].split("Past medication")[0]
    assert "ramipril" in current and "amoxicillin" not in current
    past = doctor.get(reverse("doctor_past_medication", args=[cast.patient.pk])).content.decode()
    assert "amoxicillin" in past and "ramipril" not in past
    line = signed.lines.get()
    before = Prescription.objects.count()
    url = reverse("doctor_compose", args=[cast.patient.pk]) + f"?again={line.pk}"
    again = doctor.get(url).content.decode()
    assert 'value="ramipril 5 mg tablets"' in again and "Acute bronchitis" in again
    assert Prescription.objects.count() == before, "nothing is written until it is saved"
    strange = reverse("doctor_compose", args=[cast.patient.pk]) + "?again=999999"
    assert doctor.get(strange).status_code == 404


def test_a_favourite_from_a_line_comes_first_in_the_list(cast, doctor, known, sign_in):
    line = factories.issued(cast, now=real_now()).lines.get()
    url = reverse("doctor_favourite_new", args=[line.pk])
    assert doctor.post(url, {"name": " "}).status_code == 422
    assert not Favourite.objects.exists()
    assert doctor.post(url, {"name": "Chest infection"}).status_code == 302
    assert doctor.post(url, {"name": "Chest infection"}).status_code == 302
    kept = Favourite.objects.get()
    found = doctor.get(reverse("doctor_medicines"), {"q": "chest"}).content.decode()
    fields = json.loads(re.search(r'data-fields="([^"]+)"', found)[1].replace("&quot;", '"'))
    assert fields["dosage_text"] == line.dosage_text and fields["quantity"] == "21"
    other = sign_in("other_doctor")
    assert "Chest" not in other.get(reverse("doctor_medicines"), {"q": "chest"}).content.decode()
    assert other.post(reverse("doctor_favourites"), {"remove": kept.pk}).status_code == 404
    assert other.get(url).status_code == 404
    compose = reverse("doctor_compose", args=[known.pk])
    empty = {
        "lines-0-medication_text": "",
        "lines-0-dosage_text": "",
        "lines-0-quantity": "",
        "lines-0-unit": "",
        "lines-0-days_supply": "",
    }
    page = doctor.post(compose, composed(doctor.get(compose), favourite=str(kept.pk), **empty)).content.decode()
    assert 'value="amoxicillin 500 mg capsules"' in page and "Medicine 2" not in page
    assert doctor.post(reverse("doctor_favourites"), {"remove": kept.pk}).status_code == 302
    assert not Favourite.objects.exists()
    assert PrescriptionLine.objects.filter(pk=line.pk).exists()


def test_drafts_of_the_patient_stand_beside_the_composer(cast, doctor):
    factories.draft(cast, now=real_now())
    factories.draft(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    page = doctor.get(reverse("doctor_compose", args=[cast.patient.pk])).content.decode()
    assert "2 drafts" in page and "Check and sign together" in page
