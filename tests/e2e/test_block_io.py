"""Weights and limits of block I/O, from the definition and while the container runs, on a loop device of the test's own."""

import os
import subprocess
import time

import guests
import leftovers
from harness import EndToEnd, environment

IMAGE_BYTES = 16 << 20
MEBIBYTE = 1 << 20


class BlockIo(EndToEnd):

    def setUp(self):
        super().setUp()
        self.folder = environment.temporary_folder()
        image = os.path.join(self.folder, "disk.img")
        with open(image, "wb") as file:
            file.truncate(IMAGE_BYTES)
        self.device = subprocess.run(["losetup", "--find", "--show", "--direct-io=off", image], stdout=subprocess.PIPE,
                                     check=True, text=True).stdout.strip()
        self.addCleanup(subprocess.run, ["losetup", "--detach", self.device], check=True)
        name = os.path.basename(self.device)
        with open(f"/sys/block/{name}/dev", encoding="ascii") as text:
            self.number = text.read().strip()
        # A device has a weight only under a scheduler that weighs.
        self.scheduler = f"/sys/block/{name}/queue/scheduler"
        with open(self.scheduler, encoding="ascii") as text:
            self.weighs = "bfq" in text.read()
        if self.weighs:
            self.addCleanup(self.write, self.scheduler, "none")
            self.write(self.scheduler, "bfq")
        self.served = self.daemon()
        self.client = self.served.client()

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def group_file(self, name):
        """Content of a control file of the container, as lines."""
        uid = self.client.get("web1").uid
        with open(f"/sys/fs/cgroup/blkio{leftovers.PARTITION}/{uid}.domain/{name}", encoding="ascii") as text:
            return text.read().splitlines()

    def weight(self):
        return [line for line in self.group_file("blkio.bfq.weight") if line]

    def definition(self, tuning):
        disk = f"<disk type='block'><source dev='{self.device}'/><target dev='vda'/></disk>"
        return guests.xml("web1", self.root, devices=disk, extra=f"<blkiotune>{tuning}</blkiotune>")

    def read_seconds(self):
        """How long the guest takes for two MiB that are not in its cache."""
        begin = time.monotonic()
        code, _, error = self.client.run("web1", "dd", "if=/dev/vda", "of=/dev/null", "bs=1M", "count=2", "iflag=direct")
        self.assertEqual(code.code, 0, error)
        return time.monotonic() - begin

    def test_from_the_definition(self):
        weight = "<weight>500</weight>" if self.weighs else ""
        of_device = "<weight>200</weight>" if self.weighs else ""
        self.client.define(self.definition(
            f"{weight}<device><path>{self.device}</path>{of_device}<read_bytes_sec>{MEBIBYTE}</read_bytes_sec>"
            f"<write_iops_sec>7</write_iops_sec></device>"))
        self.client.start("web1")
        self.assertIn(f"{self.number} {MEBIBYTE}", self.group_file("blkio.throttle.read_bps_device"))
        self.assertIn(f"{self.number} 7", self.group_file("blkio.throttle.write_iops_device"))
        if self.weighs:
            self.assertEqual(self.weight(), ["500"])
            self.assertIn(f"{self.number} 200", self.group_file("blkio.bfq.weight_device"))
        # The limit holds: two MiB take more than a second.
        self.assertGreater(self.read_seconds(), 1.0)
        blocks = [line for line in self.served.cli("domstats", "web1").stdout.splitlines() if ".rd.bytes=" in line]
        self.assertTrue(any(int(line.partition("=")[2]) >= 2 * MEBIBYTE for line in blocks), blocks)
        shown = self.served.cli("blkiotune", "web1").stdout
        self.assertIn(f"{self.device},{MEBIBYTE}", shown)

    def test_while_it_runs_and_in_the_definition(self):
        self.client.define(self.definition(""))
        self.client.start("web1")
        self.served.cli("blkiotune", "web1", "--device-read-bytes-sec", f"{self.device},{MEBIBYTE}", "--live")
        self.assertIn(f"{self.number} {MEBIBYTE}", self.group_file("blkio.throttle.read_bps_device"))
        self.assertNotIn("read_bytes_sec", self.served.cli("dumpxml", "web1", "--inactive").stdout)
        self.served.cli("blkiotune", "web1", "--device-write-iops-sec", f"{self.device},9", "--config")
        self.assertEqual(self.group_file("blkio.throttle.write_iops_device"), [])
        self.assertIn("<write_iops_sec>9", self.served.cli("dumpxml", "web1", "--inactive").stdout)
        self.served.cli("blkiotune", "web1", "--device-read-bytes-sec", f"{self.device},0", "--live")
        self.assertEqual(self.group_file("blkio.throttle.read_bps_device"), [])
        if self.weighs:
            self.served.cli("blkiotune", "web1", "--weight", "300", "--live", "--config")
            self.assertEqual(self.weight(), ["300"])
            self.served.cli("blkiotune", "web1", "--device-weights", f"{self.device},700", "--live")
            self.assertIn(f"{self.number} 700", self.group_file("blkio.bfq.weight_device"))
            self.served.cli("blkiotune", "web1", "--weight", "0", "--live")
            self.assertEqual(self.weight(), ["100"])

    def test_what_cannot_be_is_refused_and_changes_nothing(self):
        self.client.define(self.definition(""))
        self.client.start("web1")
        for words, cause in ((("--weight", "9"), "10"),
                             (("--device-read-bytes-sec", "/dev/null,1000"), "no block device"),
                             (("--device-read-bytes-sec", "/dev/not-there,1000"), "/dev/not-there")):
            done = self.served.cli("blkiotune", "web1", *words, "--live", check=False)
            self.assertNotEqual(done.returncode, 0, words)
            self.assertIn(cause, done.stderr)
        self.assertEqual(self.group_file("blkio.throttle.read_bps_device"), [])
        if not self.weighs:
            self.skipTest("this kernel does not weigh")
        self.assertEqual(self.weight(), ["100"])
