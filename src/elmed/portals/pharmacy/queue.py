"""The pharmacy's queue: tabs are its steps, with counts; the next one; what changed while the page is open."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access.permissions import Permission
from elmed.events import queries as events
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pharmacy.queue_rows import WAITED_DAYS, Asked, asked, mark, rows_of
from elmed.portals.pharmacy.views import PHARMACY, WAITING
from elmed.portals.words import status_words
from elmed.prescriptions import queries

PAGE_SIZE = 25
MOST = 1000  # of what is done; older ones are found by the search and by their day
_DONE = gettext_lazy("Done")


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def queue(request: PortalRequest) -> HttpResponse:
    """One step's list, the oldest first where somebody waits; or, for a search, what was found in all of them."""
    what = asked(request)
    etag = _etag(request)
    rows = rows_of(request.actor, what, request.now)
    found = Paginator(rows[:MOST] if what.step == "done" or what.searching else rows, PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    mark(found, request.now)
    shown(request, "queue", [rx.patient_id for rx in found])
    context: dict[str, Any] = {
        "tabs": _tabs(request, what), "asked": what, "step": "" if what.searching else what.step, "page": found,
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
        int(one) for one in request.GET.get("ids", "").split(",")[:PAGE_SIZE] if one.isdecimal() and len(one) < 16
    }
    since = parse_datetime(request.GET.get("seen", "").replace(" ", "+")[:40]) or request.now
    here: set[int] = set()
    joined = 0
    if not what.searching and what.step in WAITING:
        rows = rows_of(request.actor, what, request.now).order_by()
        here = set(rows.filter(pk__in=shown_ids).values_list("pk", flat=True))
        joined = rows.filter(updated_at__gt=since).exclude(pk__in=shown_ids).count()
    told = {
        "counts": {step: count for step, count in queries.step_counts(request.actor).items() if step in WAITING},
        "joined": joined,
        "left": sorted(shown_ids - here) if not what.searching and what.step in WAITING else [],
    }
    return JsonResponse(told, headers={"ETag": etag})


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def following(request: PortalRequest) -> HttpResponse:
    """The one that waits longest at a step, other than the one just done; the queue where none waits."""
    what = asked(request)
    after = request.GET.get("after", "")
    rows = queries.at_step(request.actor, what.step if what.step in WAITING else "pending_review")
    if after.isdecimal() and len(after) < 16:
        rows = rows.exclude(pk=int(after))
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        messages.info(request, _("Nothing more waits at this step."))
        return redirect(f"{reverse('pharmacy_queue')}?{what.query()}")
    return redirect("pharmacy_prescription", found)


def _tabs(request: PortalRequest, what: Asked) -> list[tuple[str, str, int | None, bool]]:
    counts = queries.step_counts(request.actor)
    return [
        (
            f"?{what.at(step).query()}",
            str(_DONE) if step == "done" else status_words(step),
            counts[step] if step in WAITING else None,
            step == what.step and not what.searching,
        )
        for step in queries.STEPS
    ]


def _etag(request: PortalRequest) -> str:
    """As long as it stays the same, nothing happened to what this account sees. One statement."""
    actor = request.actor
    last = events.last_number(actor.acting_account_id, actor.world_id)
    whole = f"{actor.account_id}:{actor.world_id}:{last}"
    return f'"{salted_hmac("elmed.queue", whole).hexdigest()[:24]}"'
