#!/usr/bin/env python3
"""Compares what a converter writes with a corpus of documents and the output that others expect.

The corpus is a directory with manifest.tsv: suite, case, kind ("netxml->netxml"), input (several joined by "+"),
expected, result ("pass", "parse-error", "fail"), note. A line end after a backslash joins lines of an expected file; one
line end of difference at the end is tolerated; all else is compared byte for byte. A refusal must name a place.
Where xmllint is there, what is written must also validate against the corpus's RELAX NG schemas.

    run_corpus.py CORPUS CONVERTER [--suite NAME]... [--verbose]
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
TIMEOUT_SECONDS = 20
PLACE = re.compile(r"line \d+ column \d+")
UUID = re.compile(r"<uuid>[0-9a-f-]{36}</uuid>")


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
        text = UUID.sub("<uuid/>", text)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("converter")
    parser.add_argument("--suite", action="append", help="only this suite")
    parser.add_argument("--verbose", action="store_true", help="say why a case failed")
    arguments = parser.parse_args()

    has_xmllint = shutil.which("xmllint") is not None
    if not has_xmllint:
        print("xmllint is not installed: what is written is not validated")
    passed, failed, invalid, left_out = (collections.Counter() for _ in range(4))
    for case in read_cases(arguments.corpus):
        if arguments.suite and case.suite not in arguments.suite:
            continue
        if case.sides() is None and case.update() is None:
            left_out[case.suite] += 1
            continue
        cause, written = try_case(case, arguments.converter)
        (failed if cause else passed)[case.suite] += 1
        if cause and arguments.verbose:
            print(f"--- {case.suite} {case.name} ({case.kind})\n{cause}")
        schema = schema_of(case, arguments.corpus)
        if has_xmllint and written and schema:
            complaint = validate(schema, written)
            # Where the expected text is no better, the schema is at fault.
            if complaint and validate(schema, case.expected.read_text(encoding="utf-8")) == "":
                invalid[case.suite] += 1
                if arguments.verbose:
                    print(f"--- {case.suite} {case.name}: not valid\n{complaint}")

    for suite in sorted(set(passed) | set(failed) | set(left_out)):
        line = f"{suite:28} passed {passed[suite]:4}  failed {failed[suite]:4}"
        if invalid[suite]:
            line += f"  not valid {invalid[suite]}"
        if left_out[suite]:
            line += f"  left out {left_out[suite]}"
        print(line)
    total = sum(failed.values()) + sum(invalid.values())
    print(f"{'all':28} passed {sum(passed.values()):4}  failed {sum(failed.values()):4}")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
