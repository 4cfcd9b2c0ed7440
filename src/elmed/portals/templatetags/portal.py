"""Filters of the portals' templates: quantities, days, the words of a status, and which widget a field has.

What is read against a packet or a prescription (doses, quantities, birth and expiry dates) is the same in every
language and stands left to right; other days and moments are written as the reader's language does.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from allauth.core import context as current
from django import forms, template
from django.forms import BoundField
from django.template.context import Context
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from elmed.core import quantities
from elmed.medications import units
from elmed.portals import kept
from elmed.portals.allauth_words import FIELDS
from elmed.portals.forms import dress
from elmed.portals.forms import problems as _problems
from elmed.portals.words import (
    STATUS_TONE,
    day_words,
    kept_words,
    number,
    patient_status_words,
    reason_words,
    status_words,
)
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.pharmacy_lists import place

register = template.Library()
register.filter("status_words", status_words)
register.filter("patient_status_words", patient_status_words)
register.filter("kept_words", kept_words)
register.filter("number", number)
register.filter("told_words", reason_words)


@register.filter
def unless_kept(now: Any, name: str) -> Any:
    """A hidden field's value: what the page showed that was sent in vain and is shown again, else what it shows now."""
    return kept.guard(current.request, name, now)


@register.simple_tag(takes_context=True)
def kept_for(context: Context, address: object) -> bool:
    """Whether what was typed waits at that address (kept.py)."""
    return kept.waits(context["request"], str(address or ""))


@register.filter
def problems(form: forms.BaseForm | None) -> list[tuple[str, str]]:
    """(anchor, words) of everything wrong with the form of a page, where it has one."""
    return _problems(form) if form else []


@register.filter
def quantity(thousandths: int) -> str:
    """The canonical decimal string."""
    return quantities.text(thousandths)


@register.filter
def amount(thousandths: int, unit: str) -> SafeString:
    """A quantity with its unit, as people read it: `28 tablets`, `5 ml`."""
    return ltr(units.amount(thousandths, unit))


@register.filter
def of_unit(quantity: str, unit: str) -> str:
    """The same where the quantity is a canonical decimal already: in the file that a patient takes out."""
    return units.amount(quantities.parse(quantity), unit)


@register.filter
def ltr(words: Any) -> SafeString:
    """A medicine, a dose, a number: left to right, also in a page that runs the other way."""
    return format_html('<bdi dir="ltr">{}</bdi>', words)


@register.filter
def phone(number: str) -> SafeString | str:
    """A phone number that a phone dials at a touch."""
    return format_html('<a href="tel:{}" dir="ltr">{}</a>', number.replace(" ", ""), number) if number else ""


@register.filter
def place_in_list(rx: Prescription) -> datetime:
    """By which moment it stands in the pharmacy's list of its step."""
    return place(rx)


@register.filter
def birth(day: date | None) -> SafeString | str:
    """A birth date: `03-Feb-1961` in every language."""
    return format_html('<bdi dir="ltr" class="text-nowrap">{}</bdi>', day_words(day)) if day else ""


@register.filter
def expiry(day: date | None) -> SafeString | str:
    """The expiry date of a batch, in the same form as a birth date."""
    return birth(day)


@register.filter
def day(value: date | datetime | None) -> SafeString | str:
    """Any other day, as the reader's language writes it: `22 Nov 2026`."""
    return _time(value, "DATE_FORMAT")


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A day with the time in the page's time zone: `22 Nov 2026, 10:15`."""
    return _time(value, "DATETIME_FORMAT")


@register.filter
def instant(value: datetime | None) -> SafeString | str:
    """A day with the time to the second, for logs: `22 Nov 2026, 10:15:07`."""
    if not value:
        return ""
    local = timezone.localtime(value)
    words = f"{date_format(local, 'DATE_FORMAT')}, {local:%H:%M:%S}"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), words)


def _time(value: date | datetime | None, form: str) -> SafeString | str:
    if not value:
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return _written(value, value.isoformat(), form, get_language() or "")


@lru_cache(maxsize=4096)
def _written(value: date, exact: str, form: str, language: str) -> SafeString:  # noqa: ARG001 - part of the key
    """The same day stands many times on a page. `language`: the one that is active; `exact`: with the time zone."""
    return format_html('<time datetime="{}">{}</time>', exact, date_format(value, form))


@register.filter
def status_tone(value: str) -> str:
    """Waiting, ready, done or ended: the colour of a status."""
    return STATUS_TONE.get(value, "ended")


@register.filter
def url_of(pk: int, name: str) -> str:
    """The address of the page `name` of this row: `{% url name pk %}`, for rows of long lists, where that costs more."""
    before, after = _around(name, get_urlconf(), get_script_prefix())
    return f"{before}{pk}{after}"


@lru_cache(maxsize=64)
def _around(name: str, urlconf: str | None, prefix: str) -> tuple[str, str]:  # noqa: ARG001 - part of the key
    """What stands before and behind the number in that page's address."""
    number = 9_876_543_210
    before, _, after = reverse(name, urlconf, args=[number]).partition(str(number))
    return before, after


@register.filter
def status_mark(value: str, words: str = "") -> SafeString:
    """A status in words and colour: what `c-status` prints, for rows of long lists, where a component costs more."""
    return format_html('<span class="status status-{}">{}</span>', status_tone(value), words or status_words(value))


@register.filter
def widget_kind(field: BoundField) -> str:
    """How the field is laid out: `choices`, `check` or `text`."""
    widget = field.field.widget
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "choices"
    return "check" if isinstance(widget, forms.CheckboxInput) else "text"


@register.simple_tag(takes_context=True)
def demonstration(context: Mapping[str, Any], rests_on_it: bool | None) -> SafeString | str:
    """The mark of a line, a warning, a favourite that rests on demonstration data; nothing where the whole page is marked.

    A page is marked (base.html) while demonstration medicines are what is offered. After an import of real ones this is
    what tells those of before.
    """
    if not rests_on_it or context.get("demonstration_offered"):
        return ""
    words = gettext("demonstration data, not for clinical use")
    return format_html(' <span class="status status-waiting of-demonstration">{}</span>', words)


@register.simple_tag
def dressed(form: forms.BaseForm | None) -> str:
    """Give a form that is allauth's our words and the stylesheet's classes. Prints nothing."""
    if form is not None:
        for name, field in form.fields.items():
            if name in FIELDS:
                form[name].label, form[name].help_text = FIELDS[name]  # the bound field: a refused form has it already
            field.widget.attrs.pop("placeholder", None)
        dress(form)
        form.use_required_attribute = False
    return ""
