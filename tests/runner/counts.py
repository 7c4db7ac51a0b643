"""Counts of test cases, and how a Catch2 log tells them."""

import dataclasses
import re


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def line(self):
        """The line that the whole run ends with."""
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


_ALL = re.compile(r"^All tests passed \(.*? in (\d+) test cases?\)$", re.MULTILINE)
_SOME = re.compile(r"^test cases: +(\d+) \|(.*)$", re.MULTILINE)
_PART = re.compile(r"(\d+) (passed|failed as expected|failed)")


def from_catch2(log, succeeded):
    """The test cases of one Catch2 binary. One that died before its summary, or failed without one, is one failed case."""
    match = _ALL.search(log)
    if match and succeeded:
        return Counts(passed=int(match[1]))
    match = _SOME.search(log)
    if match:
        parts = {name: int(number) for number, name in _PART.findall(match[2])}
        failed = parts.get("failed", 0)
        counts = Counts(passed=int(match[1]) - failed, failed=failed)
        if not succeeded and failed == 0:
            counts.failed = 1
        return counts
    if succeeded:
        return Counts(passed=1)  # not Catch2: the target is the test case
    return Counts(failed=1)
