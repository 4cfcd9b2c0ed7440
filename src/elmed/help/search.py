"""The search over the help: every section of every page, in memory, no engine beside it.

The index is made of the rendered pages at a process's first search in a language, some hundred sections. Sections
whose heading has the words come before those whose text has them.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from elmed.help.installation import installation
from elmed.help.pages import PAGES, Group, HelpPage
from elmed.help.sections import sections

MOST = 30  # results that are shown; who finds more is better off with another word
_EXCERPT = 220  # characters
_OF_GROUP = {Group.REFERENCE: 0.6}
_WORD = re.compile(r"\w+")
_SUFFIXES = ("ings", "ing", "ies", "ied", "ed", "es", "s", "e", "y")
_SAYS_NOTHING = """a an and are at be by can do does for from has have how i if in is it my not of on or the to was we
what when where which who why with you your s t don doesn isn"""
_CANNOT = re.compile(r"\bcan(?: no|n?['’]?)t\b", re.IGNORECASE)
_EMPTY = frozenset(_SAYS_NOTHING.split())
# Words that people bring along, and the words of these pages.
_SAME = {
    "login": "sign", "log": "sign", "logon": "sign", "signin": "sign", "2fa": "authenticator", "mfa": "authenticator",
    "totp": "authenticator", "drug": "medicine", "drugs": "medicine", "medication": "medicine", "medications": "medicine",
    "rx": "prescription", "script": "prescription", "scripts": "prescription", "dob": "birth", "offline": "outage",
    "down": "outage", "webshop": "shop", "store": "shop", "undo": "take", "refund": "take", "csv": "import",
    "throttle": "limit", "token": "key", "apikey": "key", "delete": "revoke", "locked": "covered", "lock": "covered",
    "logged": "signed", "email": "mail", "duplicate": "merge", "duplicates": "merge", "gdpr": "data", "export": "file",
    "barcode": "scan", "sticker": "label", "stickers": "label", "walkin": "walk", "slow": "answers", "broken": "work",
    "unable": "cannot", "reminder": "remind", "reminders": "remind",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A section that can be found."""

    page: HelpPage
    url: str
    title: str
    text: str
    title_words: Counter[str]
    page_words: Counter[str]
    words: Counter[str]


@dataclass(frozen=True)
class Result:
    """A section that was found, its words marked."""

    url: str
    title: SafeString
    page: str
    excerpt: SafeString


def search(query: str) -> tuple[list[Result], int]:
    """The best sections for these words, and how many there are. Those with every word; without one, with any."""
    wanted = _wanted(query)
    if not wanted:
        return [], 0
    entries = _index(get_language() or "", *installation().values())
    rarity = {one: _rarity(one, entries) for one in wanted}
    scored = [(entry, [_score(entry, one) * rarity[one] for one in wanted]) for entry in entries]
    found = [(entry, some) for entry, some in scored if all(some)] or [one for one in scored if any(one[1])]
    found.sort(key=lambda one: (-_in_title(one[0], wanted), -sum(one[1]) * _weight(one[0], wanted)))
    return [_result(entry, wanted) for entry, _ in found[:MOST]], len(found)


def _wanted(query: str) -> list[str]:
    words = [_SAME.get(word, word) for word in _folded(_CANNOT.sub("cannot", query))]
    return list(dict.fromkeys(_stem(word) for word in [w for w in words if w not in _EMPTY] or words))


