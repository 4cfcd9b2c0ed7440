"""How many statements a page takes: at most twelve, whoever asks and however many rows there are.

Every address that GET answers is walked for every role on the demonstration's data, then again with four times the rows.
Counted is everything from the session to the access record, but for the words that open and end a transaction.
A page that is not in the table below fails: it says where the ids in its address come from.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from elmed.access import policy
from elmed.access.models import ApiKey, LimitRequest
from elmed.accounts import links
from elmed.accounts.models import Account, Document, Invitation, Membership, Renewal
from elmed.core.clock import real_now
from elmed.demo.seed import seed
from elmed.events.models import Event
from elmed.inventory.models import Batch, Product
from elmed.patients.models import Patient, PatientInvitation
from elmed.portals import idle, presence, sign_in
from elmed.prescriptions.actions import disown
from elmed.prescriptions.models import Dispense, Prescription, PrescriptionLine, Reservation, ReservationLine, Sweep
from elmed.webhooks.models import Attempt, Delivery, Endpoint, State
from tests.portals import more_rows

pytestmark = pytest.mark.django_db
MOST = 12
REFUSED = (400, 403, 409, 412, 422, 429)
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
Ids = dict[str, Any]
WHO = ("doctor", "unverified-doctor", "pharmacist", "technician", "owner", "patient", "staff", "developer", "locum")
PORTALS = {
    "doctor/": ("doctor",), "pharmacy/": ("pharmacist", "technician", "owner"), "patient/": ("patient",), "staff/": ("staff",),
    "help": ("", "patient"), "join": ("", "doctor"), "images/": ("",), "settings/api-keys/": ("owner", "doctor", "developer"),
    "settings/webhooks/": ("owner", "doctor"),
}  # fmt: skip


def every(model: type[models.Model], **which: Any) -> list[Ids]:
    """The ids of these rows."""
    return [{"pk": pk} for pk in model._default_manager.filter(**which).order_by("pk").values_list("pk", flat=True)]


def prescriptions() -> list[Ids]:
    """Of each status the first doctor's one with the most rows below it; one of which nothing was supplied; what others hold."""
    many = models.Count("lines", distinct=True) + models.Count("dispenses", distinct=True)
    rows = Prescription.objects.filter(world_id=1).annotate(many=many).order_by("many", "pk")
    of_doctor = rows.filter(prescriber=by_name("Dr Amara Okafor"))
    chosen = {(rx.status, rx.pharmacy_id is None): rx.pk for rx in of_doctor}
    others = (
        of_doctor.filter(status="verified"),
        rows.filter(holds__kind="fraud"),
        rows.filter(pharmacy=by_name("Riverside Pharmacy"), status="verified"),
    )
    return [{"pk": pk} for pk in sorted({*chosen.values(), *(one.pk for some in others for one in some[:1])})]


def patients() -> list[int]:
    """The first ones, and one with a draft."""
    drafted = Prescription.objects.filter(status="draft").latest("pk").patient_id
    return sorted({drafted, *(ids["pk"] for ids in every(Patient)[:3])})


def lines() -> list[Ids]:
    """Lines of what the pharmacy holds."""
    held = Prescription.objects.filter(pharmacy=by_name("Kingfisher Pharmacy"), world_id=1, status="verified")
    rows = PrescriptionLine.objects.filter(prescription__in=held)
    return [{"pk": one.prescription_id, "line_pk": one.pk} for one in rows.order_by("-pk")[:4]]


def below(model: type[models.Model], parent: str, name: str) -> list[Ids]:
    """Rows with the id of what they belong to."""
    return [{"pk": over, name: pk} for over, pk in model._default_manager.order_by("pk").values_list(parent, "pk")]


def linked() -> list[Ids]:
    """Lines with a product of their pharmacy."""
    product = Product.objects.order_by("pk").first()
    return [{**ids, "product_pk": product.pk} for ids in lines()]


def token(kind: str, model: type[models.Model]) -> list[Ids]:
    """The addresses that stand in mails."""
    return [{"token": links.token(kind, row.pk, row.serial)} for row in model._default_manager.all()]


def uploaded() -> str:
    """A file of products that the owner sent, before it is agreed to: the pharmacy's own, with prices changed."""
    owner = signed_in("owner")
    lines = owner.get(reverse("pharmacy_export")).content.decode().splitlines()
    file = SimpleUploadedFile("products.csv", "\n".join(lines).encode(), content_type="text/csv")
    answer = owner.post(reverse("pharmacy_import"), {"file": file})
    return answer["Location"].rsplit("/", 1)[1]


def by_name(name: str) -> Account:
    """One of the demonstration's accounts."""
    return Account.objects.get(name=name)


