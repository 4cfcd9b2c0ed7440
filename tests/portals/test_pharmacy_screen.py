"""One prescription on one screen, what stands beside it, what is printed, and what somebody slower is told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.events.models import AccessRecord
from elmed.portals.pharmacy.packs import Pack, scanned
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse as reverse_dispense
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Dispense, WarningAnswer
from elmed.prescriptions.vocabulary import ReversalReason, Status
from tests import factories
from tests.inventory.conftest import amoxicillin, make  # noqa: F401


@pytest.fixture
def pharmacist(sign_in):
    return sign_in("pharmacist")


def url_of(name, *args):
    return reverse(f"pharmacy_{name}", args=args)


def text_of(browser, url, status=200, **query):
    answer = browser.get(url, query)
    assert answer.status_code == status
    return answer.content.decode()


def line_of(rx):
    return rx.lines.get()


def test_the_screen_says_whom_to_call_and_what_stands_beside_it(cast, pharmacist):
    old = factories.dispensed(cast, now=real_now())
    rx = factories.pending_review(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    text = text_of(pharmacist, url_of("prescription", rx.pk))
    assert f"Call {cast.doctor.name}" in text
    assert f'hx-get="{url_of("beside", rx.pk)}"' in text
    beside = text_of(pharmacist, url_of("beside", rx.pk))
    assert "amoxicillin 500 mg capsules" in beside
    assert url_of("prescription", old.pk) in beside
    assert "Sent to a pharmacy" in beside
    first = "The first prescription from this doctor here."
    assert first not in text + beside
    assert first in text_of(pharmacist, url_of("beside", old.pk))
    assert AccessRecord.objects.filter(action="portal.beside").count() == 2


def test_a_doctor_who_is_new_here_is_told_before_the_check(cast, pharmacist):
    rx = factories.pending_review(cast, now=real_now())
    page = text_of(pharmacist, url_of("prescription", rx.pk))
    assert page.index("The first prescription from this doctor here.") < page.index(">Verify<")


def test_what_is_prescribed_and_why_it_waits_is_read_before_the_acts(cast, pharmacist):
    rx = factories.pending_review(cast, now=real_now())
    page = text_of(pharmacist, url_of("prescription", rx.pk))
    assert page.index("amoxicillin 500 mg capsules") < page.index(">Verify<")
    held = factories.held(cast, "pharmacist", factories.verified(cast, now=real_now()), now=real_now())
    page = text_of(pharmacist, url_of("prescription", held.pk))
    assert (
        page.index("On hold by the pharmacy") < page.index("amoxicillin 500 mg capsules") < page.index("End the hold")
    )
    assert url_of("labels", held.pk) not in page


def test_only_who_verifies_is_told_of_verifying(cast, pharmacist, sign_in):
    rx = factories.pending_review(cast, now=real_now())
    WarningAnswer.objects.create(
        prescription=rx,
        code="allergy",
        position=1,
        message="Recorded allergy.",
        reason="Ruled out.",
        created_at=real_now(),
    )
    asked = "Read the warning and the reason at each medicine"
    assert f"{asked} before you verify." in text_of(pharmacist, url_of("prescription", rx.pk))
    assert f"{asked}." in text_of(sign_in("technician"), url_of("prescription", rx.pk))


def test_the_cursor_begins_where_something_is_left(cast, pharmacist):
    rx = factories.verified(cast, now=real_now(), lines=(factories.AMOXICILLIN, factories.RAMIPRIL))
    first, second = rx.lines.order_by("position")
    factories.supply(cast, rx, (first.pk, first.quantity_milli), now=real_now())
    page = text_of(pharmacist, url_of("dispense", rx.pk))
    fields = [tag for tag in page.split("<input")[1:] if " autofocus" in tag.partition(">")[0]]
    assert [f'name="line-{second.pk}-quantity"' in tag for tag in fields] == [True]
    assert "Quantity, capsules" in page
    assert "Quantity, tablets" in page


def test_the_other_prescriptions_are_this_pharmacys_only(cast, sign_in):
    factories.dispensed(cast, now=real_now())
    from elmed.prescriptions.actions.route import route

    rx = factories.issued(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=real_now())
    other = sign_in("other_pharmacist")
    assert "amoxicillin" not in text_of(other, url_of("beside", rx.pk))
    mine = sign_in("pharmacist")
    for page in ("prescription", "beside", "stock_of_rx", "labels"):
        text_of(mine, url_of(page, rx.pk), status=404)


def test_every_page_takes_at_most_twelve_statements(cast, pharmacist, make, amoxicillin):  # noqa: F811
    asked = factories.cancellation_requested(cast, now=real_now())
    part = factories.verified(cast, now=real_now())
    for _ in range(3):
        made = factories.supply(cast, part, (line_of(part).pk, 2000), now=real_now())
    pages = [
        url_of(name, rx.pk) for name in ("prescription", "beside", "stock_of_rx", "labels") for rx in (asked, part)
    ]
    pages += [
        url_of("dispense", part.pk),
        url_of("labels_given", part.pk, made.pk),
        url_of("receipt", part.pk, made.pk),
    ]
    pages += [
        url_of("reverse", part.pk, made.pk),
        url_of("act_confirm_cancel", asked.pk),
        url_of("handed_over", asked.pk),
    ]
    rare = url_of("handed_over", asked.pk)  # its pause and the stock both: one more
    too_many = {}
    for url in pages:
        with CaptureQueriesContext(connection) as captured:
            text_of(pharmacist, url)
        if len(captured) > 12 + (url == rare):
            too_many[url] = [row["sql"][:70] for row in captured]
    assert not too_many, too_many


def test_verified_then_the_next(cast, pharmacist):
    first, second = (factories.pending_review(cast, now=real_now()) for _ in range(2))
    typed = {"version": first.version, "was": "pending_review", "then": "next"}
    answer = pharmacist.post(url_of("act_verify", first.pk), typed, follow=True)
    assert answer.redirect_chain[-1][0] == url_of("prescription", second.pk)
    typed = {"version": second.version, "was": "pending_review"}
    answer = pharmacist.post(url_of("act_verify", second.pk), typed, follow=True)
    text = answer.content.decode()
    assert "Verified." in text
    assert f"{url_of('next')}?step=pending_review&amp;after={second.pk}" in text


def test_somebody_slower_reads_who_did_what_and_keeps_what_was_typed(cast, pharmacist, sign_in):
    rx = factories.verified(cast, now=real_now())
    name, line = f"line-{line_of(rx).pk}-quantity", line_of(rx)
    slow = {name: "7", f"line-{line.pk}-batch_number": "LOT9", "note": "Called the doctor", "version": rx.version}
    quick = sign_in("technician").post(url_of("dispense", rx.pk), {name: "14", "version": rx.version})
    assert quick.status_code == 302
    answer = pharmacist.post(url_of("dispense", rx.pk), slow)
    text = answer.content.decode()
    assert answer.status_code == 412
    for words in (
        "Meanwhile:",
        "Dispensed",
        cast.people["technician"].name,
        'value="7"',
        'value="LOT9"',
        "Called the doctor",
    ):
        assert words in text, words
    assert Dispense.objects.count() == 1
    rx.refresh_from_db()
    assert f'name="version" value="{rx.version}"' in text
    again = pharmacist.post(url_of("dispense", rx.pk), slow | {"version": rx.version})  # having looked
    assert again.status_code == 302
    assert Dispense.objects.count() == 2


def test_two_who_reject_and_verify(cast, pharmacist, sign_in):
    rx = factories.pending_review(cast, now=real_now())
    verify(cast.actor("pharmacist"), rx.pk, now=real_now())
    answer = pharmacist.post(url_of("act_reject", rx.pk), {"version": rx.version, "reason": "Illegible dose"})
    text = answer.content.decode()
    assert answer.status_code == 412
    assert "Checked by the pharmacist" in text
    assert cast.people["pharmacist"].name in text
    assert "Illegible dose" in text
    assert 'type="submit">Reject<' in text  # having looked, it can still be done
    rx.refresh_from_db()
    assert rx.status == Status.VERIFIED


def test_two_who_verify_and_dispense_all_of_it(cast, pharmacist):
    rx = factories.pending_review(cast, now=real_now())
    version, line = rx.version, line_of(rx)
    verify(cast.actor("pharmacist"), rx.pk, now=real_now())
    answer = pharmacist.post(url_of("act_verify", rx.pk), {"version": version})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was recorded." in text
    assert 'type="submit">Verify<' not in text
    stale = {"version": version + 1, f"line-{line.pk}-quantity": "21", "note": "Explained the doses"}
    factories.supply(cast, rx, now=real_now())
    answer = pharmacist.post(url_of("dispense", rx.pk), stale)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Explained the doses" in text
    assert "Record what was handed over" not in text
    assert Dispense.objects.count() == 1


def test_what_cannot_be_taken_back_says_so_at_once(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    made = factories.supply(cast, rx, now=real_now())
    assert "Take it back" in text_of(pharmacist, url_of("reverse", rx.pk, made.pk))
    reverse_dispense(cast.actor("pharmacist"), made.pk, reason=ReversalReason.RETURNED_UNUSABLE, now=real_now())
    assert "ELMED’s staff can help" in text_of(pharmacist, url_of("reverse", rx.pk, made.pk), status=409)


def test_labels_before_and_after_the_hand_over_and_a_receipt(cast, pharmacist, sign_in):
    rx = factories.verified(cast, now=real_now())
    made = factories.supply(cast, rx, (line_of(rx).pk, 7000), now=real_now())
    before, given = (
        text_of(pharmacist, url_of("labels", rx.pk)),
        text_of(pharmacist, url_of("labels_given", rx.pk, made.pk)),
    )
    assert "14 capsules" in before
    assert "7 capsules" in given
    for text in (before, given):
        for words in ("DEAN, Cara", "03-Feb-1961", "Take one capsule three times a day for 7 days", cast.pharmacy.name):
            assert words in text, words
    receipt = text_of(pharmacist, url_of("receipt", rx.pk, made.pk))
    assert "7 capsules" in receipt
    assert "narrow-paper" in text_of(pharmacist, url_of("receipt", rx.pk, made.pk), paper="80")
    assert url_of("receipt", rx.pk, made.pk) in text_of(pharmacist, url_of("prescription", rx.pk))
    other = factories.verified(cast, now=real_now())
    text_of(pharmacist, url_of("receipt", other.pk, made.pk), status=404)  # not of that prescription
    text_of(sign_in("other_pharmacist"), url_of("receipt", rx.pk, made.pk), status=404)


def test_a_label_is_of_this_pharmacys_own_dispense(cast, sign_in):
    from elmed.prescriptions.actions.route import route

    rx = factories.verified(cast, now=real_now())
    made = factories.supply(cast, rx, (line_of(rx).pk, 7000), now=real_now())
    return_(cast.actor("pharmacist"), rx.pk, reason="Out of stock", now=real_now())
    route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=real_now())
    other = sign_in("other_pharmacist")
    text_of(other, url_of("prescription", rx.pk))
    text_of(other, url_of("labels_given", rx.pk, made.pk), status=404)


@pytest.mark.parametrize(
    ("text", "pack"),
    [
        ("0105012345678900" "17310131" "10AB-12", Pack("AB-12", "2031-01-31")),
        ("]d20105012345678900" "21SER9\x1d" "17310200" "10L7", Pack("L7", "2031-02-28")),
        ("0105012345678900" "10L7\x1d" "17311301", Pack("L7", None)),
        ("(01)05012345678900(17)310131(10)L7(21)S1", Pack("L7", "2031-01-31")),
        ("AB-12", None), ("10", None), ("1012345", None), ("0105012345678900", None), ("", None), ("01x5012345678900" "10L7", None),
    ],
)  # fmt: skip
def test_what_a_scanned_pack_says(text, pack):
    found = scanned(text)
    assert (found and (found.batch, found.expiry and found.expiry.isoformat())) == pack


def test_a_scanned_pack_fills_batch_and_expiry(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    prefix = f"line-{line_of(rx).pk}"
    typed = {
        f"{prefix}-quantity": "7",
        f"{prefix}-batch_number": "01050123456789001731013110LOT9\x1d21S1",
        "version": rx.version,
    }
    assert pharmacist.post(url_of("dispense", rx.pk), typed).status_code == 302
    given = Dispense.objects.get().lines.get()
    assert (given.batch_number, given.expiry_date.isoformat()) == ("LOT9", "2031-01-31")
    rx.refresh_from_db()
    old = typed | {f"{prefix}-batch_number": "01050123456789001720013110LOT9", "version": rx.version}
    assert pharmacist.post(url_of("dispense", rx.pk), old).status_code == 409  # an expired pack
    long = typed | {f"{prefix}-batch_number": "X" * 41, "version": rx.version}
    assert pharmacist.post(url_of("dispense", rx.pk), long).status_code == 422
    assert Dispense.objects.count() == 1
