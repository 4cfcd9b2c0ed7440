"""Settings → WooCommerce: from the zip to the first sync in four steps, and how the shop is now.

The key is made on the API Keys' page (keys.py), with the preset chosen; what the shop says of itself comes from inventory/shop.py.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render

from elmed.access.models import ApiKey
from elmed.access.permissions import Permission, Scope
from elmed.access.queries import keys_of
from elmed.accounts.models import AccountKind
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.inventory import shop
from elmed.portals.page import PortalRequest, page
from elmed.portals.shared import plugin_file

PHARMACY = (AccountKind.PHARMACY,)
QUIET = timedelta(hours=2)  # a shop speaks every hour, so it has by then
JUST_NOW = timedelta(minutes=1)  # "0 minutes ago" reads like a fault


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY, live=True)
def woocommerce(request: PortalRequest) -> HttpResponse:
    """The four steps, and the live state."""
    file, state, keys = plugin_file.find(), shop.state_of(request.actor), _keys(request)
    last_call = max((key.window.last_used_at for key in keys if hasattr(key, "window")), default=None)
    count, words = shop.problems_of(state) if state else (0, [])
    silence = real_now() - last_call if last_call else None
    context: dict[str, Any] = {
        "version": plugin_file.version_of(file) if file else "", "keys": keys, "last_call": last_call, "state": state,
        "problem_count": count, "problems": words, "makes_keys": Permission.KEY_MANAGE in request.actor.permissions,
        "quiet": silence is not None and silence > QUIET, "just_now": silence is not None and silence < JUST_NOW,
        "older": bool(state and file and state.plugin_version != plugin_file.version_of(file)), "address": settings.BASE_URL,
    }  # fmt: skip
    return render(request, "settings/woocommerce.html", context)


def _keys(request: PortalRequest) -> list[ApiKey]:
    """The working live keys made for a shop; where there is none, those with which one works as well."""
    now = real_now()
    rows = keys_of(request.actor).filter(mode=Mode.LIVE, revoked_at__isnull=True)
    working = [row for row in rows if row.expires_at is None or row.expires_at > now]
    own = [row for row in working if Scope.SHOP in row.scopes]
    return own or [row for row in working if {Scope.RX_READ, Scope.RX_DISPENSE} <= set(row.scopes)]


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY, live=True)
def plugin_zip(_request: PortalRequest) -> HttpResponse:
    """The plugin, to be uploaded to WordPress as it is."""
    file = plugin_file.find()
    if file is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(file.read_bytes(), content_type="application/zip", headers=headers)
