"""Words that acts ask for: reasons and questions. One place for what they must look like."""

from django.utils.translation import gettext as _

from elmed.core.refusals import Invalid

MAX_REASON = 300


def required(text: str, pointer: str, *, most: int = MAX_REASON) -> str:
    """The text without outer spaces. Raises Invalid where nothing is left, or where it is too long."""
    text = text.strip()
    if not text:
        raise Invalid.field(pointer, "required", _("Say why."))
    if len(text) > most:
        raise Invalid.field(pointer, "too_long", _("At most %(most)s characters.") % {"most": most})
    return text
