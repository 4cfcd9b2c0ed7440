"""The WooCommerce plugin's zip, wherever this installation has it: built by `make plugin`, or built now from the source.

Called by woocommerce.py. How it is built is tools/plugin.py's business, which stands beside the source and not in it.
"""

import importlib.util
import re
from pathlib import Path
from typing import Any

from django.conf import settings

NAME = "elmed-for-woocommerce"
ROOT: Path = settings.BASE_DIR.parent.parent  # of the source checkout


def find(root: Path = ROOT) -> Path | None:
    """The zip of the newest version; None where neither a zip nor the source is here, or the source cannot be shipped."""
    builder = _builder(root)
    if builder is None:
        return _newest(root / "dist")
    plugin = root / "woocommerce" / NAME
    try:
        ready = root / "dist" / f"{NAME}-{builder.version(plugin)}.zip"
        if ready.is_file() and ready.stat().st_mtime >= max(one.stat().st_mtime for one in builder.files(plugin)):
            return ready
        built: Path = builder.build(plugin=plugin, into=Path(settings.DATA_DIR) / "plugin")
    except (builder.NotBuilt, OSError):
        return _newest(root / "dist")
    return built


def version_of(file: Path) -> str:
    """As its name says."""
    return file.stem.removeprefix(f"{NAME}-")


def _newest(folder: Path) -> Path | None:
    found = [one for one in folder.glob(f"{NAME}-*.zip") if re.fullmatch(r"[0-9][0-9.]*", version_of(one))]
    return max(found, key=lambda one: [int(part) for part in version_of(one).split(".") if part], default=None)


def _builder(root: Path) -> Any:
    """tools/plugin.py, where the plugin's source is here too."""
    file = root / "tools" / "plugin.py"
    if not file.is_file() or not (root / "woocommerce" / NAME).is_dir():
        return None
    spec = importlib.util.spec_from_file_location("elmed_plugin_builder", file)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
