# ruff: noqa: F811
"""After real medicines are loaded the demonstration's pairs and limits still warn, and each such warning says what it rests on."""

import importlib

import pytest
from django.apps import apps
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.medications import demonstration, importing, queries
from elmed.medications.files import interactions_of, medicines_of
from elmed.medications.importing import Release
from elmed.medications.models import Interaction, Medicine
from elmed.prescriptions.actions import favourite
from elmed.prescriptions.actions.draft import DraftContent, save_draft
from elmed.prescriptions.actions.written import Typed, complete
from elmed.prescriptions.models import PrescriptionLine, WarningAnswer
from tests import factories
from tests.portals.test_doctor import asked, doctor, known  # noqa: F401  (fixtures)

MARK = "demonstration data, not for clinical use"


@pytest.fixture
def loaded(cast):
    """Real medicines beside the demonstration, without pairs of their own."""
    demonstration.load(real_now())
    importing.replace(Release("Hospital", "1"), medicines_of(demonstration.MEDICINES), real_now())


def medicine(name: str, source: str = "Hospital") -> Medicine:
    return Medicine.objects.filter(name=name, source__name=source).order_by("pk").first()


def draft(cast, *typed):
    """A draft of these medicines with these doses."""
    lines = [complete(Typed("", dose=dose), row).line for row, dose in typed]
    content = DraftContent(lines=lines, diagnosis=factories.DIAGNOSIS)
    first = factories.draft(cast, now=real_now())
    return save_draft(
        cast.actor("doctor"), patient_id=cast.patient.pk, content=content, now=real_now(), draft_id=first.pk,
        consultation_id=first.consultation_id,
    )  # fmt: skip


def signed(doctor, rx, pharmacy, names):
    data = {
        "version": rx.version,
        "pharmacy_id": pharmacy.pk,
        names["why"]: "monitored",
        names["words"]: "INR each week.",
    }
    assert doctor.post(reverse("doctor_review", args=[rx.pk]), data).status_code == 302
    return WarningAnswer.objects.get()


def warned(page: str) -> str:
    """The first warning's row."""
    return page.split('<div class="warned')[1].split("</p>", maxsplit=1)[0]


def test_a_pair_of_the_demonstration_warns_says_so_and_the_pharmacist_reads_it(cast, doctor, known, loaded, sign_in):
    rx = draft(cast, (medicine("warfarin"), "1 od 7d"), (medicine("ibuprofen"), "1 tds 5d"))
    review = doctor.get(reverse("doctor_review", args=[rx.pk]))
    assert "leeding" in warned(review.content.decode())
    assert MARK in warned(review.content.decode())
    assert MARK in warned(doctor.get(reverse("doctor_edit", args=[rx.pk])).content.decode())
    answer = signed(doctor, rx, cast.pharmacy, asked(review))
    assert answer.code.startswith("interaction.")
    assert answer.demonstration
    page = sign_in("pharmacist").get(reverse("pharmacy_prescription", args=[rx.pk])).content.decode()
    assert MARK in warned(page)
    assert page.count(MARK) == 1, "the lines are on real medicines"


def test_the_same_pair_of_real_data_goes_before_it_and_bears_no_mark(cast, doctor, known, loaded):
    importing.replace_interactions("Hospital", interactions_of(demonstration.INTERACTIONS))
    rx = draft(cast, (medicine("warfarin"), "1 od 7d"), (medicine("ibuprofen"), "1 tds 5d"))
    review = doctor.get(reverse("doctor_review", args=[rx.pk]))
    assert review.content.decode().count('<div class="warned') == 1
    assert MARK not in review.content.decode()
    assert not signed(doctor, rx, cast.pharmacy, asked(review)).demonstration


