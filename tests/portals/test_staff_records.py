"""ELMED's staff and patients' records: nothing medical before a reason, which the patient sees; corrections; releases; audit."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.events.models import AccessRecord, Event
from elmed.notifications.models import Mail
from elmed.patients.models import Patient
from elmed.patients.opening import OPENING
from elmed.prescriptions.actions import sweeps
from elmed.prescriptions.models import Sweep
from elmed.prescriptions.vocabulary import Status
from tests import factories

WHY = "The patient asked us by phone"
MEDICAL = re.compile("amoxicillin|bronchitis|J20", re.IGNORECASE)


def opened(cast, browser, patient=None):
    url = reverse("staff_record", args=[(patient or cast.patient).pk])
    assert browser.post(url, {"reason": WHY}).status_code == 302
    return url


def test_no_page_shows_a_medicine_before_a_reason(cast, sign_in):
    rx = factories.pending_review(cast, now=real_now())
    staff = sign_in("staff")
    found = staff.post(reverse("staff_records"), {"words": str(rx.pk)})
    assert "Cara Dean" in found.content.decode()
    record = reverse("staff_record", args=[cast.patient.pk])
    for answer in (found, staff.get(record), staff.get(reverse("staff_audit"), {"since": "2020-01-01"})):
        assert not MEDICAL.search(answer.content.decode())
    for name in ("staff_prescription", "staff_act_correct", "staff_act_transfer", "staff_act_hold", "staff_act_resume"):
        for answer in (
            staff.get(reverse(name, args=[rx.pk])),
            staff.post(reverse(name, args=[rx.pk]), {"reason": WHY}),
        ):
            assert (answer.status_code, answer["Location"]) == (302, f"{record}?prescription={rx.pk}"), name
    rx.refresh_from_db()
    assert rx.status == Status.PENDING_REVIEW
    assert not AccessRecord.objects.filter(action=OPENING).exists()


@pytest.mark.parametrize("reason", ["", "   ", "because", "x" * 301])
def test_a_reason_that_says_nothing_opens_nothing(cast, sign_in, reason):
    staff, url = sign_in("staff"), reverse("staff_record", args=[cast.patient.pk])
    answer = staff.post(url, {"reason": reason})
    assert answer.status_code == 422
    assert ">Why do you open this record? " in answer.content.decode()  # a question takes no colon after it
    assert not AccessRecord.objects.exists()
    assert "Why do you open" in staff.get(url).content.decode()


def test_the_patient_reads_the_reason_and_an_hour_later_it_is_asked_again(cast, sign_in):
    rx = factories.pending_review(cast, now=real_now())
    staff = sign_in("staff")
    url = opened(cast, staff)
    assert MEDICAL.search(staff.get(url).content.decode())
    assert MEDICAL.search(staff.get(reverse("staff_prescription", args=[rx.pk])).content.decode())
    page = sign_in("patient").get(reverse("patient_access")).content.decode()
    assert WHY in page and "Staff, ELMED" in page
    AccessRecord.objects.filter(action=OPENING).update(created_at=real_now() - timedelta(minutes=61))
    assert not MEDICAL.search(staff.get(url).content.decode())


def test_one_record_is_opened_not_all(cast, sign_in):
    staff = sign_in("staff")
    opened(cast, staff)
    assert "Why do you open" in staff.get(reverse("staff_record", args=[cast.other_patient.pk])).content.decode()


@pytest.mark.parametrize("who", ["doctor", "owner", "patient"])
@pytest.mark.parametrize("name", ["staff_records", "staff_record", "staff_prescription", "staff_act_correct", "staff_audit",
                                  "staff_account_transfer"])  # fmt: skip
def test_nobody_else_opens_them(cast, sign_in, who, name):
    browser = sign_in(who)
    url = reverse(name, args=[] if name in ("staff_records", "staff_audit") else [cast.patient.pk])
    assert browser.get(url).status_code == 403
    assert browser.post(url, {"reason": WHY}).status_code == 403
    assert not AccessRecord.objects.exists() and not Event.objects.exists()


def test_a_record_is_found_by_exact_words_only(cast, sign_in):
    rx = factories.issued(cast, now=real_now())
    Patient.objects.filter(pk=cast.patient.pk).update(health_number="9434765919")
    staff, url = sign_in("staff"), reverse("staff_records")
    for words in (
        {"words": str(cast.patient.pk)}, {"words": rx.reference.lower()}, {"words": "dean", "born": "1961-02-03"},
        {"words": "943 476 5919"}, {"words": "9434765919"},
    ):  # fmt: skip
        assert "Cara Dean" in staff.post(url, words).content.decode(), words
    for words in (
        {"words": "dean"},
        {"words": "dea", "born": "1961-02-03"},
        {"words": "dean", "born": "1961-02-04"},
        {"words": "9" * 30},
    ):
        assert "Nobody is found" in staff.post(url, words).content.decode(), words


def test_a_correction_needs_a_reason(cast, sign_in):
    rx = factories.verified(cast, now=real_now())
    staff = sign_in("staff")
    opened(cast, staff)
    assert "Mark as entered in error" in staff.get(reverse("staff_prescription", args=[rx.pk])).content.decode()
    url = reverse("staff_act_correct", args=[rx.pk])
    assert staff.post(url, {"version": rx.version, "reason": ""}).status_code == 422
    assert staff.post(url, {"version": rx.version - 1, "reason": "Wrong patient"}).status_code == 412
    rx.refresh_from_db()
    assert rx.status == Status.VERIFIED
    assert staff.post(url, {"version": rx.version, "reason": "Wrong patient"}).status_code == 302
    rx.refresh_from_db()
    assert (rx.status, rx.status_reason) == (Status.ENTERED_IN_ERROR, "Wrong patient")
    assert staff.post(url, {"version": rx.version, "reason": "Again"}).status_code == 409


def test_statements_stay_few(cast, sign_in, django_assert_max_num_queries):
    staff = sign_in("staff")
    first = factories.verified(cast, now=real_now())
    for _ in range(6):
        factories.pending_review(cast, now=real_now())
    url = opened(cast, staff)
    audit = reverse("staff_audit") + f"?list=looks&since={real_now():%Y-%m-%d}&until={real_now():%Y-%m-%d}"
    for address, most in ((url, 12), (reverse("staff_prescription", args=[first.pk]), 15), (audit, 13)):
        staff.get(address)
        with django_assert_max_num_queries(most):
            assert staff.get(address).status_code == 200


def closed(cast):
    cast.pharmacy.state = AccountState.SUSPENDED
    cast.pharmacy.save()


def test_all_that_a_closed_pharmacy_holds_is_released(cast, sign_in):
    held = [factories.pending_review(cast, now=real_now()), factories.verified(cast, now=real_now())]
    held += [factories.partially_dispensed(cast, now=real_now())]
    paused = factories.held(cast, "doctor", factories.verified(cast, now=real_now()), now=real_now())
    staff, url = sign_in("staff"), reverse("staff_account_transfer", args=[cast.pharmacy.pk])
    assert staff.post(url, {"reason": "It closed"}).status_code == 409
    closed(cast)
    assert staff.post(url, {"reason": " "}).status_code == 422
    assert {rx.status for rx in map(fresh, held)} == {
        Status.PENDING_REVIEW,
        Status.VERIFIED,
        Status.PARTIALLY_DISPENSED,
    }
    answer = staff.post(url, {"reason": "It closed"})
    order = Sweep.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("staff_sweep", args=[order.pk]))
    assert (order.total, order.done, order.left, order.ended_as) == (4, 3, 1, "done")
    page = staff.get(answer["Location"]).content.decode()
    assert "4 of 4 prescriptions looked at" in page and "Finished" in page
    assert reverse("staff_prescription", args=[paused.pk]) in page and not MEDICAL.search(page)
    assert {(rx.status, rx.pharmacy_id, rx.status_reason) for rx in map(fresh, held)} == {
        (Status.ISSUED, None, "It closed")
    }
    assert fresh(paused).pharmacy_id == cast.pharmacy.pk
    assert Event.objects.filter(type="prescription.transferred").count() == 3
    assert [mail.to for mail in Mail.objects.filter(template="pharmacy_closed")] == ["patient@example.org"]
    assert (
        reverse("staff_sweep", args=[order.pk])
        in staff.get(reverse("staff_account", args=[cast.pharmacy.pk])).content.decode()
    )


def test_the_page_of_a_release_says_how_far_it_is(cast, sign_in, monkeypatch):
    monkeypatch.setattr("elmed.prescriptions.actions.sweeps.AT_ONCE", -1)  # the page does none itself
    rx = factories.verified(cast, now=real_now())
    closed(cast)
    staff, url = sign_in("staff"), reverse("staff_account_transfer", args=[cast.pharmacy.pk])
    where = staff.post(url, {"reason": "It closed"})["Location"]
    page = staff.get(where).content.decode()
    assert "0 of 1 prescription looked at" in page and "Look again" in page and "hx-trigger" in page
    assert staff.post(url, {"reason": "Again"})["Location"] == where  # the second click is the same order
    assert "See how far it is" in staff.get(url).content.decode()
    assert sweeps.advance_all(60) == 1
    page = staff.get(where).content.decode()
    assert "1 of 1 prescription looked at" in page and "hx-trigger" not in page
    assert fresh(rx).status == Status.ISSUED
    for who in ("doctor", "owner", "patient"):
        assert sign_in(who).get(where).status_code == 403


def test_a_suspension_for_fraud_shows_its_holds(cast, sign_in):
    rx = factories.verified(cast, now=real_now())
    staff = sign_in("staff")
    words = {"reason": "Forged identity", "fraud": "on"}
    where = staff.post(reverse("staff_account_suspended", args=[cast.doctor.pk]), words)["Location"]
    page = staff.get(where).content.decode()
    assert "1 of 1 prescription looked at" in page and "until ELMED’s staff resume it" in page
    assert fresh(rx).status == Status.ON_HOLD


def fresh(rx):
    rx.refresh_from_db()
    return rx


def test_the_audit_finds_by_each_word_and_is_recorded(cast, sign_in):
    rx = factories.verified(cast, now=real_now())
    sign_in("pharmacist").get(reverse("pharmacy_prescription", args=[rx.pk]))
    staff, url = sign_in("staff"), reverse("staff_audit")
    day = {"since": (real_now() - timedelta(days=1)).date(), "until": (real_now() + timedelta(days=1)).date()}

    def rows(**words):
        answer = staff.get(url, day | words)
        assert answer.status_code == 200, answer.content.decode()
        return len(answer.context.get("entries") or ())

    events = {"list": "events"}
    assert rows(**events, prescription=rx.pk) == 3
    assert rows(**events, prescription=rx.pk, type="prescription.verified") == 1
    assert rows(**events, person=cast.people["pharmacist"].pk) == 1
    assert rows(**events, account=cast.pharmacy.pk) == 1
    assert rows(**events, patient=cast.patient.pk) == 4  # the consultation, and what happened to the prescription
    assert AccessRecord.objects.filter(action="portal.audit", patients__patient_id=cast.patient.pk).count() == 3
    assert rows(**events, prescription=rx.pk + 999) == 0
    looks = {"list": "looks"}
    assert rows(**looks, patient=cast.patient.pk, type="portal.prescription") == 1
    assert rows(**looks, person=cast.people["pharmacist"].pk) == 1
    assert rows(**looks, account=cast.other_pharmacy.pk) == 0
    searches = Event.objects.filter(type="audit.searched")
    assert searches.count() == 9
    assert searches.order_by("pk").first().data["prescription_id"] == rx.pk


def test_a_search_that_makes_no_sense_is_refused_and_leaves_nothing(cast, sign_in):
    staff, url = sign_in("staff"), reverse("staff_audit")
    for words in (
        {"since": "2024-01-01", "until": "2026-01-01"}, {"since": "2026-02-01", "until": "2026-01-01"}, {"since": "x"},
        {"list": "looks", "since": "2026-01-01", "until": "2026-01-02", "prescription": "1"},
    ):  # fmt: skip
        assert staff.get(url, {"list": "events"} | words).status_code == 422, words
    assert not Event.objects.exists()


def test_older_pages_of_the_audit(cast, sign_in, monkeypatch):
    monkeypatch.setattr("elmed.events.audit.PAGE_SIZE", 2)
    rx = factories.verified(cast, now=real_now())
    staff = sign_in("staff")
    day = f"{real_now():%Y-%m-%d}"
    words = {"list": "events", "since": day, "until": day, "prescription": rx.pk}
    first = staff.get(reverse("staff_audit"), words)
    assert len(first.context["entries"]) == 2
    second = staff.get(reverse("staff_audit") + first.context["older"])
    assert [entry["code"] for entry in second.context["entries"]] == ["prescription.issued"]
    assert second.context["older"] == ""


def test_staff_take_a_hand_over_back_that_the_pharmacy_cannot_any_more(cast, sign_in):
    then = real_now() - timedelta(days=5)
    rx = factories.verified(cast, now=then)
    made = factories.supply(cast, rx, now=then)
    staff, url = sign_in("staff"), reverse("staff_reverse", args=[rx.pk, made.pk])
    record = f"{reverse('staff_record', args=[cast.patient.pk])}?prescription={rx.pk}"
    assert staff.get(url)["Location"] == staff.post(url)["Location"] == record  # nothing before a reason
    opened(cast, staff)
    assert url in staff.get(reverse("staff_prescription", args=[rx.pk])).content.decode()
    line, version = factories.first_line(rx), fresh(rx).version
    sent = {"reason": "recorded_in_error", f"line_{line}": "21", "version": version}
    assert staff.post(url, sent | {"version": version - 1}).status_code == 412
    assert fresh(rx).status == Status.DISPENSED
    assert staff.post(url, sent)["Location"] == reverse("staff_prescription", args=[rx.pk])
    assert fresh(rx).status == Status.VERIFIED
    assert staff.post(url, sent | {"version": fresh(rx).version}).status_code == 409
    mine = reverse("pharmacy_reverse", args=[rx.pk, made.pk])
    assert staff.get(mine).status_code == 403
    for who in ("doctor", "patient", "owner"):
        assert sign_in(who).get(url).status_code == 403
