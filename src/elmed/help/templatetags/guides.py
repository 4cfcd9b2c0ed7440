"""What the help's pages are written with: tasks, steps, pictures where there are any, examples in the chosen language."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from PIL import Image

from elmed.help import api_changes as changes_list
from elmed.help import examples, markup, problem_pages, program
from elmed.sandbox.scenarios import SCENARIOS, Scenario

register = template.Library()


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
    """A screenshot, static/help/NAME.webp, in a frame; nothing where nobody has made it yet."""
    size = _size(f"help/{name}.webp")
    if size is None:
        return ""
    return format_html(
        '<p class="shot"><img src="{}" width="{}" height="{}" alt="{}" loading="lazy" decoding="async"></p>',
        static(f"help/{name}.webp"), *size, alt,
    )  # fmt: skip


@lru_cache(maxsize=256)
def _size(name: str) -> tuple[int, int] | None:
    """Width and height: the page does not jump when the picture comes. None without a file."""
    found = finders.find(name)
    if not found:
        return None
    with Image.open(str(found)) as image:
        return image.size


@register.simple_tag(takes_context=True)
def example(context: dict[str, Any], name: str) -> str:
    """One request of examples.EXAMPLES, in the language that the reader chose, with links to the others."""
    language = context.get("language") or examples.Language.CURL
    key = context.get("key")
    one = examples.EXAMPLES[name]
    code = examples.code(one, language, str(key) if key else "")
    return _in_each_language(f"example-{name}", language, code, f"{one.method} {one.path.partition('?')[0]}")


@register.simple_tag(takes_context=True)
def program_step(context: dict[str, Any], name: str, step: str, words: str) -> str:
    """A step of the program NAME, in the language that the reader chose, with links to the others."""
    language = context.get("language") or examples.Language.CURL
    return _in_each_language(f"program-{name}-{step}", language, program.step(name, step, language), words)


def _in_each_language(anchor: str, language: examples.Language, code: str, words: str) -> str:
    languages = list(examples.Language)
    shown = {"anchor": anchor, "languages": languages, "language": language, "code": code, "words": words}
    return render_to_string("help/_example.html", shown)


@register.simple_tag
def error_groups() -> list[tuple[int, str, list[problem_pages.ProblemPage]]]:
    """Every error of the API, by status."""
    return problem_pages.by_status()


@register.simple_tag
def scenarios() -> dict[str, Scenario]:
    """The scenarios of the test world, by name."""
    return SCENARIOS


@register.simple_tag
def api_changes() -> Sequence[changes_list.Change]:
    """What changed in the API, the newest first."""
    return changes_list.CHANGES


@register.filter
def marked(text: str) -> SafeString:
    """A sentence with its backticks set as code."""
    return markup.html(text)
