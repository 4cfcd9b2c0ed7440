"""How much data: the full size and its smaller copies for trying things out."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Size:
    """Counts of rows. Ids run from 1; accounts: doctors first, then pharmacies."""

    scale: float
    now: datetime

    @property
    def patients(self) -> int:
        """People for whom prescriptions are written."""
        return max(100, int(200_000 * self.scale))

    @property
    def prescriptions(self) -> int:
        """All prescriptions; they have 2.5 lines each on average."""
        return max(1000, int(1_000_000 * self.scale))

    @property
    def pharmacies(self) -> int:
        """Pharmacies."""
        return max(20, int(2000 * self.scale))

    @property
    def doctors(self) -> int:
        """Doctors, each with a person."""
        return max(20, int(5000 * self.scale))

    @property
    def keys(self) -> int:
        """Live keys, at every scale as many: the load rotates through them, so that no key reaches its limit."""
        return 10_000

    @property
    def open_from(self) -> int:
        """The first id of the newest tenth, whose prescriptions may still be open."""
        return self.prescriptions - self.prescriptions // 10 + 1

    def pharmacy(self, number: int) -> int:
        """The account id of the pharmacy with that number (from 0, wrapping)."""
        return self.doctors + 1 + number % self.pharmacies
