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


def run_tests(labels, flags):
    """Runs tests; returns the exit status, and of each that was run (Counts, lines that tell what failed)."""
    with tempfile.NamedTemporaryFile(suffix=".json") as events_file:
        status = run(["test", *labels, "--keep_going", f"--build_event_json_file={events_file.name}", *flags])
        events = [json.loads(line) for line in open(events_file.name, encoding="utf-8") if line.strip()]
    states, logs = {}, {}
    for event in events:
        if "testSummary" in event["id"]:
            states[event["id"]["testSummary"]["label"]] = event["testSummary"].get("overallStatus")
        if "testResult" in event["id"]:
            for output in event["testResult"].get("testActionOutput", []):
                if output["name"] == "test.log" and "uri" in output:
                    path = urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
                    logs.setdefault(event["id"]["testResult"]["label"], path)
    results = {}
    for label, state in states.items():
        text = ""
        if label in logs and os.path.exists(logs[label]):
            text = open(logs[label], encoding="utf-8", errors="replace").read()
        one = counts.from_catch2(text, state in ("PASSED", "FLAKY"))
        results[label] = one, [f"{label}: {one.failed} failed\n{counts.first_failure(text)}"] if one.failed else []
    return status, results


def test(flags):
    """Runs all unprivileged tests. Returns (Counts, lines that tell what failed)."""
    status, results = run_tests(["//..."], flags)
    for label in query('tests(//...) except attr(tags, "manual", tests(//...))'):
        results.setdefault(label, (counts.Counts(failed=1), [f"{label}: it did not build, or was not run"]))
    good = not any(one.failed for one, _ in results.values())
    total, failures = counts.settle(results, lambda labels: run_tests(labels, flags)[1])
    if status != 0 and good:
        total.failed = 1
        failures.append(f"bazel test ended with status {status}")
    return total, failures
