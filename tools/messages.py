"""Reads the translatable words out of the code and the templates into the catalogues, and compiles them; pure Python.

`python tools/messages.py` keeps what is translated, adds what is new, drops what is gone. `--check` changes nothing and
fails where a catalogue is not what the code says, or the compiled file not what the catalogue says. Both fail where a
translation leaves out a placeholder or a tag of its English, or has one that the English has not.
"""

import argparse
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "elmed"
LOCALE = PACKAGE / "locale"
KEYWORDS = {
    "_": None, "_l": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
HEADER = "# The words of ELMED's portals. Made by tools/messages.py; the translations are written by hand."


def languages() -> list[str]:
    """Every language that has a catalogue."""
    return sorted(folder.parent.name for folder in LOCALE.glob("*/LC_MESSAGES"))


def found() -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """Every translatable message of the package, with its context."""
    from django.utils.translation.template import templatize

    for file in sorted(PACKAGE.rglob("*")):
        if file.suffix == ".py" and "migrations" not in file.parts:
            source = file.read_text()
        elif file.suffix in (".html", ".txt") and "templates" in file.parts:
            source = "\n".join(_calls(templatize(file.read_text(), origin=str(file))))
        else:
            continue
        for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            yield message, context


def _calls(source: str) -> Iterator[str]:
    """The calls alone: the blotted words that are left of a template need not be Python."""
    string = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    for match in re.finditer(rf"\b(?:_|n?p?gettext)\((?:{string}(?:,\s*)?)+(?:\w+)?\)", source):
        yield match[0].replace("(u'", "('").replace('(u"', '("')


def updated(language: str) -> Catalog:
    """The catalogue with exactly the words of the code: translations are kept by their English."""
    old = read(language)
    new = Catalog(locale=language, charset="utf-8", header_comment=HEADER, fuzzy=False, project=None)
    for message, context in found():
        known = old.get(message[0] if isinstance(message, tuple) else message, context)
        entry = Message(message, context=context)
        if known and (entry.pluralizable == known.pluralizable):
            entry.string = known.string
        new.add(message, entry.string or None, context=context)
    return new


def read(language: str) -> Catalog:
    """The catalogue as it is in the tree."""
    file = _po(language)
    return read_po(io.BytesIO(file.read_bytes()), locale=language) if file.exists() else Catalog(locale=language)


def po_bytes(catalog: Catalog) -> bytes:
    """The catalogue as a file: sorted, without dates and line numbers, so that it changes only with the words."""
    out = io.BytesIO()
    write_po(out, catalog, width=120, no_location=True, omit_header=True, sort_output=True)
    head = (
        f'{HEADER}\nmsgid ""\nmsgstr ""\n"Language: {catalog.locale}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return head.encode() + out.getvalue()


def mo_bytes(po: bytes, language: str) -> bytes:
    """The compiled catalogue; what is not translated is left out, and so appears in English."""
    out = io.BytesIO()
    catalog = read_po(io.BytesIO(po), locale=language)
    plain = Catalog(locale=language, charset="utf-8", header_comment="", fuzzy=False)
    for entry in catalog:
        whole = all(entry.string) if isinstance(entry.string, tuple | list) else bool(entry.string)
        if entry.id and whole:
            plain.add(entry.id, entry.string, context=entry.context)
    write_mo(out, plain)
    # Babel's header carries the moment of writing: it is left out, so that the same words give the same bytes.
    return re.sub(
        rb"(POT-Creation-Date|PO-Revision-Date): [^\n]*\n", lambda m: b"X" * (len(m[0]) - 1) + b"\n", out.getvalue()
    )


PARTS = re.compile(r"%\(\w+\)[sd]|%[sd]|</?\w[^<>]*>")


def disagreeing(catalog: Catalog) -> list[str]:
    """The translations whose placeholders and tags are not those of their English: an amount would be missing, or a name.

    In a plural a form needs what both English forms have: where English says *once a day*, others need no number either.
    """
    wrong = []
    for entry in catalog:
        ids = [str(one) for one in (entry.id if isinstance(entry.id, tuple | list) else (entry.id,))]
        strings = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
        parts = [sorted(PARTS.findall(one)) for one in ids]
        needed, known = set.intersection(*map(set, parts)), set.union(*map(set, parts))
        for string in filter(None, strings if ids[0] else ()):
            found = sorted(PARTS.findall(string))
            if (found != parts[0]) if len(ids) == 1 else not needed <= set(found) <= known:
                wrong.append(f"{ids[0]!r}: {', '.join(found) or 'nothing'} in {string!r}")
    return wrong


def _po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def main() -> int:
    """Write the catalogues, or with `--check` say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a file is out of date")
    parser.add_argument("--missing", action="store_true", help="list what is not translated")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "elmed.config.settings")
    old, wrong = [], []
    for language in languages():
        catalog = updated(language)
        wrong += [f"{language}: {one}" for one in disagreeing(catalog)]
        po = po_bytes(catalog)
        for file, content in ((_po(language), po), (_po(language).with_suffix(".mo"), mo_bytes(po, language))):
            if not file.exists() or file.read_bytes() != content:
                old.append(str(file.relative_to(ROOT)))
                if not options.check:
                    file.write_bytes(content)
        missing = [
            entry.id
            for entry in catalog
            if entry.id and not (all(entry.string) if entry.pluralizable else entry.string)
        ]
        print(f"{language}: {len(catalog) - len(missing)} of {len(catalog)} messages are translated")
        if options.missing:
            print("\n".join(str(one) for one in missing))
    if wrong:
        print("Placeholders or tags that are not those of the English:", *wrong, sep="\n")
        return 1
    if options.check and old:
        print(f"Not what the code says: {', '.join(old)}. Run `make messages` and commit what it changes.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
