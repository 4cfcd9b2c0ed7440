"""Settings → Webhooks: the endpoints, making one whose secret is shown once, and the log of what was sent.

The acts are webhooks/endpoints.py's and resend.py's; changing one is webhook_changes.py's. Of the world that the
person looks at: live, or the account's test world.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access.permissions import SCOPES_OF_KIND, Permission, of_scopes
from elmed.access.policy import account_active
from elmed.access.visibility import visible
from elmed.accounts.models import AccountKind
from elmed.events.catalogue import EVENT_TYPES, readable
from elmed.portals.forms import OnceForm, PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.presence import confirmed
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status
from elmed.webhooks import endpoints, queries
from elmed.webhooks.address import MAX_LENGTH, local_allowed
from elmed.webhooks.client import ERRORS
from elmed.webhooks.deliver import message_id
from elmed.webhooks.endpoints import EVERYTHING, Wanted
from elmed.webhooks.models import Delivery, Endpoint, State

CONNECTING = (AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.DEVELOPER)
PAGE_SIZE = 25
ALL, SOME = "all", "some"
GROUPS = {  # what a type begins with, as a heading: those of events.catalogue.READERS
    "prescription": gettext_lazy("Prescriptions"), "reservation": gettext_lazy("Reservations"),
    "product": gettext_lazy("Products"), "batch": gettext_lazy("Batches"), "sale": gettext_lazy("Sales"),
    "patient": gettext_lazy("Patients"), "consultation": gettext_lazy("Consultations"), "account": gettext_lazy("Account"),
    "key": gettext_lazy("API Keys"), "person": gettext_lazy("Sign-ins"), "webhook": gettext_lazy("Webhooks"),
    "audit": gettext_lazy("Audit"), "sandbox": gettext_lazy("Test world"),
}  # fmt: skip


class EndpointFields(forms.Form):
    """Where, and of what."""

    url = forms.CharField(
        label=gettext_lazy("Address"), max_length=MAX_LENGTH, widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "url"}),
        help_text=gettext_lazy("https:// and in the public internet. Redirects are not followed."),
    )  # fmt: skip
    description = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=120, required=False,
        help_text=gettext_lazy("For you: which system listens there."),
    )  # fmt: skip
    which = forms.ChoiceField(
        label=gettext_lazy("Events"), widget=forms.RadioSelect, initial=ALL,
        choices=[(ALL, gettext_lazy("All events")), (SOME, gettext_lazy("Only those chosen below"))],
    )  # fmt: skip
    event_types = forms.MultipleChoiceField(
        label=gettext_lazy("Chosen events"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def offer(self, kind: str) -> None:
        """The types that this account can read, and where a receiver may be: in the demo on this machine too."""
        if local_allowed():
            self.fields["url"].help_text = gettext_lazy(
                "https:// and in the public internet; in the demo http://localhost too. Redirects are not followed."
            )
        permissions = of_scopes(frozenset(scope.value for scope in SCOPES_OF_KIND[kind]), kind)
        rows = [(name, name) for name in EVENT_TYPES if readable(name, permissions)]
        self.fields["event_types"].choices = rows  # type: ignore[attr-defined]

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The choices by what they are about, with the words of each group."""
        of: dict[str, list[Any]] = {}
        for one in self["event_types"].subwidgets:
            of.setdefault(one.data["value"].partition(".")[0], []).append(one)
        return [(str(GROUPS[name]), choices) for name, choices in of.items()]

    @property
    def wanted(self) -> Wanted:
        """What was asked for."""
        data = self.cleaned_data
        types = (EVERYTHING,) if data["which"] == ALL else tuple(data["event_types"])
        return Wanted(data["url"].strip(), types, data["description"])


