"""Building and testing with Bazel."""

import json
import os
import subprocess
import tempfile
import urllib.parse

import counts

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(arguments):
    """Runs bazel with its output on this terminal; returns the exit status."""
    return subprocess.call(["bazel", *arguments], cwd=ROOT)


def query(expression):
    output = subprocess.run(["bazel", "query", "--noshow_progress", expression], cwd=ROOT, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    if output.returncode != 0:
        raise RuntimeError(f"bazel query {expression}: {output.stderr.strip()}")
    return output.stdout.split()


def privileged_tests():
    """Tests that need root and the real kernel; they are built by Bazel and run outside of it."""
    return query('attr(tags, "privileged", tests(//...))')


def binary(label):
    """Path of the program that a label builds."""
    return os.path.join(ROOT, "bazel-bin", label.lstrip("/").replace(":", "/"))


def test(flags):
    """Runs all unprivileged tests. Returns (Counts, lines that tell what failed)."""
    expected = query('tests(//...) except attr(tags, "manual", tests(//...))')
    with tempfile.NamedTemporaryFile(suffix=".json") as events_file:
        status = run(["test", "//...", "--keep_going", f"--build_event_json_file={events_file.name}", *flags])
        events = [json.loads(line) for line in open(events_file.name, encoding="utf-8") if line.strip()]
    summaries, logs = {}, {}
    for event in events:
        if "testSummary" in event["id"]:
            summaries[event["id"]["testSummary"]["label"]] = event["testSummary"].get("overallStatus")
        if "testResult" in event["id"]:
            for output in event["testResult"].get("testActionOutput", []):
                if output["name"] == "test.log" and "uri" in output:
                    path = urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
                    logs.setdefault(event["id"]["testResult"]["label"], path)
    total, failures = counts.Counts(), []
    for label in expected:
        state = summaries.get(label, "DID NOT BUILD")
        text = ""
        if label in logs and os.path.exists(logs[label]):
            text = open(logs[label], encoding="utf-8", errors="replace").read()
        one = counts.from_catch2(text, state in ("PASSED", "FLAKY"))
        total.add(one)
        if one.failed:
            failures.append(f"{label}: {state}, {one.failed} failed")
    if status != 0 and total.failed == 0:
        total.failed = 1
        failures.append(f"bazel test ended with status {status}")
    return total, failures
