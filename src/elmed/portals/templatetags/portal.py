"""Filters of the portals' templates: quantities, the words of a status, and which widget a field has."""

from django import forms, template
from django.forms import BoundField

from elmed.core import quantities
from elmed.portals.forms import dress
from elmed.portals.words import STATUS_TONE, status_words, unit_words

register = template.Library()
register.filter("status_words", status_words)


@register.filter
def quantity(thousandths: int) -> str:
    """The canonical decimal string."""
    return quantities.text(thousandths)


@register.filter
def amount(thousandths: int, unit: str) -> str:
    """A quantity with its unit, as people read it: `28 tablets`, `5 ml`."""
    many = thousandths != 1000
    return f"{quantities.text(thousandths)} {unit_words(unit, many=many)}"


@register.filter
def status_tone(value: str) -> str:
    """Waiting, ready, done or ended: the colour of a status."""
    return STATUS_TONE.get(value, "ended")


@register.filter
def widget_kind(field: BoundField) -> str:
    """How the field is laid out: `choices`, `check` or `text`."""
    widget = field.field.widget
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "choices"
    return "check" if isinstance(widget, forms.CheckboxInput) else "text"


@register.simple_tag
def dressed(form: forms.BaseForm | None) -> str:
    """Give the widgets of a form that is not ours the stylesheet's classes. Prints nothing."""
    if form is not None:
        dress(form)
        form.use_required_attribute = False
    return ""