def test_a_limit_of_a_demonstration_medicine_says_so(cast, doctor, known, loaded):
    """A line from before the import: it can be written again until somebody chooses the real one."""
    limited = Medicine.objects.filter(
        source__demonstration=True, name="paracetamol", max_daily_milli__isnull=False, unit="tablet"
    ).first()
    rx = draft(cast, (limited, "4 qds 3d"))
    review = doctor.get(reverse("doctor_review", args=[rx.pk]))
    page = review.content.decode()
    assert page.count('<div class="warned') > 0
    assert all(MARK in part.split("</p>")[0] for part in page.split('<div class="warned')[1:])
    real = draft(cast, (Medicine.objects.get(source__name="Hospital", item=limited.item), "4 qds 3d"))
    page = doctor.get(reverse("doctor_review", args=[real.pk])).content.decode()
    assert page.count('<div class="warned') > 0 and MARK not in page


def test_a_line_keeps_what_it_rests_on_and_writing_it_anew_looks_again(cast, loaded):
    rx = draft(cast, (medicine("ramipril", demonstration.NAME), "1 od 28d"), (medicine("warfarin"), "1 od 7d"))
    assert list(rx.lines.values_list("demonstration", flat=True)) == [True, False]
    save_draft(
        cast.actor("doctor"), patient_id=cast.patient.pk, now=real_now(), draft_id=rx.pk,
        content=DraftContent(lines=[complete(Typed("", dose="1 od 28d"), medicine("ramipril")).line, factories.AMOXICILLIN]),
    )  # fmt: skip
    assert list(rx.lines.values_list("demonstration", flat=True)) == [False, False]


def test_what_was_written_before_the_mark_gets_it(cast, doctor, known, loaded):
    rx = draft(cast, (medicine("warfarin", demonstration.NAME), "1 od 7d"), (medicine("ibuprofen"), "1 tds 5d"))
    answer = signed(doctor, rx, cast.pharmacy, asked(doctor.get(reverse("doctor_review", args=[rx.pk]))))
    fill = importlib.import_module("elmed.prescriptions.migrations.0010_demonstration_of_before").fill

    def after() -> tuple[list[bool], bool]:
        PrescriptionLine.objects.update(demonstration=False)
        WarningAnswer.objects.update(demonstration=False)
        fill(apps, None)
        answer.refresh_from_db()
        return list(rx.lines.values_list("demonstration", flat=True)), answer.demonstration

    assert after() == ([True, False], True)
    WarningAnswer.objects.update(code="dose_daily", position=1)
    assert after() == ([True, False], True), "a dose above what the demonstration says of the line's medicine"
    WarningAnswer.objects.update(position=2)
    assert after() == ([True, False], False)
    importing.replace_interactions("Hospital", interactions_of(demonstration.INTERACTIONS))
    first, second = Interaction.objects.values_list("first_code", "second_code")[0]
    WarningAnswer.objects.update(code=f"interaction.{first}+{second}")
    assert after() == ([True, False], False), "real data hold the pair too"


def test_what_is_loaded_beside_real_pairs_is_told(cast, loaded):
    codes = Interaction.objects.values_list("first_code", "second_code")[0]
    [pair] = queries.interactions_for(codes)
    assert pair.demonstration
    importing.replace_interactions("Hospital", interactions_of(demonstration.INTERACTIONS))
    [pair] = queries.interactions_for(codes)
    assert not pair.demonstration


def test_a_favourite_on_a_demonstration_medicine_says_so_where_it_is_chosen(cast, doctor, known, loaded):
    rx = draft(cast, (medicine("ramipril", demonstration.NAME), "1 od 28d"), (medicine("warfarin"), "1 od 7d"))
    for line in rx.lines.all():
        favourite.add(cast.actor("doctor"), line.pk, name=f"Usual {line.medication_text[:8]}", now=real_now())
    for page in (reverse("doctor_favourites"), reverse("doctor_medicines") + "?q=usual"):
        text = doctor.get(page).content.decode()
        assert "Usual ramipril" in text and "Usual warfarin" in text
        assert text.count(MARK) == 1, page
