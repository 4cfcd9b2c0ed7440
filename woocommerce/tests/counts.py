"""What a step of the shop's tests came to. Made and printed by run.py."""

from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class Counts:
    """How many passed, failed and were skipped; `words` say what it ran on, or why it did not."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    words: str = ""
    seconds: float = 0.0

    def after(self, seconds: float) -> "Counts":
        """The same with the time it took."""
        return replace(self, seconds=seconds)

    def __str__(self) -> str:
        """One row of the summary."""
        return f"{self.passed:>4} passed {self.failed:>3} failed {self.skipped:>3} skipped {self.seconds:>5.0f} s  {self.words}"


def of_junit(report: Path, code: int) -> Counts:
    """The counts of a JUnit report. No report, or a runner that fell over, is a failure."""
    if not report.exists() or not report.read_bytes().strip():
        return Counts(failed=1, words=f"no report; it ended with {code}")
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    fell = code not in (0, 1, 2) or (code != 0 and not failed)
    return Counts(passed=len(cases) - failed - skipped, failed=failed + fell, skipped=skipped)
