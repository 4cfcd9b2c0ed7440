"""The package by itself: built as pip builds it, in a Python that has it, what it needs, and nothing of ELMED."""

import re
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from tools import client

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return client.build(into=tmp_path_factory.mktemp("built"))


def test_the_same_files_make_the_same_bytes(wheel, tmp_path):
    assert client.build(into=tmp_path).read_bytes() == wheel.read_bytes()


def needed(name: str, found: set[str]) -> set[str]:
    """The distribution and what it needs in turn."""
    if name not in found:
        found.add(name)
        for line in metadata.requires(name) or []:
            if "extra ==" not in line:
                other = re.match(r"[\w.-]+", line)[0]
                if any(one.metadata["Name"].lower() == other.lower() for one in metadata.distributions()):
                    needed(other, found)
    return found


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """An empty virtual environment with the wheel, and httpx as it is here: no index is asked."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False)
    libraries = next((folder / "lib").glob("python*")) / "site-packages"
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-index", "--disable-pip-version-check", wheel], check=True)
    for name in needed("httpx", set()):
        for file in metadata.files(name):
            if not str(file).startswith(".."):
                (libraries / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), libraries / file)
    return folder / "bin" / "python"


def test_it_needs_httpx_alone(wheel):
    about = zipfile.ZipFile(wheel).read(
        next(name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("METADATA"))
    )
    assert re.findall(r"^Requires-Dist: (.*)$", about.decode(), re.M) == ["httpx<1,>=0.27"]


def test_it_has_its_types_its_licence_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "elmed_client/py.typed" in names
    assert any(name.endswith("LICENSE") for name in names)
    assert not [name for name in names if "test" in name or name.startswith("elmed/")]
    assert (PROJECT / "LICENSE").read_text() == (PROJECT.parents[1] / "LICENSE").read_text()


def test_it_asks_a_real_server_without_elmed_beside_it(python, demo):
    code = (
        "import importlib.util, os\n"
        "assert importlib.util.find_spec('elmed') is None and importlib.util.find_spec('django') is None\n"
        "from elmed_client import Client\n"
        "with Client() as elmed: print(elmed.me().account.kind)\n"
    )
    given = {"ELMED_API_KEY": demo.key("pharmacy"), "ELMED_URL": demo.url}
    done = subprocess.run([python, "-I", "-c", code], env=given, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("pharmacy\n", "")
