"""The acts that this face offers, of all those in the table: what `allowed_actions` may name.

Read by the shapes (reads) and by problems.py (a 409). What a caller may do is decided in prescriptions/states.py.
"""

from elmed.prescriptions.vocabulary import Act

API_ACTS = (Act.DISPENSE, Act.REVERSE)
