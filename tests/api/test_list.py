"""GET /prescriptions: newest first, a cursor that shows everything once, and polling that misses nothing."""

from datetime import timedelta

import pytest

from elmed.access.visibility import visible
from elmed.api import cursors
from elmed.api.v1.prescriptions import SETTLED
from elmed.core.clock import real_now, rfc3339
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.models import Prescription
from tests import factories as f
from tests.api.client import Api, refusal


def ids(answer):
    assert answer.status_code == 200, answer.json()
    return [item["id"] for item in answer.json()["data"]]


def pages(api, query, limit):
    """Every page's ids, following the cursor to its end."""
    found, cursor = [], None
    for _ in range(50):
        answer = api.get(f"/prescriptions?{query}&limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        found.append(ids(answer))
        body = answer.json()
        assert body["has_more"] == (body["next_cursor"] is not None)
        cursor = body["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError("the cursor never ends")


def shown(api, query, limit):
    """The ids of all pages in one."""
    return [pk for page in pages(api, query, limit) for pk in page]


@pytest.fixture
def seven(cast):
    """Seven of several states at the first pharmacy, and one that is nobody's."""
    made = [
        f.verified(cast),
        f.pending_review(cast),
        f.verified(cast),
        f.rejected(cast),
        f.dispensed(cast),
        f.verified(cast),
        f.partially_dispensed(cast),
    ]
    f.issued(cast)
    return [rx.pk for rx in made]


def moved(pk, moment):
    Prescription.objects.filter(pk=pk).update(updated_at=moment)


def test_newest_first_and_own_only(cast, pharmacy, doctor, other_pharmacy, admin, seven):
    assert ids(pharmacy.get("/prescriptions")) == seven[::-1]
    assert ids(other_pharmacy.get("/prescriptions")) == []
    everything = list(Prescription.objects.order_by("-pk").values_list("pk", flat=True))
    assert len(everything) == 8
    f.draft(cast)
    assert ids(doctor.get("/prescriptions")) == ids(admin.get("/prescriptions")) == everything


def test_an_empty_list(other_pharmacy):
    assert other_pharmacy.get("/prescriptions").json() == {"data": [], "has_more": False, "next_cursor": None}


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 100])
def test_a_cursor_shows_everything_once(pharmacy, seven, limit):
    found = pages(pharmacy, "", limit)
    assert shown(pharmacy, "", limit) == seven[::-1]
    assert all(len(page) == limit for page in found[:-1])
    assert 0 < len(found[-1]) <= limit


def test_the_limit(cast, pharmacy, seven):
    for _ in range(15):
        f.verified(cast)
    assert len(ids(pharmacy.get("/prescriptions"))) == 20
    assert len(ids(pharmacy.get("/prescriptions?limit=100"))) == 22
    assert len(ids(pharmacy.get("/prescriptions?limit=1"))) == 1


def test_what_comes_while_paging_disturbs_nothing(cast, pharmacy, seven):
    first = pharmacy.get("/prescriptions?limit=3").json()
    f.verified(cast)
    second = pharmacy.get(f"/prescriptions?limit=100&cursor={first['next_cursor']}")
    assert [item["id"] for item in first["data"]] + ids(second) == seven[::-1]


def test_by_status(pharmacy, seven):
    by_status = {pk: Prescription.objects.get(pk=pk).status for pk in seven}
    for query, statuses in (
        ("status=pending_review", {"pending_review"}),
        ("status=verified", {"verified"}),
        ("status=verified&status=dispensed", {"verified", "dispensed"}),
        ("status=dispensed&status=verified&status=verified", {"verified", "dispensed"}),
        ("status=expired", set()),
    ):
        assert ids(pharmacy.get(f"/prescriptions?{query}")) == [pk for pk in seven[::-1] if by_status[pk] in statuses]
    assert shown(pharmacy, "status=verified", 1) == [pk for pk in seven[::-1] if by_status[pk] == "verified"]


