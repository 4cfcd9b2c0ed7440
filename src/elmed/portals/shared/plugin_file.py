"""The WooCommerce plugin's zip, wherever this installation has it: built by `make plugin`, or built now from the source.

Called by woocommerce.py. Where built ones lie is core/downloads.py's business; how one is built, that of tools/plugin.py,
which stands beside the source and not in it.
"""

import importlib.util
from pathlib import Path
from typing import Any

from django.conf import settings

from elmed.core.downloads import PLUGIN, ROOT, ready

NAME = PLUGIN.name
version_of = PLUGIN.version_of


def find(root: Path = ROOT) -> Path | None:
    """The zip of the newest version; None where neither a zip nor the source is here, or the source cannot be shipped."""
    builder = _builder(root)
    if builder is None:
        return PLUGIN.newest(ready(root))
    plugin = root / "woocommerce" / NAME
    try:
        zipped = ready(root) / f"{NAME}-{builder.version(plugin)}.zip"
        if zipped.is_file() and zipped.stat().st_mtime >= max(one.stat().st_mtime for one in builder.files(plugin)):
            return zipped
        built: Path = builder.build(plugin=plugin, into=Path(settings.DATA_DIR) / "plugin")
    except (builder.NotBuilt, OSError):
        return PLUGIN.newest(ready(root))
    return built


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
