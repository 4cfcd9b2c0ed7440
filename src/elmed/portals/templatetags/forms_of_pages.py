"""Django's `csrf_token`, and with it for which account and world the form's page was made. Built in for every template.

So what is sent in vain is laid only into a page of the same account and world (kept.py).
"""

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

from elmed.portals import kept, test_data

register = template.Library()


class MarkedTokenNode(CsrfTokenNode):
    """The token's hidden field, and the mark's."""

    def render(self, context: Context) -> Any:
        """Both; a page of nobody's account has no mark."""
        request = context.get("request")
        mark = test_data.mark(getattr(request, "account", None), test=getattr(request, "test_data", False))
        token = super().render(context)
        return (
            format_html('{}<input type="hidden" name="{}" value="{}">', token, kept.MADE_FOR, mark) if mark else token
        )


@register.tag
def csrf_token(parser: Parser, token: Token) -> MarkedTokenNode:  # noqa: ARG001 - as a tag is called
    """Once in each form that is sent by POST."""
    return MarkedTokenNode()
