"""The WooCommerce plugin's languages/*.pot: every text that a translator can translate, with the files it stands in.

Called by generate.py, which writes or compares it. Python only, so that it runs where PHP and gettext are not: it reads
the PHP and JavaScript sources for calls of WordPress' translation functions with literal texts in this plugin's domain.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PLUGIN = Path(__file__).resolve().parents[1] / "woocommerce" / "elmed-for-woocommerce"
DOMAIN = PLUGIN.name
POT = PLUGIN / "languages" / f"{DOMAIN}.pot"
HEADERS = ("Plugin Name", "Description")

_TEXT = r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
# Which of a function's literal arguments is what: m(sgid), p(lural), c(ontext).
_FUNCTIONS = {"__": "m", "_e": "m", "esc_html__": "m", "esc_attr__": "m", "esc_html_e": "m", "esc_attr_e": "m",
              "_x": "mc", "esc_html_x": "mc", "esc_attr_x": "mc", "_n": "mp", "_nx": "mpc"}  # fmt: skip
_CALL = re.compile(r"(?<![\w>:$])(" + "|".join(sorted(_FUNCTIONS, key=len, reverse=True)) + r")\(\s*" + _TEXT)
_NEXT = re.compile(r"\s*,\s*" + _TEXT)
_COMMENT = re.compile(r"/\*\s*(translators:.*?)\s*\*/", re.IGNORECASE | re.DOTALL)


class Text(NamedTuple):
    """What a translator sees of a text; equal ones are one entry."""

    context: str
    singular: str
    plural: str


def render() -> str:
    """The whole file; no date and no line numbers in it, so that it changes with the texts alone."""
    main_file = (PLUGIN / f"{DOMAIN}.php").read_text()
    version = _header(main_file, "Version")
    entries: dict[Text, tuple[set[str], list[str]]] = {}
    for name in HEADERS:
        entries[Text("", _header(main_file, name), "")] = ({f"{name} of the plugin"}, [f"{DOMAIN}.php"])
    for text, comment, place in _found():
        comments, places = entries.setdefault(text, (set(), []))
        comments.update([comment] if comment else [])
        places.append(place)
    return _head(version) + "".join(_entry(text, *entries[text]) for text in entries)


def _found() -> Iterator[tuple[Text, str, str]]:
    """Every text, the remark for translators before it, and its file."""
    sources = sorted(path for path in PLUGIN.rglob("*") if path.suffix in (".php", ".js"))
    for path in sources:
        source = path.read_text()
        for call in _CALL.finditer(source):
            given = _arguments(source, call)
            if given is not None:
                line = source.count("\n", 0, call.start()) + 1
                yield _text(call[1], given), _remark(source, line), str(path.relative_to(PLUGIN))


def _arguments(source: str, call: re.Match[str]) -> list[str] | None:
    """The literal texts of a call in this plugin's domain, without the domain; None for a call in another."""
    wanted = len(_FUNCTIONS[call[1]])
    given, at = [_unquoted(call[2])], call.end()
    if call[1] in ("_n", "_nx"):
        plural = _NEXT.match(source, at)
        if plural is None:
            return None
        given.append(_unquoted(plural[1]))
        domain = source.find(f"'{DOMAIN}'", plural.end())
        return given if 0 <= domain < plural.end() + 200 else None
    while following := _NEXT.match(source, at):
        given.append(_unquoted(following[1]))
        at = following.end()
    return given[:-1] if len(given) == wanted + 1 and given[-1] == DOMAIN else None


def _text(function: str, given: list[str]) -> Text:
    named = dict(zip(_FUNCTIONS[function], given, strict=False))
    return Text(named.get("c", ""), named["m"], named.get("p", ""))


def _remark(source: str, line: int) -> str:
    """The "translators:" comment on the line itself or one of the two before it."""
    near = "\n".join(source.splitlines()[max(0, line - 3) : line])
    remarks = _COMMENT.findall(near)
    return " ".join(remarks[-1].split()) if remarks else ""


def _unquoted(literal: str) -> str:
    return re.sub(
        r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]) if literal[0] == '"' else found[1], literal[1:-1]
    )


def _header(main_file: str, name: str) -> str:
    found = re.search(rf"^ \* {name}: (.+)$", main_file, re.MULTILINE)
    if found is None:
        raise SystemExit(f"The main file has no header {name}.")
    return found[1].strip()


def _head(version: str) -> str:
    lines = [
        f"Project-Id-Version: ELMED for WooCommerce {version}", "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit",
        f"X-Domain: {DOMAIN}",
    ]  # fmt: skip
    quoted = "\n".join(f'"{line}\\n"' for line in lines)
    return f'# Texts of ELMED for WooCommerce. GPL-2.0-or-later.\nmsgid ""\nmsgstr ""\n{quoted}\n'


def _entry(text: Text, comments: set[str], places: list[str]) -> str:
    lines = [f"#. {comment}" for comment in sorted(comments)] + [f"#: {place}" for place in dict.fromkeys(places)]
    if any(re.search(r"%(\d\$)?[sd]", part) for part in text):
        lines.append("#, php-format")
    if text.context:
        lines.append(f"msgctxt {_quoted(text.context)}")
    lines.append(f"msgid {_quoted(text.singular)}")
    if text.plural:
        lines += [f"msgid_plural {_quoted(text.plural)}", 'msgstr[0] ""', 'msgstr[1] ""']
    else:
        lines.append('msgstr ""')
    return "\n" + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
