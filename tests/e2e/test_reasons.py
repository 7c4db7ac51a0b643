"""The registry of error reasons: each is produced by the code, and some test has seen it."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def texts(folders, ends):
    for folder in folders:
        for place, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                if name.endswith(ends):
                    with open(os.path.join(place, name), encoding="utf-8") as file:
                        yield os.path.join(place, name), file.read()


class Reasons(unittest.TestCase):

    def setUp(self):
        with open(os.path.join(ROOT, "proto/reeve/v1/reasons.proto"), encoding="utf-8") as file:
            self.reasons = re.findall(r"^  REASON_(\w+) = [1-9]", file.read(), re.MULTILINE)
        self.assertGreater(len(self.reasons), 30)

    def test_each_is_produced(self):
        produced = set()
        for path, text in texts(("auth", "cgroups", "daemon", "drivers", "formats", "proto"), (".cc", ".h")):
            if "_test." not in path and "testing/" not in path and "fake" not in os.path.basename(path):
                produced.update(re.findall(r"\bREASON_(\w+)", text))
        self.assertEqual([reason for reason in self.reasons if reason not in produced], [])

    def test_each_has_been_seen_by_a_test(self):
        seen = set()
        for _, text in texts(("auth", "cgroups", "daemon", "drivers", "formats", "proto"), ("_test.cc",)):
            seen.update(re.findall(r"\bREASON_(\w+)", text))
        for path, text in texts(("tests/e2e",), (".py",)):
            if path != os.path.abspath(__file__):
                seen.update(re.findall(r"\b(?:REASON_)?([A-Z][A-Z_]+)\b", text))
        self.assertEqual([reason for reason in self.reasons if reason not in seen], [])
