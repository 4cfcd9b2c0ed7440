"""The shop's tests: the plugin on real WordPress and WooCommerce, beside a real ELMED (docs/developer/testing.md)."""
