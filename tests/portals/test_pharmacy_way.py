"""The way through the queue, and what the pharmacist is told on it: whose turn it is, and what the doctor kept."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product

import pytest
from django.urls import reverse
from django.utils.dateformat import format as django_date
from django.utils.timezone import localtime

from elmed.core.clock import real_now
from elmed.inventory import receipts
from elmed.inventory.models import Batch
from elmed.inventory.receipts import Amount
from elmed.patients.actions import set_weight
from elmed.prescriptions import reference
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.models import Dispense
from elmed.prescriptions.vocabulary import CANCELLATION_ANSWER, Status
from tests import factories
from tests.cast import NOW
from tests.inventory.conftest import make  # noqa: F401

TWICE = {
    "lines": (factories.AMOXICILLIN, factories.AMOXICILLIN)
}  # one medicine twice: the doctor is warned, and keeps it


@pytest.fixture
def pharmacist(sign_in):
    return sign_in("pharmacist")


def url_of(name, *args):
    return reverse(f"pharmacy_{name}", args=args)


def text_of(browser, url, **query):
    answer = browser.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


def hours_ago(hours):
    return real_now() - timedelta(hours=hours)


def repeat_not_due(cast, **words):
    """The first supply was an hour ago, the second may follow after 20 days."""
    rx = factories.verified(cast, now=hours_ago(2), repeats_allowed=1, minimum_dispense_interval_days=20)
    factories.supply(cast, rx, now=hours_ago(1), **words)
    rx.refresh_from_db()
    assert rx.status == Status.VERIFIED
    return rx


def ahead(browser, rx):
    """Where “Next in queue” leads from that page."""
    page = text_of(browser, url_of("prescription", rx.pk))
    href = page.split(f"{url_of('next')}?", 1)[1].split('"', 1)[0].replace("&amp;", "&")
    return browser.get(f"{url_of('next')}?{href}")["Location"]


def test_passing_one_over_goes_through_the_whole_step(cast, pharmacist):
    first, second, third = (factories.pending_review(cast, now=hours_ago(hours)) for hours in (3, 2, 1))
    pages = [url_of("prescription", rx.pk) for rx in (second, third, first)]  # behind the last comes the first again
    assert [ahead(pharmacist, rx) for rx in (first, second, third)] == pages


def test_the_next_after_an_act_is_the_one_behind_it(cast, pharmacist):
    passed_over, done, behind = (factories.pending_review(cast, now=hours_ago(hours)) for hours in (3, 2, 1))
    typed = {"version": done.version, "was": "pending_review", "place": done.step_since.isoformat()}
    answer = pharmacist.post(url_of("act_verify", done.pk), typed | {"then": "next"}, follow=True)
    assert answer.redirect_chain[-1][0] == url_of("prescription", behind.pk)
    assert ahead(pharmacist, behind) == url_of("prescription", passed_over.pk)
    answer = pharmacist.post(
        url_of("act_verify", passed_over.pk), typed | {"version": passed_over.version}, follow=True
    )
    assert f"place={typed['place'].replace(':', '%3A').replace('+', '%2B')}" in answer.content.decode()


def test_what_is_not_due_is_passed_over(cast, pharmacist):
    early = repeat_not_due(cast)
    ready = factories.verified(cast, now=real_now())
    assert pharmacist.get(url_of("next"), {"step": "verified"})["Location"] == url_of("prescription", ready.pk)
    assert url_of("prescription", early.pk) in text_of(pharmacist, url_of("queue"), step="verified")
    # to be checked it is, however early: another pharmacy brings it, or this one again
    return_(cast.actor("pharmacist"), early.pk, reason="Moves away", now=real_now())
    route(cast.actor("doctor"), early.pk, pharmacy_id=cast.pharmacy.pk, now=real_now())
    assert pharmacist.get(url_of("next"))["Location"] == url_of("prescription", early.pk)


def test_nobody_is_called_about_a_repeat_that_is_not_due(cast, pharmacist):
    rx = factories.verified(cast, now=NOW - timedelta(days=30), repeats_allowed=1, minimum_dispense_interval_days=28)
    factories.supply(cast, rx, now=NOW - timedelta(days=29))
    page = url_of("prescription", rx.pk)
    assert page not in text_of(pharmacist, url_of("uncollected"), days=3)
    early = factories.verified(cast, now=NOW - timedelta(days=30), repeats_allowed=1, minimum_dispense_interval_days=21)
    factories.supply(cast, early, now=NOW - timedelta(days=29))
    ready = url_of("prescription", early.pk)  # due for eight days and one more
    assert ready in text_of(pharmacist, url_of("uncollected"), days=7)
    assert ready not in text_of(pharmacist, url_of("uncollected"), days=14)


def test_a_repeat_waits_since_it_became_due(cast, pharmacist):
    """Not since the supply before it: the list, its order, its filter and the way on count alike."""
    now = real_now()
    due = factories.verified(cast, now=now - timedelta(days=30), repeats_allowed=1, minimum_dispense_interval_days=28)
    factories.supply(cast, due, now=now - timedelta(days=30))
    first = factories.verified(cast, now=now - timedelta(days=4))
    last = factories.verified(cast, now=now - timedelta(days=1))
    early = repeat_not_due(cast)
    page = text_of(pharmacist, url_of("queue"), step="verified")
    assert re.findall(r'data-row="(\d+)"', page) == [str(rx.pk) for rx in (first, due, last, early)]
    row = page.split(f'data-row="{due.pk}"')[1].split("</tr>")[0]
    assert "2\xa0days</strong>" in row and "4\xa0weeks" not in row
    waited = [text_of(pharmacist, url_of("queue"), step="verified", waited=days) for days in (1, 3)]
    assert [f'data-row="{due.pk}"' in one for one in waited] == [True, False]
    assert ahead(pharmacist, first) == url_of("prescription", due.pk)
    assert ahead(pharmacist, due) == url_of("prescription", last.pk)
    assert ahead(pharmacist, last) == url_of("prescription", first.pk), "the one that is not due is passed over"
    due.refresh_from_db()
    sent = re.search(r'name="place" value="([^"]+)"', text_of(pharmacist, url_of("dispense", due.pk)))[1]
    assert datetime.fromisoformat(sent) == due.next_dispense_at


@pytest.mark.parametrize("seen", ["2026-13-45T00:00", "9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00", "x" * 90])
def test_a_moment_that_is_none_counts_as_absent(cast, pharmacist, seen):
    factories.pending_review(cast, now=hours_ago(1))
    told = pharmacist.get(url_of("queue_live"), {"seen": seen})
    assert (told.status_code, told.json()["joined"]) == (200, 0)
    assert pharmacist.get(url_of("next"), {"after": "1", "place": seen}).status_code == 302


def test_what_the_doctor_kept_is_read_before_the_check(cast, pharmacist):
    rx = factories.pending_review(cast, now=real_now(), **TWICE)
    plain = factories.pending_review(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    assert rx.warning_answers.exists()
    assert not plain.warning_answers.exists()
    kept, reason = "in spite of", "Same medicine, wanted"
    assert text_of(pharmacist, url_of("queue")).count("Kept by the doctor in spite of a warning") == 1
    page = text_of(pharmacist, url_of("prescription", rx.pk))
    assert page.index(kept) < page.index(reason) < page.index(">Verify<")
    assert kept not in text_of(pharmacist, url_of("prescription", plain.pk))
    assert reason in text_of(pharmacist, url_of("act_verify", rx.pk))
    stale = pharmacist.post(url_of("act_verify", rx.pk), {"version": rx.version + 7})
    assert stale.status_code == 412
    assert reason in stale.content.decode()


def test_a_technician_reads_who_goes_on(cast, sign_in, pharmacist):
    rx = factories.pending_review(cast, now=real_now())
    words = "It waits for a pharmacist’s check."
    assert words in text_of(sign_in("technician"), url_of("prescription", rx.pk))
    assert words not in text_of(pharmacist, url_of("prescription", rx.pk))


def test_the_weight_stands_in_the_banner(cast, pharmacist):
    rx = factories.pending_review(cast, now=real_now())
    assert "weighed" not in text_of(pharmacist, url_of("prescription", rx.pk))
    set_weight(cast.actor("doctor"), cast.patient.pk, weight_milli=17_500, weighed_on=NOW.date(), now=real_now())
    for page in (url_of("prescription", rx.pk), url_of("act_verify", rx.pk)):
        assert "17.5 kg" in text_of(pharmacist, page)


def test_another_pharmacys_reference_is_not_told(cast, pharmacist):
    here = factories.verified(cast, now=NOW)
    _, new = factories.replaced(cast, here)
    page = text_of(pharmacist, url_of("prescription", new.pk))
    assert here.reference in page
    assert f'href="{url_of("prescription", here.pk)}"' in page
    elsewhere = route(cast.actor("doctor"), factories.issued(cast).pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW)
    _, new = factories.replaced(cast, elsewhere)
    page = text_of(pharmacist, url_of("prescription", new.pk))
    assert "Replaces" in page
    assert elsewhere.reference not in page


def handed_over(browser, rx, **typed):
    line = rx.lines.get()
    fields = {f"line-{line.pk}-{name}": value for name, value in ({"quantity": "21"} | typed).items()}
    return browser.post(url_of("dispense", rx.pk), fields | {"version": rx.version})


def test_a_reason_alone_is_no_substitution(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    answer = handed_over(pharmacist, rx, substitution_reason="Brand out of stock")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "a reason alone is not recorded" in text
    assert 'value="Brand out of stock"' in text
    assert not Dispense.objects.exists()


def test_an_expiry_that_is_not_the_chosen_batchs_needs_its_batch(cast, pharmacist, make):  # noqa: F811
    product, technician = make(), cast.actor("technician")
    expiry = date(NOW.year + 2, 6, 30)
    receipts.receive(technician, product.pk, Amount(5000), batch_number="A1", expiry_date=expiry, now=NOW)
    rx = factories.verified(cast, now=real_now())
    batch = Batch.objects.get(number="A1")
    words = {"source": f"{product.pk}:{batch.pk}", "expiry_date": f"{NOW.year + 3}-01-31"}
    answer = handed_over(pharmacist, rx, **words)
    assert answer.status_code == 422
    assert "Name the batch too." in answer.content.decode()
    assert not Dispense.objects.exists()
    assert handed_over(pharmacist, rx, **words | {"expiry_date": expiry.isoformat()}).status_code == 302


def test_a_request_to_cancel_says_until_when(cast, pharmacist):
    rx = factories.cancellation_requested(cast, now=real_now())
    until = django_date(localtime(rx.holds.get().placed_at + CANCELLATION_ANSWER), "H:i")
    for page in (
        text_of(pharmacist, url_of("queue"), step="on_hold"),
        text_of(pharmacist, url_of("prescription", rx.pk)),
    ):
        assert "answer until" in page.lower()
        assert until in page.lower().split("answer until", 1)[1][:200]
    held = factories.held(cast, "pharmacist", factories.pending_review(cast, now=real_now()), now=real_now())
    assert "Answer until" not in text_of(pharmacist, url_of("prescription", held.pk))


def test_a_narrowed_list_does_not_lead_out_of_itself(cast, pharmacist):
    factories.pending_review(cast, now=real_now())
    words = "Open the one that waits longest"
    assert words in text_of(pharmacist, url_of("queue"))
    assert words not in text_of(pharmacist, url_of("queue"), prescriber="Dr")


def test_nobody_born_on_that_day_is_told_without_a_name(cast, pharmacist):
    page = text_of(pharmacist, url_of("queue"), born="1999-12-31")
    assert "31-Dec-1999" in page
    assert "“”" not in page


def test_what_was_supplied_instead_stands_on_label_and_receipt(cast, pharmacist, make):  # noqa: F811
    brand = make(sku="BRAND", name="Amoxil 500 mg capsules")
    rx = factories.verified(cast, now=real_now())
    words = {"source": f"{brand.pk}:", "substituted": "on", "substitution_reason": "Generic out of stock"}
    assert handed_over(pharmacist, rx, **words).status_code == 302
    made = Dispense.objects.get()
    for paper in ("labels_given", "receipt"):
        assert "supplied as" in text_of(pharmacist, url_of(paper, rx.pk, made.pk))
        assert "Amoxil 500 mg capsules" in text_of(pharmacist, url_of(paper, rx.pk, made.pk))
    assert "Generic out of stock" in text_of(pharmacist, url_of("receipt", rx.pk, made.pk))
    other = factories.verified(cast, now=real_now())
    assert handed_over(pharmacist, other, substituted="on").status_code == 302
    made = Dispense.objects.latest("pk")
    assert "another product was supplied" in text_of(pharmacist, url_of("labels_given", other.pk, made.pk))


def test_a_long_dose_gets_smaller_letters(cast, pharmacist):
    short = factories.verified(cast, now=real_now())
    long = factories.verified(cast, now=real_now(), lines=(replace(factories.RAMIPRIL, dosage_text="Take one " * 15),))
    assert 'class="label long"' in text_of(pharmacist, url_of("labels", long.pk))
    assert 'class="label"' in text_of(pharmacist, url_of("labels", short.pk))


def test_a_name_is_found_as_the_rows_write_it(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    page = url_of("prescription", rx.pk)
    assert page in text_of(pharmacist, url_of("queue"), q="DEAN, Ca")
    assert page not in text_of(pharmacist, url_of("queue"), q="DEAN, Dora")


def test_a_name_that_looks_like_a_reference_is_found(cast, pharmacist):
    letters = reference.ALPHABET[10:]
    names = (f"Brockmei{''.join(end)}" for end in product(letters, repeat=4))
    cast.patient.family_name = next(name for name in names if reference.canonical(name))
    cast.patient.save(update_fields=["family_name"])
    rx = factories.verified(cast, now=real_now())
    assert url_of("prescription", rx.pk) in text_of(pharmacist, url_of("queue"), q=cast.patient.family_name)


def test_a_scanned_code_opens_its_prescription(cast, pharmacist, sign_in):
    rx = factories.verified(cast, now=real_now())
    for words in (rx.reference, f"https://elmed.example/rx/{rx.reference}"):
        assert pharmacist.get(url_of("queue"), {"q": words})["Location"] == url_of("prescription", rx.pk)
        nobody = text_of(sign_in("other_pharmacist"), url_of("queue"), q=words)
        assert f"{url_of('bring')}?q={rx.reference}" in nobody


def test_the_cursor_stands_where_something_is_missing(cast, pharmacist):
    rx = factories.issued(cast, now=real_now())
    for query, name in (({}, "reference"), ({"q": rx.reference}, "date_of_birth")):
        page = text_of(pharmacist, url_of("bring"), **query)
        assert page.count("autofocus") == 1
        assert "autofocus" in page.split(f'name="{name}"', 1)[1].split(">", 1)[0]
