"""Scripts of the administrator, at the points of a container's life."""

import os

import guests
import waiting
from harness import EndToEnd, api

SCRIPT = """#!/bin/sh
echo "$1 $2 $3 $4 $#" >> {root}/calls
cat > {root}/last.xml
env | sort > {root}/environment
if [ "$1" = slow ] && [ "$2" = stopped ]; then
  echo waiting > {root}/slow
  read -r line < {root}/release
fi
if [ "$1" = loud ] && [ "$2" = prepare ]; then head -c 5000000 /dev/zero; fi
if [ "$1" = refused ] && [ "$2" = start ]; then echo "not today" >&2; exit 3; fi
"""


class Hooks(EndToEnd):

    def setUp(self):
        super().setUp()
        self.served = self.daemon(start=False)
        self.folder = os.path.join(self.served.root, "etc/reeve/hooks")
        os.makedirs(self.folder)
        self.install(SCRIPT.format(root=self.served.root))
        self.served.start()
        self.client = self.served.client()

    def install(self, text, mode=0o755):
        path = os.path.join(self.folder, "lxc")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def read(self, name):
        with open(os.path.join(self.served.root, name), encoding="utf-8") as file:
            return file.read()

    def run_guest(self, name, script=guests.OBEDIENT):
        self.client.define(guests.xml(name, self.root, script=script))
        return self.client.start(name)

    def test_the_points_of_a_life(self):
        self.run_guest("web1")
        self.assertIn("<name>web1</name>", self.read("last.xml"))
        self.assertNotIn("NOTIFY_SOCKET", self.read("environment"))
        self.client.verb("Destroy", "web1")
        self.assertEqual(self.read("calls").splitlines(), [f"web1 {point} - 4" for point in (
            "prepare begin", "start begin", "started begin", "stopped end", "release end")])

    def test_a_script_that_waits_holds_up_its_own_guest_only(self):
        release = os.path.join(self.served.root, "release")
        os.mkfifo(release)
        ends = "while [ ! -e /end ]; do sleep 0.05; done; exit 0"
        for name in ("slow", "web1", "web2"):
            self.run_guest(name, ends.replace("/end", f"/end-{name}"))
        for name in ("slow", "web1", "web2"):
            with open(os.path.join(self.root, f"end-{name}"), "w", encoding="utf-8"):
                pass
            if name == "slow":
                waiting.until(lambda: os.path.exists(os.path.join(self.served.root, "slow")), "the slow script")
        for name in ("web1", "web2"):
            waiting.until(lambda name=name: api.state(self.client.get(name)) == "SHUTOFF", f"the end of {name}")
        self.assertEqual(api.state(self.client.get("slow")), "RUNNING")
        with open(release, "w", encoding="utf-8") as file:
            file.write("go\n")
        waiting.until(lambda: api.state(self.client.get("slow")) == "SHUTOFF", "the end of the slow one")

    def test_a_refusal_and_a_flood(self):
        with self.fails("START_FAILED", "3"):
            self.run_guest("refused")
        self.assertIn("not today", self.served.log())
        self.run_guest("loud")
        self.assertLess(len(self.served.log()), 1 << 20)

    def test_a_script_that_others_may_write_is_not_run(self):
        os.chmod(os.path.join(self.folder, "lxc"), 0o777)
        with self.fails("START_FAILED", "lxc"):
            self.run_guest("web1")
        self.assertFalse(os.path.exists(os.path.join(self.served.root, "calls")))

    def test_names_are_arguments(self):
        name = "$(id).web"
        self.run_guest(name)
        self.assertEqual(self.read("calls").splitlines()[0], f"{name} prepare begin - 4")