def _folded(text: str) -> list[str]:
    """Its words without case and accents; of `invalid_status` the whole and its parts."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    found = _WORD.findall("".join(one for one in plain if not unicodedata.combining(one)))
    return [part for word in found for part in dict.fromkeys([word, *filter(None, word.split("_"))])]


def _stem(word: str) -> str:
    """Cut endings off, the same way on both sides: dispense, dispensed and dispensing are one."""
    if not word.isascii() or "_" in word or not word.isalpha():
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word.removesuffix(suffix)
            break
    word = word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls" else word
    return word.removesuffix("i") if len(word) > 3 else word


def _counted(text: str) -> Counter[str]:
    return Counter(_stem(word) for word in _folded(text))


def _times(words: Counter[str], wanted: str) -> float:
    """How often it stands there; the beginning of a longer word counts a third."""
    longer = sum(n for word, n in words.items() if word != wanted and word.startswith(wanted)) if len(wanted) > 2 else 0
    return words[wanted] + longer / 3


def _score(entry: Entry, wanted: str) -> float:
    body = _times(entry.words, wanted)
    heading = 8 * min(_times(entry.title_words, wanted), 1)
    page = 2 * min(_times(entry.page_words, wanted), 1)
    return heading + page + (1 + math.log(body) if body >= 1 else body)


def _in_title(entry: Entry, wanted: Iterable[str]) -> int:
    return sum(1 for one in wanted if _times(entry.title_words, one))


def _weight(entry: Entry, wanted: list[str]) -> float:
    """People look for what to do first, the reference is found by its own words; a heading of these words alone leads."""
    alone = _in_title(entry, wanted) / max(len(entry.title_words), 1)
    return _OF_GROUP.get(entry.page.group, 1.0) * (0.5 if entry.page.name == "help_errors" else 1.0) * (1 + alone)


def _rarity(wanted: str, entries: list[Entry]) -> float:
    holding = sum(1 for entry in entries if _times(entry.words, wanted) or _times(entry.title_words, wanted))
    return 1 + math.log(len(entries) / (1 + holding)) if holding < len(entries) else 1.0


@lru_cache(maxsize=8)
def _index(_language: str, *_installation: str) -> list[Entry]:
    """Made once for a language and an installation's names: the arguments are the cache's key, the pages know them."""
    return [entry for page in PAGES for entry in _entries(page)]


def _entries(page: HelpPage) -> Iterator[Entry]:
    html = render_to_string(page.template, installation())
    address, page_title = reverse(page.name), str(page.title)
    for one in sections(html):
        title, text = one.title or page_title, one.text or str(page.summary) * (not one.anchor)
        if not one.anchor or one.text:
            words = f"{page_title} {page.summary}"
            yield Entry(
                page, f"{address}#{one.anchor}" if one.anchor else address, title, text,
                _counted(title), _counted(words), _counted(text),
            )  # fmt: skip


def _result(entry: Entry, wanted: list[str]) -> Result:
    return Result(entry.url, _marked(entry.title, wanted), str(entry.page.title), _excerpt(entry.text, wanted))


def _hits(text: str, wanted: list[str]) -> list[tuple[int, int]]:
    def hit(word: str) -> bool:
        stems = [_stem(part) for part in _folded(word)]
        return any(stem == one or (len(one) > 2 and stem.startswith(one)) for stem in stems for one in wanted)

    return [found.span() for found in _WORD.finditer(text) if hit(found[0])]


def _marked(text: str, wanted: list[str]) -> SafeString:
    parts, done = [], 0
    for begin, end in _hits(text, wanted):
        parts += [escape(text[done:begin]), "<mark>", escape(text[begin:end]), "</mark>"]
        done = end
    return mark_safe("".join([*parts, escape(text[done:])]))  # noqa: S308 - each part is escaped


def _excerpt(text: str, wanted: list[str]) -> SafeString:
    """The text around the first hit, cut between words."""
    hits = _hits(text, wanted)
    begin = max(hits[0][0] - 60, 0) if hits else 0
    begin = text.rfind(" ", 0, begin) + 1 if begin else 0
    end = len(text) if len(text) <= begin + _EXCERPT else text.rfind(" ", begin, begin + _EXCERPT)
    cut = text[begin : end if end > begin else begin + _EXCERPT]
    return mark_safe("… " * bool(begin) + _marked(cut, wanted) + " …" * (end < len(text)))  # noqa: S308 - escaped in _marked
