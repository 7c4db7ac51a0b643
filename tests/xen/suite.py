"""The Xen driver on a real Xen, which runs under emulation. By hand: /usr/bin/python3 tests/xen/suite.py

The machine is built once into REEVE_XEN_LAB (default: reeve/xen-lab in the user's cache directory).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
sys.path.insert(0, os.path.join(ROOT, "tests", "runner"))

import counts  # noqa: E402

BUILD_SECONDS = 900
RUN_SECONDS = 900
PROGRAMS = ["daemon/reeved", "cli/reeve"]


def cache_directory():
    default = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "reeve", "xen-lab")
    return os.environ.get("REEVE_XEN_LAB", default)


def log_tail(path, lines=40):
    if not os.path.exists(path):
        return f"(no {os.path.basename(path)})"
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-lines:])


def run():
    """Returns (Counts, lines that tell what failed)."""
    cache = cache_directory()
    start = time.monotonic()
    try:
        subprocess.run([os.path.join(FOLDER, "lab", "build"), cache], check=True, timeout=BUILD_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return counts.Counts(failed=1), [f"xen: the lab was not built: {error}"]
    built = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="reeve-xen-") as job:
        for program in PROGRAMS:
            shutil.copy(os.path.join(ROOT, "bazel-bin", program), job)
        shutil.copy(os.path.join(cache, "tiny.elf"), job)
        shutil.copy(os.path.join(FOLDER, "job.sh"), job)
        status = subprocess.call([os.path.join(FOLDER, "lab", "run"), cache, job, str(RUN_SECONDS)])
        log = log_tail(os.path.join(job, "job.log"), 100000)
        passed = re.findall(r"^ok (.*?) \([0-9.]+ s\)$", log, re.MULTILINE)
        failures = [f"xen: {line}" for line in re.findall(r"^failed (.*)$", log, re.MULTILINE)]
        if status != 0 and not failures:
            failures = [f"xen: the job ended with {status} before its end"]
        if failures:
            print(log)
            print("-- the daemon's log\n" + log_tail(os.path.join(job, "reeved.log")))
            print("-- the machine's console\n" + log_tail(os.path.join(job, "serial.log"), 20))
    print(f"== xen: built in {built - start:.0f} s, run in {time.monotonic() - built:.0f} s", flush=True)
    if not passed and not failures:
        failures = ["xen: no check was made"]
    return counts.Counts(passed=len(passed), failed=len(failures)), failures


def main():
    total, failures = run()
    for failure in failures:
        print(f"failed: {failure}")
    print(total.line(), flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