def test_by_patient(cast, pharmacy, seven):
    Prescription.objects.filter(pk=seven[2]).update(patient=cast.other_patient)
    assert ids(pharmacy.get(f"/prescriptions?patient_id={cast.other_patient.pk}")) == [seven[2]]
    assert ids(pharmacy.get("/prescriptions?patient_id=9223372036854775807")) == []
    assert ids(pharmacy.get(f"/prescriptions?patient_id={cast.patient.pk}&status=rejected")) == [seven[3]]


def test_by_reference_however_it_is_written(pharmacy, other_pharmacy, seven):
    reference = Prescription.objects.get(pk=seven[2]).reference
    bare = reference.replace("-", "")
    spellings = [
        reference,
        reference.lower(),
        bare,
        f" {reference} ",
        bare[:6] + " " + bare[6:],
        bare.replace("0", "O").replace("1", "l"),
    ]
    for spelling in spellings:
        assert ids(pharmacy.get("/prescriptions", QUERY_STRING=_query(spelling))) == [seven[2]], spelling
    assert ids(other_pharmacy.get("/prescriptions", QUERY_STRING=_query(reference))) == []
    wrong = bare[:-1] + ("0" if bare[-1] != "0" else "1")
    for spelling in (wrong, bare[:-1], bare + "0", "", "-", "x" * 5000, "%", "'; --", "ß" * 6):
        assert ids(pharmacy.get("/prescriptions", QUERY_STRING=_query(spelling))) == []


def _query(reference):
    from urllib.parse import urlencode

    return urlencode({"reference": reference})


class TestPolling:
    """`updated_since`: inclusive, oldest change first, nothing younger than two seconds."""

    def test_oldest_change_first_from_that_moment_on(self, pharmacy, seven):
        start = real_now() - timedelta(hours=1)
        order = [seven[i] for i in (3, 0, 6, 1, 5, 2, 4)]
        for minute, pk in enumerate(order):
            moved(pk, start + timedelta(minutes=minute))
        assert ids(pharmacy.get(f"/prescriptions?updated_since={rfc3339(start)}")) == order
        third = rfc3339(start + timedelta(minutes=2))
        assert ids(pharmacy.get(f"/prescriptions?updated_since={third}")) == order[2:]
        after = rfc3339(start + timedelta(minutes=2, microseconds=1))
        assert ids(pharmacy.get(f"/prescriptions?updated_since={after}")) == order[3:]
        offset = (start + timedelta(hours=5, minutes=2)).strftime("%Y-%m-%dT%H:%M:%S.%f")
        assert ids(pharmacy.get(f"/prescriptions?updated_since={offset}%2B05:00")) == order[2:]
        for limit in (1, 2, 3, 7):
            assert shown(pharmacy, f"updated_since={rfc3339(start)}", limit) == order

    def test_many_of_one_moment(self, pharmacy, seven):
        moment = (real_now() - timedelta(hours=1)).replace(microsecond=0)
        Prescription.objects.update(updated_at=moment)
        assert shown(pharmacy, f"updated_since={rfc3339(moment)}", 2) == seven

    def test_nothing_younger_than_two_seconds(self, pharmacy, seven):
        now = real_now()
        Prescription.objects.update(updated_at=now - timedelta(hours=2))
        moved(seven[0], now)
        moved(seven[1], now + timedelta(seconds=30))
        moved(seven[2], now - SETTLED)
        since = rfc3339(now - timedelta(hours=1))
        assert ids(pharmacy.get(f"/prescriptions?updated_since={since}")) == [seven[2]]
        assert set(ids(pharmacy.get("/prescriptions"))) >= {seven[0], seven[1]}, "the plain list shows them"

    def test_from_the_last_change_on_nothing_is_missed(self, pharmacy, seven):
        """A poller that goes on from the last `updated_at` it saw sees each change, the last one again."""
        start = real_now() - timedelta(hours=1)
        for minute, pk in enumerate(seven):
            moved(pk, start + timedelta(minutes=minute))
        seen, since = [], rfc3339(start)
        for _ in range(10):
            page = pharmacy.get(f"/prescriptions?updated_since={since}&limit=3").json()["data"]
            seen += [item["id"] for item in page if item["id"] not in seen]
            since = page[-1]["updated_at"]
        assert seen == seven


