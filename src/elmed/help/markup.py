"""The few marks in a guide's sentences, so that a step is one line to write and one to translate.

`**label**` is a button or a field by its own words, `[words](page_name#anchor)` leads to a page of ELMED, and
backticks set code. `{site}` and `{support}` are this installation's name and support address.
"""

import re

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_LABEL = re.compile(r"\*\*(.+?)\*\*")
_LINK = re.compile(r"\[([^\]]+)\]\(([a-z0-9_]+)((?:#[a-z0-9_-]+)?)\)")
_CODE = re.compile(r"`([^`]+)`")


def html(text: str) -> SafeString:
    """The sentence as HTML. Raises NoReverseMatch where a link names no page."""
    text = escape(text.replace("{site}", settings.SITE_NAME))
    text = _CODE.sub(r'<code dir="ltr">\1</code>', text)
    text = _LABEL.sub(r'<b class="ui">\1</b>', text)
    text = _LINK.sub(lambda found: f'<a href="{reverse(found[2])}{found[3]}">{found[1]}</a>', text)
    mail = escape(settings.SUPPORT_EMAIL)
    return mark_safe(text.replace("{support}", f'<a href="mailto:{mail}">{mail}</a>'))  # noqa: S308 - escaped above


def labels(text: str) -> list[str]:
    """The buttons and fields that the sentence quotes."""
    return _LABEL.findall(text)
