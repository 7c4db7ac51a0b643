"""Runs the tests of one module, and writes one JSON line for each test case to the file given."""

import faulthandler
import importlib
import json
import os
import sys
import time
import unittest

import environment

sys.path.insert(0, os.path.join(environment.ROOT, "tests", "runner"))

# The slowest test takes seconds; one that takes this long hangs.
LONGEST_TEST_SECONDS = 180
# Of the cause of a failure, for the end of the whole run.
TOLD_CHARACTERS = 1500


class Result(unittest.TestResult):
    """Tells each test as it ends."""

    def __init__(self, report):
        super().__init__()
        self._report, self._state, self._start, self._told = report, "passed", 0.0, ""

    def startTest(self, test):
        super().startTest(test)
        self._state, self._start, self._told = "passed", time.monotonic(), ""
        faulthandler.dump_traceback_later(LONGEST_TEST_SECONDS, exit=True)

    def stopTest(self, test):
        faulthandler.cancel_dump_traceback_later()
        super().stopTest(test)
        print(f"{self._state:>7} {test.id()} {time.monotonic() - self._start:.2f} s", flush=True)
        self._report.write(json.dumps({"test": test.id(), "state": self._state, "told": self._told}) + "\n")
        self._report.flush()

    def _fault(self, state, test, error):
        self._state = state
        text = self._exc_info_to_string(error, test)
        self._told = self._told or text.partition("\n---")[0][-TOLD_CHARACTERS:]
        print(f"{test.id()}:\n{text}", flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self._fault("failed", test, err)
        if isinstance(test, unittest.suite._ErrorHolder):  # a setUpClass or setUpModule, which has no stopTest
            self._report.write(json.dumps({"test": test.id(), "state": "failed", "told": self._told}) + "\n")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fault("failed", test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fault("failed", subtest, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._state = "skipped"
        print(f"{test.id()}: {reason}")


def main(module, report_path, pattern):
    environment.enter_own_namespaces()
    loaded = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(module))
    tests = [test for group in loaded for test in group if not pattern or pattern in test.id()]
    with open(report_path, "w", encoding="utf-8") as report:
        report.write(json.dumps({"expected": [test.id() for test in tests]}) + "\n")
        report.flush()
        result = Result(report)
        unittest.TestSuite(tests).run(result)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""))
