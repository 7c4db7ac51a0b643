"""The runner counts truthfully."""

import contextlib
import io
import unittest

import counts


class Counting(unittest.TestCase):

    def count(self, log, succeeded):
        one = counts.from_catch2(log, succeeded)
        return one.passed, one.failed

    @staticmethod
    def twice(results):
        with contextlib.redirect_stdout(io.StringIO()):
            return counts.twice(lambda: results.pop(0))

    def test_catch2_summaries(self):
        self.assertEqual(self.count("x\nAll tests passed (187 assertions in 2 test cases)\n", True), (2, 0))
        self.assertEqual(self.count("All tests passed (1 assertion in 1 test case)\n", True), (1, 0))
        self.assertEqual(self.count("test cases:  16 |  15 passed | 1 failed\nassertions: 3 | 3 passed\n", False), (15, 1))
        self.assertEqual(self.count("test cases: 3 | 3 failed\n", False), (0, 3))
        self.assertEqual(self.count("test cases: 4 | 3 passed | 1 failed as expected\n", True), (4, 0))

    def test_a_binary_that_died_counts_as_failed(self):
        self.assertEqual(self.count("Segmentation fault\n", False), (0, 1))
        self.assertEqual(self.count("", False), (0, 1))
        # All passed, and then a sanitizer or the exit code spoke.
        self.assertEqual(self.count("All tests passed (9 assertions in 2 test cases)\nLeakSanitizer\n", False), (0, 1))

    def test_a_test_without_catch2_is_one_case(self):
        self.assertEqual(self.count("fine\n", True), (1, 0))

    def test_the_last_line(self):
        self.assertEqual(counts.Counts(3, 0, 0).line(), "3 passed, 0 failed")
        self.assertEqual(counts.Counts(3, 1, 2).line(), "3 passed, 1 failed, 2 skipped")

    def test_what_failed_is_run_once_more_and_told(self):
        results = [(counts.Counts(2, 1), ["a: b"]), (counts.Counts(3), [])]
        total, failures = self.twice(results)
        self.assertEqual((total.line(), total.unsteady, failures), ("3 passed, 0 failed", ["a: b"], []))
        results = [(counts.Counts(2, 1), ["a: b"]), (counts.Counts(2, 1), ["a: c"])]
        total, failures = self.twice(results)
        self.assertEqual((total.line(), total.unsteady, failures), ("2 passed, 1 failed", [], ["a: c"]))
        results = [(counts.Counts(0, 6), ["x"] * 6)]
        self.assertEqual(self.twice(results)[0].line(), "0 passed, 6 failed")

    def test_the_first_failure_of_a_log(self):
        rule = "-" * 79
        log = "\n".join(["noise"] * 50 + [rule, "the case", rule, "a_test.cc:3", "....", "", "a_test.cc:7: FAILED:",
                                          "  CHECK( a == b )"] + ["more"] * 50)
        told = counts.first_failure(log)
        self.assertTrue(told.startswith(rule + "\nthe case"), told)
        self.assertIn("CHECK( a == b )", told)
        self.assertLess(len(told.splitlines()), 25)
        self.assertEqual(counts.first_failure("a\nkilled\n"), "a\nkilled")
