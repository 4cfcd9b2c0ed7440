"""The zip: the same bytes each time, one folder, nothing of the developers', one version in three places."""

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from tools.plugin import NAME, PLUGIN, ROOT, NotBuilt, build, files, version


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


def committed(repository: Path, into: Path) -> Path:
    """The plugin's folder as the last commit has it: whoever clones has no more than that."""
    folder = PLUGIN.relative_to(ROOT).as_posix()
    tar = subprocess.run(["git", "archive", "HEAD", folder], cwd=repository, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        archive.extractall(into, filter="data")
    return into / folder


def not_committed(plugin: Path, clone: Path) -> list[str]:
    """What the work tree ships and a clone does not have; a class among it is missing only for others."""
    names = {file.relative_to(clone).as_posix() for file in files(clone)}
    return sorted({file.relative_to(plugin).as_posix() for file in files(plugin)} - names)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone: there is no commit to compare with")
def test_a_zip_built_from_the_last_commit_has_every_file_of_the_work_tree(tmp_path):
    clone = committed(ROOT, tmp_path / "clone")
    assert not_committed(PLUGIN, clone) == []
    with zipfile.ZipFile(build(plugin=clone, into=tmp_path / "dist")) as archive:
        assert {name.partition("/")[2] for name in archive.namelist()} >= {
            file.relative_to(PLUGIN).as_posix() for file in files(PLUGIN)
        }


def test_a_file_that_is_not_committed_is_seen(copy, tmp_path):
    before = shutil.copytree(copy, tmp_path / "clone")
    assert not_committed(copy, before) == []
    (copy / "src" / "Orders" / "Forgotten.php").write_text("<?php\n")
    assert not_committed(copy, before) == ["src/Orders/Forgotten.php"]


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
