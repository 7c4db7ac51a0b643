#!/usr/bin/python3
"""Many real containers, each with busybox as its init: memory of a supervisor and of the daemon, statistics of all in one
call, the list of all, and a restart after kill -9 with all of them running."""
import argparse
import os
import resource
import shutil
import tempfile
import time

import lab

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("-c", type=int, default=200, help="containers; 1000 for the figures that are promised of so many")
ARGUMENTS.add_argument("-n", type=int, default=5, help="restarts")
ARGUMENTS.add_argument("-r", type=int, default=20, help="rounds of statistics and lists")

SPECIFICATION = """<domain type='lxc'><name>{name}</name><memory unit='KiB'>262144</memory><vcpu>1</vcpu>
<os><type>exe</type><init>/bin/busybox</init><initarg>sleep</initarg><initarg>1000000</initarg></os>
<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>
<features><privnet/></features>
<devices><filesystem type='mount'><source dir='{root}'/><target dir='/'/></filesystem><console type='pty'/></devices>
</domain>"""


def busybox_root(directory):
    for name in ("bin", "proc", "sys", "dev"):
        os.makedirs(os.path.join(directory, name))
    shutil.copy(shutil.which("busybox"), os.path.join(directory, "bin/busybox"))
    return directory


def supervisors():
    """Pids of the supervisors that are made of our program, which runs from memory under its name."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.readlink(f"/proc/{name}/exe").startswith("/memfd:reeve-supervisor"):
                    found.append(int(name))
            except OSError:
                continue
    return found


def processor_ms(daemon):
    """CPU time of the daemon so far: exact to the clock tick, so that it is asked for around many rounds."""
    with open(f"/proc/{daemon.process.pid}/stat") as text:
        fields = text.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def main():
    arguments = ARGUMENTS.parse_args()
    lab.become_reaper()
    lab.own_mounts()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="reeve-bench-") as work:
        os.chmod(work, 0o755)
        root = busybox_root(os.path.join(work, "root"))
        before = set(supervisors())
        daemon = lab.Daemon()
        client = daemon.client()
        for number in range(arguments.c):
            path = os.path.join(work, "bench.xml")
            with open(path, "w") as text:
                text.write(SPECIFICATION.format(root=root, name=f"bench{number}"))
            client.do("define", path)
        begin = time.monotonic_ns()
        for number in range(arguments.c):
            client.do("start", f"lxc/bench{number}")
        started = (time.monotonic_ns() - begin) / 1e6
        memory = [lab.smaps(pid) for pid in supervisors() if pid not in before]
        assert len(memory) == arguments.c, f"{len(memory)} supervisors for {arguments.c} containers"
        client.do("statistics", 2)
        spent = processor_ms(daemon)
        *samples, sampled = client.do("statistics", arguments.r)
        spent = (processor_ms(daemon) - spent) / arguments.r
        assert sampled == arguments.c, f"statistics of {sampled} of {arguments.c} containers"
        lists = client.do("list", arguments.r)
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
    thousand = arguments.c == 1000
    restart_promise = "300" if arguments.c <= 100 else ""
    lab.report(f"{arguments.c} containers", ["what", "figure", "unit", "promise"],
               [["start, one after the other", started / arguments.c, "ms each", ""],
                ["destroy, one after the other", destroyed / arguments.c, "ms each", ""],
                ["supervisor PSS", pss, "kB", "500"],
                ["supervisor RSS", lab.median([pair[0] for pair in memory]), "kB", ""],
                ["daemon RSS", daemon_rss / 1024, "MiB", "60" if thousand else ""],
                ["statistics of all, one call", lab.median(samples) / 1e6, "ms", "50" if thousand else ""],
                ["statistics of all, best", min(samples) / 1e6, "ms", ""],
                ["statistics of all, CPU time", spent, "ms", ""],
                ["list of all", lab.median(lists) / 1e6, "ms", ""],
                ["kill -9 to all listed", lab.median(restarts), "ms", restart_promise],
                ["kill -9 to all listed, worst", max(restarts), "ms", restart_promise]],
               {"containers": arguments.c, "start_ms": started / arguments.c, "destroy_ms": destroyed / arguments.c,
                "supervisor_pss_kb": pss, "daemon_rss_mib": daemon_rss / 1024,
                "statistics_ms": lab.median(samples) / 1e6, "statistics_best_ms": min(samples) / 1e6,
                "statistics_cpu_ms": spent, "list_ms": lab.median(lists) / 1e6,
                "restart_ms": lab.median(restarts), "restart_worst_ms": max(restarts)})


if __name__ == "__main__":
    main()
