"""What was sent behind the lock, or after the session's end, is kept for an hour and shown again in its own form.

Nothing of it is ever done by itself. It needs no scripts (static/elmed/keep.js keeps what was typed but not sent).
page.py and idle.py call `keep` where they send somebody to prove who they are; the address that they come back to names
what is kept, and `show` lays it into the forms of that page, which nobody has sent yet: the person looks it over and
presses the page's own button, with every question that it asks, a signature's too.

Where: in the browser's session, sealed, at most so large and so many, one of each page. After the end that is the new session
without anybody in it, which a sign-in takes over. So nothing medical travels through the sign-in's pages or stands in an address,
and it goes with the session at the sign-out.
Whose: of who was signed in, and shown to nobody else; another's sign-in takes it away. Where the old session is not there any more
the browser's cookie says who that was: it names the last who signed in with it. The form's CSRF token is checked before
anything is kept, and each sign-in makes a new one, so no form of somebody before them comes so far.
For whom: each form says the account and the world that its page showed (templatetags/forms_of_pages.py). On a page of another
account, or of the other world, its words are told and never laid into a form; a live page's not even told in the test world.
What the page showed comes back with the rest (GUARDS): who changed something meanwhile is not overwritten, and what was made
is not made twice.
"""

import base64
import re
import secrets
import zlib
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from allauth.core import ratelimit
from cryptography.fernet import Fernet, InvalidToken
from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from elmed.access import sessions
from elmed.accounts.models import Account, Person
from elmed.portals.devices import COOKIE

NAME = "kept"  # in the address, in the session, and on the request what is shown again
ENDED = "ended_person_id"  # on a request whose session was just ended by a pause
GONE = "kept_is_gone"  # on a request for what is not there any more
NOT_KEPT = "not_kept"  # in the address and on the request, where it could not be kept
SHOWS = "elmed_shows_kept"  # on a view: its page lays what was kept into its forms
LASTS = 3600  # seconds
MOST_BYTES, MOST_SEALED, MOST = 200_000, 50_000, 3  # of one form as it is sent, and pressed; and forms of one browser
MADE_FOR = "made_for"  # in each form: the mark of the account and the world that its page showed
GUARDS = ("once", "version", "seen")  # hidden in forms: what an act must be refused for
# Proofs of who somebody is. A diagnosis has a code too, which proves nothing.
_NEVER = re.compile(rf"password|secret|token|(^|-)(credential|login|next)$|^(?!diagnosis-\d+-)(.+-)?code$|^{MADE_FOR}$")
# What belongs to one showing of a page; and numbers that say nothing to people.
_MACHINERY = re.compile(
    r"^(once|seen|was|place|then|account|view|back)$|(^|-)version$|-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$"
)
_NUMBERS = re.compile(r"^(patient_id|pharmacy_id)$|-medicine$")


class Kept(NamedTuple):
    """What a page shows again."""

    data: QueryDict
    afresh: str  # the page's address without it
    elsewhere: str = ""  # where it was typed, in words, where that is not what the page shows
    told: bool = True  # whether it may be read here

    @property
    def words(self) -> list[str]:
        """Everything that was typed or chosen, to be read where the page has no place for it any more."""
        told = (words for name, words in self.data.lists() if not _MACHINERY.search(name) and not _NUMBERS.search(name))
        return [word for words in told for word in words if word.strip()]


def keep(request: HttpRequest) -> str:
    """Keep what was sent, where somebody typed anything. Returns the address to come back to. The CSRF token was checked."""
    if request.method != "POST" or "HX-Request" in request.headers:  # what a page asks by itself nobody pressed
        return request.get_full_path()
    address = request.GET.copy()
    address.pop(NOT_KEPT, None)
    sent = {name: words for name, words in request.POST.lists() if not _NEVER.search(name)}
    person_id = None if all(map(_MACHINERY.search, sent)) else _whose(request)
    if person_id is not None:
        address.pop(NAME, None)
        sealed = _sealed(sent) if _may(request) else None
        if sealed is None:
            address[NOT_KEPT] = "1"
        else:
            address[NAME] = name = secrets.token_urlsafe(9)
            _put(request, name, [person_id, request.path, request.POST.get(MADE_FOR, ""), sealed])
    return f"{request.path}?{address.urlencode()}" if address else request.path


def waits(request: HttpRequest, address: str) -> bool:
    """Whether what that address names is there to be shown: told while somebody is asked who they are."""
    entry = request.session.get(NAME, {}).get(QueryDict(urlsplit(address).query).get(NAME))
    return entry is not None and _opened(entry[3]) is not None


def show(request: HttpRequest, account: Account | None = None, *, test: bool | None = None) -> None:
    """Put what the address names onto the request, where it is this person's and of this page; else say that it is gone.

    `account`: whose page it is, None for a page of the person alone. `test`: whether it shows that account's test world,
    None where it never does.
    """
    if request.method != "GET" or not {NAME, NOT_KEPT} & set(request.GET):
        return
    asked = request.GET.copy()
    name = asked.get(NAME)
    asked.pop(NAME, None)
    setattr(request, NOT_KEPT, asked.pop(NOT_KEPT, None) is not None)
    request.GET, rest = asked, asked.urlencode()  # type: ignore[assignment]
    if name is None:
        return
    person_id, path, made_for, sealed = request.session.get(NAME, {}).get(name) or (None, "", "", "")
    found = None
    if isinstance(request.user, Person) and (person_id, path) == (request.user.pk, request.path):
        found = _opened(sealed)
    where = _elsewhere(request, made_for, account, test=test)
    setattr(request, NAME, None if found is None else Kept(found, f"?{rest}", *where))
    setattr(request, GONE, found is None)


