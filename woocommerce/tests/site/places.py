"""Where the test bed keeps things: the repository's folders, and `var/shop` (or ELMED_SHOP_DIR) for what it makes.

Used by every module of the bed. Nothing outside the folder named here is written, the machine's packages apart.
"""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PLUGIN_NAME = "elmed-for-woocommerce"
PLUGIN = REPOSITORY / "woocommerce" / PLUGIN_NAME
TESTS = REPOSITORY / "woocommerce" / "tests"
BED = TESTS / "site"


def folder(*names: str) -> Path:
    """A folder of the bed's own, made where it is missing."""
    base = Path(os.environ.get("ELMED_SHOP_DIR") or REPOSITORY / "var" / "shop").resolve()
    made = base.joinpath(*names)
    made.mkdir(parents=True, exist_ok=True)
    return made


class BedError(Exception):
    """The bed cannot be put together; the message says what is missing and what to do."""
