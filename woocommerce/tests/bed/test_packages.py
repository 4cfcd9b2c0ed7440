"""The list for apt is made of the machine's own sources, whatever their format; nothing else is taken from them."""

import pytest
from woocommerce.tests.site import packages
from woocommerce.tests.site.places import BedError

DEB822 = """Types: deb
# a remark
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/a.gpg

Types: deb
URIs: http://archive.example/security
Suites: bookworm-security
Components: main
"""
STRANGER = "Types: deb\nURIs: https://elsewhere.example/repo\nSuites: nodistro\nComponents: main\n"


@pytest.fixture
def etc(tmp_path, monkeypatch):
    """A machine's /etc with a release and no sources yet."""
    (tmp_path / "apt/sources.list.d").mkdir(parents=True)
    (tmp_path / "os-release").write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    monkeypatch.setattr(packages, "ETC", tmp_path)
    return tmp_path


def test_deb822(etc):
    (etc / "apt/sources.list.d/debian.sources").write_text(DEB822)
    (etc / "apt/sources.list.d/other.sources").write_text(STRANGER)
    assert packages.other_suite("trixie") == (
        "Types: deb\nURIs: http://archive.example/debian\nSuites: trixie\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/a.gpg\n"
    )


def test_one_line(etc):
    (etc / "apt/sources.list").write_text(
        "# deb http://wrong.example bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://archive.example/debian bookworm main non-free\n"
        "deb http://archive.example/debian bookworm-updates main\n"
    )
    assert packages.other_suite("sid") == (
        "Types: deb\nURIs: http://archive.example/debian\nSuites: sid\nComponents: main\nSigned-By: /k.gpg\n"
    )


def test_a_machine_with_none_is_refused(etc):
    (etc / "apt/sources.list.d/other.sources").write_text(STRANGER)
    with pytest.raises(BedError, match="No Debian archive"):
        packages.other_suite("trixie")


def test_a_link_into_a_package_that_is_not_there_is_refused(tmp_path):
    (tmp_path / "js").mkdir()
    (tmp_path / "there.js").write_text("x")
    (tmp_path / "js/one.js").symlink_to("../there.js")
    (tmp_path / ".htaccess").symlink_to("/nowhere/htaccess")
    packages.refuse_missing(tmp_path)
    assert (tmp_path / "js/one.js").read_text() == "x" and not (tmp_path / ".htaccess").is_symlink()

    (tmp_path / "js/two.js").symlink_to("../../javascript/two.js")
    with pytest.raises(BedError, match=r"js/two\.js"):
        packages.refuse_missing(tmp_path)
