"""ELMED's staff: requests for a higher limit, any account's keys, and the way back for who lost a second factor."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access import keys, limits, second_factor
from elmed.access.models import ApiKey
from elmed.access.permissions import Permission
from elmed.access.queries import for_staff, usable
from elmed.accounts.queries import workers_of
from elmed.core.clock import real_now
from elmed.core.refusals import NotVisible
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.presence import confirmed
from elmed.portals.shared.keys import row_of
from elmed.portals.staff.views import PAGE_SIZE, STAFF, one_account
from elmed.webhooks.endpoints import stop_touched_by
from elmed.webhooks.queries import made_by


class DecideForm(PortalForm):
    """The answer to a request."""

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"), widget=forms.RadioSelect,
        choices=[("grant", gettext_lazy("Grant: it holds from the key’s next request")), ("refuse", gettext_lazy("Refuse, with a reason"))],
    )  # fmt: skip
    granted = forms.IntegerField(
        label=gettext_lazy("Requests a minute"), min_value=1, max_value=keys.MAX_REQUESTS_PER_MINUTE, required=False,
        help_text=gettext_lazy("It need not be what was asked for."),
    )  # fmt: skip
    answer = forms.CharField(
        label=gettext_lazy("Answer"), required=False, max_length=limits.MAX_ANSWER, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It is sent by mail."),
    )  # fmt: skip
    field_of = {"requests_per_minute": "granted"}

    def clean(self) -> dict[str, Any]:
        """A limit is granted with its number."""
        data = super().clean() or self.cleaned_data
        if data.get("decision") == "grant" and not data.get("granted") and "granted" not in self.errors:
            self.add_error("granted", _("Say how many."))
        return data


class RevokeForm(PortalForm):
    """Why somebody else's key is revoked."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The account’s people read it in a mail."),
    )  # fmt: skip


class ResetForm(PortalForm):
    """How staff know who asks."""

    identity_check = forms.ChoiceField(
        label=gettext_lazy("How do you know that it is this person?"), widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the checks there are."""
        super().__init__(*args, **kwargs)
        checks = [(code, _(words)) for code, words in second_factor.IDENTITY_CHECKS.items()]
        self.fields["identity_check"].choices = checks  # type: ignore[attr-defined]


@page(permission=Permission.KEY_LIMIT, kinds=STAFF)
def queue(request: PortalRequest) -> HttpResponse:
    """What waits for an answer, the oldest first; and what was answered."""
    show = "decided" if request.GET.get("show") == "decided" else "waiting"
    pages = {"waiting": Paginator(limits.waiting(), PAGE_SIZE), "decided": Paginator(limits.decided(), PAGE_SIZE)}
    url = reverse("staff_limits")
    tabs = [
        (url, _("Waiting"), pages["waiting"].count, show == "waiting"),
        (f"{url}?show=decided", _("Answered"), pages["decided"].count, show == "decided"),
    ]
    context = {"tabs": tabs, "show": show, "page": pages[show].get_page(request.GET.get("page"))}
    return render(request, "staff/limits.html", context)


@page(permission=Permission.KEY_LIMIT, kinds=STAFF)
def decide(request: PortalRequest, pk: int) -> HttpResponse:
    """One request: grant it or refuse it."""
    row = limits.one(pk)
    form = DecideForm(request.POST or None, initial={"granted": row.requests_per_minute})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        granted = data["granted"] if data["decision"] == "grant" else None
        if form.attempt(lambda: limits.decide(request.actor, pk, granted=granted, answer=data["answer"])):
            words = _("Granted. %(name)s is told by mail.") if granted else _("Refused. %(name)s is told by mail.")
            messages.success(request, words % {"name": row.key.account.name})
            return redirect("staff_limits")
    context = {"row": row, "form": form, "key_row": row_of(row.key, real_now())}
    return render(request, "staff/limit.html", context, status=form.status)


@page(permission=Permission.KEY_LIMIT, kinds=STAFF)
def account_keys(request: PortalRequest, pk: int) -> HttpResponse:
    """The keys of an account: hints and use, never a secret."""
    account, now = one_account(pk), real_now()
    every = for_staff(request.actor, pk)
    show = "ended" if request.GET.get("show") == "ended" else "working"
    sets = {"working": every.filter(usable(now)), "ended": every.exclude(usable(now))}
    pages = {name: Paginator(rows, PAGE_SIZE) for name, rows in sets.items()}
    url = reverse("staff_account_keys", args=[pk])
    tabs = [
        (url, _("Working"), pages["working"].count, show == "working"),
        (f"{url}?show=ended", _("Revoked and expired"), pages["ended"].count, show == "ended"),
    ]
    found = pages[show].get_page(request.GET.get("page"))
    context = {
        "account": account,
        "tabs": tabs,
        "show": show,
        "page": found,
        "rows": [row_of(key, now) for key in found],
    }
    return render(request, "staff/account_keys.html", context)


@page(permission=Permission.KEY_LIMIT, kinds=STAFF)
def revoke_key(request: PortalRequest, pk: int, key: int) -> HttpResponse:
    """Revoke an account's key; its people are told why."""
    account, found = one_account(pk), _key(request, pk, key)
    form = RevokeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        stop = stop_touched_by if request.POST.get("leaked") else None
        if form.attempt(lambda: keys.revoke(request.actor, key, reason=reason, stop=stop)):
            messages.success(request, _("“%(name)s” is revoked. It stopped working at once.") % {"name": found.name})
            return redirect("staff_account_keys", pk)
    context = {"account": account, "form": form, "row": row_of(found, real_now()), "hooks": made_by(found)}
    return render(request, "staff/key_revoke.html", context, status=form.status)


@page(permission=Permission.SECOND_FACTOR_RESET, kinds=STAFF)
def sign_ins(request: PortalRequest, pk: int) -> HttpResponse:
    """The people of an account, and which of them have a second factor."""
    account = one_account(pk)
    people = workers_of(account)
    having = second_factor.holders(person.person_id for person in people)
    rows = [{"person": person, "has": person.person_id in having} for person in people]
    return render(request, "staff/sign_ins.html", {"account": account, "rows": rows})


@page(permission=Permission.SECOND_FACTOR_RESET, kinds=STAFF)
@confirmed
def reset(request: PortalRequest, pk: int, person: int) -> HttpResponse:
    """Remove the second factor of somebody who has lost it."""
    account = one_account(pk)
    who = next((one for one in workers_of(account) if one.person_id == person), None)
    if who is None:
        raise NotVisible("person")
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        check = form.cleaned_data["identity_check"]
        if form.attempt(lambda: second_factor.reset(request.actor, pk, person, identity_check=check)):
            words = _("%(name)s signs in with the password next and sets a new second factor up.")
            messages.success(request, words % {"name": who.name})
            return redirect("staff_sign_ins", pk)
    return render(
        request, "staff/second_factor_reset.html", {"account": account, "who": who, "form": form}, status=form.status
    )


def _key(request: PortalRequest, account_id: int, key_id: int) -> ApiKey:
    found = for_staff(request.actor, account_id).filter(pk=key_id).first()
    if found is None:
        raise NotVisible("API key")
    return found
