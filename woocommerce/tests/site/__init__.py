"""The test bed: puts a WordPress site, its database, a web server and ELMED together on this machine's loopback.

Run by `make test-shop` (woocommerce/tests/run.py) and by hand (`python -m woocommerce.tests.site`). It writes below
`var/shop` only; what the tests check stands in woocommerce/tests/unit, shop and journeys.
"""
