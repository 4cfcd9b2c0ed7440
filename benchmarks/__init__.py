"""The benchmark: a data maker, load, and a hand-written twin to measure against. Run by `make bench`, never by the tests."""
