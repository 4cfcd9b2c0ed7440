"""Settings → API Keys: rotating, changing and revoking one key. The acts are access/keys.py's."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.access.permissions import Permission
from elmed.access.queries import own_key
from elmed.accounts.models import AccountKind
from elmed.core.clock import end_of_day, real_now
from elmed.core.refusals import NotNow
from elmed.portals.forms import DayField, PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.presence import confirmed
from elmed.portals.shared.keys import PROFESSIONAL, AddressesMixin, LifeForm, row_of, shown_once
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.webhooks.endpoints import stop_touched_by
from elmed.webhooks.queries import made_by

SAME = "same"


class RotateForm(LifeForm):
    """How long the old key lives beside the new one, and how long the new one."""

    overlap_days = forms.TypedChoiceField(label=gettext_lazy("The old key stops"), coerce=int)
    field_order = ("overlap_days", "life", "expires_at", "once")

    def __init__(self, *args: Any, key: ApiKey, staff: bool, in_use: bool, **kwargs: Any) -> None:
        """Offer what this key may have."""
        super().__init__(*args, **kwargs)
        overlaps = [("0", _("at once"))]
        for days in range(1, keys.MAX_OVERLAP_DAYS + 1):
            overlaps.append((str(days), ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}))
        self.fields["overlap_days"].choices = overlaps  # type: ignore[attr-defined]
        self.fields["overlap_days"].initial = str(keys.MAX_OVERLAP_DAYS) if in_use else "0"
        self.fields["life"].label = _("The new key expires")
        same = _("When the old one would have") if key.expires_at else _("Never, as the old one")
        self.offer_lives(
            never=not staff and key.expires_at is not None,
            longest=keys.ADMIN_KEY_MAX_LIFE.days if staff else None,
            first=(SAME, same),
        )


class ChangeForm(AddressesMixin, PortalForm):
    """What can be changed of a key: its rights cannot."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    expires_at = DayField(label=gettext_lazy("Last day"), required=False)
    field_order = ("name", "expires_at", "allowed_ips")


@page(permission=Permission.KEY_MANAGE, kinds=PROFESSIONAL, test_keys=True)
@confirmed
def rotate_key(request: PortalRequest, pk: int) -> HttpResponse:
    """A new key with the same rights, shown once; the old one lives a few days more."""
    key = _changeable(request, pk)
    if key.replaced_by_id is not None:
        raise NotNow("already_rotated", _("This key was rotated already: rotate its successor."))
    row = row_of(key, real_now())
    staff = request.account.kind == AccountKind.STAFF
    form = RotateForm(request.POST or None, key=key, staff=staff, in_use=row["in_use"])
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            messages.info(
                request, _("This form was sent twice; the key was rotated once, and the new one was shown once.")
            )
            return redirect("api_keys")
        same = form.cleaned_data["life"] in ("", SAME) and form.cleaned_data["expires_at"] is None
        made = form.attempt(
            lambda: keys.rotate(
                request.actor, pk, overlap_days=form.cleaned_data["overlap_days"], keep_end=same, expires_at=form.end
            )
        )
        if made is not None:
            return shown_once(request, *made, old=own_key(request.actor, pk))
    return render(request, "settings/key_rotate.html", {"form": form, "row": row}, status=form.status)


@page(permission=Permission.KEY_MANAGE, kinds=PROFESSIONAL, test_keys=True)
@confirmed
def change_key(request: PortalRequest, pk: int) -> HttpResponse:
    """Its name, its addresses, an earlier end."""
    key = _changeable(request, pk)
    zone = jurisdiction().zone
    row = row_of(key, real_now())
    last = timezone.localtime(row["last_moment"], zone).date() if row["last_moment"] else None
    initial = {"name": key.name, "expires_at": last, "allowed_ips": "\n".join(key.allowed_ips)}
    form = ChangeForm(request.POST or None, initial=initial)
    form.fields["expires_at"].help_text = (
        _("It can only end sooner.") if last else _("Left empty: it never ends. Once set, it can only end sooner.")
    )
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["expires_at"]
        end = key.expires_at if day == last else end_of_day(day, zone) if day else None
        name, addresses = form.cleaned_data["name"], form.cleaned_data["allowed_ips"]
        if form.attempt(lambda: keys.change(request.actor, pk, name=name, expires_at=end, allowed_ips=addresses)):
            messages.success(request, _("“%(name)s” is changed. It holds from the next request.") % {"name": name})
            return redirect("api_keys")
    return render(request, "settings/key_change.html", {"form": form, "row": row}, status=form.status)


@page(permission=Permission.KEY_MANAGE, kinds=PROFESSIONAL, test_keys=True)
def revoke_key(request: PortalRequest, pk: int) -> HttpResponse:
    """Say what will stop, then revoke. Nobody is asked for a password first: what leaked has to stop at once."""
    key = own_key(request.actor, pk)
    if request.method == "POST":
        keys.revoke(request.actor, pk, stop=stop_touched_by if request.POST.get("leaked") else None)
        messages.success(request, _("“%(name)s” is revoked. It stopped working at once.") % {"name": key.name})
        return redirect("api_keys")
    return render(
        request, "settings/key_revoke.html", {"key": key, "row": row_of(key, real_now()), "hooks": made_by(key)}
    )


def _changeable(request: PortalRequest, pk: int) -> ApiKey:
    """An own key that is not revoked. Raises NotVisible, NotNow."""
    key = own_key(request.actor, pk)
    if key.revoked_at is not None:
        raise NotNow("already_revoked", _("This key is revoked already."))
    return key
