"""Runs suites of tests and counts their test cases. Called by tests/run."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bazel  # noqa: E402
import counts  # noqa: E402
import subreaper  # noqa: E402

CORPUS = "REEVE_CORPUS"
PROGRAMS = ["//daemon:reeved", "//cli:reeve", "//drivers/lxc:reeve-supervisor"]


def say(text):
    print(f"== {text}", flush=True)


def unit(flags):
    return bazel.test(flags)


def privileged(flags):
    """Catch2 binaries that need the real kernel."""
    total, failures = counts.Counts(), []
    if os.geteuid() != 0:
        say("these tests need root")
        return counts.Counts(failed=1), ["e2e needs root"]
    for label in bazel.privileged_tests():
        if bazel.run(["build", "--noshow_progress", label, *flags]) != 0:
            one, failed = counts.Counts(failed=1), [f"{label}: it did not build"]
        else:
            one, failed = counts.twice(lambda label=label: privileged_test(label))
        say(f"{label}: {one.line()}")
        failures += failed
        total.add(one)
    return total, failures


def privileged_test(label):
    program = subprocess.run([bazel.binary(label)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="replace", timeout=300)
    one = counts.from_catch2(program.stdout, program.returncode == 0)
    if not one.failed:
        return one, []
    print(program.stdout, flush=True)
    return one, [f"{label}: {one.failed} failed\n{counts.first_failure(program.stdout)}"]


def e2e(flags):
    if bazel.run(["build", *PROGRAMS, *flags]) != 0:
        return counts.Counts(failed=1), ["the programs did not build"]
    total, failures = privileged(flags)
    sys.path.insert(0, os.path.join(bazel.ROOT, "tests", "e2e"))
    import suite  # pylint: disable=import-outside-toplevel

    one, failed = suite.run()
    total.add(one)
    return total, failures + failed


def security(flags):
    """Who is let in and what he may do, against real daemons."""
    if bazel.run(["build", *PROGRAMS, *flags]) != 0:
        return counts.Counts(failed=1), ["the programs did not build"]
    sys.path.insert(0, os.path.join(bazel.ROOT, "tests", "e2e"))
    import suite  # pylint: disable=import-outside-toplevel

    return suite.run(folder=os.path.join(bazel.ROOT, "tests", "security"))


def bench(flags):
    if bazel.run(["build", *PROGRAMS, "//tests/bench/...", *flags]) != 0:
        return counts.Counts(failed=1), ["the programs did not build"]
    total, failures = counts.Counts(), []
    folder = os.path.join(bazel.ROOT, "tests", "bench")
    for name in sorted(os.listdir(folder)):
        if not name.startswith("bench_") or not name.endswith(".py"):
            continue
        say(f"bench: {name}")
        succeeded = subprocess.call(["/usr/bin/python3", os.path.join(folder, name)], cwd=bazel.ROOT) == 0
        total.add(counts.Counts(passed=int(succeeded), failed=int(not succeeded)))
        if not succeeded:
            failures.append(f"{name}: failed")
    return total, failures


def formats(flags):
    """Documents and what others make of them, from the directory that REEVE_CORPUS names. Every case counts."""
    corpus = os.environ.get(CORPUS, "")
    if not os.path.isdir(corpus):
        cause = f"{CORPUS} names no directory: '{corpus}'" if corpus else f"{CORPUS} is not set"
        say(f"formats: skipped, {cause}")
        return counts.Counts(skipped=1), []
    label, layout_label = "//formats:format_filter", "//cgroups:layout_filter"
    trip_label, xen_label = "//tests/formats:round_trip_filter", "//drivers/xen:config_filter"
    if bazel.run(["build", "--noshow_progress", label, layout_label, trip_label, xen_label, *flags]) != 0:
        return counts.Counts(failed=1), ["formats: the converter did not build"]
    sys.path.insert(0, os.path.join(bazel.ROOT, "tests", "formats"))
    import run_corpus  # pylint: disable=import-outside-toplevel

    try:
        outcomes = run_corpus.run(pathlib.Path(corpus), bazel.binary(label), layout_filter=bazel.binary(layout_label),
                                  xen_filter=bazel.binary(xen_label))
    except (OSError, KeyError) as error:
        return counts.Counts(failed=1), [f"formats: the manifest in {corpus} cannot be read: {error}"]
    run_corpus.print_table(outcomes)
    total, failures = counts.Counts(), []
    for outcome in outcomes:
        total.add(counts.Counts(**{outcome.state: 1}))
        if outcome.state == "failed":
            failures.append(f"formats: {outcome.name()}: {outcome.brief()}")
        elif outcome.state == "skipped":
            say(f"formats: skipped {outcome.name()}: {outcome.brief()}")
    if not outcomes:
        return counts.Counts(failed=1), [f"formats: the manifest in {corpus} has no case"]
    trips, lost = round_trips(pathlib.Path(corpus), bazel.binary(trip_label))
    total.add(trips)
    return total, failures + lost


def round_trips(corpus, program):
    """Every document of the corpus, there and back again."""
    import round_trips as trips  # pylint: disable=import-outside-toplevel
    import run_corpus  # pylint: disable=import-outside-toplevel

    total, failures = counts.Counts(), []
    try:
        results = trips.run(corpus, program, run_corpus.SIDES, shutil.which("xmllint") is not None)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return counts.Counts(failed=1), [f"formats: round trips: {error}"]
    for result in results:
        if result.state == "broken":
            total.add(counts.Counts(failed=1))
            failures.append(f"formats: round trip of {result.document.path.relative_to(corpus)}: {result.cause[:500]}")
        elif result.state == "ok":
            total.add(counts.Counts(passed=1))
    say(f"round trips: {total.line()}")
    return total, failures


def fuzz(flags):
    """Every reader of documents against inputs that nobody thought of, for a bounded time. Every target counts."""
    del flags  # The fuzzer is compiled by clang, with the sanitizers it needs.
    sys.path.insert(0, os.path.join(bazel.ROOT, "tests", "fuzz"))
    import suite_fuzz  # pylint: disable=import-outside-toplevel

    try:
        results = suite_fuzz.run()
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return counts.Counts(failed=1), [f"fuzz: {error}"]
    total, failures = counts.Counts(), []
    for result in results:
        say(f"fuzz: {result.target}: {result.runs} inputs{': ' + result.cause if result.cause else ''}")
        total.add(counts.Counts(failed=1) if result.cause else counts.Counts(passed=1))
        if result.cause:
            failures.append(f"fuzz: {result.target}: {result.cause}")
    return total, failures


def cgroup2(flags):
    """Reeve in an emulated machine that has only cgroup v2, with and without systemd."""
    sys.path.insert(0, os.path.join(bazel.ROOT, "tests", "cgroup2"))
    import suite_cgroup2  # pylint: disable=import-outside-toplevel

    if bazel.run(["build", "--noshow_progress", *suite_cgroup2.PROGRAMS, *suite_cgroup2.TESTS, *flags]) != 0:
        return counts.Counts(failed=1), ["cgroup2: the programs did not build"]
    return suite_cgroup2.run()


def xen(flags, part=""):
    """The Xen driver on a real Xen, in an emulated machine."""
    sys.path.insert(0, os.path.join(bazel.ROOT, "tests", "xen"))
    import suite_xen  # pylint: disable=import-outside-toplevel

    if bazel.run(["build", "--noshow_progress", *suite_xen.PROGRAMS, *flags]) != 0:
        return counts.Counts(failed=1), ["xen: the programs did not build"]
    return suite_xen.run(part)


def xen_passthrough(flags):
    """What needs another machine: devices and memory of the host that go to guests."""
    return xen(flags, "second")


def xen_migration(flags):
    """Guests that move between two such machines."""
    return xen(flags, "migration")


SUITES = {"unit": unit, "e2e": e2e, "security": security, "bench": bench, "formats": formats,
          "fuzz": fuzz, "cgroup2": cgroup2, "xen": xen, "xen-passthrough": xen_passthrough, "xen-migration": xen_migration}


def default_suites():
    return ["unit", "e2e", "security", "fuzz", "cgroup2", "xen", "xen-passthrough", "xen-migration"] + (["formats"] if os.environ.get(CORPUS) else [])


def main(arguments):
    flags = [argument for argument in arguments if argument.startswith("--")]
    names = [argument for argument in arguments if not argument.startswith("--")] or default_suites()
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        print(f"tests/run: no suite is called {unknown[0]}; there are {', '.join(SUITES)}", file=sys.stderr)
        return 2
    total, failures = counts.Counts(), []
    for name in names:
        say(f"suite {name}")
        start = time.monotonic()
        one, failed = SUITES[name](flags)
        total.add(one)
        failures += failed
        say(f"suite {name}: {one.line()} in {time.monotonic() - start:.0f} s")
    for line in total.unsteady:
        print(f"unsteady, passed when run again: {line}")
    for failure in failures:
        print(f"failed: {failure}")
    print(total.line(), flush=True)
    return 1 if total.failed else 0


def guarded():
    """main, with a traceback and a truthful last line should the runner itself fail."""
    try:
        status = main(sys.argv[1:])
    except Exception as error:  # pylint: disable=broad-except
        import traceback

        traceback.print_exc()
        print(f"failed: the runner itself: {error}\n{counts.Counts(failed=1).line()}", flush=True)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    sys.exit(subreaper.run_below(guarded))
