#!/usr/bin/python3
"""TLS: a unary call and bulk bytes against their peers, memory of an idle connection, and the price of others' handshakes."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import lab

sys.path.insert(0, os.path.join(lab.REPOSITORY, "tests", "security"))
import certificates  # noqa: E402

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("-n", type=int, default=2000, help="calls a round")
ARGUMENTS.add_argument("-c", type=int, default=500, help="idle connections")
ARGUMENTS.add_argument("-s", type=int, default=1000, help="handshakes under way")
BULK = os.path.join(lab.BINARIES, "tests/bench/tls_bulk")
LOAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "handshake_load.py")


def write_certificates(folder):
    ca = certificates.Authority()
    certificates.replace(f"{folder}/cacert.pem", ca.certificate_pem())
    ca.server().write(f"{folder}/servercert.pem", f"{folder}/serverkey.pem")
    ca.client().write(f"{folder}/clientcert.pem", f"{folder}/clientkey.pem")


class TlsDaemon(lab.Daemon):
    """Serves TLS on a free port, by certificates of a folder."""

    def __init__(self, folder):
        root = tempfile.mkdtemp(prefix="reeve-bench-")
        os.makedirs(f"{root}/pki")
        for name in ("cacert", "servercert", "serverkey"):
            with open(f"{folder}/{name}.pem", "rb") as file:
                certificates.replace(f"{root}/pki/{name}.pem", file.read(), 0o600)
        super().__init__(root, "[tls]\nlisten = ['127.0.0.1:0']\nca_file = '/pki/cacert.pem'\n"
                               "certificate_file = '/pki/servercert.pem'\nkey_file = '/pki/serverkey.pem'\n"
                               "[limits]\nclients = 20000\nclients_per_user = 20000\nhandshakes = 2000\n", level="info")
        with open(f"{root}/daemon.log", encoding="utf-8") as log:
            self.port = int(re.findall(r"listening for TLS on \S*?:(\d+)", log.read())[-1])
        self.uri = f"test+tls://127.0.0.1:{self.port}/default?pkipath={folder}"


def medians(clients, rounds, count):
    """The median duration of a call of each client, us, taken in turn."""
    results = [[] for _ in clients]
    for _ in range(rounds):
        for client, durations in zip(clients, results):
            durations += client.do("get", "test/bench0", count)
    return [lab.median(durations) / 1e3 for durations in results]


def under_handshakes(daemon, folder, client, arguments):
    """Medians of a call, us: alone, and while handshakes are under way; and handshakes a second."""
    alone = lab.median(client.do("get", "test/bench0", arguments.n)) / 1e3
    load = subprocess.Popen([sys.executable, LOAD, folder, str(daemon.port), str(arguments.s)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    load.stdout.readline()
    began = time.monotonic()
    durations = []
    while time.monotonic() - began < 5:
        durations += client.do("get", "test/bench0", 50)
    load.stdin.close()
    finished, failed = map(int, load.stdout.readline().split())
    seconds = time.monotonic() - began
    load.wait(30)
    return alone, lab.median(durations) / 1e3, lab.percentile(durations, 0.99) / 1e3, finished / seconds, failed


def main():
    arguments = ARGUMENTS.parse_args()
    lab.become_reaper()
    with tempfile.TemporaryDirectory(prefix="reeve-bench-pki-") as folder:
        write_certificates(folder)
        daemon = TlsDaemon(folder)
        unix, tls = daemon.client(), lab.Client(daemon.uri)
        unix.do("define-many", 1)
        medians((unix, tls), 1, 200)
        unix_p50, tls_p50 = medians((unix, tls), 5, arguments.n)
        lab.report("unary call", ["what", "p50", "unit", "promise"],
                   [["Unix socket", unix_p50, "us", ""], ["TLS", tls_p50, "us", ""],
                    ["ratio", tls_p50 / unix_p50, "", "1.6"]],
                   {"unix_us": unix_p50, "tls_us": tls_p50, "ratio": tls_p50 / unix_p50})

        pid = daemon.process.pid
        tls.do("connect", 20)
        before = lab.smaps(pid)[0]
        tls.do("connect", arguments.c)
        idle = (lab.smaps(pid)[0] - before) / arguments.c
        tls.do("disconnect")
        lab.report("idle TLS connection", ["what", "figure", "unit", "promise"], [["memory", idle, "kB RSS", "60"]],
                   {"connection_kb": idle})

        alone, during, worst, rate, failed = under_handshakes(daemon, folder, tls, arguments)
        lab.report(f"an established client's call while {arguments.s} handshakes are under way",
                   ["what", "figure", "unit", "promise"],
                   [["alone, p50", alone, "us", ""], ["meanwhile, p50", during, "us", ""],
                    ["meanwhile, p99", worst, "us", ""], ["delay, p50", (during - alone) / 1e3, "ms", "5"],
                    ["handshakes", rate, "per s", ""], ["of these failed", float(failed), "", "0"]],
                   {"alone_us": alone, "during_us": during, "during_p99_us": worst, "delay_ms": (during - alone) / 1e3,
                    "handshakes_per_s": rate, "failed": failed})
        unix.end()
        tls.end()
        daemon.end()

        for size, what in ((3_000_000, "3 MB"), (100, "100 B")):
            done = subprocess.run([BULK, folder, str(size), "2"], stdout=subprocess.PIPE, text=True, check=True).stdout
            rates = {line.split()[0]: (float(line.split()[1]), float(line.split()[2])) for line in done.splitlines()}
            ratio = rates["terminator"][0] / rates["grpc"][0]
            lab.report(f"echo of {what} over TLS, a stock client", ["server", "per s", "p50 us"],
                       [["terminator", *rates["terminator"]], ["gRPC's TLS", *rates["grpc"]],
                        ["ratio (promise 0.8 for bulk)", ratio, ""]],
                       {"bytes": size, "terminator_per_s": rates["terminator"][0], "grpc_per_s": rates["grpc"][0],
                        "ratio": ratio})


if __name__ == "__main__":
    main()
