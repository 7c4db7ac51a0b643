"""What is written is read again, the same: the round trips of suite formats, over every document of a corpus.

round_trip.h tells the rules. What was written must also be valid by the corpus's RELAX NG schemas, where xmllint is there.
"""

import csv
import os
import subprocess
import tempfile

TIMEOUT_SECONDS = 120


class Document:
    """A file of the corpus: its format and kind, as the converter names them, the schema of its XML, and a volume's pool."""

    def __init__(self, path, side, pool):
        self.path = path
        self.format, self.kind, self.schema = side
        self.pool = pool

    def line(self):
        """As round_trip_filter reads it."""
        return "\t".join([self.format, self.kind, str(self.path), str(self.pool or "")])


class Result:
    """What became of a document. `state` is "ok", "refused" or "broken"; `cause` says why when it is not ok."""

    def __init__(self, document, line):
        self.document = document
        self.state, _, self.cause = line.partition(": ")


def documents(corpus, sides):
    """All inputs and expected results of the manifest that are of a format of `sides`, each once, in its order."""
    found = {}
    with open(corpus / "manifest.tsv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            left, _, right = row["kind"].partition("->")
            inputs = row["input"].split("+")
            pool = corpus / inputs[0] if len(inputs) > 1 and left.endswith("volxml") else None
            for name, side in ((inputs[-1], left.split("+")[-1]), (row["expected"], right)):
                if name and side in sides:
                    found.setdefault((name, sides[side][1]), Document(corpus / name, sides[side], pool))
    return list(found.values())


def complaints(schema, paths):
    """What xmllint says of the files that are not valid, by path."""
    if not paths:
        return {}
    run = subprocess.run(["xmllint", "--noout", "--relaxng", str(schema), *paths], capture_output=True, text=True,
                         errors="replace", timeout=TIMEOUT_SECONDS, check=False)
    said = {}
    for line in run.stderr.splitlines():
        path, _, text = line.partition(":")
        if path in paths and not line.endswith(" validates"):
            said.setdefault(path, text)
        elif line.endswith(" fails to validate"):
            said.setdefault(line[:-len(" fails to validate")], "is not valid")
    return said


def validate(results, directory, corpus):
    """Marks the results whose XML is not valid, unless the document says itself what the schema does not know."""
    groups = {}
    for number, result in enumerate(results, 1):
        if result.state == "ok" and result.document.schema:
            groups.setdefault(result.document.schema, {})[os.path.join(directory, f"{number}.xml")] = result
    for schema, written in groups.items():
        for path, text in complaints(corpus / "rng" / schema, list(written)).items():
            result = written[path]
            source = str(result.document.path)
            if result.document.format == "xml" and complaints(corpus / "rng" / schema, [source]):
                continue
            result.state, result.cause = "broken", f"what is written is not valid: {text}"


def run(corpus, program, sides, has_xmllint):
    """The results of all documents, in the manifest's order. Raises OSError when the program fails."""
    found = documents(corpus, sides)
    with tempfile.TemporaryDirectory() as directory:
        lines = "".join(document.line() + "\n" for document in found)
        trip = subprocess.run([program, directory], input=lines, capture_output=True, text=True, errors="replace",
                              timeout=TIMEOUT_SECONDS, check=False)
        if trip.returncode != 0:
            raise OSError(f"round_trip_filter ended with {trip.returncode}: {trip.stderr.strip()}")
        results = [Result(document, line) for document, line in zip(found, trip.stdout.splitlines(), strict=True)]
        if has_xmllint:
            validate(results, directory, corpus)
    return results
