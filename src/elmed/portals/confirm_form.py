"""Is it still you? What is asked, and how it is judged: the password, the app's code, or a passkey; any one of them does.

`ask` puts the fields into a form, `<c-confirm :form="form" />` shows them, `identified` judges what was sent and notes it in
the session. Called by the pages in shared/confirm.py and by the signing page. Every way counts against the limits of signing in.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core import ratelimit
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from elmed.accounts.models import Person
from elmed.portals.factor_forms import AgainCodeForm, PasskeyAgainForm
from elmed.portals.forms import PortalForm

TOO_MANY = 429
JUDGES: dict[str, Callable[..., Any]] = {
    "credential": PasskeyAgainForm,
    "code": AgainCodeForm,
    "password": ReauthenticateForm,
}


class ConfirmForm(PortalForm):
    """Nothing but that question."""

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        """Ask for what this person has."""
        super().__init__(*args, **kwargs)
        ask(self, person)


def ask(form: forms.Form, person: Person) -> None:
    """Add a field for each way that this person has."""
    kinds = set(Authenticator.objects.filter(user_id=person.pk).values_list("type", flat=True))
    form.fields["password"] = forms.CharField(
        label=_("Your password"), strip=False, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "form-control"}),
    )  # fmt: skip
    if Authenticator.Type.TOTP in kinds:
        form.fields["code"] = forms.CharField(
            label=_("Or the code that your app shows now"), required=False, max_length=20,
            widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr", "class": "form-control"}),
        )  # fmt: skip
    if Authenticator.Type.WEBAUTHN in kinds:
        form.fields["credential"] = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)


def identified(request: HttpRequest, form: PortalForm) -> bool:
    """Whether what was sent with this valid form proves who it is; then the session knows it. Else the form has the words."""
    person, data = request.user, form.cleaned_data
    way = next((name for name in JUDGES if data.get(name)), None)
    if way is None:
        several = "code" in form.fields or "credential" in form.fields
        words = _("Give your password, or prove it in another way.") if several else _("Give your password.")
        return _refused(form, "password", [words], 422)
    if not ratelimit.consume(request, action="reauthenticate", user=person):
        return _refused(form, way, [_("Too many tries. Wait a minute, then try again.")], TOO_MANY)
    judge = JUDGES[way]({way: data[way]}, user=person)
    if not judge.is_valid():
        return _refused(form, way, [str(one) for words in judge.errors.values() for one in words], 422)
    if way == "password":
        reauthenticate_by_password(request)
    else:
        factor = judge.cleaned_data["credential"] if way == "credential" else judge.authenticator
        post_authentication(request, factor, reauthenticated=True)
    return True


def _refused(form: PortalForm, way: str, words: list[str], status: int) -> bool:
    for one in words:
        form.add_error(None if way == "credential" else way, one)
    form.status = status
    return False
