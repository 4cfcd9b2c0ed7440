"""Rows for the benchmark, made in Python and written by COPY. make.py is the way in."""
