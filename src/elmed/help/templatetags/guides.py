"""What the help's pages are written with: tasks, steps, pictures where there are any, examples in the chosen language."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from elmed.help import examples, markup, problem_pages

register = template.Library()
_PNG_WIDTH = slice(16, 20)
_PNG_HEIGHT = slice(20, 24)


@register.simple_block_tag
def task(content: SafeString, anchor: str, title: str) -> SafeString:
    """One task: its heading, an anchor, and what the block holds."""
    return format_html('<section class="task"><h2 id="{}">{}</h2>{}</section>', anchor, title, content)


@register.simple_tag
def step(text: str) -> SafeString:
    """One numbered step; it stands in `<ol class="steps">`."""
    return format_html("<li>{}</li>", markup.html(text))


@register.simple_tag
def say(text: str) -> SafeString:
    """A paragraph."""
    return format_html("<p>{}</p>", markup.html(text))


@register.simple_tag
def picture(name: str, alt: str) -> SafeString | str:
    """A screenshot, static/help/NAME.png, in a frame; nothing where nobody has made it yet."""
    size = _size(f"help/{name}.png")
    if size is None:
        return ""
    return format_html(
        '<p class="shot"><img src="{}" width="{}" height="{}" alt="{}" loading="lazy"></p>',
        static(f"help/{name}.png"), *size, alt,
    )  # fmt: skip


@lru_cache(maxsize=256)
def _size(name: str) -> tuple[int, int] | None:
    """Width and height from a PNG's first bytes: the page does not jump when it comes. None without a file."""
    found = finders.find(name)
    if not found:
        return None
    with Path(str(found)).open("rb") as file:
        head = file.read(24)
    return int.from_bytes(head[_PNG_WIDTH], "big"), int.from_bytes(head[_PNG_HEIGHT], "big")


@register.simple_tag(takes_context=True)
def example(context: dict[str, Any], name: str) -> str:
    """One request of examples.EXAMPLES, in the language that the reader chose, with links to the others."""
    language = context.get("language") or examples.Language.CURL
    key = context.get("key")
    return render_to_string(
        "help/_example.html",
        {
            "anchor": f"example-{name}",
            "languages": list(examples.Language),
            "language": language,
            "code": examples.code(examples.EXAMPLES[name], language, str(key) if key else ""),
            "words": f"{examples.EXAMPLES[name].method} {examples.EXAMPLES[name].path.partition('?')[0]}",
        },
    )


@register.simple_tag
def error_groups() -> list[tuple[int, str, list[problem_pages.ProblemPage]]]:
    """Every error of the API, by status."""
    return problem_pages.by_status()


@register.filter
def marked(text: str) -> SafeString:
    """A sentence with its backticks set as code."""
    return markup.html(text)