def complete() -> None:
    """What the demonstration leaves out: an endpoint with a log, a reservation."""
    now, pharmacy = real_now(), by_name("Kingfisher Pharmacy")
    endpoint = Endpoint.objects.create(
        account=pharmacy, world_id=1, url="https://hooks.example.org/elmed", event_types=["*"], scopes=["rx:read"],
        secret=b"-", position=0, created_at=now, updated_at=now,
    )  # fmt: skip
    for number, event in enumerate(Event.objects.order_by("-pk")[:5], start=1):
        delivery = Delivery.objects.create(
            endpoint=endpoint,
            event=event,
            sequence=number,
            type=event.type,
            state=State.DELIVERED,
            created_at=now,
            due_at=now,
        )
        Attempt.objects.create(delivery=delivery, at=now, milliseconds=12, status=200)
    rx = Prescription.objects.filter(pharmacy=pharmacy, world_id=1, status="verified").order_by("-pk").first()
    kept = Reservation.objects.create(
        prescription=rx, pharmacy=pharmacy, issue_number=1, reserved_until=now + timedelta(days=1), created_at=now
    )
    ReservationLine.objects.create(
        reservation=kept, line=rx.lines.first(), product_sku="X", packs_milli=1000, quantity_milli=1000
    )


# Where the ids in an address come from, by how the address begins and which ids it has: the longest beginning counts.
IDS: dict[tuple[str, ...], Callable[[], list[Ids]]] = {
    ("settings/security/sessions/", "pk"): lambda: [{"pk": 1}],
    ("settings/webhooks/", "pk"): lambda: every(Endpoint),
    ("settings/webhooks/", "pk", "delivery"): lambda: below(Delivery, "endpoint_id", "delivery")[:1],
    ("settings/api-keys/", "pk"): lambda: every(ApiKey)[:5],
    ("settings/staff/invitations/", "pk"): lambda: every(Invitation),
    ("settings/staff/", "pk"): lambda: [{"pk": pk} for pk in sorted(set(Membership.objects.values_list("person_id", flat=True)))],
    ("help/python/", "name"): lambda: [{"name": "elmed_client-0-py3-none-any.whl"}],
    ("images/", "sha256", "extension"): lambda: [{"sha256": "0" * 64, "extension": "webp"}],
    ("account/documents/", "pk"): lambda: every(Document),
    ("join/", "kind"): lambda: [{"kind": kind} for kind in ("doctor", "pharmacy", "developer")],
    ("join/invited/", "token"): lambda: token("member", Invitation),
    ("join/record/", "token"): lambda: token("patient", PatientInvitation),
    ("doctor/patients/", "pk"): lambda: [{"pk": pk} for pk in patients()],
    ("doctor/patients/", "patient_pk"): lambda: [{"patient_pk": pk} for pk in patients()],
    ("doctor/not-signed-by-me/", "token"): lambda: [{"token": disown.token(by_name("Dr Amara Okafor").pk, int(real_now().timestamp()))}],
    ("doctor/lines/", "pk"): lambda: every(PrescriptionLine)[-4:],
    ("doctor/prescriptions/", "pk"): prescriptions,
    ("pharmacy/prescriptions/", "pk"): prescriptions,
    ("pharmacy/prescriptions/", "pk", "dispense_pk"): lambda: below(Dispense, "prescription_id", "dispense_pk")[-6:],
    ("pharmacy/prescriptions/", "pk", "line_pk"): lines,
    ("pharmacy/prescriptions/", "pk", "line_pk", "product_pk"): linked,
    ("pharmacy/prescriptions/", "pk", "reservation_pk"): lambda: below(Reservation, "prescription_id", "reservation_pk"),
    ("pharmacy/inventory/import/", "token"): lambda: [{"token": uploaded()}],
    ("pharmacy/inventory/batches/", "pk"): lambda: every(Batch, recalled_at__isnull=False) + every(Batch)[:3],
    ("pharmacy/inventory/", "pk"): lambda: every(Product)[:3],
    ("patient/prescriptions/", "pk"): prescriptions,
    ("staff/prescriptions/", "pk"): prescriptions,
    ("test-world/prescriptions/", "pk"): prescriptions,
    ("staff/prescriptions/", "pk", "dispense_pk"): lambda: below(Dispense, "prescription_id", "dispense_pk")[-6:],
    ("staff/renewals/", "pk"): lambda: every(Renewal),
    ("staff/accounts/", "pk"): lambda: every(Account),
    ("staff/accounts/", "pk", "key"): lambda: below(ApiKey, "account_id", "key"),
    ("staff/accounts/", "pk", "person"): lambda: [{"pk": one.account_id, "person": one.person_id} for one in Membership.objects.all()],
    ("staff/limits/", "pk"): lambda: every(LimitRequest),
    ("staff/records/", "pk"): lambda: every(Patient),
    ("staff/sweeps/", "pk"): lambda: every(Sweep),
    ("staff/duplicates/", "pk", "other"): lambda: [{"pk": one.pk, "other": one.pk + 1} for one in Patient.objects.all()],
    ("staff/duplicates/", "pk"): lambda: every(Patient, merged_into__isnull=False),
}  # fmt: skip
# Lists by their filters, and pages that show more when something is asked.
ASKED: dict[str, tuple[str, ...]] = {
    "pharmacy_queue": (
        "step=verified", "step=partially_dispensed", "step=on_hold", "step=on_hold&question=1", "step=verified&shop=1",
        "step=verified&prescriber=Okafor&waited=1", "step=done", "step=done&prescriber=Okafor", "q=Kow", "q=O&born=1996-07-22",
    ),
    "pharmacy_queue_live": ("step=verified&ids=1,2&seen=2020-01-01T00:00:00Z",),
    "pharmacy_uncollected": ("days=3",),
    "pharmacy_handed_over_days": ("first=2020-01-01&last=2020-01-02",),
    "pharmacy_inventory": ("view=low", "q=amox"),
    "pharmacy_recalls": ("q=A",),
    "doctor_medicines": ("q=amo",),
    "doctor_favourites": ("q=a",),
    "doctor_past_medication": ("page=2",),
    "pharmacy_beside": ("page=2",),
    "patient_access": ("own=1", "day=2026-01-01&person=1&account=1"),
    "doctor_prescriptions": ("status=verified&q=Kow", "q=Kow", "waits=not_collected", "waits=question&q=K"),
    "staff_merge_find": ("like=1",),
    "staff_accounts": ("q=a", "state=verified&q=a"),
    "staff_audit": ("q=1", "type=prescription.issued"),
    "help_search": ("q=label",),
}  # fmt: skip
# What GET never shows as a page on the demonstration: its statements are counted all the same.
NO_PAGE = {
    "alive": "answers without words",
    "help_client": "a file, where it was built",
    "passkey_options": "for people with a passkey",
    "second_factor": "leads on, where none is needed", "factors": "leads on to the page about security",
    "product_picture": "the demonstration has none",
    "staff_invite_again": "leads back; by POST only", "pharmacy_reminded": "leads back; by POST only",
    # test_test_world.py counts these
    **dict.fromkeys(
        ("test_world_empty", "test_world_prescriptions", "test_world_prescription", "test_world_clock"), "nobody of the demonstration looks at test data"
    ),
    "doctor_act_resume": "nothing is paused by the doctor",
    "doctor_act_withdraw_cancel": "no cancellation is asked for",
    "pharmacy_act_confirm_cancel": "no cancellation is asked for", "pharmacy_handed_over": "no cancellation is asked for",
    "pharmacy_next": "leads to the next prescription",
    "pharmacy_unlink": "leads back; by POST only", "pharmacy_product_restore": "leads back; by POST only",
    **dict.fromkeys(
        ("language", "session_end", "sessions_end_others", "webhook_switch", "webhook_test", "webhook_resend", "test_data", "test_world_play", "test_world_act"), "by POST only"
    ),
}  # fmt: skip


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the portals and of the help, with what stands before it."""
    for one in resolver.url_patterns:
        whole = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, whole)
        elif one.lookup_str.startswith(("elmed.portals", "elmed.help")):
            yield whole, one


def addresses() -> dict[str, tuple[str, list[str]]]:
    """By the page's name: how its address begins, and every address there is for it."""
    found, missing = {}, []
    for whole, pattern in patterns(get_resolver()):
        wanted = tuple(pattern.pattern.converters)
        begins = [one for one in IDS if whole.startswith(one[0]) and one[1:] == wanted]
        known = IDS[max(begins, key=lambda one: len(one[0]))]() if wanted and begins else [{}] if not wanted else []
        missing += [] if known else [whole]
        plain = [reverse(pattern.name, kwargs=ids) for ids in known]
        asked = [f"{one}?{words}" for one in plain for words in ASKED.get(pattern.name, ())]
        found[pattern.name] = (whole, plain + asked)
    assert not missing, f"where do the ids of these come from? Say so in IDS: {missing}"
    return found


