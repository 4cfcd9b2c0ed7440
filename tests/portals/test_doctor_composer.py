# ruff: noqa: F811
"""The composer: medicines of the formulary, one short dose, warnings in their rows, and several drafts signed together."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.events.models import Event
from elmed.medications import demonstration
from elmed.medications.models import Medicine
from elmed.portals.doctor.sign import MOST_TOGETHER
from elmed.prescriptions.models import Prescription, PrescriptionLine, WarningAnswer
from elmed.prescriptions.vocabulary import Kept, Status
from tests import factories
from tests.portals.test_doctor import asked, composed, doctor, known  # noqa: F401  (fixtures)


@pytest.fixture
def formulary(cast):
    """The demonstration formulary."""
    demonstration.load(real_now())


def medicine(name: str, strength: str = "") -> Medicine:
    """One of its rows."""
    return Medicine.objects.filter(name=name, strength__startswith=strength).order_by("pk").first()


def formulary_line(row: Medicine, dose: str, **more) -> dict[str, str]:
    """A line as the list box fills it in."""
    from elmed.prescriptions.actions.written import text_of

    return {
        "lines-0-medicine": str(row.pk), "lines-0-medication_text": text_of(row), "lines-0-dose": dose,
        "lines-0-dosage_text": "", "lines-0-quantity": "", "lines-0-unit": "", "lines-0-days_supply": "", **more,
    }  # fmt: skip


def compose(browser, patient, **changed):
    """Send the composer's form for that patient."""
    url = reverse("doctor_compose", args=[patient.pk])
    return browser.post(url, composed(browser.get(url), **changed))


def test_search_needs_three_characters_and_chooses_nothing(doctor, formulary):
    url = reverse("doctor_medicines")
    assert 'role="option"' not in doctor.get(url, {"q": "am"}).content.decode()
    page = doctor.get(url, {"q": "amox 500", "box": "lines-1"}).content.decode()
    assert 'id="lines-1-option-0"' in page
    assert "amoxicillin" in page and "500 mg" in page and "capsule" in page and "oral" in page
    assert 'aria-selected="true"' not in page
    assert "hydrALAZINE" in doctor.get(url, {"q": "hydral"}).content.decode()
    assert "free text" in doctor.get(url, {"q": "zzzz"}).content.decode()


