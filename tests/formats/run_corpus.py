#!/usr/bin/env python3
"""Compares what a converter writes with a corpus of documents and the output that others expect.

The corpus is a directory with manifest.tsv: suite, case, kind ("netxml->netxml"), input (several joined by "+"),
expected, result ("pass", "parse-error", "fail"), note. A line end after a backslash joins lines of an expected file; one
line end of difference at the end is tolerated; all else is compared byte for byte. A refusal must name a place.
Where xmllint is there, what is written must also validate against the corpus's RELAX NG schemas. A kind of case that the
converter does not have yet fails. Where controllers are mounted is told by a program of its own (layouts.py), and so is libxenlight's
configuration (xen_configs.py).

    run_corpus.py CORPUS CONVERTER [--layout-filter PROGRAM] [--xen-filter PROGRAM] [--suite NAME]... [--verbose]
"""

import argparse
import collections
import csv
import difflib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import layouts  # noqa: E402
import xen_configs  # noqa: E402

# The left or right side of a manifest's kind: the converter's format and kind, and the schema of an XML document.
# A new format is a row here.
SIDES = {
    "netxml": ("xml", "network", "network.rng"),
    "poolxml": ("xml", "pool", "storagepool.rng"),
    "volxml": ("xml", "volume", "storagevol.rng"),
    "ifacexml": ("xml", "interface", "interface.rng"),
    "nodedevxml": ("xml", "nodedev", "nodedev.rng"),
    "secretxml": ("xml", "secret", "secret.rng"),
    "nwfilterxml": ("xml", "nwfilter", "nwfilter.rng"),
    "domxml": ("xml", "domain", "domain.rng"),
    "xlcfg": ("xen-xl", "domain", None),
    "xmcfg": ("xen-xm", "domain", None),
    "sexpr": ("xen-sxpr", "domain", None),
    "lxc.conf": ("lxc-tools", "domain", None),
}
# What these kinds end with is no document: command lines, which the drivers' own tests compare.
NO_DOCUMENT = (" argv",)
TIMEOUT_SECONDS = 20
PLACE = re.compile(r"line \d+ column \d+")
UUID = re.compile(r"\n *<uuid>[0-9a-f-]{36}</uuid>")


class Case:
    """One line of the manifest."""

    def __init__(self, row, corpus):
        self.suite = row["suite"]
        self.name = row["case"]
        self.kind = row["kind"]
        self.inputs = [corpus / part for part in row["input"].split("+") if part]
        self.expected = corpus / row["expected"] if row["expected"] else None
        self.refused = row["result"] != "pass"
        self.note = row["note"] or ""

    def sides(self):
        """(from, to), or None where the converter is not asked."""
        left, _, right = self.kind.partition("->")
        extra = left.split("+")
        if extra[-1] == "update":
            return None
        source = SIDES.get(extra[-1])
        target = SIDES.get(right)
        return (source, target) if source and target else None

    def update(self):
        """(command, section, index) of an update of a network, or None."""
        match = re.match(r"(\w+) (\w+) index=(-?\d+)", self.note)
        return match.groups() if "+update" in self.kind and match else None


def command_of(case, converter):
    """The converter's command and the file that it reads."""
    update = case.update()
    if update:
        command, section, index = update
        return [converter, "--kind", "network", "--update-command", command, "--update-section", section,
                "--update-index", index, "--update", str(case.inputs[1])], case.inputs[0]
    source, target = case.sides()
    command = [converter, "--from", source[0], "--to", target[0], "--kind", source[1]]
    if source[1] == "volume" and len(case.inputs) > 1:
        command += ["--pool", str(case.inputs[0])]
    return command, case.inputs[-1]


def schema_of(case, corpus):
    """The schema of what is written, or None."""
    right = case.kind.partition("->")[2]
    schema = SIDES[right][2] if right in SIDES else None
    return corpus / "rng" / schema if schema else None


def normal(text, case):
    """The text as it is compared."""
    text = text.replace("\\\n", "")
    if case.suite == "lxcconf2xmltest":
        text = UUID.sub("", text)
    return text[:-1] if text.endswith("\n") else text


def validate(schema, text):
    """What xmllint says against the text; empty when it is valid."""
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        run = subprocess.run(["xmllint", "--noout", "--relaxng", str(schema), file.name], capture_output=True, text=True,
                             timeout=TIMEOUT_SECONDS, check=False)
    return "" if run.returncode == 0 else run.stderr


