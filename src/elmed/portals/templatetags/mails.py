"""Links of mails, signed at the moment the mail is made: what waits to be sent holds no secret."""

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django import template
from django.conf import settings
from django.urls import reverse

from elmed.accounts import links
from elmed.prescriptions.actions import disown

register = template.Library()


@register.simple_tag
def confirmation_link(address_id: int) -> str:
    """Confirms an e-mail address; valid for three days from now. Raises EmailAddress.DoesNotExist where it is gone."""
    key = EmailConfirmationHMAC(EmailAddress.objects.get(pk=address_id)).key
    return settings.BASE_URL + reverse("account_confirm_email", args=[key])


@register.simple_tag
def member_link(invitation_id: int, serial: int) -> str:
    """Opens an invitation to work in a pharmacy."""
    return settings.BASE_URL + reverse("invited_member", args=[links.token(links.MEMBER, invitation_id, serial)])


@register.simple_tag
def patient_link(invitation_id: int, serial: int) -> str:
    """Opens an invitation to claim a record."""
    return settings.BASE_URL + reverse("invited_patient", args=[links.token(links.PATIENT, invitation_id, serial)])


@register.simple_tag
def disown_link(account_id: int, until: int) -> str:
    """Opens the page on which a doctor says that somebody else signed."""
    return settings.BASE_URL + reverse("doctor_disown", args=[disown.token(account_id, until)])
