"""Compiles the fuzzer with clang: build(DIRECTORY) returns its path, or raises RuntimeError.

Bazel says which files it is made of, and compiles the messages; these are not instrumented.
"""

import concurrent.futures
import glob
import os
import shlex
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LABEL = "//tests/fuzz:format_fuzz"
MESSAGES = "//proto:reeve"
FLAGS = ["-std=c++20", "-O1", "-g1", "-fno-omit-frame-pointer", "-w", "-DNDEBUG", "-DTOML_EXCEPTIONS=0", "-I.", "-Ibazel-bin/proto",
         "-fsanitize=fuzzer-no-link,address"]
LINK = ["-fsanitize=fuzzer,address", "-lprotobuf", "-lpugixml", "-lspdlog", "-lfmt", "-lsystemd", "-lcrypto",
        "-lsasl2", "-pthread"]


def run(command):
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if output.returncode != 0:
        raise RuntimeError(f"{shlex.join(command[:3])} ...: {output.stderr.strip()[-2000:]}")
    return output.stdout


def sources():
    """Paths of all files to compile, below the root."""
    labels = run(["bazel", "query", "--noshow_progress", f'filter("^//.*\\.cc$", kind("source file", deps({LABEL})))'])
    return sorted(label.lstrip("/").replace(":", "/") for label in labels.split())


def newest(depfile):
    """The time of the newest file that a compilation read; infinite when one is gone or none is known."""
    try:
        with open(depfile, encoding="utf-8") as file:
            names = file.read().replace("\\\n", " ").partition(":")[2].split()
        return max(os.stat(os.path.join(ROOT, name)).st_mtime for name in names)
    except (OSError, ValueError):
        return float("inf")


def is_fresh(output, depfile):
    return os.path.exists(output) and newest(depfile) <= os.stat(output).st_mtime


def compile_one(source, output, flags):
    """Compiles where something changed; returns whether it did."""
    depfile = output + ".d"
    if is_fresh(output, depfile):
        return False
    os.makedirs(os.path.dirname(output), exist_ok=True)
    run(["clang++", *FLAGS, *flags, "-MD", "-MF", depfile, source, "-o", output])
    return True


def build(directory):
    """The path of the program, built below `directory`, an absolute path."""
    run(["bazel", "build", "--noshow_progress", MESSAGES])
    messages = glob.glob(os.path.join(ROOT, "bazel-bin/proto/_objs/reeve/*.o"))
    header = os.path.join(directory, "precompiled.pch")
    compile_one("tests/fuzz/precompiled.h", header, ["-x", "c++-header"])
    objects = {source: os.path.join(directory, source[:-3] + ".o") for source in sources()}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda source: compile_one(source, objects[source], ["-include-pch", header, "-c"]), objects))
    program = os.path.join(directory, "format_fuzz")
    libraries = sorted(glob.glob("/usr/lib/*/libabsl_*.so"))
    run(["clang++", "-o", program, *objects.values(), *messages, "-Wl,--as-needed", *libraries, *LINK])
    return program
