#!/usr/bin/python3
"""Start and destroy of one container, peers in turn: Reeve, crun, lxc-start and the floor, each with a network namespace,
an id map of 65536 ids and cgroups of its own. Start: from the call (or the command) to the first instruction of init."""
import argparse
import json
import os
import subprocess
import tempfile
import time

import lab

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("-n", type=int, default=40, help="rounds")

SPECIFICATION = """<domain type='lxc'><name>bench</name><memory unit='KiB'>262144</memory><vcpu>1</vcpu>
<os><type>exe</type><init>/sbin/init</init><initarg>/fifo/ready</initarg></os>
<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>
<features><privnet/></features>
<devices><filesystem type='mount'><source dir='{root}'/><target dir='/'/></filesystem><console type='pty'/></devices>
</domain>"""


class Reeve:
    def __init__(self, root, work):
        self.daemon = lab.Daemon()
        self.client = self.daemon.client()
        path = os.path.join(work, "bench.xml")
        with open(path, "w") as text:
            text.write(SPECIFICATION.format(root=root.path))
        self.client.do("define", path)

    def start(self):
        return self.client.do("start", "lxc/bench")[0]

    def destroy(self):
        begin, end = self.client.do("destroy", "lxc/bench")
        return end - begin

    def end(self):
        self.client.end()
        self.daemon.end()


class Command:
    """A peer that is a program."""

    def run(self, words):
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def start(self):
        begin = time.monotonic_ns()
        self.run(self.start_words)
        return begin

    def destroy(self):
        begin = time.monotonic_ns()
        self.run(self.destroy_words)
        return time.monotonic_ns() - begin

    def end(self):
        pass


class Crun(Command):
    def __init__(self, root, work):
        bundle = os.path.join(work, "crun")
        os.makedirs(bundle)
        self.run(["crun", "spec", "--bundle", bundle])
        with open(bundle + "/config.json") as text:
            configuration = json.load(text)
        configuration["root"] = {"path": root.path, "readonly": False}
        configuration["process"]["terminal"] = False
        configuration["process"]["args"] = ["/sbin/init", "/fifo/ready"]
        linux = configuration["linux"]
        # crun's own id map goes without an id-mapped root, which 1.8 cannot do for the root file system.
        linux["uidMappings"] = linux["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        linux["cgroupsPath"] = "/reeve-bench-crun"
        kinds = {namespace["type"] for namespace in linux["namespaces"]}
        linux["namespaces"] += [{"type": kind} for kind in ("network", "user") if kind not in kinds]
        configuration["mounts"] = [mount for mount in configuration["mounts"] if mount["type"] != "cgroup"]
        linux["resources"] = {"memory": {"limit": 268435456}}
        with open(bundle + "/config.json", "w") as text:
            json.dump(configuration, text)
        state = os.path.join(work, "crun-state")
        base = ["crun", "--root", state, "--cgroup-manager=cgroupfs"]
        self.start_words = base + ["run", "-d", "-b", bundle, "bench"]
        self.destroy_words = base + ["delete", "-f", "bench"]


class Lxc(Command):
    def __init__(self, root, work):
        directory = os.path.join(work, "lxc")
        os.makedirs(directory + "/bench")
        with open(directory + "/bench/config", "w") as text:
            text.write(f"""lxc.rootfs.path = dir:{root.path}
lxc.rootfs.options = idmap=container
lxc.uts.name = bench
lxc.init.cmd = /sbin/init /fifo/ready
lxc.mount.auto = proc:mixed sys:ro
lxc.autodev = 1
lxc.apparmor.profile = unconfined
lxc.signal.halt = SIGTERM
lxc.net.0.type = empty
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
""")
        self.start_words = ["lxc-start", "-P", directory, "-n", "bench", "-d"]
        self.destroy_words = ["lxc-stop", "-P", directory, "-n", "bench", "-k"]


def floor(root):
    words = subprocess.run([lab.FLOOR, "1", root.path, "/fifo/ready", "network", "users", "cgroups"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    return int(words[0]), int(words[1])


def main():
    arguments = ARGUMENTS.parse_args()
    lab.become_reaper()
    with tempfile.TemporaryDirectory(prefix="reeve-bench-") as work:
        os.chmod(work, 0o755)
        lab.common_ground(work)
        root = lab.Root(os.path.join(work, "root"))
        peers = {"reeve": Reeve(root, work)}
        available = lab.require("crun", "lxc-start")
        if "crun" in available:
            peers["crun"] = Crun(root, work)
        if "lxc-start" in available:
            peers["lxc"] = Lxc(root, work)
        starts = {name: [] for name in ["floor", *peers]}
        destroys = {name: [] for name in ["floor", *peers]}
        left_out = set()
        for round_number in range(arguments.n + 2):
            root.drain()
            measured = {"floor": floor(root)}
            for name, peer in peers.items():
                if name in left_out:
                    continue
                try:
                    root.drain()
                    begin = peer.start()
                    first = root.stamp()
                    measured[name] = (first - begin, peer.destroy())
                except (RuntimeError, subprocess.CalledProcessError) as error:
                    if name == "reeve":
                        raise
                    print(f"left out: {name}: {error}")
                    left_out.add(name)
            if round_number < 2:
                continue
            for name, (start, destroy) in measured.items():
                starts[name].append(start / 1e6)
                destroys[name].append(destroy / 1e6)
        for peer in peers.values():
            peer.end()
    names = [name for name in starts if starts[name]]
    lab.report("container start and destroy", ["peer", "start ms", "p99", "x floor", "destroy ms", "p99"],
               [[name, lab.median(starts[name]), lab.percentile(starts[name], 0.99),
                 lab.median(starts[name]) / lab.median(starts["floor"]), lab.median(destroys[name]),
                 lab.percentile(destroys[name], 0.99)] for name in names],
               {name: {"start_ms": lab.median(starts[name]), "start_p99_ms": lab.percentile(starts[name], 0.99),
                       "destroy_ms": lab.median(destroys[name]),
                       "destroy_p99_ms": lab.percentile(destroys[name], 0.99)} for name in names})


if __name__ == "__main__":
    main()