class TestCursors:
    """A cursor is for this very list: of this account, in this world, with these filters."""

    @pytest.fixture
    def cursor(self, pharmacy, seven):
        return pharmacy.get("/prescriptions?limit=2").json()["next_cursor"]

    def test_with_another_limit_it_goes_on(self, pharmacy, seven, cursor):
        assert ids(pharmacy.get(f"/prescriptions?limit=100&cursor={cursor}")) == seven[::-1][2:]

    def test_by_another_key_of_the_account_it_goes_on(self, make_key, seven, cursor):
        assert ids(Api(make_key("owner", "rx:read")[1]).get(f"/prescriptions?cursor={cursor}")) == seven[::-1][2:]

    def test_elsewhere_it_is_refused(self, pharmacy, doctor, other_pharmacy, admin, make_key, cursor):
        from elmed.core.models import Mode

        test = Api(make_key("pharmacist", "rx:read", mode=Mode.TEST)[1])
        for api in (doctor, other_pharmacy, admin, test):
            refusal(api.get(f"/prescriptions?cursor={cursor}"), 400, "invalid_cursor")
        for query in ("status=verified", "patient_id=1", "updated_since=2026-01-01T00:00:00Z", "reference=x"):
            no = refusal(pharmacy.get(f"/prescriptions?{query}&cursor={cursor}"), 400, "invalid_cursor")
            assert no["errors"][0]["parameter"] == "cursor"

    def test_changed_it_is_refused(self, pharmacy, cursor):
        for index in range(0, len(cursor), 3):
            changed = cursor[:index] + ("A" if cursor[index] != "A" else "B") + cursor[index + 1 :]
            refusal(pharmacy.get(f"/prescriptions?cursor={changed}"), 400, "invalid_cursor")
        for changed in (
            cursor[:-1],
            cursor + "A",
            cursor.upper(),
            ":".join(cursor.split(":")[:2]),
            cursor + ":" + cursor,
        ):
            refusal(pharmacy.get(f"/prescriptions?cursor={changed}"), 400, "invalid_cursor")

    def test_signed_with_something_else_it_is_refused(self, pharmacy, seven):
        from django.core import signing

        forged = [
            signing.dumps(["x", [1]], key="guessed", salt=cursors._SALT), signing.dumps("x", salt=cursors._SALT),
            signing.dumps(["x", [1]], salt="other"), signing.dumps([[], []], salt=cursors._SALT), signing.dumps({"a": 1}, salt=cursors._SALT),
            cursors.make(owner="another", position=[1]),
        ]  # fmt: skip
        for text in forged:
            refusal(pharmacy.get(f"/prescriptions?cursor={text}"), 400, "invalid_cursor")


def test_what_left_the_account_leaves_its_list(cast, pharmacy, other_pharmacy):
    rx = f.verified(cast)
    supplied = f.partially_dispensed(cast)
    from elmed.prescriptions.actions.return_ import return_

    for one in (rx, supplied):
        returned = return_(cast.actor("pharmacist"), one.pk, reason="Out of stock", now=f.NOW)
        route(cast.actor("doctor"), returned.pk, pharmacy_id=cast.other_pharmacy.pk, now=f.NOW)
    assert ids(pharmacy.get("/prescriptions")) == [supplied.pk], "the former supplier reads on"
    assert ids(other_pharmacy.get("/prescriptions")) == [supplied.pk, rx.pk]
    refusal(pharmacy.get(f"/prescriptions/{rx.pk}"), 404, "not_found")
    refusal(pharmacy.dispense(rx), 404, "not_found")
    read = pharmacy.get(f"/prescriptions/{supplied.pk}").json()
    assert read["allowed_actions"] == ["reverse"]
    refusal(pharmacy.dispense(supplied), 403, "not_a_party")
    assert {row.pk for row in visible(cast.actor("pharmacist"), Prescription)} == {supplied.pk}
