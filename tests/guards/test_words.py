"""What people read can be translated: no template and no form of the portals holds words that the catalogues do not know.

Marked are `{% translate %}`, `{% blocktranslate %}` and gettext. What is left out here is left out by name, with its reason.
"""

import ast
import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tests.guards.source import PACKAGE, ROOT, files, name, tree

# Templates in English alone.
ENGLISH_TEMPLATES = {
    "help/templates/help/pages/": "guides are prose: translated whole by somebody who writes it, or not at all",
    "help/templates/help/_example.html": "part of the developers' guide",
    "api/templates/api/": "the API speaks English alone, its reference too",
    "portals/templates/components/": "for those who build pages; not there in production",
}
NAMES = {"ELMED", "WooCommerce", "SKU", "OpenAPI 3.1", "Subject:", "data-interrupts"}  # names, and words for programs

# Python whose words no page of the portals shows.
ENGLISH_MODULES = {
    "api/": "the API speaks English alone",
    "cli/": "the command line speaks English alone",
    "config/": "told to whoever runs the program",
    "demo/": "the demo's own output",
    "jobs/": "told to whoever runs the program",
    "help/what_to_do.py": "part of the developers' guide",
    "inventory/sales.py": "only the API calls it",
    "inventory/shop.py": "only the API calls it",
    "medications/dose/storage.py": "only programs write a dose as JSON",
    "medications/files.py": "only the command line reads a formulary's files",
    "medications/importing.py": "only the command line reads a formulary's files",
    "medications/rows.py": "only the command line reads a formulary's files",
    "medications/rxnorm.py": "only the command line reads a formulary's files",
    "portals/shared/components.py": "for those who build pages; not there in production",
    "prescriptions/actions/check.py": "only the API calls it",
    "prescriptions/actions/reservations.py": "only the API calls it",
    "prescriptions/actions/reserved.py": "only the API calls it",
    "access/room.py": "for developers, by the API; the portals say it in words of their own (refused.py)",
    "sandbox/": "for developers, by the API; its synthetic people and patients have English names",
    "prescriptions/states.py": "its words name codes: portals/refused.py has others for people",
}
ENGLISH_CODES = {"insufficient_scope", "role_not_available"}  # only a key, or the command line, is refused with these
ENGLISH_WORDS = {"f'It is {facts.status.value}.'"}  # portals/refused.py has others for people

_LETTERS = re.compile(r"[^\W\d_]{2}")
_READ = r"data-label|aria-label|alt|placeholder|title"


def templates() -> list[Path]:
    """Every template of the package, but for those that stay English."""
    found = [path for path in PACKAGE.rglob("*") if path.suffix in (".html", ".txt") and "templates" in path.parts]
    return sorted(path for path in found if not name(path).startswith(tuple(ENGLISH_TEMPLATES)))


def unmarked(source: str) -> list[str]:
    """The words of a template that nothing marks: between its tags, and in the attributes that are read out or shown."""
    source = re.sub(r"{% comment.*?{% endcomment %}|{#.*?#}|<!--.*?-->|<script.*?</script>", "", source, flags=re.S)
    source = re.sub(r"{% blocktrans.*?{% endblocktrans\w* %}|{%.*?%}|{{.*?}}", "\x00", source, flags=re.S)
    words = re.split(r"\n|\x00|<[^<>]*>", source)
    for tag in re.findall(r"<[^<>]*>", source):
        names = _READ + "|label|words" if tag.startswith("<c-") else _READ
        words += re.findall(rf'[\s\x00](?:{names})="([^"]*)"', tag)
    return [one.strip() for one in words if _LETTERS.search(one) and one.strip() not in NAMES]


@pytest.mark.parametrize("path", templates(), ids=name)
def test_a_template_holds_marked_words_only(path):
    assert not unmarked(path.read_text())


def ungrouped(source: str) -> list[str]:
    """The counts beside a heading or a tab that are not grouped as the reader's language does (`|number`)."""
    printed = re.findall(r'class="count"[^>]*>\s*{{\s*(.*?)\s*}}', source)
    return [one for one in printed if not one.endswith("|number")]


