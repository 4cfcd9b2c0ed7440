"""Documents of a licence: judged by their bytes, drawn anew, and opened by their owner and staff alone."""

import io
import struct
from datetime import timedelta

import pytest
from PIL import Image, ImageOps

from elmed.accounts import documents
from elmed.accounts.models import Document
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotVisible
from tests.accounts.joined import PDF, document, picture


@pytest.mark.parametrize(("data", "name", "content_type", "kept"), [
    (PDF, "a.png", "application/pdf", "a.pdf"),
    (picture("JPEG"), "a.pdf", "image/jpeg", "a.jpg"),
    (picture("PNG"), "", "image/png", "document.png"),
    (picture("PNG"), "C:\\licences\\große Urkunde.PNG", "image/png", "gro-e-Urkunde.png"),
])  # fmt: skip
def test_the_bytes_say_what_it_is(data, name, content_type, kept):
    judged = document(data, name)
    assert (judged.content_type, judged.name) == (content_type, kept)


def test_a_picture_is_drawn_anew_and_readable():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    judged = document(picture("JPEG", (4000, 3000), exif=exif))
    with Image.open(io.BytesIO(judged.data)) as drawn:
        assert drawn.size == (2400, 1800)
        assert not drawn.getexif()
    assert b"taken at home" not in judged.data


@pytest.mark.parametrize(("data", "code"), [
    (b"", "empty"),
    (b"%PDF-1.7\n" + b"\0" * documents.MAX_BYTES, "too_large"),
    (b"%PDF-1.7 and nothing more", "broken"),
    (b"MZ\x90\0 a program", "wrong_type"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "wrong_type"),
    (b"GIF89a" + b"\0" * 40, "wrong_type"),
    (picture("WEBP"), "wrong_type"),
    (picture("JPEG", (200, 200))[:300], "broken"),
    (picture("PNG", (6001, 1)), "too_large"),
    (b" %PDF-1.7\n%%EOF", "wrong_type"),
])  # fmt: skip
def test_what_is_refused(data, code):
    with pytest.raises(Invalid) as no:
        document(data)
    assert no.value.errors[0] == no.value.errors[0] | {"pointer": "/document", "code": code}


def test_twenty_are_enough(cast):
    for _ in range(documents.MOST):
        documents.keep(cast.doctor, document(), person_id=None, now=real_now())
    with pytest.raises(Invalid):
        documents.keep(cast.doctor, document(), person_id=None, now=real_now())
    assert Document.objects.count() == documents.MOST


def test_staff_and_who_manages_the_account_open_it_nobody_else(cast):
    kept = documents.keep(cast.pharmacy, document(), person_id=None, now=real_now())
    for who in ("staff", "owner"):
        assert bytes(documents.load(cast.actor(who), kept.pk).data) == PDF
    for who in ("doctor", "patient", "other_pharmacist"):
        with pytest.raises(NotVisible):
            documents.load(cast.actor(who), kept.pk)
    for who in ("pharmacist", "technician"):
        with pytest.raises(NotAllowed):
            documents.load(cast.actor(who), kept.pk)
    with pytest.raises(NotVisible):
        documents.load(cast.actor("staff"), 10**9)


def test_a_year_later_there_is_room_for_a_renewal(cast):
    now = real_now()
    for _ in range(documents.MOST):
        documents.keep(cast.doctor, document(), person_id=None, now=now)
    with pytest.raises(Invalid):
        documents.keep(cast.doctor, document(), person_id=None, now=now + timedelta(days=300))
    assert documents.keep(cast.doctor, document(), person_id=None, now=now + timedelta(days=366))


@pytest.mark.parametrize(("kind", "mode", "kept"), [
    ("JPEG", "RGB", "RGB"), ("JPEG", "L", "RGB"), ("JPEG", "CMYK", "RGB"), ("PNG", "RGBA", "RGBA"), ("PNG", "LA", "RGBA"),
    ("PNG", "P", "RGB"), ("PNG", "1", "RGB"), ("PNG", "I;16", "RGB"),
])  # fmt: skip
def test_every_kind_of_picture_comes_out_small_upright_and_plain(kind, mode, kept):
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the phone on its side
    out = io.BytesIO()
    Image.new(mode, (3000, 1500)).save(out, kind, exif=exif)
    with Image.open(io.BytesIO(document(out.getvalue()).data)) as drawn:
        assert (drawn.size, drawn.mode) == ((1200, 2400), kept)


def test_a_picture_whose_hidden_words_are_broken_is_refused(monkeypatch):
    def broken(*_, **__):
        struct.pack("H", "no number")

    monkeypatch.setattr(ImageOps, "exif_transpose", broken)
    with pytest.raises(Invalid) as no:
        document(picture())
    assert no.value.errors[0]["code"] == "broken"
