"""Suite fuzz of tests/run: builds the fuzzer and runs every target for a bounded time. Each target counts as a test.

REEVE_FUZZ_SECONDS: how long each runs (8). REEVE_FUZZ_TARGETS: which, names with "," between (all). REEVE_FUZZ_SEED: where the walk
through the inputs begins (1); 0 is another place each time, which goes on from what earlier such runs have kept.
REEVE_FUZZ_DIRECTORY: where what is built and found is kept (~/.cache/reeve-tests/fuzz).
"""

import concurrent.futures
import csv
import os
import pathlib
import subprocess
import tempfile

import build

SEEDS = pathlib.Path(__file__).parent / "seeds"
# The left side of a manifest's kind, by target.
CORPUS_KINDS = {
    "xml-domain": "domxml", "xml-network": "netxml", "xml-pool": "poolxml", "xml-volume": "volxml",
    "xml-interface": "ifacexml", "xml-nodedev": "nodedevxml", "xml-secret": "secretxml", "xml-nwfilter": "nwfilterxml",
    "xen-xl": "xlcfg", "xen-xm": "xmcfg", "xen-sxpr": "sexpr", "lxc-tools": "lxc.conf",
}
MAX_BYTES = 16384


class Result:
    """What became of a target. `cause` is empty when nothing was found."""

    def __init__(self, target, cause, runs):
        self.target = target
        self.cause = cause
        self.runs = runs


def corpus_inputs(target, corpus):
    """The documents of the corpus that the target reads."""
    if target not in CORPUS_KINDS or not corpus:
        return []
    with open(corpus / "manifest.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    inputs = {row["input"].split("+")[-1] for row in rows if row["kind"].partition("->")[0].split("+")[-1] == CORPUS_KINDS[target]}
    return [corpus / name for name in sorted(inputs)]


def fill(directory, target, corpus):
    """Puts the seeds of a target into its directory of inputs."""
    directory.mkdir(parents=True, exist_ok=True)
    seeds = list((SEEDS / target).glob("*")) if (SEEDS / target).is_dir() else []
    for path in [*seeds, *corpus_inputs(target, corpus)]:
        if path.is_file() and path.stat().st_size <= MAX_BYTES:
            (directory / f"seed-{path.name}").write_bytes(path.read_bytes())


def runs_of(log):
    """How many inputs were tried, from libFuzzer's last line about it."""
    lines = [line for line in log.splitlines() if line.startswith("stat::number_of_executed_units:")]
    return int(lines[-1].split()[-1]) if lines else 0


def run_target(program, target, work, seconds, seed, corpus):
    """A walk with a seed begins with the seeds alone: the same tree gives the same result, whatever was found before."""
    if seed:
        with tempfile.TemporaryDirectory(prefix=f"reeve-fuzz-{target}-") as inputs:
            return walk(program, target, work, seconds, seed, corpus, pathlib.Path(inputs))
    return walk(program, target, work, seconds, seed, corpus, work / "inputs" / target)


def walk(program, target, work, seconds, seed, corpus, inputs):
    fill(inputs, target, corpus)
    found = work / "found" / target
    found.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    command = [program, f"--target={target}", f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=10", "-rss_limit_mb=1024",
               f"-max_len={MAX_BYTES}", "-print_final_stats=1", f"-artifact_prefix={found}/", str(inputs)]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=seconds + 120)
    if run.returncode == 0:
        return Result(target, "", runs_of(run.stderr))
    new = sorted(set(found.iterdir()) - before)
    (work / f"{target}.log").write_text(run.stderr, encoding="utf-8")
    rules = [line for line in run.stderr.splitlines() if line.startswith(("BROKEN RULE", "ERROR:", "SUMMARY:", "==")) and "Warning" not in line]
    cause = rules[0] if rules else f"ended with {run.returncode}"
    return Result(target, f"{cause}; input {new[-1] if new else 'not kept'}, log {work}/{target}.log", runs_of(run.stderr))


def run():
    """The results of all targets. Raises RuntimeError when the fuzzer does not build."""
    work = pathlib.Path(os.environ.get("REEVE_FUZZ_DIRECTORY", pathlib.Path.home() / ".cache" / "reeve-tests" / "fuzz"))
    work.mkdir(parents=True, exist_ok=True)
    program = build.build(str(work / "build"))
    targets = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    wanted = os.environ.get("REEVE_FUZZ_TARGETS", "")
    targets = [target for target in targets if not wanted or target in wanted.split(",")]
    seconds = int(os.environ.get("REEVE_FUZZ_SECONDS", "8"))
    seed = int(os.environ.get("REEVE_FUZZ_SEED", "1"))
    corpus = pathlib.Path(os.environ["REEVE_CORPUS"]) if os.environ.get("REEVE_CORPUS") else None
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda target: run_target(program, target, work, seconds, seed, corpus), targets))
