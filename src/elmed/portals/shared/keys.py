"""Settings → API Keys: the list, and making a key that is shown once.

What a key may hold is decided in access/keys.py; the words of the scopes are access/permissions.py's. Rotating,
changing and revoking are key_changes.py's, asking for a higher limit limits.py's.
"""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.access.permissions import SCOPE_MEANING, SCOPES_OF_KIND, Permission, Scope
from elmed.access.queries import keys_of, usable
from elmed.accounts.models import AccountKind, AccountState
from elmed.core.clock import end_of_day, real_now
from elmed.core.models import Mode
from elmed.portals.forms import DayField, OnceForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.presence import confirmed
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.request_log.queries import unused_scopes

PROFESSIONAL = (AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.STAFF, AccountKind.DEVELOPER)
PAGE_SIZE = 50
NEVER, A_DAY_OF_MINE = "never", "day"
LIVES = (30, 90, 365)  # days offered for a key's life
_S = Scope
Preset = tuple[Promise, Promise, tuple[Scope, ...]]
_SHOP: Preset = (
    gettext_lazy("WooCommerce shop"),
    gettext_lazy("Sells prescription items only after ELMED’s check, and reports what was sent."),
    (_S.SHOP,),
)
_DISPENSING: Preset = (
    gettext_lazy("Dispensing system"),
    gettext_lazy("Reads the prescriptions routed to you and marks them as dispensed."),
    (_S.RX_READ, _S.RX_DISPENSE),
)
_READ: Preset = (
    gettext_lazy("Read only"),
    gettext_lazy("Reads prescriptions and changes nothing: screens, reports."),
    (_S.RX_READ,),
)
# Presets by job: the preset's and the key's name, what it is for, its scopes.
PRESETS: dict[str, dict[str, Preset]] = {
    AccountKind.DOCTOR: {
        "practice": (
            gettext_lazy("Practice system"), gettext_lazy("Follows what became of your prescriptions, and reads your patients’ details."),
            (_S.RX_READ, _S.PATIENT_READ),
        ),
        "read": _READ,
    },
    AccountKind.PHARMACY: {"dispensing": _DISPENSING, "shop": _SHOP, "read": _READ},
    AccountKind.DEVELOPER: {"dispensing": _DISPENSING, "shop": _SHOP, "read": _READ},
    AccountKind.STAFF: {},
}  # fmt: skip


class LifeForm(OnceForm):
    """How long a key lives: so many days, a day of one's own, or without an end."""

    life = forms.ChoiceField(label=gettext_lazy("Expires"), required=False)
    expires_at = DayField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Only where you choose a day of your own above."),
    )

    def offer_lives(self, *, never: bool, longest: int | None = None, first: tuple[str, Any] | None = None) -> None:
        """The choices, each with its last day."""
        today = jurisdiction().day(real_now())
        rows: list[tuple[str, Any]] = [first] if first else []
        if never:
            rows.append((NEVER, _("Never")))
        for days in LIVES:
            if longest is None or days <= longest:
                words = ngettext("In %(days)d day, on %(day)s", "In %(days)d days, on %(day)s", days)
                last = date_format(today + timedelta(days=days), "DATE_FORMAT")
                rows.append((str(days), words % {"days": days, "day": last}))
        rows.append((A_DAY_OF_MINE, _("On a day of my own")))
        self.fields["life"].choices = rows  # type: ignore[attr-defined]
        self.fields["life"].initial = rows[0][0]

    def clean(self) -> dict[str, Any]:
        """A day of one's own is given where it is chosen."""
        data = super().clean() or self.cleaned_data
        if data.get("life") == A_DAY_OF_MINE and not data.get("expires_at") and "expires_at" not in self.errors:
            self.add_error("expires_at", _("Give the last day."))
        return data

    @property
    def end(self) -> datetime | None:
        """The end of the last day where this installation is; None: never."""
        zone, life, day = jurisdiction().zone, self.cleaned_data.get("life"), self.cleaned_data.get("expires_at")
        if day is not None:
            return end_of_day(day, zone)
        if life and life.isdigit():
            # A day's end lies after the moment: the longest life that is allowed is cut to it.
            now = real_now()
            days = timedelta(days=int(life))
            return now + days if days == keys.ADMIN_KEY_MAX_LIFE else end_of_day(jurisdiction().day(now) + days, zone)
        return None


