"""Settings → API Keys: the list, making a key that is shown once, and revoking one.

What a key may hold is decided in access/keys.py; the words of the scopes are access/permissions.py's.
"""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from elmed.access import keys
from elmed.access.permissions import SCOPE_MEANING, SCOPES_OF_KIND, Permission, Scope
from elmed.access.queries import keys_of, own_key
from elmed.accounts.models import AccountKind, AccountState
from elmed.core.clock import end_of_day, real_now
from elmed.core.models import Mode
from elmed.portals.forms import DayField, OnceForm
from elmed.portals.page import PortalRequest, page
from elmed.prescriptions.jurisdiction import jurisdiction

PROFESSIONAL = (AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.STAFF, AccountKind.DEVELOPER)
_S = Scope
# Presets by job: name of the preset, its words, the key's name, its scopes.
PRESETS: dict[str, dict[str, tuple[str, tuple[Scope, ...]]]] = {
    AccountKind.DOCTOR: {
        "practice": ("Practice system", (_S.RX_READ, _S.PATIENT_READ)),
        "read": ("Read only", (_S.RX_READ,)),
    },
    AccountKind.PHARMACY: {
        "dispensing": ("Dispensing system", (_S.RX_READ, _S.RX_DISPENSE)),
        "shop": ("WooCommerce shop", (_S.SHOP,)),
        "read": ("Read only", (_S.RX_READ,)),
    },
    AccountKind.DEVELOPER: {
        "dispensing": ("Dispensing system", (_S.RX_READ, _S.RX_DISPENSE)),
        "shop": ("WooCommerce shop", (_S.SHOP,)),
        "read": ("Read only", (_S.RX_READ,)),
    },
    AccountKind.STAFF: {},
}


class KeyForm(OnceForm):
    """A new key."""

    name = forms.CharField(
        label="Name", max_length=80, help_text="What it is for, so that you know later which one to revoke."
    )
    mode = forms.ChoiceField(label="Environment", widget=forms.RadioSelect)
    scopes = forms.MultipleChoiceField(
        label="Scopes", widget=forms.CheckboxSelectMultiple, help_text="Only what it needs."
    )
    expires_at = DayField(label="Expires after", required=False, help_text="The last day it works. Left empty: never.")
    allowed_ips = forms.CharField(
        label="Only from these IP addresses",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line, an address or a network such as 203.0.113.0/24. Left empty: from anywhere.",
    )

    def __init__(self, *args: Any, kind: AccountKind, live: bool, **kwargs: Any) -> None:
        """Offer what this account may have."""
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope.value, f"{scope.value}: {SCOPE_MEANING[scope]}") for scope in SCOPES_OF_KIND[kind]
        ]
        modes = [(Mode.LIVE.value, "Live: real prescriptions")] if live else []
        test = (Mode.TEST.value, "Test: sees and touches test data only")
        self.fields["mode"].choices = [*modes, test]  # type: ignore[attr-defined]
        if not live:
            self.fields["mode"].initial = Mode.TEST.value
        if kind == AccountKind.STAFF:
            self.fields["expires_at"].help_text = "An admin key lives 90 days at most."
            self.fields["allowed_ips"].help_text = "One a line. An admin key needs at least one."

    def clean_allowed_ips(self) -> list[str]:
        """As a list."""
        return [line.strip() for line in self.cleaned_data["allowed_ips"].splitlines() if line.strip()]

    def clean_expires_at(self) -> datetime | None:
        """The end of that day where this installation is."""
        day = self.cleaned_data["expires_at"]
        return end_of_day(day, jurisdiction().zone) if day else None


def _may_live(request: PortalRequest) -> bool:
    return request.account.state == AccountState.VERIFIED and request.account.kind != AccountKind.DEVELOPER


@page(permission=Permission.KEY_READ, kinds=PROFESSIONAL, test_keys=True)
def api_keys(request: PortalRequest) -> HttpResponse:
    """The account's keys, those that work first."""
    now = real_now()
    rows = list(keys_of(request.actor)[:200])
    for row in rows:
        row.expired = row.expires_at is not None and row.expires_at <= now  # type: ignore[attr-defined]
    working = [row for row in rows if row.revoked_at is None]
    ended = [row for row in rows if row.revoked_at is not None]
    manages = Permission.KEY_MANAGE in request.actor.permissions
    context = {"working": working, "ended": ended, "manages": manages, "live": _may_live(request)}
    return render(request, "settings/api_keys.html", context)


@page(permission=Permission.KEY_MANAGE, kinds=PROFESSIONAL, test_keys=True)
def new_key(request: PortalRequest) -> HttpResponse:
    """Make a key, and show it once."""
    kind, live = AccountKind(request.account.kind), _may_live(request)
    preset = PRESETS[kind].get(request.GET.get("preset", ""))
    initial: dict[str, Any] = {"mode": Mode.LIVE.value if live else Mode.TEST.value}
    if preset:
        initial |= {"name": preset[0], "scopes": [scope.value for scope in preset[1]]}
    form = KeyForm(request.POST or None, kind=kind, live=live, initial=initial)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            messages.info(
                request,
                "This form was sent twice; one key was made, and it was shown once. Revoke it if you did not copy it.",
            )
            return redirect("api_keys")
        data = form.cleaned_data
        made = form.attempt(
            lambda: keys.create(
                request.actor, name=data["name"], scopes=data["scopes"], mode=Mode(data["mode"]),
                expires_at=data["expires_at"], allowed_ips=data["allowed_ips"],
            )
        )  # fmt: skip
        if made is not None:
            key, secret = made
            context = {"key": key, "secret": secret, "curl": _curl(secret)}
            return render(request, "settings/key_made.html", context)
    context = {"form": form, "presets": PRESETS[kind], "preset": request.GET.get("preset", "")}
    return render(request, "settings/key_new.html", context, status=form.status)


def _curl(secret: str) -> str:
    return f'curl -H "X-API-Key: {secret}" {settings.BASE_URL}/api/public/v1/me'


@page(permission=Permission.KEY_MANAGE, kinds=PROFESSIONAL, test_keys=True)
def revoke_key(request: PortalRequest, pk: int) -> HttpResponse:
    """Say what will stop, then revoke."""
    key = own_key(request.actor, pk)
    if request.method == "POST":
        keys.revoke(request.actor, pk)
        messages.success(request, f"“{key.name}” is revoked. It stopped working at once.")
        return redirect("api_keys")
    window = getattr(key, "window", None)
    recent = window is not None and real_now() - window.last_used_at < timedelta(hours=24)
    return render(request, "settings/key_revoke.html", {"key": key, "window": window, "recent": recent})
