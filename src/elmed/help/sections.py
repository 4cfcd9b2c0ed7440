"""A page taken apart at its headings: what "On this page" lists and what the search finds."""

from dataclasses import dataclass
from html.parser import HTMLParser

_HEADINGS = {"h2": 2, "h3": 3}
_UNREAD = ("nav", "menu", "details", "svg")  # links to elsewhere, and examples of answers


@dataclass(frozen=True)
class Section:
    """What stands under one heading that has an anchor; `level` 1 is what stands before the first."""

    level: int
    anchor: str
    title: str
    text: str


class _Reader(HTMLParser):
    """Collects the words under each heading with an id. Headings without one belong to the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str, list[str], list[str]]] = [(1, "", [], [])]
        self.heading = ""
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A new section, or a word's end: cells and items do not run into each other."""
        if tag in _UNREAD:
            self.unread += 1
        anchor = dict(attrs).get("id")
        if tag in _HEADINGS and anchor:
            self.found.append((_HEADINGS[tag], anchor, [], []))
            self.heading = tag
        elif tag not in ("code", "b", "em", "strong", "a", "mark", "bdi", "span"):
            self._add(" ")

    def handle_endtag(self, tag: str) -> None:
        """The heading's end."""
        if tag in _UNREAD:
            self.unread -= 1
        if tag == self.heading:
            self.heading = ""

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self.unread:
            self._add(data)

    def _add(self, words: str) -> None:
        _, _, title, text = self.found[-1]
        (title if self.heading else text).append(words)


def sections(html: str) -> list[Section]:
    """The page's sections in their order, in plain words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [
        Section(level, anchor, " ".join("".join(title).split()), " ".join("".join(text).split()))
        for level, anchor, title, text in reader.found
    ]