def try_case(case, converter):
    """(cause of the failure or "", what was written)."""
    command, path = command_of(case, converter)
    run = subprocess.run(command, input=path.read_bytes(), capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    errors = run.stderr.decode("utf-8", "replace")
    written = run.stdout.decode("utf-8", "replace")
    if run.returncode not in (0, 1):
        return f"ended with {run.returncode}: {errors}", ""
    if case.refused:
        if run.returncode == 0:
            return "was accepted and should be refused", ""
        if case.update() is None and not PLACE.search(errors):
            return f"refused without a place: {errors}", ""
        return "", ""
    if run.returncode != 0:
        return f"refused: {errors}", ""
    expected = case.expected.read_text(encoding="utf-8")
    if normal(written, case) == normal(expected, case):
        return "", written
    diff = difflib.unified_diff(normal(expected, case).splitlines(), normal(written, case).splitlines(), "expected",
                                "written", lineterm="", n=1)
    return "\n".join(diff), written


def read_cases(corpus):
    with open(corpus / "manifest.tsv", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Case(row, corpus) for row in reader]


class Outcome:
    """What became of a case. `state` is "passed", "failed" or "skipped"; `cause` says why when it did not pass."""

    def __init__(self, case, state, cause=""):
        self.case = case
        self.state = state
        self.cause = cause

    def name(self):
        return f"{self.case.suite} {self.case.name} ({self.case.kind})"

    def brief(self):
        """The line of the cause that says most: an error, else the first line that differs, else the first."""
        lines = [line for line in self.cause.splitlines() if line.strip() and not line.startswith(("--- ", "+++ ", "@@"))]
        errors = [line for line in lines if "error: " in line]
        different = [line for line in lines if line[0] in "+-"]
        return (errors or different or lines or ["no output"])[0]


def judge_by_program(case, module, program, name):
    if program is None:
        return Outcome(case, "skipped", f"needs the program {name}")
    try:
        cause = module.try_case(case, program)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        cause = str(error)
    return Outcome(case, "failed" if cause else "passed", cause)


def judge(case, corpus, converter, has_xmllint, layout_filter=None, xen_filter=None):
    """The outcome of one case. A format that the converter does not have makes it fail."""
    if case.kind == layouts.KIND:
        return judge_by_program(case, layouts, layout_filter, "layout_filter")
    if case.kind == xen_configs.KIND:
        return judge_by_program(case, xen_configs, xen_filter, "config_filter")
    if case.kind.endswith(NO_DOCUMENT):
        return Outcome(case, "skipped", "expects a command line, not a document")
    if case.sides() is None and case.update() is None:
        return Outcome(case, "failed", "there is no converter for this kind yet")
    try:
        cause, written = try_case(case, converter)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        return Outcome(case, "failed", str(error))
    if cause:
        return Outcome(case, "failed", cause)
    schema = schema_of(case, corpus)
    if has_xmllint and written and schema:
        complaint = validate(schema, written)
        # Where the expected text is no better, the schema is at fault.
        if complaint and validate(schema, case.expected.read_text(encoding="utf-8")) == "":
            return Outcome(case, "failed", f"what is written is not valid: {complaint}")
    return Outcome(case, "passed")


def run(corpus, converter, suites=None, layout_filter=None, xen_filter=None):
    """The outcomes of all cases of the manifest, or of those of some suites, in its order."""
    has_xmllint = shutil.which("xmllint") is not None
    if not has_xmllint:
        print("xmllint is not installed: what is written is not validated")
    return [judge(case, corpus, converter, has_xmllint, layout_filter, xen_filter) for case in read_cases(corpus)
            if not suites or case.suite in suites]


def print_table(outcomes):
    """A line for each suite, and one for all."""
    rows = collections.defaultdict(collections.Counter)
    for outcome in outcomes:
        rows[outcome.case.suite][outcome.state] += 1
    for suite, row in [*sorted(rows.items()), ("all", sum(rows.values(), collections.Counter()))]:
        line = f"{suite:28} passed {row['passed']:4}  failed {row['failed']:4}"
        print(f"{line}  skipped {row['skipped']:4}" if row["skipped"] else line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("converter")
    parser.add_argument("--layout-filter", help="tells where controllers are mounted")
    parser.add_argument("--xen-filter", help="tells libxenlight's configuration of a domain")
    parser.add_argument("--suite", action="append", help="only this suite")
    parser.add_argument("--verbose", action="store_true", help="say why a case failed or was skipped")
    arguments = parser.parse_args()

    outcomes = run(arguments.corpus, arguments.converter, arguments.suite, arguments.layout_filter,
                   arguments.xen_filter)
    for outcome in outcomes:
        if arguments.verbose and outcome.state != "passed":
            print(f"--- {outcome.state}: {outcome.name()}\n{outcome.cause}")
    print_table(outcomes)
    return 1 if any(outcome.state == "failed" for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
