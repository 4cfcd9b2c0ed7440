"""Tests of what needs no WordPress: the zip, the lint, and the bed's own decisions. Run by woocommerce/tests/run.py."""
