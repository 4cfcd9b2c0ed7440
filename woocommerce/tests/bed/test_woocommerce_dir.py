"""WOOCOMMERCE_DIR: unset is a reason to skip, wrong is an error; a zip is unpacked once, another of its name anew."""

import os
import zipfile

import pytest
from woocommerce.tests.run import in_browser, in_shop
from woocommerce.tests.site import wordpress
from woocommerce.tests.site.bed import woocommerce_dir
from woocommerce.tests.site.places import BedError


def test_unset_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.delenv("WOOCOMMERCE_DIR", raising=False)
    for found in (in_shop(suites="shop"), in_browser()):
        assert (found.passed, found.failed, found.skipped) == (0, 0, 1)
        assert "skipped: WOOCOMMERCE_DIR is not set" in str(found)


def test_a_place_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("WOOCOMMERCE_DIR", str(tmp_path / "gone"))
    with pytest.raises(BedError, match="nothing there"):
        woocommerce_dir()


def test_sources_that_were_not_built_are_refused(tmp_path):
    (tmp_path / "woocommerce.php").write_text("<?php")
    with pytest.raises(BedError, match="not a built WooCommerce"):
        wordpress.require_built(tmp_path)


def test_another_zip_of_the_same_name_is_unpacked_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("ELMED_SHOP_DIR", str(tmp_path / "shop"))
    said = []
    for number, words in enumerate(("<?php // one", "<?php // another")):
        with zipfile.ZipFile(tmp_path / "woocommerce.zip", "w") as archive:
            archive.writestr("woocommerce/woocommerce.php", words)
            archive.writestr("woocommerce/vendor/autoload.php", "")
        os.utime(tmp_path / "woocommerce.zip", (1_700_000_000 + number, 1_700_000_000 + number))
        said.append((wordpress.require_built(tmp_path / "woocommerce.zip") / "woocommerce.php").read_text())
    assert said == ["<?php // one", "<?php // another"]
