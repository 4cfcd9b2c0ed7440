"""Journeys through the shop in a real browser. Run by woocommerce/tests/run.py against a fresh site with WooCommerce."""
