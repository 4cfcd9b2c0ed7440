"""The zip: the same bytes each time, one folder, nothing of the developers', one version in three places."""

import os
import shutil
import zipfile

import pytest
from tools.plugin import NAME, PLUGIN, NotBuilt, build, files, version


@pytest.fixture
def copy(tmp_path):
    """A copy of the plugin to change."""
    return shutil.copytree(PLUGIN, tmp_path / NAME)


def test_two_builds_are_the_same_bytes(copy, tmp_path):
    first = build(into=tmp_path / "one").read_bytes()
    for file in copy.rglob("*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
        file.chmod(0o700)
    assert build(plugin=copy, into=tmp_path / "two").read_bytes() == first


def test_it_is_named_after_the_version_and_has_one_top_folder(tmp_path):
    made = build(into=tmp_path)
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert made.name == f"{NAME}-{version()}.zip"
    assert {name.partition("/")[0] for name in names} == {NAME}
    assert f"{NAME}/{NAME}.php" in names and f"{NAME}/readme.txt" in names and f"{NAME}/uninstall.php" in names
    assert len(names) == len(files(PLUGIN)) == len(set(names))


@pytest.mark.parametrize(
    "name", [".gitignore", "src/.hidden.php", "composer.json", "src/Thing.php.orig", "tests/phpunit.xml"]
)
def test_a_developers_file_is_refused_and_nothing_is_written(copy, tmp_path, name):
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("x")
    with pytest.raises(NotBuilt, match=name):
        build(plugin=copy, into=tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("readme.txt", "Stable tag: ", "Stable tag: 9"),
        (f"{NAME}.php", "* Version: ", "* Version: 9"),
        (f"{NAME}.php", "ELMED_WC_VERSION', '", "ELMED_WC_VERSION', '9"),
    ],
)
def test_versions_that_differ_are_refused(copy, tmp_path, name, old, new):
    text = (copy / name).read_text()
    assert old in text
    (copy / name).write_text(text.replace(old, new))
    with pytest.raises(NotBuilt, match="versions differ"):
        build(plugin=copy, into=tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