@pytest.mark.parametrize("path", templates(), ids=name)
def test_a_count_is_grouped(path):
    assert not ungrouped(path.read_text())


def test_the_search_finds_a_count_that_is_not_grouped():
    assert ungrouped('<span class="count">{{ list.count }}</span>') == ["list.count"]
    assert ungrouped('<span class="count" data-count>{{ n }}</span><b class="count">{{ n|number }}</b>') == ["n"]


def test_the_search_finds_what_is_not_marked():
    assert unmarked('<p>Do {{ name }}</p>{% translate "this" %}') == ["Do"]
    assert unmarked('<c-page-head title="Drafts" /><p title="{% translate \'x\' %}">{{ y }}, 5</p>') == ["Drafts"]
    assert unmarked('<a {% if x > 1 %}aria-label="Next"{% endif %} href="#">{# not shown #}</a>') == ["Next"]


def shown(path: Path) -> Iterator[tuple[int, str]]:
    """Bare literals where the code says something to people: labels, messages, what is wrong with a form, refusals."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            last = called.rpartition(".")[2]
            said = [keyword.value for keyword in node.keywords if keyword.arg in ("label", "help_text")]
            at = _PLACES.get(called, _PLACES.get(last, 1 if called.startswith("messages.") else None))
            if any(isinstance(code, ast.Constant) and code.value in ENGLISH_CODES for code in node.args):
                continue
            said += [node.args[at]] if at is not None and len(node.args) > at else []
        elif isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            said = [value for key, value in zip(keys, node.values, strict=True) if key in ("detail", "submit")]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "detail":
            said = [node.value]
        else:
            continue
        yield from ((node.lineno, words) for one in said for words in _bare(one))


# Which argument of these is said to people.
_PLACES = {
    "ValidationError": 0, "add_error": 1, "NotNow": 1, "NotAllowed": 1, "TooManyTries": 1, "TooManySignatures": 1, "No": 1,
    "Invalid.field": 2,
}  # fmt: skip


def _bare(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_bare(node.body), *_bare(node.orelse))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _LETTERS.search(node.value):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        fixed = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        if _LETTERS.search(fixed):
            yield ast.unparse(node)


def test_what_the_code_says_to_people_is_marked():
    looked_at = [path for path in files() if not name(path).startswith(tuple(ENGLISH_MODULES))]
    models = [
        path for path in looked_at if path.name == "models.py" or "models" in path.parts
    ]  # help_text for developers
    found = [f"{name(path)}:{line}: {words}" for path in looked_at if path not in models for line, words in shown(path)]
    found = [one for one in found if one.partition(": ")[2] not in ENGLISH_WORDS]
    assert not found, "\n".join(found)


def test_every_exception_still_exists():
    for known in (*ENGLISH_TEMPLATES, *ENGLISH_MODULES):
        assert (PACKAGE / known).exists(), known


@pytest.fixture
def tool():
    """tools/messages.py."""
    spec = spec_from_file_location("messages", ROOT / "tools" / "messages.py")
    found = module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_every_name_that_marks_words_is_known_to_the_catalogues(tool):
    for path in files():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.utils.translation"):
                names = {one.asname or one.name for one in node.names if "gettext" in one.name}
                assert names <= set(tool.KEYWORDS), f"{name(path)} marks words with {names - set(tool.KEYWORDS)}"


def test_a_translation_that_loses_a_placeholder_is_found(tool):
    from babel.messages.catalog import Catalog

    catalog = Catalog(locale="ar")
    catalog.add("At most %(most)s.", "على الأكثر.")
    catalog.add("Ask <a>them</a>.", "اسأل <a>هم</a>.")
    catalog.add(
        ("once a day", "%(times)s times a day"), ("", "مرة", "مرتان", "%(times)s مرات", "%(times)s مرة", "%(time)s")
    )
    assert [one.partition(":")[0] for one in tool.disagreeing(catalog)] == ["'At most %(most)s.'", "'once a day'"]
