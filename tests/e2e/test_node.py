"""What the host uses, is made of and can be told. Nothing of the host is changed: what is set is what it was."""

import os
import re

from harness import EndToEnd, api

PB = api.node_service_pb2
KSM = "/sys/kernel/mm/ksm"
DMI = "/sys/class/dmi/id"
ALARM = "/sys/class/rtc/rtc0/wakealarm"


def number(path):
    with open(path, encoding="ascii") as file:
        return int(file.read())


def meminfo(field):
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(re.search(rf"^{field}:\s+(\d+) kB", file.read(), re.MULTILINE).group(1))


class Node(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def test_statistics_are_those_of_the_kernel(self):
        first = self.client.node.GetNodeStatistics(PB.GetNodeStatisticsRequest(), timeout=10)
        self.assertEqual(sum(times.online for times in first.cpus), os.sysconf("SC_NPROCESSORS_ONLN"))
        self.assertEqual(first.memory.total_kib, meminfo("MemTotal"))
        self.assertEqual(first.memory.swap_total_kib, meminfo("SwapTotal"))
        self.assertLess(first.memory.free_kib, first.memory.total_kib)
        # The times are those since the boot: together no more than it lasts, for each CPU.
        with open("/proc/uptime", encoding="ascii") as file:
            uptime = float(file.read().split()[0])
        total = first.total.user_nanoseconds + first.total.kernel_nanoseconds + first.total.idle_nanoseconds
        self.assertLess(total / 1e9, 1.1 * uptime * len(first.cpus) + 10)
        self.assertGreater(total / 1e9, 1)
        second = self.client.node.GetNodeStatistics(PB.GetNodeStatisticsRequest(), timeout=10)
        self.assertGreaterEqual(second.total.user_nanoseconds, first.total.user_nanoseconds)
        with os.scandir("/sys/devices/system/node") as entries:
            cells = sorted(int(entry.name[4:]) for entry in entries if re.fullmatch(r"node\d+", entry.name))
        self.assertEqual([cell.cell for cell in first.cells], cells or [0])
        for cell in first.cells if cells else []:
            for pages in cell.huge_pages:
                self.assertEqual(pages.total, number(f"/sys/devices/system/node/node{cell.cell}/hugepages/"
                                                     f"hugepages-{pages.size_kib}kB/nr_hugepages"))

    def test_memory_parameters(self):
        if not os.path.isdir(KSM):
            with self.fails("NODE_CANNOT", KSM):
                self.client.node.GetNodeMemoryParameters(PB.GetNodeMemoryParametersRequest(), timeout=10)
            return
        read = self.client.node.GetNodeMemoryParameters(PB.GetNodeMemoryParametersRequest(), timeout=10)
        self.assertEqual(read.pages_to_scan, number(f"{KSM}/pages_to_scan"))
        self.assertEqual(read.running, number(f"{KSM}/run") == 1)
        done = self.client.node.SetNodeMemoryParameters(
            PB.SetNodeMemoryParametersRequest(pages_to_scan=read.pages_to_scan), timeout=10)
        self.assertEqual(done.pages_to_scan, read.pages_to_scan)
        with self.fails("REQUEST_INVALID", "pages_to_scan"):
            self.client.node.SetNodeMemoryParameters(PB.SetNodeMemoryParametersRequest(pages_to_scan=0), timeout=10)
        text = self.reeved.cli("node-memory-tune").stdout
        self.assertIn(f"\tpages_to_scan   {read.pages_to_scan}\n", text)
        self.reeved.cli("node-memory-tune", "--shm-sleep-millisecs", str(read.sleep_milliseconds))
        wrong = self.reeved.cli("node-memory-tune", "--shm-run", "perhaps", check=False)
        self.assertEqual(wrong.returncode, 2)

    def test_huge_pages(self):
        cell = self.client.node.GetNodeStatistics(PB.GetNodeStatisticsRequest(), timeout=10).cells[0]
        with self.fails("NODE_CANNOT", "3 KiB"):
            self.client.node.AllocateHugePages(PB.AllocateHugePagesRequest(size_kib=3, count=0), timeout=10)
        with self.fails("NODE_CANNOT", "NUMA cell 4000"):
            self.client.node.AllocateHugePages(PB.AllocateHugePagesRequest(size_kib=2048, cell=4000), timeout=10)
        for pages in cell.huge_pages:
            done = self.client.node.AllocateHugePages(
                PB.AllocateHugePagesRequest(size_kib=pages.size_kib, cell=cell.cell, count=pages.total), timeout=10)
            self.assertEqual(done.total, pages.total)
            with self.fails("REQUEST_INVALID", "count"):
                self.client.node.AllocateHugePages(
                    PB.AllocateHugePagesRequest(size_kib=pages.size_kib, cell=cell.cell, count=2**63), timeout=10)
            text = self.reeved.cli("allocpages", str(pages.size_kib), "0", "--add", "--cellno", str(cell.cell)).stdout
            self.assertEqual(text, f"{pages.size_kib}KiB: {pages.total} pages, {pages.free} of them free\n\n")

    def test_system_information(self):
        if os.path.isdir(DMI):
            self.assertIn("<sysinfo type='smbios'>", self.reeved.cli("sysinfo").stdout)
        else:
            with self.fails("NODE_CANNOT", DMI):
                self.client.node.GetSystemInformation(PB.GetSystemInformationRequest(), timeout=10)
            self.assertEqual(self.reeved.cli("sysinfo", check=False).returncode, 1)

    def test_sleep_is_refused_where_it_could_not_end(self):
        for request in (PB.SuspendNodeRequest(target=PB.SUSPEND_TARGET_MEMORY, duration_seconds=59),
                        PB.SuspendNodeRequest(target=PB.SUSPEND_TARGET_MEMORY, duration_seconds=31536001),
                        PB.SuspendNodeRequest(duration_seconds=60)):
            with self.fails("REQUEST_INVALID"):
                self.client.node.SuspendNode(request, timeout=10)
        self.assertEqual(self.reeved.cli("nodesuspend", "bed", "60", check=False).returncode, 2)
        if os.path.exists(ALARM):
            self.skipTest("this machine could go to sleep")
        with self.fails("NODE_CANNOT", ALARM):
            self.client.node.SuspendNode(
                PB.SuspendNodeRequest(target=PB.SUSPEND_TARGET_MEMORY, duration_seconds=60), timeout=10)

    def test_a_connection_that_only_reads(self):
        reader = self.reeved.client(read_only=True)
        reader.node.GetNodeStatistics(PB.GetNodeStatisticsRequest(), timeout=10)
        for method, request in (("GetSystemInformation", PB.GetSystemInformationRequest()),
                                ("SetNodeMemoryParameters", PB.SetNodeMemoryParametersRequest()),
                                ("AllocateHugePages", PB.AllocateHugePagesRequest()),
                                ("SuspendNode", PB.SuspendNodeRequest())):
            with self.fails("CONNECTION_READ_ONLY"):
                getattr(reader.node, method)(request, timeout=10)

    def test_the_words_are_virsh_s(self):
        cpus = os.sysconf("SC_NPROCESSORS_ONLN")
        self.assertRegex(self.reeved.cli("nodecpumap").stdout,
                         rf"\ACPUs present:   \d+\nCPUs online:    {cpus}\nCPU map:        [y-]+\n\n\Z")
        self.assertRegex(self.reeved.cli("nodecpumap", "--pretty").stdout, r"CPU map:        0")
        self.assertRegex(self.reeved.cli("nodecpustats").stdout,
                         r"\Auser: {11}[ \d]{20}\nsystem: {9}[ \d]{20}\nidle: {11}[ \d]{20}\niowait: {9}[ \d]{20}\n\n\Z")
        self.assertRegex(self.reeved.cli("nodecpustats", "--cpu", "0", "--percent").stdout,
                         r"\Ausage: +\d+\.\d%\nuser: +\d+\.\d%\nsystem: +\d+\.\d%\nidle: +\d+\.\d%\niowait: +\d+\.\d%\n\n\Z")
        self.assertIn("no CPU 9999", self.reeved.cli("nodecpustats", "--cpu", "9999", check=False).stderr)
        self.assertRegex(self.reeved.cli("nodememstats").stdout,
                         rf"\Atotal  : +{meminfo('MemTotal')} KiB\nfree   : +\d+ KiB\nbuffers: +\d+ KiB\ncached : +\d+ KiB\n")
        self.assertRegex(self.reeved.cli("nodememstats", "--cell", "0").stdout, r"\Atotal  : +\d+ KiB\nfree   : +\d+ KiB\n\n\Z")
        self.assertRegex(self.reeved.cli("freecell").stdout, r"\ATotal: \d+ KiB\n")
        self.assertRegex(self.reeved.cli("freecell", "--cellno", "0").stdout, r"\A0: \d+ KiB\n")
        self.assertRegex(self.reeved.cli("freecell", "--all").stdout, r"\A    0: +\d+ KiB\n(.+\n)*-{20}\nTotal: +\d+ KiB\n")
        self.assertRegex(self.reeved.cli("freepages", "--all").stdout, r"\ANode 0:\n\d+KiB: \d+\n")
        page = os.sysconf("SC_PAGESIZE") // 1024
        self.assertRegex(self.reeved.cli("freepages", "--cellno", "0", "--pagesize", str(page)).stdout,
                         rf"\A{page}KiB: \d+\n\n\Z")
        self.assertEqual(self.reeved.cli("freepages", check=False).returncode, 2)
        self.assertEqual(self.reeved.cli("freepages", "--cellno", "0", "--pagesize", "3", check=False).returncode, 1)
        self.assertIn('"memory"', self.reeved.cli("--output", "json", "freecell").stdout)