def test_search_is_a_few_statements(doctor, formulary, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        doctor.get(reverse("doctor_medicines"), {"q": "met"})


def test_one_short_dose_gives_sentence_quantity_and_days(doctor, known, formulary):
    row = medicine("amoxicillin", "500 mg")
    answer = compose(doctor, known, **formulary_line(row, "1-1-1 5d"))
    assert answer.status_code == 302, answer.content.decode()
    line = PrescriptionLine.objects.get()
    assert line.medicine_id == row.pk
    assert line.medication_code == row.code
    assert line.dosage_text == (
        "Take 1 capsule in the morning, 1 capsule at midday and 1 capsule in the evening, for 5 days."
    )
    assert (line.quantity_milli, line.unit, line.days_supply) == (15_000, "capsule", 5)
    assert line.dose["slots"] == ["1", "1", "1", "0"]
    edit = doctor.get(reverse("doctor_edit", args=[line.prescription_id])).content.decode()
    assert 'value="1-1-1 5d"' in edit
    assert re.search(r'name="lines-0-quantity"(?![^>]*value=)', edit), (
        "a computed quantity follows a change of the dose"
    )


def test_what_is_added_stands_after_the_sentence(doctor, known, formulary):
    row = medicine("amoxicillin", "500 mg")
    assert (
        compose(doctor, known, **formulary_line(row, "1 tds 7d", **{"lines-0-dosage_text": "With food."})).status_code
        == 302
    )
    line = PrescriptionLine.objects.get()
    assert line.dosage_text == "Take 1 capsule 3 times a day, for 7 days. With food."
    second = compose(doctor, known, **formulary_line(row, "1 tds 7d", **{"lines-0-dosage_text": "Take 2 capsules"}))
    assert second.status_code == 422
    assert "second dose" in second.content.decode()
    assert PrescriptionLine.objects.count() == 1


@pytest.mark.parametrize(("dose", "words"), [
    ("1-0-1 xyz", "xyz"), ("1-0-1", "for how many days"), ("", "Type the dose"), ("1 prn 5d", "the most a day"),
])  # fmt: skip
def test_a_dose_that_cannot_be_is_told_at_its_field(doctor, known, formulary, dose, words):
    answer = compose(doctor, known, **formulary_line(medicine("amoxicillin", "500 mg"), dose))
    assert answer.status_code == 422
    assert 'href="#id_lines-0-dose"' in answer.content.decode()
    assert words in answer.content.decode()
    assert not Prescription.objects.exists()


def test_other_words_than_the_chosen_medicines_are_not_taken(doctor, known, formulary):
    line = formulary_line(medicine("amoxicillin", "500 mg"), "1 tds 7d", **{"lines-0-medication_text": "methotrexate"})
    answer = compose(doctor, known, **line)
    assert answer.status_code == 422
    assert 'href="#id_lines-0-medication_text"' in answer.content.decode()
    assert not Prescription.objects.exists()


def test_without_scripts_a_button_lists_choices(doctor, known, formulary):
    page = compose(doctor, known, find="0", **{"lines-0-medication_text": "amox 500"})
    text = page.content.decode()
    assert page.status_code == 200
    row = medicine("amoxicillin", "500 mg")
    assert f'name="lines-0-choice" value="{row.pk}"' in text
    assert "checked" not in re.search(rf'<input[^>]*name="lines-0-choice" value="{row.pk}"[^>]*>', text)[0]
    assert not Prescription.objects.exists()
    chosen = formulary_line(row, "1 tds 7d", **{"lines-0-choice": str(row.pk), "lines-0-medicine": ""})
    assert compose(doctor, known, **(chosen | {"lines-0-medication_text": "amox 500"})).status_code == 302
    assert PrescriptionLine.objects.get().medicine_id == row.pk


def test_free_text_is_possible_and_marked(doctor, known, formulary):
    free = {"lines-0-medication_text": "tincture of the house", "lines-0-dose": "1 bd 5d", "lines-0-dosage_text": "", "lines-0-quantity": "", "lines-0-unit": "tablets"}  # fmt: skip
    contradicts = compose(doctor, known, **free)  # it lasts 7 days, says the form
    assert contradicts.status_code == 422 and "The dose says 5 days" in contradicts.content.decode()
    free["lines-0-days_supply"] = ""
    review = compose(doctor, known, **free)
    assert review.status_code == 302, review.content.decode()
    assert "checked by name only" in doctor.get(review["Location"]).content.decode()
    line = PrescriptionLine.objects.get()
    assert (line.medicine_id, line.quantity_milli, line.unit) == (None, 10_000, "tablet")


def test_the_sentence_is_shown_while_typing_and_nothing_is_stored(doctor, known, formulary):
    url = reverse("doctor_compose", args=[known.pk])
    check = reverse("doctor_check", args=[known.pk])
    data = composed(doctor.get(url), **formulary_line(medicine("amoxicillin", "500 mg"), "2 bd 3d"))
    page = doctor.post(check, data).content.decode()
    assert "Take 2 capsules twice a day, for 3 days." in page
    assert "12 capsules" in page and "computed" in page
    assert "not understood" in doctor.post(check, data | {"lines-0-dose": "2 bd qqq"}).content.decode()
    assert not Prescription.objects.exists()


def test_a_draft_whose_sentence_is_not_its_doses_is_refused(cast, formulary):
    from dataclasses import replace

    from elmed.core.refusals import Invalid

    wrong = replace(
        factories.AMOXICILLIN, dose={"version": 1, "amount": "2", "unit": "capsule", "times": 3, "route": "oral"}
    )
    with pytest.raises(Invalid) as no:
        factories.draft(cast, now=real_now(), lines=(wrong,))
    assert no.value.errors[0]["code"] == "disagrees"
    with pytest.raises(Invalid) as no:
        factories.draft(cast, now=real_now(), lines=(replace(factories.AMOXICILLIN, medicine_id=999_999),))
    assert no.value.errors[0]["code"] == "unknown_medicine"
    assert not Prescription.objects.exists()


def test_warnings_stand_in_their_row_and_each_is_answered(doctor, known, formulary):
    row = medicine("methotrexate")
    review = compose(doctor, known, **formulary_line(row, "1 od 7d"))["Location"]
    names = asked(doctor.get(review))
    page = doctor.get(review).content.decode()
    assert "once a week" in page
    assert 'class="warned stop"' in page
    assert "Demonstration data, not for clinical use." in page
    rx = Prescription.objects.get()
    events = Event.objects.count()
    only_a_reason = doctor.post(review, {"version": rx.version, names["why"]: "intended"})
    assert only_a_reason.status_code == 422
    assert f'href="#id_{names["words"]}"' in only_a_reason.content.decode()
    assert doctor.post(review, {"version": rx.version}).status_code == 422
    rx.refresh_from_db()
    assert (rx.status, WarningAnswer.objects.count(), Event.objects.count()) == (Status.DRAFT, 0, events)
    kept = {"version": rx.version, names["why"]: "advised", names["words"]: "Trial of the rheumatologist"}
    assert doctor.post(review, kept).status_code == 302
    answer = WarningAnswer.objects.get()
    assert (answer.tier, answer.why, answer.reason) == ("stop", Kept.ADVISED, "Trial of the rheumatologist")
    assert "MHRA" in answer.source
    shown = doctor.get(reverse("doctor_prescription", args=[rx.pk])).content.decode()
    assert "A specialist or a guideline advises it" in shown and "Trial of the rheumatologist" in shown


def test_a_note_needs_no_words(cast, doctor, formulary):
    rx = factories.draft(cast, now=real_now(), notes="500 mg three times")
    url = reverse("doctor_review", args=[rx.pk])
    assert doctor.post(url, {"version": rx.version, asked(doctor.get(url))["why"]: "intended"}).status_code == 302
    assert WarningAnswer.objects.get().reason == ""


def test_the_button_says_for_whom(cast, doctor):
    rx = factories.draft(cast, now=real_now())
    page = doctor.get(reverse("doctor_review", args=[rx.pk])).content.decode()
    button = re.search(r"<button[^>]*name=\"sign\".*?</button>", page, re.DOTALL)[0]
    assert "DEAN, Cara" in button and "03-Feb-1961" in button


def test_looking_for_a_pharmacy_signs_nothing_and_keeps_what_was_typed(cast, doctor):
    rx = factories.draft(cast, now=real_now(), notes="500 mg three times")
    url = reverse("doctor_review", args=[rx.pk])
    page = doctor.post(
        url,
        {
            "version": rx.version,
            asked(doctor.get(url))["words"]: "Kept words",
            "find_pharmacy": "yes",
            "pharmacy_words": "Hill",
        },
    )
    text = page.content.decode()
    assert page.status_code == 200
    assert "Hill Pharmacy" in text and "Brook Street" not in text
    assert "Kept words" in text and "There is a problem" not in text
    rx.refresh_from_db()
    assert rx.status == Status.DRAFT


def test_several_drafts_are_signed_together_each_on_its_own(cast, doctor):
    first = factories.draft(cast, now=real_now())
    second = factories.draft(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    url = reverse("doctor_basket", args=[cast.patient.pk])
    assert "Sign all 2 for" in doctor.get(url).content.decode()
    sent = {
        f"rx{first.pk}-version": first.version,
        f"rx{second.pk}-version": second.version,
        "pharmacy_id": cast.pharmacy.pk,
    }
    assert doctor.post(url, sent).status_code == 302
    assert set(Prescription.objects.values_list("status", flat=True)) == {Status.PENDING_REVIEW}
    again = doctor.post(url, sent)
    assert again.status_code == 302
    assert Prescription.objects.count() == 2


def test_more_than_are_signed_together_is_said(cast, doctor):
    names = [letter * 8 for letter in "bcdfghjklm"][:MOST_TOGETHER]  # none is taken for another, or for a known one
    medicines = [replace(factories.RAMIPRIL, medication_text=f"{name} 5 mg") for name in names]
    drafts = [factories.draft(cast, now=real_now(), lines=(one,)) for one in medicines]
    url = reverse("doctor_basket", args=[cast.patient.pk])
    assert "The others come when you have signed these" not in doctor.get(url).content.decode()
    last = factories.draft(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    page = doctor.get(url).content.decode()
    assert "These are the first 10 drafts. The others come when you have signed these." in page
    assert "Sign all 10 for" in page and "ramipril" not in page
    sent = {f"rx{one.pk}-version": one.version for one in drafts}
    assert doctor.post(url, sent).status_code == 302
    last.refresh_from_db()
    assert last.status == Status.DRAFT
    assert Prescription.objects.filter(status=Status.ISSUED).count() == MOST_TOGETHER
    assert doctor.post(url, sent).status_code == 422, "a second click signs nothing of what follows"
    last.refresh_from_db()
    assert last.status == Status.DRAFT


def test_what_one_draft_repeats_of_another_is_answered_beforehand(cast, doctor):
    first = factories.draft(cast, now=real_now())
    second = factories.draft(cast, now=real_now())
    url = reverse("doctor_basket", args=[cast.patient.pk])
    versions = {f"rx{first.pk}-version": first.version, f"rx{second.pk}-version": second.version}
    assert doctor.post(url, versions).status_code == 422
    assert set(Prescription.objects.values_list("status", flat=True)) == {Status.DRAFT}
    assert doctor.post(url, versions | {asked(doctor.get(url))["words"]: "A second course"}).status_code == 302
    assert set(Prescription.objects.values_list("status", flat=True)) == {Status.ISSUED}


def test_what_is_wrong_with_two_drafts_stands_in_one_summary(cast, doctor, known, formulary):
    for _ in range(2):
        compose(doctor, known, **formulary_line(medicine("methotrexate"), "1 od 7d"))
    url = reverse("doctor_basket", args=[known.pk])
    drafts = list(Prescription.objects.order_by("pk"))
    refused = doctor.post(url, {f"rx{rx.pk}-version": rx.version for rx in drafts})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert page.count('class="summary"') == 1
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), sorted(one for one in set(ids) if ids.count(one) > 1)
    summary = page[page.index('class="summary"') : page.index("</ul>", page.index('class="summary"'))]
    for number, rx in enumerate(refused.context["drafts"], 1):
        links = re.findall(rf'href="#(id_rx{rx.rx.pk}-[^"]+)">Prescription {number}, ', summary)
        assert links and set(links) <= set(ids), summary
    assert set(Prescription.objects.values_list("status", flat=True)) == {Status.DRAFT}


@pytest.mark.parametrize(("chosen", "one", "two"), [
    (True, "Signed. It is with {}.", "2 prescriptions are signed. They are with {}."),
    (False, "Signed. The patient chooses the pharmacy.", "2 prescriptions are signed. The patient chooses the pharmacy."),
])  # fmt: skip
def test_where_it_went_is_said(cast, doctor, chosen, one, two):
    pharmacy = {"pharmacy_id": cast.pharmacy.pk} if chosen else {}
    rx = factories.draft(cast, now=real_now())
    signed = doctor.post(reverse("doctor_review", args=[rx.pk]), {"version": rx.version, **pharmacy}, follow=True)
    assert one.format(cast.pharmacy.name) in signed.content.decode()
    drafts = [
        factories.draft(cast, now=real_now(), lines=(line,))
        for line in (factories.RAMIPRIL, replace(factories.RAMIPRIL, medication_text="cetirizine 10 mg"))
    ]
    versions = {f"rx{draft.pk}-version": draft.version for draft in drafts}
    signed = doctor.post(reverse("doctor_basket", args=[cast.patient.pk]), versions | pharmacy, follow=True)
    assert two.format(cast.pharmacy.name) in signed.content.decode()


def test_one_that_changed_meanwhile_is_told_and_the_other_is_signed(cast, doctor):
    first = factories.draft(cast, now=real_now())
    second = factories.draft(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    url = reverse("doctor_basket", args=[cast.patient.pk])
    stale = {f"rx{first.pk}-version": first.version + 1, f"rx{second.pk}-version": second.version}
    page = doctor.post(url, stale)
    assert page.status_code == 412
    assert "ramipril 5 mg tablets" in page.content.decode()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.DRAFT, Status.ISSUED)


def test_signing_pages_take_twelve_statements_for_any_number(
    cast, doctor, known, formulary, django_assert_max_num_queries
):
    for name in ("amoxicillin", "warfarin", "ibuprofen"):
        assert compose(doctor, known, **formulary_line(medicine(name), "1 tds 7d")).status_code == 302
        factories.issued(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    with django_assert_max_num_queries(12):
        page = doctor.get(reverse("doctor_basket", args=[known.pk])).content.decode()
    assert "Sign all 3" in page and "warfarin" in page
    with django_assert_max_num_queries(12):
        doctor.get(reverse("doctor_review", args=[Prescription.objects.filter(status="draft").first().pk]))
    with django_assert_max_num_queries(12):
        doctor.get(reverse("doctor_compose", args=[known.pk]))


def test_production_does_not_sign_demonstration_data(cast, doctor, known, formulary, monkeypatch):
    from elmed.prescriptions.actions import checked

    review = compose(doctor, known, **formulary_line(medicine("amoxicillin", "500 mg"), "1 tds 7d"))["Location"]
    env = checked.environment()
    monkeypatch.setattr(checked, "environment", lambda: env.model_copy(update={"elmed_env": "production"}))
    rx = Prescription.objects.get()
    page = doctor.post(review, {"version": rx.version})
    assert page.status_code == 409
    assert "demonstration data" in page.content.decode()
    rx.refresh_from_db()
    assert rx.status == Status.DRAFT
    allowed = {"elmed_env": "production", "formulary_allow_demonstration": True}
    monkeypatch.setattr(checked, "environment", lambda: env.model_copy(update=allowed))
    assert doctor.post(review, {"version": rx.version}).status_code == 302


def told(page) -> dict[str, list[str]]:
    """What the first medicine's fields say."""
    return {field.name: list(field.errors) for field in page.context["composer"].lines.forms[0] if field.errors}


def test_all_that_is_wrong_with_free_text_is_told_at_once(doctor, known):
    free = {"lines-0-medication_text": "", "lines-0-dosage_text": "", "lines-0-unit": "", "lines-0-quantity": "many"}
    page = compose(doctor, known, **free, **{"lines-0-dose": "1 xx", "diagnosis-0-code": "?", "repeats_allowed": "x"})
    assert page.status_code == 422
    assert set(told(page)) == {"medication_text", "dose", "unit", "quantity"}
    assert "A number above zero" in told(page)["quantity"][0]  # and not that it is missing too
    words = page.content.decode()
    assert "A code such as J20.9" in words and 'href="#id_repeats_allowed"' in words
    page = compose(doctor, known, **free | {"lines-0-quantity": "", "lines-0-dosage_text": "One, twice a day"})
    assert set(told(page)) == {"medication_text", "quantity", "unit"}
    page = compose(
        doctor, known, **free | {"lines-0-days_supply": "x", "lines-0-quantity": ""}, **{"lines-0-dose": "1 od"}
    )
    assert set(told(page)) == {"medication_text", "unit", "days_supply"}
    assert not Prescription.objects.exists()


def test_the_unit_of_free_text_is_asked_for_beside_its_dose_while_one_writes(doctor, known):
    sent = composed(
        doctor.get(reverse("doctor_compose", args=[known.pk])),
        **{"lines-0-dosage_text": "", "lines-0-unit": "", "lines-0-quantity": "", "lines-0-dose": "1 xx"},
    )
    words = doctor.post(reverse("doctor_check", args=[known.pk]), sent).content.decode()
    assert words.count("field-error") == 2 and "Say the unit" in words


def test_what_a_browser_puts_back_is_shown_with_every_row_checked_anew_and_not_saved(doctor, known, formulary):
    from tests.portals.test_doctor_warnings import check, daily, fields

    second = {name.replace("lines-0", "lines-1"): value for name, value in daily().items()}
    name = fields(check(doctor, known, **{"lines-TOTAL_FORMS": "2"}, **second))[0]
    stale = name[:-10] + "0123456789"  # of a warning that does not stand
    answers = {
        f"{name}-why": "advised",
        f"{name}-words": "Trial",
        f"{stale}-why": "advised",
        f"{stale}-words": "Of before",
    }
    page = compose(doctor, known, put_back="yes", **second, **answers)
    words = page.content.decode()
    row = page.context["composer"].lines.forms[1]
    assert page.status_code == 200 and "There is a problem" not in words
    assert row.row.pk == int(second["lines-1-medicine"]) and words.count("From the formulary. ") == 1
    assert [(one.form["why"].value(), one.form["words"].value()) for one in row.warned] == [("advised", "Trial")]
    assert "Of before" not in words
    assert not Prescription.objects.exists()
    page = compose(doctor, known, put_back="yes", **second | {"lines-1-medicine": "999999"})  # of no formulary
    assert page.context["composer"].lines.forms[1].row is None
    assert len(page.context["composer"].lines.forms) == 2
