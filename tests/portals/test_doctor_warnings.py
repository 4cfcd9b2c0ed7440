# ruff: noqa: F811
"""Warnings in the rows of the composer, their answers with the draft, and what the page before the signature still asks."""

import re
from datetime import timedelta

from django.urls import reverse

from elmed.core.clock import real_now
from elmed.events.models import AccessRecord, Event
from elmed.patients.actions import set_allergies
from elmed.prescriptions.models import Prescription, WarningAnswer
from elmed.prescriptions.vocabulary import Kept, Status
from tests import factories
from tests.portals.test_doctor import asked, composed, doctor, known  # noqa: F401  (fixtures)
from tests.portals.test_doctor_composer import compose, formulary, formulary_line, medicine  # noqa: F401

FIELD = re.compile(r'name="((?:lines-\d+|notes)-[0-9a-f]{10})-why"')


def fields(page) -> list[str]:
    """The warnings that a page of the composer asks about: the beginning of their fields' names."""
    return FIELD.findall(page.content.decode())


def check(browser, patient, **changed):
    """What the composer asks while somebody types."""
    opened = browser.get(reverse("doctor_compose", args=[patient.pk]))
    return browser.post(reverse("doctor_check", args=[patient.pk]), composed(opened, **changed))


def daily(row=None, **more) -> dict[str, str]:
    """Methotrexate each day: a stop."""
    return formulary_line(row or medicine("methotrexate"), "1 od 7d", **more)


def test_a_warning_stands_in_the_row_that_caused_it_while_one_writes(doctor, known, formulary):
    page = check(doctor, known, **daily())
    words = page.content.decode()
    assert page.status_code == 200
    assert len(fields(page)) == 1 and fields(page)[0].startswith("lines-0-")
    assert "once a week" in words and 'hx-swap-oob="innerHTML:#lines-0-warned"' in words
    assert "Keep, because" in words and 'href="#id_lines-0-dose"' in words
    assert not fields(check(doctor, known, **formulary_line(medicine("methotrexate"), "1 weekly Mon 28d")))
    assert not Prescription.objects.exists()


def test_notes_are_warned_of_at_the_notes(doctor, known, formulary):
    page = check(doctor, known, notes="2 tablets each")
    assert [name.partition("-")[0] for name in fields(page)] == ["notes"]


