"""The pharmacy's queue: tabs are its steps, with counts; the next one; what changed while the page is open."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.events import queries as events
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pages import open_page
from elmed.portals.pharmacy.queue_rows import WAITED_DAYS, Asked, asked, dressed, few_people, mark, moment, rows_of
from elmed.portals.pharmacy.views import PHARMACY, WAITING
from elmed.portals.words import number, status_words
from elmed.prescriptions import pharmacy_lists, queries, reference
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status

PAGE_SIZE = 25
MOST = 1000  # of what is done, and of what a search finds; older ones are found by narrower words and by their day
_DONE = gettext_lazy("Done")


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def queue(request: PortalRequest) -> HttpResponse:
    """One step's list, the oldest first where somebody waits; or, for a search, what was found in all of them.

    A whole reference opens its prescription.
    """
    what = asked(request)
    if (at_once := _scanned(request, what)) is not None:
        return redirect("pharmacy_prescription", at_once)
    counts = pharmacy_lists.step_counts(request.actor)
    people = few_people(request.actor, what)
    rows = rows_of(request.actor, what, request.now, people)
    found = _page(request, what, rows, counts, few=people is not None)
    etag = _etag_of(request, found[0].last_event or 0) if found else _etag(request)  # type: ignore[attr-defined]
    mark(found, request.now)
    shown(request, "queue", [rx.patient_id for rx in found])
    context: dict[str, Any] = {
        "tabs": _tabs(what, counts), "asked": what, "step": "" if what.searching else what.step, "page": found,
        "query": what.query(), "now": request.now, "waited_days": WAITED_DAYS, "etag": etag,
        "shown_ids": ",".join(str(rx.pk) for rx in found),
    }  # fmt: skip
    return render(request, "pharmacy/queue.html", context)


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def live(request: PortalRequest) -> HttpResponse:
    """What changed since the page was opened: counts, how many joined the list, which rows left it. No patient's data.

    304 where nothing happened in the account's list of events, which costs one statement.
    """
    etag = _etag(request)
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    what = asked(request)
    shown_ids = {
        found for one in request.GET.get("ids", "").split(",")[:PAGE_SIZE] if (found := _number(one)) is not None
    }
    since = moment(request.GET.get("seen", "")) or request.now
    here: set[int] = set()
    joined = 0
    if not what.searching and what.step in WAITING:
        rows = rows_of(request.actor, what, request.now).order_by()
        here = set(rows.filter(pk__in=shown_ids).values_list("pk", flat=True))
        joined = rows.filter(step_since__gt=since).exclude(pk__in=shown_ids).count()
    told = {
        "counts": {
            step: number(count) for step, count in pharmacy_lists.step_counts(request.actor).items() if step in WAITING
        },
        "joined": joined,
        "joined_words": number(joined),
        "left": sorted(shown_ids - here) if not what.searching and what.step in WAITING else [],
    }
    return JsonResponse(told, headers={"ETag": etag})


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def following(request: PortalRequest) -> HttpResponse:
    """The next one of a step: behind the one that was looked at, then again from the one that waits longest.

    `after` is that one, `place` the moment by which it stood in the list. What is not due yet is passed over.
    """
    what = asked(request)
    rows = pharmacy_lists.ready_at(request.actor, what.step if what.step in WAITING else "pending_review", request.now)
    after, place = _number(request.GET.get("after", "")), moment(request.GET.get("place", ""))
    if after is not None:
        rows = rows.exclude(pk=after)
    found = None
    if after is not None and place is not None:
        behind = Q(stood__gt=place) | Q(stood=place, pk__gt=after)
        found = rows.alias(stood=pharmacy_lists.since(what.step)).filter(behind).values_list("pk", flat=True).first()
    if found is None:
        found = rows.values_list("pk", flat=True).first()
    if found is None:
        messages.info(request, _("Nothing more waits at this step."))
        return redirect(f"{reverse('pharmacy_queue')}?{what.query()}")
    return redirect("pharmacy_prescription", found)


def _scanned(request: PortalRequest, what: Asked) -> int | None:
    """The one that a whole reference names, which a scanner typed: it is opened at once."""
    whole = reference.canonical(what.words)
    if whole is None or what.born:
        return None
    return queries.listed(request.actor).filter(reference=whole).values_list("pk", flat=True).first()


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None


class _Counted(Paginator[Prescription]):
    """Pages of a list whose length is known from its tab."""

    def __init__(self, rows: QuerySet[Prescription], count: int) -> None:
        """Pages of PAGE_SIZE."""
        super().__init__(rows, PAGE_SIZE)
        self.count = count


def _page(
    request: PortalRequest, what: Asked, rows: QuerySet[Prescription], counts: dict[str, int], *, few: bool
) -> Page[Prescription]:
    """The page asked for; of how many is said where the tab's own count is that of the list."""
    number = request.GET.get("page")
    waiting = what.step in WAITING and not what.searching
    dress: pharmacy_lists.Dress = partial(dressed, actor=request.actor, what=what, now=request.now)
    if waiting and not what.filtered:
        page = _Counted(rows.none(), counts[what.step]).get_page(number)
        start = (page.number - 1) * PAGE_SIZE
        page.object_list = pharmacy_lists.part(rows, start, start + PAGE_SIZE, dress, late=what.step == Status.VERIFIED)
        return page
    ways = [] if waiting or few else visibility.prescription_branches(request.actor)
    farthest = {} if waiting else {"farthest": MOST // PAGE_SIZE}
    return open_page(
        lambda start, end: pharmacy_lists.part(
            rows, start, end, dress, ways, late=waiting and what.step == Status.VERIFIED
        ),
        number,
        PAGE_SIZE,
        **farthest,
    )


def _tabs(what: Asked, counts: dict[str, int]) -> list[tuple[str, str, int | None, bool]]:
    return [
        (
            f"?{what.at(step).query()}",
            str(_DONE) if step == "done" else status_words(step),
            counts[step] if step in WAITING else None,
            step == what.step and not what.searching,
        )
        for step in pharmacy_lists.STEPS
    ]


def _etag(request: PortalRequest) -> str:
    """As long as it stays the same, nothing happened to what this account sees. One statement."""
    actor = request.actor
    return _etag_of(request, events.last_number(actor.acting_account_id, actor.world_id))


def _etag_of(request: PortalRequest, last: int) -> str:
    whole = f"{request.actor.account_id}:{request.actor.world_id}:{last}"
    return f'"{salted_hmac("elmed.queue", whole).hexdigest()[:24]}"'
