"""The pharmacy's journey: queue, review, verify, dispense in parts, hold, close, take back, answer."""

import pytest
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.prescriptions.actions.cancel import request_cancel
from elmed.prescriptions.models import Dispense
from elmed.prescriptions.vocabulary import Status
from tests import factories


@pytest.fixture
def pharmacist(sign_in):
    return sign_in("pharmacist")


def line_of(rx):
    return rx.lines.get()


def test_from_the_queue_to_the_hand_over(cast, pharmacist):
    rx = factories.pending_review(cast, now=real_now())
    page = reverse("pharmacy_prescription", args=[rx.pk])
    assert page in pharmacist.get(reverse("pharmacy_queue")).content.decode()
    assert "+44 20 7946 0000" in pharmacist.get(page).content.decode()
    assert pharmacist.post(reverse("pharmacy_act_verify", args=[rx.pk]), {"version": rx.version}).status_code == 302
    rx.refresh_from_db()
    assert rx.status == Status.VERIFIED
    url, line = reverse("pharmacy_dispense", args=[rx.pk]), line_of(rx)
    assert 'value="21"' in pharmacist.get(url).content.decode()
    part = {
        f"line-{line.pk}-quantity": "7",
        f"line-{line.pk}-batch_number": "B1",
        f"line-{line.pk}-expiry_date": "2031-01-31",
    }
    assert pharmacist.post(url, part | {"version": rx.version}).status_code == 302
    rx.refresh_from_db()
    assert rx.status == Status.PARTIALLY_DISPENSED
    assert Dispense.objects.get().lines.get().batch_number == "B1"
    rest = {f"line-{line.pk}-quantity": "14", "version": rx.version}
    assert pharmacist.post(url, rest).status_code == 302
    assert pharmacist.post(url, rest).status_code == 409  # sent twice
    rx.refresh_from_db()
    assert rx.status == Status.DISPENSED
    assert Dispense.objects.count() == 2


