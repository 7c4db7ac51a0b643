"""Runs the modules test_*.py of this folder, each in a process of its own.

By hand: /usr/bin/python3 tests/e2e/suite.py [MODULE [PART OF A TEST'S NAME]]
"""

import json
import os
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "runner"))

import counts  # noqa: E402
import subreaper  # noqa: E402


def run_module(module, pattern=""):
    """Returns (Counts, lines that tell what failed). A test that never reported counts as failed."""
    with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8") as report:
        status = subprocess.call(["/usr/bin/python3", os.path.join(FOLDER, "run_module.py"), module, report.name, pattern],
                                 cwd=FOLDER, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        lines = [json.loads(line) for line in report]
    if not lines:
        return counts.Counts(failed=1), [f"{module} did not load (status {status})"]
    states = {line["test"]: line["state"] for line in lines[1:]}
    for test in lines[0]["expected"]:
        states.setdefault(test, "failed" if status else "skipped")
    total = counts.Counts(**{state: list(states.values()).count(state) for state in ("passed", "failed", "skipped")})
    return total, [test for test, state in states.items() if state == "failed"]


def run(modules=None, pattern=""):
    total, failures = counts.Counts(), []
    names = modules or sorted(name[:-3] for name in os.listdir(FOLDER)
                              if name.startswith("test_") and name.endswith(".py"))
    for module in names:
        print(f"-- {module}", flush=True)
        one, failed = run_module(module, pattern)
        total.add(one)
        failures += failed
    return total, failures


def main():
    total, failures = run(sys.argv[1:2] or None, sys.argv[2] if len(sys.argv) > 2 else "")
    for failure in failures:
        print(f"failed: {failure}")
    print(total.line(), flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(subreaper.run_below(main))
