"""The demonstration formulary: about 150 medicines and a few interactions, written for ELMED. Not for clinical use.

Its rows are the CSV files of data/, in the columns of rows.py; each limit and each pair names a source that was read.
"""

from datetime import datetime
from pathlib import Path

from elmed import __version__
from elmed.medications import importing
from elmed.medications.files import interactions_of, medicines_of
from elmed.medications.importing import Outcome, Release

DATA = Path(__file__).parent / "data"
MEDICINES, INTERACTIONS = DATA / "medicines.csv", DATA / "interactions.csv"
NAME = "ELMED demonstration"
LICENCE = "Apache-2.0. Demonstration data, not for clinical use."


def load(now: datetime) -> Outcome:
    """Load it, or its present version over an older one. Raises Invalid where a file of the package is broken."""
    release = Release(NAME, __version__, LICENCE, demonstration=True)
    outcome = importing.replace(release, medicines_of(MEDICINES), now)
    importing.replace_interactions(NAME, interactions_of(INTERACTIONS))
    return outcome
