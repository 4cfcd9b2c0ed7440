"""What a first page weighs over the wire, and what its scripts may not do."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

import elmed.portals

STATIC = Path(elmed.portals.__file__).parent / "static"
MOST = 150_000  # bytes, everything that the first page loads, compressed


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_first_page_is_light(db, language):
    page = Client().get(reverse("account_login"), headers={"accept-language": language}).content
    files = re.findall(r'(?:href|src)="/static/([^"]+)"', page.decode())
    assert len(files) >= 5
    weight = len(gzip.compress(page)) + sum(len(gzip.compress(Path(finders.find(one)).read_bytes())) for one in files)
    assert weight <= MOST, weight


def test_nothing_typed_outlives_the_tab_and_htmx_runs_no_words(db):
    ours = "".join((STATIC / "elmed" / name).read_text() for name in ("elmed.js", "keep.js", "lock.js"))
    assert not re.search(r"localStorage\s*[.\[]|window\.localStorage|\beval\(|innerHTML", ours)
    page = Client().get(reverse("account_login")).content.decode()
    config = re.search(r"name=\"htmx-config\" content='([^']+)'", page)[1]
    for words in (
        '"includeIndicatorStyles":false',
        '"allowEval":false',
        '"historyCacheSize":0',
        '"selfRequestsOnly":true',
    ):
        assert words in config
    assert (STATIC / "elmed/vendor/htmx.LICENSE.txt").read_text()


def test_the_components_are_no_page_of_a_real_installation(db, settings):
    assert Client().get(reverse("components")).status_code == 200
    settings.PRODUCTION = True
    assert Client().get(reverse("components")).status_code == 404
