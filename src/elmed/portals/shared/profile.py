"""Settings → Profile: one's name and language, and how the account can be reached. The acts are accounts/profile.py's."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access.permissions import Permission
from elmed.accounts import profile as acts
from elmed.accounts.models import Account, AccountKind, Membership, Person
from elmed.accounts.told import MANAGING
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page, person_page
from elmed.portals.presence import confirmed

REACHED = (AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.DEVELOPER)


class PersonForm(PortalForm):
    """Who one is."""

    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=gettext_lazy("Others see it beside what you do."),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        help_text=gettext_lazy("Of your pages, and of the mails to you."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the languages there are."""
        super().__init__(*args, **kwargs)
        choices = [("", _("As the browser asks for")), *settings.LANGUAGES]
        self.fields["language"].choices = choices  # type: ignore[attr-defined]


class ContactForm(PortalForm):
    """How the account can be reached."""

    phone = forms.CharField(
        label=gettext_lazy("Phone"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "dir": "ltr"}),
    )  # fmt: skip
    address = forms.CharField(
        label=gettext_lazy("Address"), max_length=300, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )  # fmt: skip
    city = forms.CharField(
        label=gettext_lazy("City"), max_length=120, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )  # fmt: skip


@person_page
def profile(request: HttpRequest) -> HttpResponse:
    """One's own name and language; the account's data, as the other side sees them."""
    person = cast("Person", request.user)
    account: Account | None = getattr(request, "account", None)
    form = PersonForm(request.POST or None, initial={"name": person.name, "language": person.language})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(lambda: acts.change_person(person, name=data["name"], language=data["language"])):
            messages.success(request, _("Saved."))
            return redirect("profile")
    manages = account is not None and account.kind in REACHED and _manages(person, account)
    context = {"form": form, "account": account, "manages": manages}
    return render(request, "settings/profile.html", context, status=form.status)


@page(permission=Permission.ACCOUNT_MANAGE, kinds=REACHED, test_keys=True)
@confirmed
def contact(request: PortalRequest) -> HttpResponse:
    """Change the account's phone number and address."""
    account = request.account
    form = ContactForm(
        request.POST or None, initial={"phone": account.phone, "address": account.address, "city": account.city}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(
            lambda: acts.change_contact(request.actor, phone=data["phone"], address=data["address"], city=data["city"])
        ):
            messages.success(request, _("Saved."))
            return redirect("profile")
    return render(request, "settings/profile_contact.html", {"form": form, "account": account}, status=form.status)


def _manages(person: Person, account: Account) -> bool:
    return Membership.objects.filter(person=person, account=account, role__in=MANAGING).exists()
