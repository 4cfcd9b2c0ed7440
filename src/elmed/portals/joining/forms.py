"""The forms of joining: registering, accepting an invitation, answering staff, renewing a licence."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from elmed.accounts import documents
from elmed.accounts.models import AccountKind, Role
from elmed.portals.forms import DayField, OnceForm, PortalForm

PASSWORD_RULES = _("At least 12 characters. Not a common password, and not like your name or address.")
DOCUMENT_RULES = _("A PDF, or a JPEG or PNG picture; at most 5 MB. Only ELMED’s staff and you can open it.")
_ACCEPT = ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"


def document_field(label: Any, *, required: bool = True) -> forms.FileField:
    """A document to send; what it is is judged by its bytes (accounts/documents.py)."""
    return forms.FileField(
        label=label, required=required, help_text=DOCUMENT_RULES, widget=forms.FileInput(attrs={"accept": _ACCEPT})
    )


def judged(form: PortalForm) -> documents.Judged | None:
    """The document that was sent with the form. Raises Invalid."""
    sent = form.cleaned_data.get("document")
    return documents.judge(sent, sent.name or "") if sent else None


# The order of the page, which the summary of what is wrong keeps too.
_YOU = ("name", "email", "password", "also_pharmacist", "account_name")
_WHERE = ("address", "city", "phone")
_LICENCE = ("licence_body", "licence_number", "licence_expires_on", "specialty", "document")


class NewcomerForm(PortalForm):
    """Who it is: for somebody who has no sign-in yet."""

    name = forms.CharField(
        label=_("Your full name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"), max_length=128, strip=False, help_text=PASSWORD_RULES,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    terms = forms.BooleanField(label=_("I accept the terms of use"))


class RegisterForm(OnceForm):
    """A new account; who registers it, where nobody is signed in."""

    name = NewcomerForm.base_fields["name"]
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, help_text=_("You sign in with it. We send a link to confirm it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip
    password = NewcomerForm.base_fields["password"]
    account_name = forms.CharField(label=_("Name of the pharmacy"), max_length=200)
    licence_body = forms.CharField(
        label=_("Issued by"), max_length=120, help_text=_("Who issued the licence, such as GMC or GPhC.")
    )
    licence_number = forms.CharField(label=_("Licence number"), max_length=60)
    licence_expires_on = DayField(label=_("Licence valid to"), help_text=_("Its last day."))
    document = document_field(_("The licence"))
    specialty = forms.CharField(label=_("Specialty"), max_length=120)
    phone = forms.CharField(
        label=_("Phone"), max_length=40, help_text=_("For questions on prescriptions."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )  # fmt: skip
    address = forms.CharField(
        label=_("Street and number"), max_length=300, widget=forms.TextInput(attrs={"autocomplete": "street-address"})
    )
    city = forms.CharField(
        label=_("Town or city"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )
    also_pharmacist = forms.CharField(
        label=_("Your own number in the pharmacists’ register"), max_length=60, required=False,
        help_text=_("Where you are a pharmacist yourself. Pharmacists check prescriptions; an owner alone does not."),
    )  # fmt: skip
    terms = NewcomerForm.base_fields["terms"]
    field_of = {"/name": "account_name"}

    def __init__(self, *args: Any, kind: AccountKind, signed_in: bool, **kwargs: Any) -> None:
        """Ask only for what this kind of account has."""
        super().__init__(*args, **kwargs)
        gone = {
            AccountKind.DOCTOR: {"also_pharmacist"},
            AccountKind.PHARMACY: {"specialty"},
            AccountKind.DEVELOPER: set(self.fields) - {"name", "email", "password", "account_name", "terms", "once"},
        }[kind]
        if signed_in:
            gone |= {"name", "email", "password"}
        elif kind is AccountKind.DOCTOR:
            gone |= {"account_name"}
            self.field_of = {}
        for field in gone:
            del self.fields[field]
        self.order_fields(_YOU + (_WHERE + _LICENCE if kind is AccountKind.PHARMACY else _LICENCE + _WHERE))
        if "account_name" in self.fields and kind is AccountKind.DOCTOR:
            self.fields["account_name"].label = _("Your full name, as on the licence")
        if kind is AccountKind.DOCTOR:
            if "name" in self.fields:
                self.fields["name"].label = _("Your full name, as on the licence")
            self.fields["address"].label = _("Practice: street and number")
        if kind is AccountKind.DEVELOPER:
            self.fields["account_name"].label = _("Name of your company or project")


class AgainForm(PortalForm):
    """Where the link is sent once more."""

    email = RegisterForm.base_fields["email"]


class AnswerForm(OnceForm):
    """An answer to ELMED's staff."""

    text = forms.CharField(label=_("Your answer"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    document = document_field(_("A further document"), required=False)


class RenewalForm(OnceForm):
    """A licence's new last day."""

    expires_on = DayField(label=_("Licence now valid to"))
    document = document_field(_("The renewed licence"))


ROLE_WORDS = {
    Role.OWNER: _("Owner: manages staff, keys, licence and inventory"),
    Role.PHARMACIST: _("Pharmacist: checks, verifies and dispenses prescriptions"),
    Role.TECHNICIAN: _("Technician: dispenses what a pharmacist has verified, moves stock"),
}


class RolesForm(PortalForm):
    """What somebody may do in a pharmacy."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=list(ROLE_WORDS.items()), widget=forms.CheckboxSelectMultiple
    )
    registration_number = forms.CharField(
        label=_("Number in the pharmacists’ register"), max_length=60, required=False, help_text=_("For a pharmacist.")
    )


class InviteForm(PortalForm):
    """Somebody to work in the pharmacy."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    roles = RolesForm.base_fields["roles"]


class AcceptForm(PortalForm):
    """What a pharmacist who signed in adds to an invitation."""

    registration_number = forms.CharField(label=_("Your number in the pharmacists’ register"), max_length=60)


class AcceptNewForm(NewcomerForm):
    """Somebody who has no sign-in yet accepts an invitation."""

    registration_number = AcceptForm.base_fields["registration_number"]
    field_order = ("name", "registration_number", "password", "terms")


class ClaimForm(PortalForm):
    """Who claims a record says when they were born."""

    date_of_birth = DayField(label=_("Your date of birth"))


class ClaimNewForm(NewcomerForm):
    """Somebody who has no sign-in yet claims a record."""

    date_of_birth = ClaimForm.base_fields["date_of_birth"]
    field_order = ("date_of_birth", "name", "password", "terms")


class PatientEmailForm(PortalForm):
    """Where a patient's invitation goes."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
