"""Runs the modules test_*.py of this folder, or of another one that stands on it, each in a process of its own.

By hand: /usr/bin/python3 tests/e2e/suite.py [[FOLDER/]MODULE [PART OF A TEST'S NAME]], e.g. tests/security/test_roles
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


def run_module(module, pattern="", folder=FOLDER):
    """(Counts, lines that tell what failed) of each test of a module. One that never reported has failed."""
    with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8") as report:
        status = subprocess.call(["/usr/bin/python3", os.path.join(FOLDER, "run_module.py"), module, report.name, pattern],
                                 cwd=folder, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
                                                  "PYTHONPATH": os.pathsep.join((folder, FOLDER))})
        lines = [json.loads(line) for line in report]
    if not lines:
        return {module: (counts.Counts(failed=1), [f"{module}: it did not load (status {status})"])}
    states = {line["test"]: (line["state"], line["told"]) for line in lines[1:]}
    for test in lines[0]["expected"]:
        states.setdefault(test, ("failed" if status else "skipped", "it never reported"))
    return {test: (counts.Counts(**{state: 1}), ["\n".join((test, told.rstrip()))] if state == "failed" else [])
            for test, (state, told) in states.items()}


def run(modules=None, pattern="", folder=FOLDER):
    """Returns (Counts, lines that tell what failed)."""
    total, failures = counts.Counts(), []
    names = modules or sorted(name[:-3] for name in os.listdir(folder)
                              if name.startswith("test_") and name.endswith(".py"))
    for module in names:
        print(f"-- {module}", flush=True)

        def run_again(tests, module=module):
            ran = [run_module(module, test, folder) for test in tests]
            return {test: results[test] for test, results in zip(tests, ran) if test in results}

        one, failed = counts.settle(run_module(module, pattern, folder), run_again)
        total.add(one)
        failures += failed
    return total, failures


def main():
    folder, _, module = (sys.argv[1] if len(sys.argv) > 1 else "").rpartition("/")
    total, failures = run([module] if module else None, sys.argv[2] if len(sys.argv) > 2 else "",
                          os.path.abspath(folder) if folder else FOLDER)
    for line in total.unsteady:
        print(f"unsteady, passed when run again: {line}")
    for failure in failures:
        print(f"failed: {failure}")
    print(total.line(), flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(subreaper.run_below(main))
