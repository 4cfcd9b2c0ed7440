"""The hand-written twin of three endpoints: Starlette and asyncpg, as near the limit as a good hand gets.

It is a yardstick, not a product: what ELMED decides in one place (visibility, the table of acts, the shape) is written
out here a second time, for speed alone. same.py compares its answers with ELMED's byte by byte before each measuring.
"""