def signed_in(who: str) -> Client:
    """A browser of that person, through the sign-in page; the locum has chosen the first of two pharmacies."""
    browser = Client()
    if who:
        words = {"login": f"{who}@demo.example", "password": f"elmed-demo-{who}"}
        assert browser.post(reverse("account_login"), words).status_code == 302
    if who == "locum":
        browser.post(reverse("choose_account"), {"account": by_name("Kingfisher Pharmacy").pk})
    return browser


def statements(browser: Client, address: str, *, send: bool = False) -> tuple[int, list[str]]:
    """The answer's status, and what was asked of the database for it. `send`: as a form with nothing in it; what that did is undone."""
    connection.queries_log.clear()  # it holds 9,000: of what came after those, nothing would be counted
    with transaction.atomic(), CaptureQueriesContext(connection) as caught:
        answer = browser.post(address) if send else browser.get(address)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(send)
    return answer.status_code, [one["sql"] for one in caught if not one["sql"].startswith(FRAME)]


Walk = dict[tuple[str, str, str], tuple[int, list[str]]]


def walk(browsers: dict[str, Client], found: dict[str, tuple[str, list[str]]]) -> Walk:
    """Every page for everybody whose portal it is in: by name, person and address."""
    taken: Walk = {}
    for name, (whole, all_of_it) in found.items():
        for who in next((roles for begins, roles in PORTALS.items() if whole.startswith(begins)), WHO):
            for address in all_of_it:
                taken[name, who, address] = statements(browsers[who], address)
    return taken


