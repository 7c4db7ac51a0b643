#!/usr/bin/python3
"""The daemon's own figures on the test driver: memory, lists, a wedged driver, events."""
import argparse

import lab

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("-d", type=int, default=5000, help="domains")
ARGUMENTS.add_argument("-c", type=int, default=1000, help="idle connections, and subscribers")
ARGUMENTS.add_argument("-n", type=int, default=200, help="rounds")


def summary(values, scale=1e6):
    return lab.median(values) / scale, lab.percentile(values, 0.99) / scale


def main():
    arguments = ARGUMENTS.parse_args()
    lab.become_reaper()
    daemon = lab.Daemon(configuration="[test]\nenabled = true\n[limits]\nclients = 4000\nclients_per_user = 4000\n")
    client = daemon.client()
    pid = daemon.process.pid
    client.do("list", 1)
    idle = lab.smaps(pid)[0]

    began, ended = client.do("define-many", arguments.d)
    client.do("list", 1)
    defined = lab.smaps(pid)[0]
    list_p50, list_p99 = summary(client.do("list", arguments.n))
    client.do("start", "test/bench0")
    client.do("wedge", "test/bench0")
    wedged_p50, wedged_p99 = summary(client.do("list", arguments.n))
    client.do("release", "test/bench0")
    get_p50, get_p99 = summary(client.do("get", "test/bench1", arguments.n * 5), 1e3)
    before = lab.smaps(pid)[0]
    client.do("connect", arguments.c)
    connected = lab.smaps(pid)[0]
    client.do("disconnect")
    event_p50, event_p99 = summary(client.do("event", "test/bench2", arguments.n), 1e3)
    fan_out_p50, fan_out_p99 = summary(client.do("fan-out", "test/bench3", arguments.c, max(5, arguments.n // 20)))

    lab.report("daemon memory", ["what", "figure", "unit", "promise"],
               [["idle", idle / 1024, "MiB RSS", "25"],
                ["per defined domain", (defined - idle) / arguments.d, "kB", "4"],
                ["per idle connection", (connected - before) / arguments.c, "kB", "20"]],
               {"idle_mib": idle / 1024, "domain_kb": (defined - idle) / arguments.d,
                "connection_kb": (connected - before) / arguments.c})
    lab.report("reads", ["what", "p50", "p99", "unit"],
               [[f"list of {arguments.d} with state", list_p50, list_p99, "ms"],
                ["the same while a driver call hangs", wedged_p50, wedged_p99, "ms"],
                ["get one domain", get_p50, get_p99, "us"],
                ["define one domain", (ended - began) / arguments.d / 1e3, 0.0, "us, mean"]],
               {"list_ms": list_p50, "list_p99_ms": list_p99, "wedged_list_ms": wedged_p50,
                "wedged_list_p99_ms": wedged_p99, "get_us": get_p50, "define_us": (ended - began) / arguments.d / 1e3})
    lab.report("events", ["what", "p50", "p99", "unit"],
               [["change to one subscriber, from the commit's time stamp", event_p50, event_p99, "us"],
                [f"one event to {arguments.c} subscribers, the last", fan_out_p50, fan_out_p99, "ms"]],
               {"event_us": event_p50, "event_p99_us": event_p99, "fan_out_ms": fan_out_p50,
                "fan_out_p99_ms": fan_out_p99})
    client.end()
    daemon.end()


if __name__ == "__main__":
    main()