class EndpointForm(EndpointFields, OnceForm):
    """A new endpoint."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        """Offer what this account may be told."""
        super().__init__(*args, **kwargs)
        self.offer(kind)


class EndpointChangeForm(EndpointFields, PortalForm):
    """Another address, or other events."""

    def __init__(self, *args: Any, kind: str, row: Endpoint, **kwargs: Any) -> None:
        """Begin with what it is."""
        everything = EVERYTHING in row.event_types
        first = {
            "url": row.url, "description": row.description, "which": ALL if everything else SOME,
            "event_types": [] if everything else row.event_types,
        }  # fmt: skip
        super().__init__(*args, initial=first, **kwargs)
        self.offer(kind)


@page(permission=Permission.WEBHOOK_READ, kinds=CONNECTING, ends=True)
def webhooks(request: PortalRequest) -> HttpResponse:
    """The account's endpoints, and how each is."""
    rows = list(queries.with_counts(queries.endpoints_of(request.actor)))
    return render(
        request, "settings/webhooks.html", {"rows": rows, "may": _may(request), "full": len(rows) >= endpoints.MOST}
    )


@page(permission=Permission.WEBHOOK_MANAGE, kinds=CONNECTING)
@confirmed
def new_webhook(request: PortalRequest) -> HttpResponse:
    """Make one, and show its secret once."""
    form = EndpointForm(request.POST or None, kind=request.account.kind)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            messages.info(
                request, _("This form was sent twice; one webhook was made. Roll its secret to see one again.")
            )
            return redirect("webhooks")
        made = form.attempt(lambda: _made(request, form.wanted))
        if made is not None:
            return secret_shown_once(request, *made)
    return render(request, "settings/webhook_new.html", {"form": form}, status=form.status)


@page(permission=Permission.WEBHOOK_READ, kinds=CONNECTING, ends=True)
def webhook(request: PortalRequest, pk: int) -> HttpResponse:
    """One endpoint and its log."""
    row = queries.endpoint(request.actor, pk)
    chosen = request.GET.get("state", "")
    state = chosen if chosen in State.values else ""
    url = reverse("webhook", args=[pk])
    words = [("", _("All")), ("waiting", _("Waiting")), ("delivered", _("Delivered")), ("failed", _("Given up"))]
    tabs = [(f"{url}?state={value}" if value else url, word, None, value == state) for value, word in words]
    found = Paginator(queries.deliveries_of(row, state), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "row": row, "tabs": tabs, "page": found, "state": state, "sent": [_sent(one) for one in found],
        "everything": EVERYTHING in row.event_types, "may": _may(request), "seen": _seen(request, found),
    }  # fmt: skip
    return render(request, "settings/webhook.html", context)


def _seen(request: PortalRequest, found: Iterable[Delivery]) -> set[int]:
    """In test data: of the prescriptions that these tell of, those that the account still sees. One statement."""
    if not request.test_data:
        return set()
    told = [one.event.prescription_id for one in found if one.event and one.event.prescription_id]
    rows = visible(request.actor, Prescription).exclude(status=Status.DRAFT).filter(pk__in=told)
    return set(rows.values_list("pk", flat=True))


def _may(request: PortalRequest) -> bool:
    """Whether the account acts; else its people only switch off and remove."""
    return account_active(request.actor, Permission.WEBHOOK_MANAGE)


def _made(request: PortalRequest, wanted: Wanted) -> tuple[Endpoint, str]:
    endpoints.require_reachable(wanted.url)
    return endpoints.make(request.actor, wanted)


def secret_shown_once(request: PortalRequest, row: Endpoint, secret: str, *, rolled: bool = False) -> HttpResponse:
    """The page with the secret."""
    context = {"row": row, "secret": secret, "rolled": rolled}
    return render(request, "settings/webhook_made.html", context)


def _sent(one: Delivery) -> dict[str, Any]:
    """What the log shows of a delivery: its tries in their order, each with its error in words."""
    tries = sorted(one.tries.all(), key=lambda attempt: attempt.pk)
    return {
        "delivery": one,
        "id": message_id(one),
        "tries": [(attempt, _(ERRORS[attempt.error]) if attempt.error else "") for attempt in tries],
        "last": tries[-1] if tries else None,
    }