class AddressesMixin(forms.Form):
    """The IP list."""

    allowed_ips = forms.CharField(
        label=gettext_lazy("Only from these IP addresses"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr"}),
        help_text=gettext_lazy("One a line: an address, or a network such as 203.0.113.0/24 or 2001:db8::/32. Left empty: from anywhere."),
    )  # fmt: skip

    def clean_allowed_ips(self) -> list[str]:
        """As a list."""
        return [line.strip() for line in self.cleaned_data["allowed_ips"].splitlines() if line.strip()]


class KeyForm(AddressesMixin, LifeForm):
    """A new key."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("What it is for, so that you know later which one to revoke."),
    )
    mode = forms.ChoiceField(label=gettext_lazy("Environment"), widget=forms.RadioSelect)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"), widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("Only what it needs.")
    )
    field_order = ("name", "mode", "scopes", "life", "expires_at", "allowed_ips", "once")

    def __init__(self, *args: Any, kind: AccountKind, live: bool, **kwargs: Any) -> None:
        """Offer what this account may have."""
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = scope_choices(kind)  # type: ignore[attr-defined]
        modes = [(Mode.LIVE.value, _("Live: real prescriptions"))] if live else []
        test = (Mode.TEST.value, _("Test: sees and touches test data only"))
        self.fields["mode"].choices = [*modes, test]  # type: ignore[attr-defined]
        if not live:
            self.fields["mode"].initial = Mode.TEST.value
        staff = kind == AccountKind.STAFF
        self.offer_lives(never=not staff, longest=keys.ADMIN_KEY_MAX_LIFE.days if staff else None)
        if staff:
            self.fields["life"].help_text = _("An admin key lives 90 days at most.")
            self.fields["allowed_ips"].required = True
            self.fields["allowed_ips"].error_messages["required"] = _("An admin key needs an IP list.")
            self.fields["allowed_ips"].help_text = _("One a line. An admin key needs at least one.")


def scope_choices(kind: AccountKind) -> list[tuple[str, str]]:
    """What keys of this kind of account may hold, with what it means."""
    return [(scope.value, f"{scope.value}: {_(SCOPE_MEANING[scope])}") for scope in SCOPES_OF_KIND[kind]]


def may_live(request: PortalRequest) -> bool:
    """Whether the account makes live keys."""
    return request.account.state == AccountState.VERIFIED and request.account.kind != AccountKind.DEVELOPER


@page(permission=Permission.KEY_READ, kinds=PROFESSIONAL, test_keys=True)
def api_keys(request: PortalRequest) -> HttpResponse:
    """The account's keys: those that work, or those that do not any more."""
    now = real_now()
    every, url = keys_of(request.actor), reverse("api_keys")
    sets = {"working": every.filter(usable(now)), "ended": every.exclude(usable(now))}
    show = "ended" if request.GET.get("show") == "ended" else "working"
    pages = {name: Paginator(rows, PAGE_SIZE) for name, rows in sets.items()}
    tabs = [
        (url, _("Working"), pages["working"].count, show == "working"),
        (f"{url}?show=ended", _("Revoked and expired"), pages["ended"].count, show == "ended"),
    ]
    found = pages[show].get_page(request.GET.get("page"))
    unused = unused_scopes([key for key in found if hasattr(key, "window")], now) if show == "working" else {}
    rows = [row_of(key, now) | {"unused": unused.get(key.pk)} for key in found]
    context = {
        "page": found, "rows": rows, "show": show, "tabs": tabs, "live": may_live(request),
        "manages": Permission.KEY_MANAGE in request.actor.permissions, "ended": pages["ended"].count,
    }  # fmt: skip
    return render(request, "settings/api_keys.html", context)


def row_of(key: ApiKey, now: datetime) -> dict[str, Any]:
    """What a list shows of a key."""
    window = getattr(key, "window", None)
    left = key.expires_at - now if key.expires_at else None
    # A key ends with its last day: its end is the first moment of the next.
    last_moment = key.expires_at - timedelta(microseconds=1) if key.expires_at else None
    return {
        "last_moment": last_moment,
        "key": key, "prefix": keys.PREFIX[Mode(key.mode)], "window": window, "expired": left is not None and left <= timedelta(0),
        "days": left.days if left is not None else None, "in_use": window is not None and now - window.last_used_at < timedelta(days=1),
        "just_now": window is not None and now - window.last_used_at < timedelta(minutes=1),
    }  # fmt: skip


@page(permission=Permission.KEY_MANAGE, kinds=PROFESSIONAL, test_keys=True)
@confirmed
def new_key(request: PortalRequest) -> HttpResponse:
    """Make a key, and show it once."""
    kind, live = AccountKind(request.account.kind), may_live(request)
    preset = PRESETS[kind].get(request.GET.get("preset", ""))
    initial: dict[str, Any] = {"mode": Mode.LIVE.value if live else Mode.TEST.value}
    if preset:
        initial |= {"name": str(preset[0]), "scopes": [scope.value for scope in preset[2]]}
    form = KeyForm(request.POST or None, kind=kind, live=live, initial=initial)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            messages.info(
                request,
                _(
                    "This form was sent twice; one key was made, and it was shown once. Revoke it if you did not copy it."
                ),
            )
            return redirect("api_keys")
        data = form.cleaned_data
        made = form.attempt(
            lambda: keys.create(
                request.actor, name=data["name"], scopes=data["scopes"], mode=Mode(data["mode"]),
                expires_at=form.end, allowed_ips=data["allowed_ips"],
            )
        )  # fmt: skip
        if made is not None:
            return shown_once(request, *made)
    context = {"form": form, "presets": PRESETS[kind], "preset": request.GET.get("preset", "")}
    return render(request, "settings/key_new.html", context, status=form.status)


def shown_once(request: PortalRequest, key: ApiKey, secret: str, old: ApiKey | None = None) -> HttpResponse:
    """The page with the secret; `old`: the key that it follows."""
    now = real_now()
    context = {
        "key": key, "secret": secret, "curl": _curl(secret), "old": old, "now": now, "last_moment": row_of(key, now)["last_moment"],
    }  # fmt: skip
    return render(request, "settings/key_made.html", context)


def _curl(secret: str) -> str:
    return f'curl -H "X-API-Key: {secret}" {settings.BASE_URL}/api/public/v1/me'