def again(browsers: dict[str, Client], first: Walk) -> Walk:
    """What was shown, once more: of a page, for each person and filter, one address for each number of statements it took."""
    shown: dict[tuple[str, str, str, int], str] = {}
    for (name, who, address), (status, asked) in first.items():
        if status == 200:
            shown[name, who, address.partition("?")[2], len(asked)] = address
    return {(name, who, address): statements(browsers[who], address) for (name, who, _, _), address in shown.items()}


@pytest.fixture(scope="module")
def walks(django_db_setup, django_db_blocker):
    """The walk over the demonstration, and over four times its rows; all taken back at the end.

    Once a minute two statements more note that the session is in use. They are kept out: which page they fall on is chance.
    """
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "DEMO", True)  # whose mails are a page
        for module in (idle, sign_in):
            patch.setattr(module, "EVERY", 24 * 3600)
        for module in (policy, presence):
            patch.setattr(module, "PRESENCE", timedelta(days=1))  # a busy machine walks longer than a password counts
        seed("http://localhost:8000", real_now())
        complete()
        browsers = {who: signed_in(who) for who in ("", *WHO)}
        found = addresses()
        walk(browsers, {"home": found["home"]})
        for ids in every(Patient):
            browsers["staff"].post(
                reverse("staff_record", kwargs=ids), {"reason": "To see how many statements it takes"}
            )
        first = walk(browsers, found)
        refused = {
            key: taken
            for key, (status, _) in first.items()
            if status == 200 and (taken := statements(browsers[key[1]], key[2], send=True))[0] in REFUSED
        }
        added = more_rows.again(), more_rows.beside()
        yield first, again(browsers, first), added, refused
        transaction.set_rollback(True)


def told(taken: Walk, bad: Iterable[tuple[str, str, str]]) -> str:
    """The pages that take too many, each once, with the statements of the worst."""
    worst = {}
    for key in bad:
        if key[0] not in worst or len(taken[key][1]) > len(taken[worst[key[0]]][1]):
            worst[key[0]] = key
    return "\n".join(
        f"{key} takes {len(taken[key][1])}:\n  " + "\n  ".join(one[:300] for one in taken[key][1])
        for key in worst.values()
    )


def test_every_page_is_shown_to_somebody(walks):
    first, *_ = walks
    statuses = defaultdict(Counter)
    for (name, _, _), (status, _) in first.items():
        statuses[name][status] += 1
    unseen = {name: dict(counts) for name, counts in statuses.items() if not counts[200]}
    assert set(unseen) == set(NO_PAGE), unseen


def test_no_page_takes_more_than_twelve(walks):
    for taken in walks[:2]:
        bad = [key for key, (_, asked) in taken.items() if len(asked) > MOST]
        assert not bad, told(taken, bad)


def test_none_takes_more_where_there_are_more_rows(walks):
    first, more, added, _ = walks
    assert all(
        added[0][name]
        for name in ("Prescription", "PrescriptionLine", "Dispense", "Patient", "Product", "ApiKey", "Event")
    )
    assert all(
        added[1][name] for name in ("Prescription", "PrescriptionLine", "Dispense", "DispenseLine", "Allergy", "Batch")
    )
    grown = [key for key, (_, asked) in more.items() if len(asked) > len(first[key][1])]
    assert not grown, told(more, grown)


def test_no_form_that_is_refused_takes_more_than_twelve(walks):
    """Each page's own form, sent with nothing in it, is shown again with what is wrong."""
    refused = walks[3]
    assert len({key[0] for key in refused}) > 10, "few forms are refused: something else is wrong"
    bad = [key for key, (_, asked) in refused.items() if len(asked) > MOST]
    assert not bad, told(refused, bad)
