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
MOST = 150_000  # bytes over the wire, everything that the first page loads


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_first_page_is_light(db, language):
    client = Client(headers={"accept-language": language, "accept-encoding": "gzip, deflate, br"})
    page = client.get(reverse("account_login")).content
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())
    assert len(files) >= 5
    weight = len(page) + sum(int(client.get(one)["Content-Length"]) for one in files)
    assert weight <= MOST, weight


def test_a_file_is_the_same_compressed_and_plain(db):
    one = "/static/elmed/elmed.css"
    plain, small = Client().get(one), Client(headers={"accept-encoding": "gzip"}).get(one)
    whole = b"".join(plain.streaming_content)
    assert "Content-Encoding" not in plain and small["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(small.streaming_content)) == whole == Path(finders.find(one[8:])).read_bytes()
    assert int(small["Content-Length"]) < len(whole) / 3
    assert plain["Vary"] == small["Vary"] == "Accept-Encoding"
    again = Client(headers={"accept-encoding": "gzip", "if-none-match": small["ETag"]}).get(one)
    assert again.status_code == 304


def test_a_picture_goes_out_as_it_is(db):
    answer = Client(headers={"accept-encoding": "gzip"}).get("/static/help/doctor-today.webp")
    assert answer.status_code == 200 and "Content-Encoding" not in answer


def test_nothing_typed_outlives_the_tab_and_htmx_runs_no_words(db):
    ours = "".join((STATIC / "elmed" / name).read_text() for name in ("elmed.js", "failed.js", "keep.js", "lock.js"))
    assert not re.search(r"localStorage\s*[.\[]|window\.localStorage|\beval\(|innerHTML", ours)
    page = Client().get(reverse("account_login")).content.decode()
    config = re.search(r"name=\"htmx-config\" content='([^']+)'", page)[1]
    for words in (
        '"includeIndicatorStyles":false',
        '"allowEval":false',
        '"historyCacheSize":0',
        '"selfRequestsOnly":true',
        '"timeout":20000',  # a server that never answers is told of (failed.js)
        '"ignoreTitle":true',  # what is loaded into a page does not name it
    ):
        assert words in config
    assert (STATIC / "elmed/vendor/htmx.LICENSE.txt").read_text()


def test_the_components_are_no_page_of_a_real_installation(db, settings):
    assert Client().get(reverse("components")).status_code == 200
    settings.PRODUCTION = True
    assert Client().get(reverse("components")).status_code == 404