def _elsewhere(request: HttpRequest, made_for: str, account: Account | None, *, test: bool | None) -> tuple[str, bool]:
    """In words, where it was typed, if the page is of another account or world; and whether it may be read here.

    Nothing of a live page gets into a page of the test world, nor what nobody knows where it was typed.
    """
    number, typed_in_test = made_for.removesuffix("-test"), made_for.endswith("-test")
    if account is None or (number == str(account.pk) and test in (None, typed_in_test)):
        return "", True
    accounts: list[Account] = getattr(request, "accounts", [])
    whose = next((one.name for one in accounts if str(one.pk) == number), None)
    if whose is None:
        words = _("It is not known for which account that was, or whether it was test data.")
    elif typed_in_test:
        words = _("You typed it in the test data of %(account)s.") % {"account": whose}
    else:
        words = _("You typed it in the live data of %(account)s.") % {"account": whose}
    return words, not test or (typed_in_test and whose is not None)


def taken(request: HttpRequest, response: HttpResponse) -> None:
    """Forget what the address names, once the form in which it was shown was sent, and neither refused nor put off (/confirm)."""
    name = request.GET.get(NAME)
    done = response.status_code < 400 and not response.headers.get("Location", "").startswith(reverse("confirm"))
    if request.method == "POST" and name in request.session.get(NAME, {}) and done:
        del request.session[NAME][name]
        request.session.modified = True


def belongs(request: HttpRequest, person: Person) -> None:
    """Somebody signed in: what others sent is gone, and what is left lasts as long as the session."""
    if NAME in request.session:
        own = {name: entry for name, entry in request.session[NAME].items() if entry[0] == person.pk}
        request.session[NAME] = own
        request.session.set_expiry(0)


def drop_old(request: HttpRequest) -> None:
    """Forget what was kept for its hour."""
    if NAME in request.session:
        young = {name: entry for name, entry in request.session[NAME].items() if _opened(entry[3]) is not None}
        if len(young) < len(request.session[NAME]):
            request.session[NAME] = young


def of(request: HttpRequest | None) -> QueryDict | None:
    """What this page lays into its forms again."""
    again: Kept | None = getattr(request, NAME, None)
    return again.data if again and not again.elsewhere else None


def sent_or_kept(request: HttpRequest) -> QueryDict:
    """What was sent, or what this page shows again, for pages that read it themselves."""
    return of(request) or request.POST


def guard(request: HttpRequest | None, name: str, now: Any) -> Any:
    """What a form carries hidden under that name: what the page showed that was sent in vain, else what it shows `now`."""
    data = of(request)
    return now if data is None else data.get(name, now)


def fills(form: forms.Form, field: forms.Field, name: str, data: QueryDict) -> tuple[bool, Any]:
    """Whether what was kept has a value for a field of a form, and which: nothing hidden but guards, no password, no file."""
    widget, prefixed = field.widget, form.add_prefix(name)
    if (widget.is_hidden and name not in GUARDS) or isinstance(widget, forms.PasswordInput | forms.FileInput):
        return False, None
    if not any(form.add_prefix(one) in data for one in form.fields) or widget.value_omitted_from_data(
        data, {}, prefixed
    ):
        return False, None
    sent = widget.value_from_datadict(data, {}, prefixed)
    return True, field.bound_data(sent, None) if isinstance(field, forms.JSONField) else sent


def _whose(request: HttpRequest) -> int | None:
    if isinstance(request.user, Person):
        return request.user.pk
    ended: int | None = getattr(request, ENDED, None)
    token = request.COOKIES.get(COOKIE)
    return sessions.last_person(token) if ended is None and token else ended


def _may(request: HttpRequest) -> bool:
    """Whether more may be kept: of each browser that nobody is signed in with only so much an hour (config/settings.py)."""
    if request.user.is_authenticated or request.session.session_key:
        return True
    return bool(ratelimit.consume(request, action="keep", key=request.COOKIES.get(COOKIE, "")))


def _put(request: HttpRequest, name: str, entry: list[Any]) -> None:
    """Into the session, instead of what was sent from the same page before, and of the oldest."""
    others = [(one, old) for one, old in request.session.get(NAME, {}).items() if old[:3] != entry[:3]]
    request.session[NAME] = dict([*others, (name, entry)][-MOST:])
    if not request.user.is_authenticated:
        request.session.set_expiry(LASTS)


def _sealed(sent: dict[str, list[str]]) -> str | None:
    """Pressed, for a letter of Arabic is six in an address; None where it is too large."""
    data = QueryDict(mutable=True)
    for name, values in sent.items():
        data.setlist(name, values)
    words = data.urlencode().encode()
    pressed = zlib.compress(words) if len(words) <= MOST_BYTES else words
    return None if len(pressed) > MOST_SEALED else _ring().encrypt(pressed).decode()


def _opened(sealed: str) -> QueryDict | None:
    try:
        return QueryDict(zlib.decompress(_ring().decrypt(sealed, ttl=LASTS)).decode())
    except InvalidToken:
        return None


def _ring() -> Fernet:
    """Sealed with a key of the installation's own secret: who reads the table of sessions alone, reads nothing of it."""
    return Fernet(base64.urlsafe_b64encode(salted_hmac("elmed.portals.kept", "", algorithm="sha256").digest()))
