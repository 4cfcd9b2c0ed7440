"""Settings → Request log: what the account's keys asked and were answered, and what webhooks were sent, in one time line.

What is looked for stands in the address, so that a view can be kept and sent to a colleague. Of the world that the
person looks at: live, or the account's test world.
"""

from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from elmed.access.models import ApiKey
from elmed.access.permissions import Permission
from elmed.access.policy import account_active
from elmed.accounts.models import AccountKind
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.shared.keys import PROFESSIONAL
from elmed.request_log import queries
from elmed.request_log.models import LoggedRequest
from elmed.request_log.note import LEFT_OUT
from elmed.request_log.queries import Entry, Place, Wanted
from elmed.webhooks.client import ERRORS
from elmed.webhooks.deliver import message_id
from elmed.webhooks.models import Delivery

PAGE_SIZE = 50
SPANS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
USUAL = "7d"
_PREFIX = "/api/public/v1"
_RARE = ("method", "path", "code", "request_id")  # behind “Narrow the list”, so that a phone shows the answers first
_WRITING = ("POST", "PUT", "PATCH")


class Filters(PortalForm):
    """What is looked for. All of it may be left out."""

    all_optional = True
    mode = forms.ChoiceField(label=gettext_lazy("Environment"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Show"), required=False)
    since = forms.ChoiceField(label=gettext_lazy("Since"), required=False)
    answer = forms.ChoiceField(label=gettext_lazy("Status"), required=False)
    key = forms.ChoiceField(label=gettext_lazy("Key"), required=False)
    method = forms.ChoiceField(label=gettext_lazy("Method"), required=False)
    path = forms.CharField(label=gettext_lazy("Path contains"), required=False, max_length=100)
    code = forms.CharField(label=gettext_lazy("Error code"), required=False, max_length=40)
    request_id = forms.CharField(label=gettext_lazy("Request id"), required=False, max_length=40)

    def __init__(self, *args: Any, keys: list[ApiKey], modes: list[Mode], **kwargs: Any) -> None:
        """Offer this account's keys and environments; what comes first is the usual one."""
        super().__init__(*args, **kwargs)
        self.modes, self.mode_of = modes, {str(key.pk): Mode(key.mode) for key in keys}
        words = {Mode.LIVE: _("Live"), Mode.TEST: _("Test")}
        offered: dict[str, list[tuple[str, str]]] = {
            "mode": [(mode.value, words[mode]) for mode in modes],
            "kind": [
                ("", _("Requests and webhooks")), (queries.REQUESTS, _("Requests")), (queries.WEBHOOKS, _("Webhooks")),
            ],
            "since": [(USUAL, _days(7)), ("1h", _("one hour")), ("24h", _("24 hours")), ("30d", _days(30))],
            "answer": [
                ("", _("All")), (queries.ERRORS, _("Errors")), ("2xx", "2xx"), ("3xx", "3xx"), ("4xx", "4xx"), ("5xx", "5xx"),
            ],
            "key": [("", _("All")), *((str(key.pk), f"{key.name} (…{key.hint})") for key in keys)],
            "method": [("", _("All")), *((one, one) for one in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))],
        }  # fmt: skip
        for name, choices in offered.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        for name in ("path", "code", "request_id"):
            self.fields[name].widget.attrs |= {"dir": "ltr", "spellcheck": "false"}

    def wanted(self) -> Wanted:
        """What was asked for; what is not valid is not looked for."""
        self.is_valid()
        data = self.cleaned_data
        key = data.get("key")
        # A key has one environment: choosing it chooses that.
        mode = self.mode_of[key] if key else Mode(data["mode"]) if data.get("mode") else self.modes[0]
        return Wanted(
            since=queries.since(real_now(), SPANS[data.get("since") or USUAL]), mode=mode, kind=data.get("kind", ""),
            key_id=int(key) if key else None, status=data.get("answer", ""), method=data.get("method", ""),
            path=_without_prefix(data.get("path", "")), code=data.get("code", ""), request_id=data.get("request_id", ""),
        )  # fmt: skip

    @property
    def usual(self) -> list[forms.BoundField]:
        """What is asked for most."""
        return [field for field in self if field.name not in _RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """What narrows it further."""
        return [self[name] for name in _RARE]

    @property
    def narrowed(self) -> bool:
        """Whether one of those was given."""
        return any(self.cleaned_data.get(name) for name in _RARE)

    @property
    def asked(self) -> dict[str, str]:
        """As it stands in an address."""
        return {name: self.cleaned_data[name] for name in self.fields if self.cleaned_data.get(name)}


@page(permission=Permission.KEY_READ, kinds=PROFESSIONAL, test_keys=True)
def request_log(request: PortalRequest) -> HttpResponse:
    """The time line, and the errors in it by their code."""
    modes = queries.modes_of(request.actor)
    if request.account.kind == AccountKind.DEVELOPER:
        modes = modes[::-1]  # it has test keys only
    form = Filters(request.GET, keys=queries.keys_of(request.actor), modes=modes)
    wanted = form.wanted()
    utc = request.GET.get("time") == "utc"
    asked = form.asked | ({"time": "utc"} if utc else {})
    before = Place.read(request.GET.get("before", ""))
    entries, older = queries.timeline(request.actor, wanted, before=before, most=PAGE_SIZE)
    url = reverse("request_log")
    context = {
        "form": form, "lines": [_line(entry) for entry in entries], "errors": _errors(request, wanted, asked), "utc": utc,
        "zone": timezone.get_current_timezone_name(), "older": _link(url, asked | {"before": str(older)}) if older else "",
        "newest": _link(url, asked) if before else "", "filtered": bool(form.asked), "counted": queries.COUNTED,
        "other_time": _link(url, {**asked, "time": "" if utc else "utc"}), "all": url, "since": form.asked.get("since", USUAL),
        "longest": _link(url, asked | {"since": "30d"}),
        "test": wanted.mode is Mode.TEST, "hooks": _opens_webhooks(request),
    }  # fmt: skip
    with timezone.override(UTC if utc else timezone.get_current_timezone()):
        return render(request, "settings/request_log.html", context, status=form.status)


def _opens_webhooks(request: PortalRequest) -> bool:
    """Whether the reader may open a webhook's page: a technician reads the log without it."""
    may = Permission.WEBHOOK_READ
    return may in request.actor.permissions and account_active(request.actor, may)


def _days(number: int) -> str:
    return ngettext("%(days)d day", "%(days)d days", number) % {"days": number}


def _without_prefix(path: str) -> str:
    """A path as the log has it: somebody may paste the whole address."""
    text = path.replace("\x00", "").strip().partition("?")[0]
    return text.partition(_PREFIX)[2] or text if _PREFIX in text else text


def _link(url: str, asked: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{url}?{query}" if query else url


def _errors(request: PortalRequest, wanted: Wanted, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Each code with how often it came, its place in the reference and the address that shows its requests."""
    url, help_page = reverse("request_log"), reverse("help_errors")
    return [
        row | {"help": f"{help_page}#{row['code']}", "show": _link(url, asked | {"code": row["code"], "answer": ""})}
        for row in queries.errors_by_code(request.actor, wanted)
    ]


def _line(entry: Entry) -> dict[str, Any]:
    if entry.request is not None:
        row = entry.request
        tone = "wrong" if row.status >= 500 else "waiting" if row.status >= 400 else "done"
        return {"at": row.at, "request": row, "tone": tone, "curl": _curl(row), "id": f"curl-{row.pk}"}
    return {"at": entry.place.at, "delivery": entry.delivery} | (_sent(entry.delivery) if entry.delivery else {})


def _sent(row: Delivery) -> dict[str, Any]:
    """A delivery with its tries, each with its error in words."""
    tries = sorted(row.tries.all(), key=lambda attempt: attempt.pk)
    return {
        "message": message_id(row),
        "tries": [(attempt, _(ERRORS[attempt.error]) if attempt.error else "") for attempt in tries],
        "last": tries[-1] if tries else None,
    }


def _curl(row: LoggedRequest) -> str:
    """The request as a line for a shell: its values are not kept, so … stands in their place."""
    names = [name for name in row.parameters.split(", ") if name and name != LEFT_OUT]
    query = "?" + "&".join(f"{name}={LEFT_OUT}" for name in names) if names else ""
    verb = {"GET": "", "HEAD": " -I"}.get(row.method, f" -X {row.method}")
    body = f" -H 'Content-Type: application/json' -d '{{{LEFT_OUT}}}'" if row.method in _WRITING else ""
    return f"curl{verb} -H \"X-API-Key: $ELMED_KEY\"{body} '{settings.BASE_URL}{_PREFIX}{row.path}{query}'"
