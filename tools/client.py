"""Builds the Python client's wheel: `make client` writes dist/elmed_client-VERSION-py3-none-any.whl.

Built by pip from a copy, so that nothing is left beside the source; the same files make the same bytes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "clients" / "python"
NOT_SHIPPED = shutil.ignore_patterns("tests", "*.egg-info", "__pycache__", "build")
LONG_AGO = "315532800"  # 1980: the earliest that a zip can say
PIP = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")


def build(*, client: Path = CLIENT, into: Path = ROOT / "dist") -> Path:
    """Write the wheel and return where; other versions in the folder stay. Raises CalledProcessError: pip cannot."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        shutil.copytree(client, source, ignore=NOT_SHIPPED)
        environment = os.environ | {"SOURCE_DATE_EPOCH": LONG_AGO}
        subprocess.run([sys.executable, *PIP, "--wheel-dir", folder, str(source)], env=environment, check=True)
        (made,) = Path(folder).glob("*.whl")
        partial = into / f"{made.name}.partial"
        shutil.copyfile(made, partial)
        return partial.replace(into / made.name)


if __name__ == "__main__":
    print(build().relative_to(ROOT))
