#!/usr/bin/python3
"""Reeve beside libvirt's LXC driver, in turn: start (from the call to the first instruction of init) and destroy of one
container, then start and destroy of many, one after the other. libvirtd is Debian's, below a directory of its own."""
import argparse
import os
import shutil
import signal
import subprocess
import tempfile
import time

import lab
from bench_start import SPECIFICATION, Reeve

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("-n", type=int, default=20, help="rounds of one container")
ARGUMENTS.add_argument("-c", type=int, default=200, help="containers of the second part; 0 leaves it out")

LIBVIRTD = "/usr/sbin/libvirtd"
DRIVER = "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_lxc.so"
# Where libvirtd writes: each is covered by a directory of ours, in this process's mount namespace.
PLACES = ("/etc/libvirt", "/var/lib/libvirt", "/var/log/libvirt", "/var/cache/libvirt", "/run/libvirt")
CONFIGURATION = """unix_sock_group = "root"
unix_sock_rw_perms = "0700"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_level = 3
log_outputs = "3:file:{work}/libvirtd.log"
host_uuid = "6b4f3a52-1111-4222-8333-1234567890ab"
"""


def specification():
    """Peers are compared at what both do: libvirt gets no id map, since it cannot shift the root's owners."""
    text = SPECIFICATION
    begin, end = text.index("<idmap>"), text.index("</idmap>") + len("</idmap>\n")
    return text[:begin] + text[end:]


class Libvirt:
    def __init__(self, work):
        import libvirt  # pylint: disable=import-outside-toplevel
        for place in PLACES:
            if not os.path.isdir(place):
                os.makedirs(place)  # an empty directory of the host is all that is left of it
            own = os.path.join(work, "libvirt" + place.replace("/", "-"))
            os.makedirs(own)
            subprocess.run(["mount", "--bind", own, place], check=True)
        drivers = os.path.join(work, "drivers")
        os.makedirs(drivers)
        os.symlink(DRIVER, os.path.join(drivers, os.path.basename(DRIVER)))
        configuration = os.path.join(work, "libvirtd.conf")
        with open(configuration, "w") as text:
            text.write(CONFIGURATION.format(work=work))
        self.log = open(os.path.join(work, "libvirtd.out"), "wb")
        self.process = subprocess.Popen([LIBVIRTD, "-f", configuration, "-p", os.path.join(work, "libvirtd.pid")],
                                        env={"PATH": os.environ["PATH"], "LIBVIRT_DRIVER_DIR": drivers},
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        libvirt.registerErrorHandler(lambda *_: None, None)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connection = libvirt.open("lxc:///system")
                return
            except libvirt.libvirtError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def define(self, name, root):
        return self.connection.defineXML(specification().format(root=root.path).replace("<name>bench</name>",
                                                                                 f"<name>{name}</name>"))

    def end(self):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def one(rounds, root, reeve, libvirt):
    """[(start, destroy)] of each, milliseconds."""
    domain = libvirt.define("bench", root)
    reeves, libvirts = [], []
    for number in range(rounds + 2):
        root.drain()
        begin = reeve.start()
        start = root.stamp() - begin
        destroy = reeve.destroy()
        root.drain()
        begin = time.monotonic_ns()
        domain.create()
        libvirt_start = root.stamp() - begin
        begin = time.monotonic_ns()
        domain.destroy()
        libvirt_destroy = time.monotonic_ns() - begin
        if number >= 2:
            reeves.append((start / 1e6, destroy / 1e6))
            libvirts.append((libvirt_start / 1e6, libvirt_destroy / 1e6))
    domain.undefine()
    return reeves, libvirts


def many(count, root, reeve, libvirt, work):
    """Seconds for start and destroy of `count` containers each, all running at once in between."""
    path = os.path.join(work, "many.xml")
    for number in range(count):
        with open(path, "w") as text:
            text.write(SPECIFICATION.format(root=root.path).replace("<name>bench</name>", f"<name>many{number}</name>"))
        reeve.client.do("define", path)
    domains = [libvirt.define(f"many{number}", root) for number in range(count)]
    begin = time.monotonic_ns()
    for number in range(count):
        reeve.client.do("start", f"lxc/many{number}")
        root.stamp()
    for number in range(count):
        reeve.client.do("destroy", f"lxc/many{number}")
    ours = (time.monotonic_ns() - begin) / 1e9
    root.drain()
    begin = time.monotonic_ns()
    for domain in domains:
        domain.create()
        root.stamp()
    for domain in domains:
        domain.destroy()
    theirs = (time.monotonic_ns() - begin) / 1e9
    for domain in domains:
        domain.undefine()
    return ours, theirs


def remove_groups():
    """libvirt leaves its empty partition behind."""
    for hierarchy in os.listdir("/sys/fs/cgroup"):
        place = os.path.join("/sys/fs/cgroup", hierarchy, "machine")
        for folder, _, _ in os.walk(place, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                pass  # somebody else's


def main():
    arguments = ARGUMENTS.parse_args()
    if not (os.path.exists(LIBVIRTD) and os.path.exists(DRIVER)):
        print("left out: libvirt's LXC driver is not installed (packaging/dependencies-bench.txt)")
        return
    lab.become_reaper()
    with tempfile.TemporaryDirectory(prefix="reeve-bench-", ignore_cleanup_errors=True) as work:
        os.chmod(work, 0o755)
        lab.common_ground(work)
        root = lab.Root(os.path.join(work, "root"))
        reeve = Reeve(root, work)
        libvirt = Libvirt(work)
        try:
            reeves, libvirts = one(arguments.n, root, reeve, libvirt)
            rows, figures = [], {}
            for column, what in enumerate(("start", "destroy")):
                ours = lab.median([pair[column] for pair in reeves])
                theirs = lab.median([pair[column] for pair in libvirts])
                rows.append([f"{what} of one", ours, theirs, theirs / ours, "5" if what == "start" else ""])
                figures[what] = {"reeve_ms": ours, "libvirt_ms": theirs, "ratio": theirs / ours}
            if arguments.c:
                ours, theirs = many(arguments.c, root, reeve, libvirt, work)
                rows.append([f"start and destroy of {arguments.c}", ours * 1e3, theirs * 1e3, theirs / ours, "10"])
                figures["many"] = {"containers": arguments.c, "reeve_ms": ours * 1e3, "libvirt_ms": theirs * 1e3,
                                   "ratio": theirs / ours}
        finally:
            libvirt.end()
            reeve.end()
            remove_groups()
            for place in PLACES:
                subprocess.run(["umount", place], check=False)
            shutil.rmtree(os.path.join(work, "root"), ignore_errors=True)
    lab.report("beside libvirt's LXC driver", ["what", "Reeve ms", "libvirt ms", "ratio", "promise"], rows, figures)


if __name__ == "__main__":
    main()
