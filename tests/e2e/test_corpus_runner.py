"""The suite of formats counts every case of a corpus, also what cannot be converted."""

import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "formats"))

import run_corpus  # noqa: E402

# Gives its input back; refuses some, with and without a place, hangs up on one.
CONVERTER = """#!/bin/sh
text=$(cat)
case $text in
    placed) echo "error: line 1 column 2: bad" >&2; exit 1 ;;
    unplaced) echo "error: bad" >&2; exit 1 ;;
    crash) exit 139 ;;
    *) printf '%s\\n' "$text" ;;
esac
"""

MANIFEST = """suite	case	kind	input	expected	result	note
s	same	xlcfg->xlcfg	same	same	pass	
s	other	xlcfg->xlcfg	same	placed	pass	
s	refused	xlcfg->xlcfg	placed	same	pass	
s	negative	xlcfg->xlcfg	placed		parse-error	
s	without-place	xlcfg->xlcfg	unplaced		parse-error	
s	accepted	xlcfg->xlcfg	same		parse-error	
s	crash	xlcfg->xlcfg	crash		parse-error	
s	no-file	xlcfg->xlcfg	absent	same	pass	
s	later	netxml->dnsmasq.conf	same	same	pass	
s	no-document	volxml->qemu-img argv	same	same	pass	
other	same	xlcfg->xlcfg	same	same	pass	
"""


class Corpus(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.corpus = pathlib.Path(folder.name)
        (self.corpus / "manifest.tsv").write_text(MANIFEST, encoding="utf-8")
        for name in ("same", "placed", "unplaced", "crash"):
            (self.corpus / name).write_text(name + "\n", encoding="utf-8")
        self.converter = self.corpus / "converter"
        self.converter.write_text(CONVERTER, encoding="utf-8")
        self.converter.chmod(0o755)

    def test_every_case_has_an_outcome(self):
        outcomes = run_corpus.run(self.corpus, str(self.converter), ["s"])
        states = {outcome.case.name: outcome.state for outcome in outcomes}
        self.assertEqual(states, {"same": "passed", "other": "failed", "refused": "failed", "negative": "passed",
                                  "without-place": "failed", "accepted": "failed", "crash": "failed",
                                  "no-file": "failed", "later": "failed", "no-document": "skipped"})

    def test_a_failure_says_which_case_and_why(self):
        outcomes = {outcome.case.name: outcome for outcome in run_corpus.run(self.corpus, str(self.converter))}
        self.assertEqual(outcomes["later"].name(), "s later (netxml->dnsmasq.conf)")
        self.assertEqual(outcomes["later"].brief(), "there is no converter for this kind yet")
        self.assertEqual(outcomes["other"].brief(), "-placed")
        self.assertIn("error: line 1 column 2: bad", outcomes["refused"].brief())
        self.assertIn("absent", outcomes["no-file"].brief())

    def test_a_corpus_without_a_manifest_is_an_error(self):
        (self.corpus / "manifest.tsv").unlink()
        with self.assertRaises(OSError):
            run_corpus.run(self.corpus, str(self.converter))