def test_more_than_remains_is_refused_and_kept_in_the_form(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    url, name = reverse("pharmacy_dispense", args=[rx.pk]), f"line-{line_of(rx).pk}-quantity"
    answer = pharmacist.post(url, {name: "22", "version": rx.version, "note": "Called the doctor"})
    assert answer.status_code == 409
    assert "Called the doctor" in answer.content.decode()
    assert f'href="#id_{name}"' in answer.content.decode()
    assert "At most 21 capsules can be handed over now." in answer.content.decode()
    expired = {name: "7", f"line-{line_of(rx).pk}-expiry_date": "2020-01-31", "version": rx.version}
    answer = pharmacist.post(url, expired)
    assert answer.status_code == 409
    assert f'href="#id_line-{line_of(rx).pk}-expiry_date"' in answer.content.decode()
    assert pharmacist.post(url, {name: "", "version": rx.version}).status_code == 422
    assert pharmacist.post(url, {name: "1e3", "version": rx.version}).status_code == 422
    assert Dispense.objects.count() == 0


def test_a_stale_tab_does_not_act(cast, pharmacist):
    rx = factories.pending_review(cast, now=real_now())
    stale = {"version": rx.version - 1}
    assert pharmacist.post(reverse("pharmacy_act_verify", args=[rx.pk]), stale).status_code == 412
    rx.refresh_from_db()
    assert rx.status == Status.PENDING_REVIEW


def test_a_technician_does_not_verify(cast, sign_in):
    rx = factories.pending_review(cast, now=real_now())
    technician = sign_in("technician")
    page = technician.get(reverse("pharmacy_prescription", args=[rx.pk]))
    assert page.status_code == 200
    assert "Verify" not in page.content.decode()
    answer = technician.post(reverse("pharmacy_act_verify", args=[rx.pk]), {"version": rx.version})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()
    rx.refresh_from_db()
    assert rx.status == Status.PENDING_REVIEW


def test_another_pharmacy_finds_nothing(cast, sign_in):
    rx = factories.verified(cast, now=real_now())
    other = sign_in("other_pharmacist")
    assert other.get(reverse("pharmacy_prescription", args=[rx.pk])).status_code == 404
    assert other.post(reverse("pharmacy_dispense", args=[rx.pk]), {"version": rx.version}).status_code == 404
    assert Dispense.objects.count() == 0


def test_the_wrong_portal_is_refused(cast, sign_in):
    assert sign_in("doctor").get(reverse("pharmacy_queue")).status_code == 403
    assert sign_in("patient").get(reverse("doctor_home")).status_code == 403


@pytest.mark.parametrize(
    ("act", "typed", "status"),
    [
        ("reject", {"reason": "Illegible"}, Status.REJECTED),
        ("close", {"reason_code": "0010"}, Status.NOT_DISPENSED),
        ("hold", {"reason": "Dose?", "question": "Is 500 mg meant?"}, Status.ON_HOLD),
        ("return", {"reason": "Out of stock"}, Status.ISSUED),
    ],
)
def test_the_other_answers(cast, pharmacist, act, typed, status):
    rx = factories.pending_review(cast, now=real_now())
    url = reverse(f"pharmacy_act_{act}", args=[rx.pk])
    assert pharmacist.get(url).status_code == 200
    assert pharmacist.post(url, {"version": rx.version}).status_code == 422
    assert pharmacist.post(url, typed | {"version": rx.version}).status_code == 302
    rx.refresh_from_db()
    assert rx.status == status


def test_held_and_resumed(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    pharmacist.post(
        reverse("pharmacy_act_hold", args=[rx.pk]), {"version": rx.version, "reason": "Dose?", "question": "500 mg?"}
    )
    assert "500 mg?" in pharmacist.get(reverse("pharmacy_queue") + "?step=on_hold").content.decode()
    rx.refresh_from_db()
    pharmacist.post(reverse("pharmacy_act_resume", args=[rx.pk]), {"version": rx.version})
    rx.refresh_from_db()
    assert rx.status == Status.VERIFIED


def test_taken_back(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    made = factories.supply(cast, rx, now=real_now())
    rx.refresh_from_db()
    url = reverse("pharmacy_reverse", args=[rx.pk, made.pk])
    assert url in pharmacist.get(reverse("pharmacy_prescription", args=[rx.pk])).content.decode()
    assert pharmacist.get(url).status_code == 200
    typed = {"version": rx.version, "reason": "recorded_in_error", f"line_{line_of(rx).pk}": "21"}
    assert pharmacist.post(url, typed).status_code == 302
    rx.refresh_from_db()
    assert rx.status == Status.VERIFIED


def test_the_rest_of_a_line_is_given_up(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    line = line_of(rx)
    factories.supply(cast, rx, (line.pk, 7000), now=real_now())
    rx.refresh_from_db()
    url = reverse("pharmacy_close_line", args=[rx.pk])
    assert pharmacist.get(url).status_code == 200
    assert (
        pharmacist.post(url, {"version": rx.version, "line_id": line.pk, "reason": "Discontinued"}).status_code == 302
    )
    rx.refresh_from_db()
    assert rx.status == Status.DISPENSED


def test_a_request_to_cancel_is_answered_handed_over(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    before = real_now()
    request_cancel(cast.actor("doctor"), rx.pk, reason="Allergy", now=real_now())
    rx.refresh_from_db()
    url = reverse("pharmacy_handed_over", args=[rx.pk])
    page = pharmacist.get(reverse("pharmacy_prescription", args=[rx.pk])).content.decode()
    assert url in page
    assert reverse("pharmacy_act_confirm_cancel", args=[rx.pk]) in page
    name = f"line-{line_of(rx).pk}-quantity"
    assert pharmacist.post(url, {"version": rx.version, name: "21"}).status_code == 422
    from zoneinfo import ZoneInfo

    local = before.astimezone(ZoneInfo("Europe/London")).isoformat(timespec="microseconds")[:26]
    answer = pharmacist.post(url, {"version": rx.version, name: "21", "handed_over_at": local})
    assert answer.status_code == 302
    rx.refresh_from_db()
    assert rx.status == Status.DISPENSED


def test_the_queue_takes_as_many_statements_for_twelve_as_for_two(cast, pharmacist, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert pharmacist.get(reverse("pharmacy_queue")).status_code == 200
        return len(captured)

    for _ in range(2):
        factories.pending_review(cast, now=real_now())
    few = statements()
    for _ in range(10):
        factories.pending_review(cast, now=real_now())
    assert statements() == few
    assert few <= 12


def test_found_by_reference_or_family_name_among_its_own(cast, pharmacist, sign_in):
    rx = factories.verified(cast, now=real_now())
    page, queue = reverse("pharmacy_prescription", args=[rx.pk]), reverse("pharmacy_queue")
    typed = rx.reference.replace("-", " ").replace("0", "o").lower()
    assert pharmacist.get(queue, {"q": typed})["Location"] == page
    assert page in pharmacist.get(queue, {"q": rx.patient.family_name[:3].lower()}).content.decode()
    for words in (typed, rx.patient.family_name[:3].lower()):
        assert page not in sign_in("other_pharmacist").get(queue, {"q": words}).content.decode()
    assert page not in pharmacist.get(queue, {"q": "Nobody"}).content.decode()


def test_what_is_done_already_is_told_in_words_with_a_way_back(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    url, typed = (
        reverse("pharmacy_dispense", args=[rx.pk]),
        {f"line-{line_of(rx).pk}-quantity": "21", "version": rx.version},
    )
    assert pharmacist.post(url, typed).status_code == 302
    again = pharmacist.post(url, typed)
    assert again.status_code == 409
    assert "`" not in again.content.decode()
    assert "It is now: dispensed." in again.content.decode()
    late = pharmacist.get(url)
    assert late.status_code == 409
    assert f'href="{reverse("pharmacy_prescription", args=[rx.pk])}"' in late.content.decode()


def test_the_next_supply_is_told_before_it_is_due(cast, pharmacist):
    rx = factories.verified(cast, now=real_now(), repeats_allowed=1, minimum_dispense_interval_days=20)
    url, typed = reverse("pharmacy_dispense", args=[rx.pk]), {f"line-{line_of(rx).pk}-quantity": "21"}
    assert pharmacist.post(url, typed | {"version": rx.version}).status_code == 302
    assert (
        "The next supply is possible from"
        in pharmacist.get(reverse("pharmacy_prescription", args=[rx.pk])).content.decode()
    )
    rx.refresh_from_db()
    for early in (pharmacist.get(url), pharmacist.post(url, typed | {"version": rx.version})):
        assert early.status_code == 409
        assert "not due yet" in early.content.decode()
