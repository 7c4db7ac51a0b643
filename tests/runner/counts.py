"""Counts of test cases, and how a Catch2 log tells them."""

import dataclasses
import re


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    unsteady: list = dataclasses.field(default_factory=list)  # lines that tell what failed and then passed

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.unsteady += other.unsteady

    def line(self):
        """The line that the whole run ends with."""
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


# A test that fails is run once more. When it passes then it counts as passed, and the run says at its end which tests were
# unsteady and what they said: that is a fault to be mended, in the test or, as often as not, in what it tests. It is no
# reason to hold back what everybody else has done. Where more than MOST_AGAIN fail it is not by chance.
MOST_AGAIN = 5


def settle(results, run_again):
    """(Counts, lines that tell what failed) of all `results`: by name (Counts, lines). What failed is run once more by
    run_again(names), which returns the same for these, or for as many of them as could be run."""
    failed = [name for name, (one, _) in results.items() if one.failed]
    again = {}
    if 0 < sum(len(results[name][1]) for name in failed) <= MOST_AGAIN:
        print("-- once more: " + "; ".join(line.partition("\n")[0] for name in failed for line in results[name][1]), flush=True)
        again = run_again(failed)
    total, failures = Counts(), []
    for name, (one, told) in results.items():
        if name in again:
            first, (one, told) = told, again[name]
            one.unsteady += [] if one.failed else first
        total.add(one)
        failures += told
    return total, failures


def twice(run):
    """settle for what is run as a whole by a function that returns (Counts, lines)."""
    return settle({"": run()}, lambda _: {"": run()})


def first_failure(log):
    """What a Catch2 log says of its first failure; the end of one that says nothing of it."""
    lines = log.rstrip().splitlines()
    for number, line in enumerate(lines):
        if line.endswith(": FAILED:"):
            begin = max((i for i in range(number) if lines[i].startswith("-----")), default=0)
            begin = max((i for i in range(begin) if lines[i].startswith("-----")), default=begin)
            return "\n".join(lines[begin:number + 15])
    return "\n".join(lines[-15:])


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
