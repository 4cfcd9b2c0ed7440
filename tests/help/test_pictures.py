"""The guides' pictures: each that a guide shows is there, each that is there is shown, and a journey takes it."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.urls import reverse
from PIL import Image

from elmed.help.pages import PAGES
from elmed.help.templatetags import guides
from tests.guards.source import PACKAGE, ROOT

FOLDER = PACKAGE / "help" / "static" / "help"
FILES = {file.stem: file for file in FOLDER.iterdir()}
MOST = 1_500_000  # bytes, all of them: they lie in the repository and in every installation
_SHOWN = re.compile(r'{% picture "([a-z-]+)" _\("([^"]+)"\) %}')
_TAKEN = re.compile(r'picture\(\s*\w+,\s*"([a-z-]+)"')


def shown() -> dict[str, list[tuple[str, str]]]:
    """What the guides show, by the guide: names and words."""
    return {page.name: _SHOWN.findall(Path(get_template(page.template).origin.name).read_text()) for page in PAGES}


def test_each_picture_of_a_guide_is_there_and_each_that_is_there_is_shown():
    names = [name for some in shown().values() for name, _ in some]
    assert sorted(names) == sorted(FILES), "SCREENSHOTS=1 make e2e writes them; docs/developer/help.md"
    assert len(names) == len(set(names)) >= 20


def test_each_is_taken_by_a_journey_in_the_browser():
    taken = [name for file in sorted((ROOT / "e2e").glob("test_*.py")) for name in _TAKEN.findall(file.read_text())]
    assert sorted(taken) == sorted(FILES)


def test_they_are_small_and_fit_a_guides_column():
    assert sum(file.stat().st_size for file in FILES.values()) < MOST
    for file in FILES.values():
        with Image.open(file) as image:
            assert image.format == "WEBP", file
            assert image.width <= 1000 and image.height <= 1000, file


def test_every_guide_for_a_role_has_one():
    without = {name for name, some in shown().items() if not some}
    for_programmers = {page.name for page in PAGES if page.english}
    assert without == for_programmers | {"help_outage", "help_troubleshooting"}


@pytest.mark.parametrize("page", [page for page in PAGES if shown()[page.name]], ids=lambda page: page.path)
def test_a_picture_has_words_and_a_size_and_comes_when_it_is_needed(page, read):
    html = read(page.name)
    for name, words in shown()[page.name]:
        with Image.open(FILES[name]) as image:
            size = f'width="{image.width}" height="{image.height}"'
        tag = re.search(rf'<img src="[^"]*/help/{name}\.[^"]*webp"[^>]*>', html)[0]
        assert size in tag and 'loading="lazy"' in tag
        assert len(words) > 20 and 'alt="' in tag and 'alt=""' not in tag


def test_nothing_is_shown_where_there_is_no_file(settings):
    assert guides.picture("none-such", "Nothing") == ""
    assert reverse("help")
