"""What earlier daemons left that no record tells of is cleared, or told."""

import os
import signal
import subprocess
import threading
import time

import guests
from harness import EndToEnd, api, leftovers

OLD = 3600


class Leftovers(EndToEnd):

    def group(self, name, controller="memory", old=True):
        path = f"/sys/fs/cgroup/{controller}{leftovers.PARTITION}/{name}"
        if not os.path.isdir(f"/sys/fs/cgroup/{controller}"):
            self.skipTest(f"no hierarchy of {controller} by itself")
        os.makedirs(path)
        if old:
            then = time.time() - OLD
            os.utime(path, (then, then))
        return path

    def told(self, served):
        return list(served.client().hypervisors.GetHypervisor(
            api.hypervisor_service_pb2.GetHypervisorRequest(name="hypervisors/lxc")).leftovers)

    def test_groups_are_removed_and_orphans_ended(self):
        empty, orphan, young = (f"00000000-0000-4000-8000-00000000000{i}" for i in range(3))
        paths = [self.group(f"{empty}.domain"), self.group(f"{empty}.domain", "pids")]
        held = [self.group(f"{orphan}.domain", controller, old=False) for controller in ("pids", "memory", "unified")]
        left = self.group(f"{young}.domain", old=False)
        process = subprocess.Popen(["/bin/sleep", "1000"])
        reaper = threading.Thread(target=process.wait)  # as init would: a group with a dead process in it stays
        reaper.start()
        self.addCleanup(reaper.join)
        self.addCleanup(process.kill)
        for path in held:
            with open(os.path.join(path, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(process.pid))
            then = time.time() - OLD
            os.utime(path, (then, then))
        served = self.daemon()
        told = self.told(served)
        self.assertEqual(len(told), 2, told)
        self.assertIn(f"empty control groups of container {empty} were removed", told)
        self.assertIn(f"container {orphan} had no supervisor: its 1 processes were killed", told)
        reaper.join(timeout=10)
        self.assertEqual(process.returncode, -signal.SIGKILL)
        for path in (*paths, *held):
            self.assertFalse(os.path.exists(path), path)
        self.assertTrue(os.path.exists(left))
        self.assertIn(f"empty control groups of container {empty} were removed", served.log())
        os.rmdir(left)

    def test_a_container_of_another_daemon_is_left_alone(self):
        first = self.daemon()
        first.client().define(guests.xml("web1", self.root))
        first.client().start("web1")
        uid = first.client().get("web1").uid
        for place in leftovers.groups():
            then = time.time() - OLD
            os.utime(place, (then, then))
        second = self.daemon()
        told = self.told(second)
        self.assertEqual(len(told), 1, told)
        self.assertIn(f"container {uid} has a supervisor, but no record here: it is left alone", told[0])
        self.assertEqual(api.state(first.client().get("web1")), "RUNNING")
        second.stop()
        first.restart()
        self.assertEqual(self.told(first), [])
        self.assertEqual(api.state(first.client().get("web1")), "RUNNING")

    def test_ends_of_launches_that_died(self):
        dead = subprocess.Popen(["/bin/true"])
        dead.wait()
        name = f"rv{dead.pid}.0"
        alive = f"rv{os.getpid()}.0"
        for one, peer in ((name, "lefta"), (alive, "leftb")):
            subprocess.run(["ip", "link", "add", one, "type", "veth", "peer", "name", peer], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", alive], check=False)
        served = self.daemon()
        self.assertEqual(self.told(served), [f"interface {name} of a launch that died was removed"])
        self.assertIn(alive, leftovers.interfaces())
        subprocess.run(["ip", "link", "del", alive], check=True)
