"""What is served is what the sources say: the stylesheets, htmx and the decoder of QR codes are made anew and compared."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SERVED = ROOT / "src" / "elmed" / "portals" / "static" / "elmed"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the build writes."""
    assert shutil.which("node")
    folder = tmp_path_factory.mktemp("made")
    subprocess.run(["node", "frontend/build.mjs", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    "name",
    ["elmed.css", "elmed.rtl.css", "vendor/htmx.min.js", "vendor/htmx.LICENSE.txt"]
    + [f"vendor/qr/{name}" for name in ("decode.js", "index.js", "LICENSE.txt")],
)
def test_the_committed_file_is_current(name: str, made: Path) -> None:
    assert (SERVED / name).read_bytes() == (made / name).read_bytes(), "npm ci && npm run css, then commit"
