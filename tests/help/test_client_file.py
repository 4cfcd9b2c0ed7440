"""The Python client's wheel, as an installation hands it out."""

import pytest
from django.urls import reverse

from elmed.core.downloads import CLIENT, client_wheel

NEWEST, OLDER = "elmed_client-0.10.0-py3-none-any.whl", "elmed_client-0.9.1-py3-none-any.whl"


@pytest.fixture
def folder(settings, tmp_path):
    settings.DOWNLOADS_DIR = tmp_path / "downloads"
    settings.DOWNLOADS_DIR.mkdir()
    return settings.DOWNLOADS_DIR


def page(client):
    return client.get(reverse("help_developers")).content.decode()


def test_the_page_says_the_line_for_pip_and_the_file_comes_without_a_sign_in(client, folder, settings):
    for name in (OLDER, NEWEST):
        (folder / name).write_bytes(name.encode())
    assert f"pip install {settings.BASE_URL}/help/python/{NEWEST}<" in page(client)
    assert f"export ELMED_URL={settings.BASE_URL}\n" in page(client)  # else it asks elmed.healthcare
    answer = client.get(f"/help/python/{NEWEST}")
    assert (answer.status_code, answer.content) == (200, NEWEST.encode())
    assert answer["Content-Disposition"] == f'attachment; filename="{NEWEST}"'
    assert client.get(f"/help/python/{OLDER}").content == OLDER.encode()  # who pinned it still gets it
    assert CLIENT.version_of(CLIENT.newest()) == "0.10.0"


def test_an_installation_without_it_names_the_source(client, folder):
    (folder / "elmed_client-next-py3-none-any.whl").write_bytes(b"no version")
    assert "clients/python" in page(client)
    assert "pip install" not in page(client)


@pytest.mark.parametrize("name", ["secret.txt", "elmed-for-woocommerce-1.0.0.zip", "elmed_client-1.0-py3-none-any.whl.partial", "..%2fkey"])  # fmt: skip
def test_no_other_file_of_the_folder_or_beside_it_is_given(client, folder, name):
    (folder.parent / "key").write_text("key")
    if "%" not in name:
        (folder / name).write_text("there")
    assert client.get(f"/help/python/{name}").status_code == 404


def test_a_folder_of_that_name_is_no_wheel(client, folder):
    (folder / NEWEST).mkdir()
    (folder / OLDER).write_bytes(b"wheel")
    assert CLIENT.newest().name == OLDER
    assert f"help/python/{OLDER}<" in page(client)


def test_a_checkout_hands_out_the_client_of_its_own_version(settings, tmp_path):
    """What a newer checkout left in `dist` is not this one's."""
    settings.DOWNLOADS_DIR = ""
    dist, source = tmp_path / "dist", tmp_path / "clients" / "python" / "src" / "elmed_client"
    dist.mkdir()
    for name in (OLDER, NEWEST):
        (dist / name).write_bytes(b"wheel")
    assert client_wheel(tmp_path).name == NEWEST  # no source: the newest
    source.mkdir(parents=True)
    (source / "version.py").write_text('"""The version."""\n\nVERSION = "0.9.1"\n')
    assert client_wheel(tmp_path).name == OLDER
    (dist / OLDER).unlink()
    assert client_wheel(tmp_path) is None  # the page names the source instead