def test_an_open_prescription_and_an_earlier_draft_are_looked_at(cast, doctor, known, formulary):
    assert compose(doctor, known, **formulary_line(medicine("warfarin"), "1 od 28d")).status_code == 302
    words = check(doctor, known, **formulary_line(medicine("ibuprofen", "400"), "1 tds 5d")).content.decode()
    assert "warfarin" in words and "warned stop" in words
    words = check(doctor, known, **formulary_line(medicine("warfarin"), "1 od 28d")).content.decode()
    assert "open or a draft, holds the same medicine" in words
    factories.issued(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    words = check(doctor, known, **{"lines-0-medication_text": "ramipril 5 mg"}).content.decode()
    assert "open or a draft, holds the same medicine" in words


def test_added_by_the_server_the_row_has_its_warning_and_its_sentence(doctor, known, formulary):
    page = compose(doctor, known, add="lines", **daily())
    assert page.status_code == 200
    assert len(fields(page)) == 1
    assert "Take 1 tablet once a day, for 7 days." in page.content.decode()
    assert not Prescription.objects.exists()


def test_an_answer_waits_with_the_draft_and_is_not_asked_for_again(doctor, known, formulary):
    name = fields(check(doctor, known, **daily()))[0]
    kept = {f"{name}-why": "advised", f"{name}-words": "Trial of the rheumatologist"}
    review = compose(doctor, known, **daily(), **kept)["Location"]
    rx = Prescription.objects.get()
    page = doctor.get(review).content.decode()
    assert "why_" not in page
    assert "You keep it:" in page and "Trial of the rheumatologist" in page
    assert "You answered all of them" in page
    edit = doctor.get(reverse("doctor_edit", args=[rx.pk])).content.decode()
    assert 'value="Trial of the rheumatologist"' in edit
    assert not WarningAnswer.objects.exists(), "nothing is answered for good before the signature"
    assert doctor.post(review, {"version": rx.version}).status_code == 302
    answer = WarningAnswer.objects.get()
    assert (answer.why, answer.reason, answer.tier) == (Kept.ADVISED, "Trial of the rheumatologist", "stop")
    rx.refresh_from_db()
    assert (rx.status, rx.draft_answers) == (Status.ISSUED, None)


def test_half_an_answer_is_kept_and_asked_for(doctor, known, formulary):
    name = fields(check(doctor, known, **daily()))[0]
    review = compose(doctor, known, **daily(), **{f"{name}-why": "advised"})["Location"]
    page = doctor.get(review)
    why = asked(page)["why"]
    assert re.search(rf'name="{why}".*?<option value="advised" selected', page.content.decode(), re.DOTALL)
    rx, events = Prescription.objects.get(), Event.objects.count()
    assert doctor.post(review, {"version": rx.version}).status_code == 422
    rx.refresh_from_db()
    assert (rx.status, Event.objects.count(), WarningAnswer.objects.count()) == (Status.DRAFT, events, 0)


def test_what_is_warned_of_anew_is_asked_for_and_no_answer_slips_onto_it(cast, doctor, known, formulary):
    review = compose(doctor, known, **daily())["Location"]
    rx, names = Prescription.objects.get(), asked(doctor.get(review))
    set_allergies(cast.actor("doctor"), known.pk, none_known=False, substances=[("methotrexate", "")], now=real_now())
    page = doctor.post(review, {"version": rx.version, names["words"]: "Only for the weekly one"})
    assert page.status_code == 422
    assert "Recorded allergy" in page.content.decode()
    rx.refresh_from_db()
    assert (rx.status, WarningAnswer.objects.count()) == (Status.DRAFT, 0)
    both = {asked(page, number)["words"]: f"Answer {number}" for number in (0, 1)}
    assert doctor.post(review, {"version": rx.version} | both).status_code == 302
    said = dict(WarningAnswer.objects.values_list("code", "reason"))
    assert said["allergy"] == "Answer 0" and said["weekly_only"] == "Answer 1"


def test_an_answer_ends_with_the_words_it_was_given_to(doctor, known, formulary):
    name = fields(check(doctor, known, **daily()))[0]
    review = compose(doctor, known, **daily(), **{f"{name}-words": "Known"})["Location"]
    rx = Prescription.objects.get()
    edit = reverse("doctor_edit", args=[rx.pk])
    other = composed(doctor.get(edit), version=str(rx.version), **daily(), **{f"{name}-words": ""})
    assert doctor.post(edit, other).status_code == 302
    assert asked(doctor.get(review)), "it was taken back"
    rx.refresh_from_db()
    assert rx.draft_answers is None


def test_one_opened_composer_is_one_access_record(doctor, known, formulary):
    opened = composed(doctor.get(reverse("doctor_compose", args=[known.pk])), **daily())
    records = AccessRecord.objects.filter(action="portal.draft", patients__patient_id=known.pk)
    assert records.count() == 1
    url = reverse("doctor_check", args=[known.pk])
    for _ in range(3):
        assert doctor.post(url, opened).status_code == 200
    assert records.count() == 1


def test_a_check_long_after_the_page_was_opened_leaves_its_own_record(doctor, known, formulary, monkeypatch):
    from elmed.portals.doctor import compose as view

    opened = composed(doctor.get(reverse("doctor_compose", args=[known.pk])), **daily())
    records = AccessRecord.objects.filter(action="portal.draft", patients__patient_id=known.pk)
    monkeypatch.setattr(view, "READING_LASTS", timedelta(0))
    doctor.post(reverse("doctor_check", args=[known.pk]), opened)
    assert records.count() == 2


def test_nobody_elses_patient_is_checked(cast, sign_in, doctor, known, formulary):
    opened = composed(doctor.get(reverse("doctor_compose", args=[known.pk])), **daily())
    before = AccessRecord.objects.count()
    for other in ("other_doctor", "pharmacist"):
        page = sign_in(other).post(reverse("doctor_check", args=[known.pk]), opened)
        assert page.status_code in (403, 404)
        assert "once a week" not in page.content.decode()
    assert AccessRecord.objects.count() == before


def test_stored_is_the_installations_language_whatever_the_doctor_reads(cast, formulary):
    from django.utils import translation

    from elmed.prescriptions.actions.checked import warnings_of
    from elmed.prescriptions.actions.issue import issue

    rx = factories.draft(cast, now=real_now(), notes="500 mg three times")
    english = warnings_of(rx, list(rx.lines.all()), now=real_now())
    with translation.override("ar"):
        arabic = warnings_of(rx, list(rx.lines.all()), now=real_now())
        issue(cast.actor("doctor"), rx.pk, answers={one.key: "Meant" for one in arabic}, now=real_now())
    assert [one.mark for one in arabic] == [one.mark for one in english]
    assert list(WarningAnswer.objects.values_list("message", flat=True)) == [one.message for one in english]


def test_the_check_takes_as_many_statements_for_many_rows(
    cast, doctor, known, formulary, django_assert_max_num_queries
):
    factories.issued(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    assert compose(doctor, known, **formulary_line(medicine("warfarin"), "1 od 28d")).status_code == 302
    opened = composed(doctor.get(reverse("doctor_compose", args=[known.pk])), **daily())
    for number, name in enumerate(("ibuprofen", "amoxicillin", "paracetamol"), start=1):
        line = formulary_line(medicine(name), "1 tds 5d")
        opened |= {key.replace("lines-0", f"lines-{number}"): value for key, value in line.items()}
    opened["lines-TOTAL_FORMS"] = "4"
    with django_assert_max_num_queries(14):
        page = doctor.post(reverse("doctor_check", args=[known.pk]), opened)
    assert len(fields(page)) > 1
    edit = reverse("doctor_edit", args=[Prescription.objects.filter(status="draft").latest("pk").pk])
    with django_assert_max_num_queries(12):
        doctor.get(edit)
