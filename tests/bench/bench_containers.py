#!/usr/bin/python3
"""Many real containers: memory of a supervisor and of the daemon, and a restart after kill -9 with all of them running."""
import argparse
import os
import tempfile
import time

import lab
from bench_start import SPECIFICATION

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("-c", type=int, default=100, help="containers")
ARGUMENTS.add_argument("-n", type=int, default=5, help="restarts")


def supervisors(daemon):
    """Pids of this daemon's supervisors: their executable is ours and their parent was the daemon."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.readlink(f"/proc/{name}/exe") == os.path.realpath(lab.SUPERVISOR):
                    found.append(int(name))
            except OSError:
                continue
    return found


def main():
    arguments = ARGUMENTS.parse_args()
    lab.become_reaper()
    with tempfile.TemporaryDirectory(prefix="reeve-bench-") as work:
        os.chmod(work, 0o755)
        root = lab.Root(os.path.join(work, "root"))
        daemon = lab.Daemon()
        client = daemon.client()
        for number in range(arguments.c):
            path = os.path.join(work, "bench.xml")
            with open(path, "w") as text:
                text.write(SPECIFICATION.format(root=root.path).replace("<name>bench</name>",
                                                                        f"<name>bench{number}</name>"))
            client.do("define", path)
        begin = time.monotonic_ns()
        for number in range(arguments.c):
            client.do("start", f"lxc/bench{number}")
            root.stamp()
        started = (time.monotonic_ns() - begin) / 1e6
        memory = [lab.smaps(pid) for pid in supervisors(daemon)]
        assert len(memory) == arguments.c, f"{len(memory)} supervisors for {arguments.c} containers"
        daemon_rss = lab.smaps(daemon.process.pid)[0]
        restarts = []
        revision = client.do("running")[1]
        client.end()
        for _ in range(arguments.n):
            daemon.kill()
            begin = time.monotonic_ns()
            daemon.begin()
            client = daemon.client()
            running, revision_after = client.do("running")
            restarts.append((time.monotonic_ns() - begin) / 1e6)
            assert running == arguments.c, f"{running} of {arguments.c} containers after the restart"
            assert revision_after == revision, "the restart made events"
            client.end()
        client = daemon.client()
        begin = time.monotonic_ns()
        for number in range(arguments.c):
            client.do("destroy", f"lxc/bench{number}")
        destroyed = (time.monotonic_ns() - begin) / 1e6
        client.end()
        daemon.end()
    pss = lab.median([pair[1] for pair in memory])
    lab.report(f"{arguments.c} containers", ["what", "figure", "unit", "promise"],
               [["start, one after the other", started / arguments.c, "ms each", ""],
                ["destroy, one after the other", destroyed / arguments.c, "ms each", ""],
                ["supervisor PSS", pss, "kB", "500"],
                ["supervisor RSS", lab.median([pair[0] for pair in memory]), "kB", ""],
                ["daemon RSS", daemon_rss / 1024, "MiB", ""],
                ["kill -9 to all listed", lab.median(restarts), "ms", "300"],
                ["kill -9 to all listed, worst", max(restarts), "ms", "300"]],
               {"start_ms": started / arguments.c, "destroy_ms": destroyed / arguments.c, "supervisor_pss_kb": pss,
                "daemon_rss_mib": daemon_rss / 1024, "restart_ms": lab.median(restarts),
                "restart_worst_ms": max(restarts)})


if __name__ == "__main__":
    main()
