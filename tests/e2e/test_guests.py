"""What is done in guests that run: commands, files, queries, statistics, limits."""

import os

import guests
import waiting
from harness import EndToEnd, api

BIG = bytes(range(256)) * 4096  # 1 MiB


class Guests(EndToEnd):

    def start(self, **options):
        self.served = self.daemon()
        client = self.served.client()
        client.define(guests.xml("web1", self.root, **options))
        client.start("web1")
        return client

    def test_a_command_runs_as_the_guest_does(self):
        client = self.start()
        status, output, error = client.run("web1", "sh", "-c", "echo out; echo err >&2; hostname; cat /proc/1/comm; exit 7")
        self.assertEqual((status.code, error), (7, b"err\n"))
        self.assertEqual(output, b"out\nweb1\nsh\n")
        # The same namespaces, control groups, capabilities and session as a process of its own.
        for what in ("pid", "mnt", "uts", "ipc", "net", "cgroup"):
            _, output, _ = client.run("web1", "sh", "-c", f"readlink /proc/self/ns/{what}; readlink /proc/1/ns/{what}")
            own, first = output.split()
            self.assertEqual(own, first, what)
        _, output, _ = client.run("web1", "sh", "-c", "grep ^Cap /proc/self/status; echo; grep ^Cap /proc/1/status")
        own, first = output.split(b"\n\n")
        self.assertEqual(own.split(), first.split())
        _, output, _ = client.run("web1", "sh", "-c", "ls /proc/self/fd | sort -n | tr '\n' ' '")
        self.assertEqual(output.split()[:3], [b"0", b"1", b"2"])
        self.assertLessEqual(len(output.split()), 4)  # and that of ls

    def test_input_output_and_signals(self):
        client = self.start()
        command = client.execute("web1", "cat")
        for i in range(0, len(BIG), 65536):
            command.send(input=BIG[i:i + 65536])
        command.finish()
        status, output, _ = command.result()
        self.assertEqual(status.code, 0)
        self.assertEqual(output, BIG)
        command = client.execute("web1", "sh", "-c", "trap 'echo got; exit 3' USR1; echo ready; while :; do sleep 1; done")
        command.wait_output(b"ready")
        command.send(signal=10)
        status, output, _ = command.result()
        self.assertEqual((status.code, output), (3, b"ready\ngot\n"))
        status, _, _ = client.run("web1", "sh", "-c", "kill -9 $$")
        self.assertEqual(status.signal, 9)

    def test_a_terminal(self):
        client = self.start()
        command = client.execute("web1", "sh", terminal=True, size=api.console_service_pb2.TerminalSize(columns=91, rows=17))
        command.send(input=b"stty size; tty\n")
        command.wait_output(b"17 91")
        command.wait_output(b"/dev/pts/")
        command.send(size=api.console_service_pb2.TerminalSize(columns=44, rows=11))
        command.send(input=b"stty size; exit 5\n")
        command.wait_output(b"11 44")
        self.assertEqual(command.result()[0].code, 5)

    def test_what_cannot_be_run_is_told(self):
        client = self.start()
        with self.fails("EXEC_FAILED", "execute nothing-here", "No such file"):
            client.run("web1", "nothing-here")
        with self.fails("EXEC_FAILED"):
            client.run("web1", "sh", user="nobody-knows-him")
        with self.fails("EXEC_FAILED", "/nowhere"):
            client.run("web1", "sh", directory="/nowhere")
        with self.fails("REQUEST_INVALID"):
            client.run("web1")
        client.verb("Suspend", "web1")
        with self.fails("DOMAIN_STATE"):
            client.run("web1", "true")
        client.verb("Resume", "web1")
        client.verb("Destroy", "web1")
        with self.fails("DOMAIN_STATE"):
            client.run("web1", "true")

    def test_a_command_ends_with_its_client_and_a_detached_one_does_not(self):
        client = self.start()
        other = self.served.client()
        command = other.execute("web1", "sh", "-c", "sleep 4321 & echo up; sleep 4321")
        command.wait_output(b"up")

        def sleepers(seconds):
            # Busybox runs sleep without executing it anew: its command line may be that of its shell.
            return client.run("web1", "sh", "-c", f"ps | grep -c '[s]leep {seconds}'")[1].strip()
        self.assertNotEqual(sleepers(4321), b"0")
        command.close()
        waiting.until(lambda: sleepers(4321) == b"0", "the end of the command")
        other.execute("web1", "sleep", "1234", detach=True).wait_end()
        other.close()
        self.assertEqual(sleepers(1234), b"1")

    def test_a_flood_is_held_back(self):
        client = self.start()
        before = self.served.resources()
        command = client.execute("web1", "sh", "-c", "yes | head -c 20000000")
        command.finish()
        status, output, _ = command.result(60)
        self.assertEqual((status.code, len(output)), (0, 20000000))
        self.assertLess(self.served.resources()[2] - before[2], 32768)

    def test_files_go_in_and_come_out(self):
        client = self.start()
        self.assertEqual(client.push("web1", "/tmp/big", BIG, mode=0o640, user_id=5, group_id=6).bytes, len(BIG))
        header, data = client.pull("web1", "/tmp/big")
        self.assertEqual(data, BIG)
        self.assertEqual((header.size, header.mode, header.user_id, header.group_id), (len(BIG), 0o640, 5, 6))
        client.push("web1", "/tmp/empty", b"")
        self.assertEqual(client.pull("web1", "/tmp/empty")[1], b"")
        client.push("web1", "/tmp/empty", b"x")
        with self.fails("FILE_FAILED", "File exists"):
            client.push("web1", "/tmp/empty", b"y", no_replace=True)
        self.assertEqual(client.pull("web1", "/tmp/empty")[1], b"x")
        with self.fails("FILE_FAILED", "No such file"):
            client.push("web1", "/nowhere/at/all", b"x")
        with self.fails("FILE_FAILED", "not a regular file"):
            client.pull("web1", "/dev/zero")
        with self.fails("REQUEST_INVALID"):
            client.pull("web1", "etc/passwd")
        self.assertEqual(client.run("web1", "sh", "-c", "ls -a /tmp | grep -c reeve")[1].strip(), b"0")

    def test_links_of_the_guest_lead_nowhere_else(self):
        secret = os.path.join(os.path.dirname(self.root), "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("the host's")
        client = self.start()
        client.run("web1", "sh", "-c", f"ln -s {secret} /tmp/a; ln -s ../../../../../..{secret} /tmp/b; "
                                       f"ln -s {os.path.dirname(secret)} /tmp/d; ln -s /proc/self/exe /tmp/e")
        for path in ("/tmp/a", "/tmp/b", "/tmp/d/secret", f"/../../..{secret}", "/proc/1/root/../../secret", "/tmp/e",
                     "/proc/self/exe"):
            with self.fails("FILE_FAILED"):
                client.pull("web1", path)
        with self.fails("FILE_FAILED"):
            client.push("web1", "/tmp/d/secret", b"the guest's")
        client.push("web1", "/tmp/a", b"the guest's")  # the link itself is replaced
        with open(secret, encoding="utf-8") as file:
            self.assertEqual(file.read(), "the host's")

    def test_name_addresses_namespaces_and_label(self):
        client = self.start()
        target = api.name("web1")
        self.assertEqual(client.guests.GetHostname(api.guest_service_pb2.GetHostnameRequest(name=target)).hostname, "web1")
        interfaces = client.guests.ListInterfaceAddresses(
            api.guest_service_pb2.ListInterfaceAddressesRequest(name=target)).interfaces
        self.assertEqual([(one.name, one.up, list(one.addresses)[:1]) for one in interfaces],
                         [("lo", True, ["127.0.0.1/8"])])
        namespaces = client.guests.GetNamespaces(api.guest_service_pb2.GetNamespacesRequest(name=target))
        self.assertIn("mnt", [one.kind for one in namespaces.namespaces])
        for one in namespaces.namespaces:
            self.assertEqual(os.stat(f"/proc/{namespaces.pid}/ns/{one.kind}").st_ino, one.inode)
        client.guests.GetSecurityLabel(api.guest_service_pb2.GetSecurityLabelRequest(name=target))
        client.guests.SendProcessSignal(api.guest_service_pb2.SendProcessSignalRequest(name=target, pid=1, signal=0))
        with self.fails("GUEST_CANNOT"):
            client.guests.SendProcessSignal(api.guest_service_pb2.SendProcessSignalRequest(name=target, pid=2, signal=15))

    def test_initctl_is_asked_for_only_where_there_is_one(self):
        client = self.start(script="trap '' TERM; mkdir -p /run; mkfifo /run/initctl; exec 3<>/run/initctl; echo ready; "
                                   "head -c 384 <&3 | "
                                   "od -An -tx4 -N12; exit 0")
        console = client.console("web1")
        console.wait_output(b"ready")
        client.verb("Shutdown", "web1", modes=[api.domain_service_pb2.SHUTDOWN_MODE_INITCTL])
        console.wait_output(b"03091969 00000001 00000030")
        watch = client.watch(parent=api.name("web1"))
        waiting.until(lambda: api.state(client.get("web1")) == "SHUTOFF", "the end of the guest")
        watch.close()
        client.define(guests.xml("web2", self.root))
        client.start("web2")
        os.unlink(os.path.join(self.root, "run/initctl"))
        with self.fails("GUEST_CANNOT", "initctl"):
            client.verb("Shutdown", "web2", modes=[api.domain_service_pb2.SHUTDOWN_MODE_INITCTL])
        with self.fails("UNSUPPORTED_BY_DRIVER"):
            client.verb("Shutdown", "web2", modes=[api.domain_service_pb2.SHUTDOWN_MODE_ACPI_POWER_BUTTON])
        client.verb("Shutdown", "web2")
        waiting.until(lambda: api.state(client.get("web2")) == "SHUTOFF", "the end of the guest by signal")

    def test_limits_of_a_running_guest(self):
        client = self.start()
        target = api.name("web1")
        tuning = api.tuning_service_pb2
        client.tuning.SetMemory(tuning.SetMemoryRequest(name=target, memory_kib=32768))
        self.assertEqual(client.tuning.GetTuning(tuning.GetTuningRequest(name=target)).memory.hard_limit_kib, 32768)
        self.assertEqual(client.get("web1").spec.memory_kib, 65536)
        request = tuning.SetSchedulerParametersRequest(name=target, live=True, config=True)
        request.cpu.shares = 333
        client.tuning.SetSchedulerParameters(request)
        self.assertEqual(client.get("web1").spec.cpu_tuning.shares, 333)
        statistics = client.get("web1", api.domain_service_pb2.DOMAIN_VIEW_STATS).statistics
        self.assertEqual(statistics.memory_limit_bytes, 32768 << 10)

    def test_a_stream_of_statistics(self):
        client = self.start()
        request = api.statistics_service_pb2.WatchStatisticsRequest(rounds=3)
        request.interval.FromMilliseconds(100)
        messages = list(client.statistics.WatchStatistics(request, timeout=20))
        self.assertTrue(messages[-1].complete)
        self.assertEqual([sample.name for sample in messages[0].samples], [api.name("web1")])
        self.assertGreater(messages[0].samples[0].statistics.memory_bytes, 0)
        request.interval.FromMilliseconds(1)
        with self.fails("REQUEST_INVALID"):
            list(client.statistics.WatchStatistics(request, timeout=20))

    def test_a_domain_ends_with_its_connection_or_with_the_daemon(self):
        client = self.start()
        other = self.served.client()
        other.define(guests.xml("tied", self.root), transient=True, auto_destroy=True)
        self.assertTrue(client.get("tied").status.auto_destroy)
        other.close()
        waiting.until(lambda: "tied" not in str(client.list()), "the end of the domain")
        self.assertEqual(api.state(client.get("web1")), "RUNNING")
        self.served.client().define(guests.xml("tied", self.root), transient=True, auto_destroy=True)
        self.served.kill()
        self.served.start()
        client = self.served.client()
        waiting.until(lambda: "tied" not in str(client.list()), "the end of the domain after the daemon's")
        self.assertEqual(api.state(client.get("web1")), "RUNNING")

    def test_the_commands(self):
        self.start()
        cli = self.served.cli
        self.assertEqual(cli("exec", "-i", "web1", "--", "cat", text="typed").stdout, "typed")
        self.assertEqual(cli("exec", "web1", "--", "sh", "-c", "exit 9", check=False).returncode, 9)
        self.assertIn("EXEC", cli("-o", "json", "exec", "web1", "--", "nothing-here", check=False).stderr)
        self.assertIn("5 bytes", cli("file", "push", "web1", "-", "/tmp/typed", text="typed").stdout)
        self.assertEqual(cli("file", "pull", "web1", "/tmp/typed", "-").stdout, "typed")
        target = os.path.join(self.served.root, "typed")
        cli("file", "pull", "web1", "/tmp/typed", target)
        with open(target, encoding="utf-8") as file:
            self.assertEqual(file.read(), "typed")
        self.assertEqual(cli("domhostname", "web1").stdout.strip(), "web1")
        self.assertIn("127.0.0.1/8", cli("domifaddr", "web1", "--full").stdout)
        self.assertIn("cpu.time=", cli("domstats", "web1").stdout)
        self.assertEqual(cli("domstats", "--interval", "0.1", "--rounds", "2").stdout.count("Domain: 'web1'"), 2)
        self.assertRegex(cli("cpu-stats", "web1", "--total").stdout, r"Total:\n\tcpu_time +\d+\.\d{9} seconds")
        self.assertRegex(cli("dommemstat", "web1").stdout, r"actual 65536\n.*rss \d+\n".replace(".*", "[^$]*"))
        cli("setmem", "web1", "32M")
        self.assertRegex(cli("memtune", "web1").stdout, r"hard_limit     : 32768\n")
        cli("schedinfo", "web1", "cpu_shares=512", "--config")
        self.assertRegex(cli("schedinfo", "web1", "--config").stdout, r"cpu_shares     : 512\n")
        self.assertIn("updated successfully", cli("desc", "web1", "--title", "a", "shop").stdout)
        self.assertEqual(cli("desc", "web1", "--title").stdout, "a shop\n")
        cli("metadata", "web1", "urn:app", "--key", "app", "--set", "<owner>me</owner>")
        self.assertEqual(cli("metadata", "web1", "urn:app").stdout, "<owner>me</owner>\n\n")
        cli("send-process-signal", "web1", "1", "nop")
        self.assertEqual(cli("lxc-enter-namespace", "web1", "--", "/bin/hostname").stdout, "web1\n")
        self.assertEqual(cli("attach-device", "web1", "/dev/null", check=False).returncode, 1)
        cli("shutdown", "web1", "--mode", "signal")
