"""Open files of the caller as descriptors 3, 4, ... of a guest's first process."""

import ctypes
import os
import shutil
import socket
import subprocess
import threading

import environment
import guests
import processes
from harness import EndToEnd, api

PR_SET_DUMPABLE = 4
# Says what it was given, writes into the pipe, answers on the socket, and ends well or starts again when it is asked to.
SCRIPT = ("echo \"fds=$LISTEN_FDS pid=$LISTEN_PID me=$$\"; "
          "trap 'exit 0' TERM HUP; "
          "if [ -n \"$LISTEN_FDS\" ]; then echo from-the-guest >&3; read line <&4; echo \"got $line\" >&4; exec 3>&- 4>&-; fi; "
          "while :; do sleep 1000 & wait $!; done")


def links(pid):
    """What a process has open."""
    found = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{number}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    return found


class PassFds(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon(config="[listen]\nmode = '0666'\n")
        self.client = self.reeved.client()
        self.read_end, self.write_end = os.pipe()
        self.near, self.far = socket.socketpair()
        self.addCleanup(self.close)

    def close(self):
        for descriptor in (self.read_end, self.write_end):
            try:
                os.close(descriptor)
            except OSError:
                pass
        self.near.close()
        self.far.close()

    def define(self, **options):
        self.client.define(guests.xml("web1", self.root, **{"script": SCRIPT, **options}))

    def test_a_guest_reads_and_writes_and_nobody_else_keeps_them(self):
        self.define()
        ours = {os.readlink(f"/proc/self/fd/{number}") for number in (self.write_end, self.far.fileno())}
        self.near.sendall(b"hello\n")
        with self.flat(self.reeved, descriptors=0, threads=8):
            self.client.start("web1", descriptors=[self.write_end, self.far.fileno()])
            self.assertEqual(os.read(self.read_end, 100), b"from-the-guest\n")
            self.near.settimeout(10)
            self.assertEqual(self.near.recv(100), b"got hello\n")
            _, output, _ = self.client.run("web1", "sh", "-c", "tr '\\0' '\\n' < /proc/1/environ | grep ^LISTEN_ | sort")
            self.assertEqual(output, b"LISTEN_FDS=2\nLISTEN_PID=1\n")
            self.assertEqual(links(self.reeved.pid) & ours, set())
            for pid in processes.supervisors() - self.before.supervisors:
                self.assertEqual(links(pid) & ours, set())
            # The guest has closed them, and we do: then the other ends must tell of it.
            os.close(self.write_end)
            self.far.close()
            self.assertEqual(os.read(self.read_end, 100), b"")
            self.assertEqual(self.near.recv(100), b"")
            self.client.verb("Destroy", "web1")

    def test_they_have_their_numbers_and_nothing_else_is_open(self):
        self.define()
        self.client.start("web1", descriptors=[self.write_end, self.far.fileno()])
        self.assertEqual(os.read(self.read_end, 100), b"from-the-guest\n")  # now it waits for a line
        _, output, _ = self.client.run("web1", "ls", "/proc/1/fd")
        # A shell moves what it needs for itself to 10 and above.
        self.assertEqual(sorted(int(number) for number in output.split() if int(number) < 10), [0, 1, 2, 3, 4])

    def test_more_of_them_than_the_supervisor_has_free_numbers_for(self):
        numbers = [self.write_end] * 32
        self.define(script="for i in 3 20 34; do echo at-$i >&$i; done; ls /proc/1/fd | grep -c .; exec sleep 1000")
        self.client.start("web1", descriptors=numbers)
        text = b""
        while b"at-34" not in text:
            text += os.read(self.read_end, 100)
        self.assertEqual(text, b"at-3\nat-20\nat-34\n")

    def test_a_reboot_ends_them(self):
        self.define()
        self.near.sendall(b"x\n")
        self.client.start("web1", descriptors=[self.write_end, self.far.fileno()])
        console = self.client.console("web1")
        console.wait_output(b"fds=2 pid=1")
        self.assertEqual(os.read(self.read_end, 100), b"from-the-guest\n")
        self.assertEqual(self.near.recv(100), b"got x\n")
        self.client.verb("Reboot", "web1")
        console.wait_output(b"fds= pid= me=1")

    def test_a_guest_that_starts_suspended_has_them_when_it_is_resumed(self):
        self.define()
        self.near.sendall(b"x\n")
        self.client.start("web1", descriptors=[self.write_end, self.far.fileno()], paused=True)
        self.client.verb("Resume", "web1")
        self.assertEqual(os.read(self.read_end, 100), b"from-the-guest\n")

    def test_a_failed_start_and_a_check_keep_nothing(self):
        self.define(init=["/nothing/here"])
        with self.flat(self.reeved, threads=8):
            with self.fails("START_FAILED"):
                self.client.start("web1", descriptors=[self.write_end])
            self.client.start("web1", descriptors=[self.write_end], validate_only=True)
            os.close(self.write_end)
            self.assertEqual(os.read(self.read_end, 100), b"")

    def test_what_is_refused(self):
        self.define()
        with self.fails("DESCRIPTOR_INVALID", "descriptor 987"):
            self.client.start("web1", descriptors=[self.write_end, 987])
        with self.fails("REQUEST_INVALID", "-1"):
            self.client.start("web1", descriptors=[-1])
        with self.fails("REQUEST_INVALID", "33"):
            self.client.start("web1", descriptors=[0] * 33)
        with self.fails("DESCRIPTOR_INVALID"):
            self.client.start("web1", descriptors=[987], validate_only=True)
        with self.fails("REQUEST_INVALID", "transient"):
            self.client.define(guests.xml("web2", self.root), descriptors=[0])
        self.client.define(guests.test_xml("t"), parent=api.TEST)
        with self.fails("UNSUPPORTED_BY_DRIVER"):
            self.client.start(api.name("t", api.TEST), descriptors=[0])
        self.assertEqual(api.state(self.client.get("web1")), "SHUTOFF")

    def proxied(self):
        """A client whose connection is another process's."""
        path = os.path.join(self.reeved.root, "far.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        proxies = []

        def serve():
            connection, _ = listener.accept()
            with connection:
                proxies.append(subprocess.Popen(  # pylint: disable=consider-using-with
                    [environment.REEVE, "proxy", "--socket", self.reeved.socket()], stdin=connection, stdout=connection))
        thread = threading.Thread(target=serve)
        thread.start()
        client = api.Client(path)

        def end():
            client.close()
            listener.close()
            thread.join()
            for proxy in proxies:
                proxy.wait(10)
        self.addCleanup(end)
        return client

    def test_not_those_of_a_proxy(self):
        self.define()
        with self.fails("DESCRIPTOR_INVALID", "proxy"):
            self.proxied().start("web1", descriptors=[0])

    def test_a_program_passes_what_it_was_started_with(self):
        self.define(script="echo by-hand >&3; exec sleep 1000")
        command = [environment.REEVE, "-c", f"lxc+unix:///?socket={self.reeved.socket()}"]
        done = subprocess.run([*command, "start", "web1", "--pass-fds", "988"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("descriptor 988 is not open", done.stderr)
        subprocess.run([*command, "start", "web1", "--pass-fds", str(self.write_end)], pass_fds=[self.write_end], check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual(os.read(self.read_end, 100), b"by-hand\n")
        self.client.verb("Destroy", "web1")
        document = os.path.join(self.reeved.root, "web2.xml")
        with open(document, "w", encoding="utf-8") as file:
            file.write(guests.xml("web2", self.root, script="echo created >&3; exec sleep 1000"))
        subprocess.run([*command, "create", document, "--pass-fds", str(self.write_end)], pass_fds=[self.write_end],
                       check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(os.read(self.read_end, 100), b"created\n")

    def as_user(self, uid, domain):
        """A start by the program of another user."""
        program = os.path.join(self.reeved.root, "reeve")
        if not os.path.exists(program):
            shutil.copy(environment.REEVE, program)
            os.chmod(program, 0o755)
            os.chmod(self.reeved.root, 0o755)
        return subprocess.run([program, "-c", f"lxc+unix:///?socket={self.reeved.socket()}", "start", domain, "--pass-fds",
                               str(self.write_end)], pass_fds=[self.write_end], capture_output=True, text=True, check=False,
                              user=uid, group=uid, extra_groups=[], env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})

    def test_others_than_root_into_guests_with_ids_of_their_own_only(self):
        self.define(script="echo mapped >&3; exec sleep 1000")
        done = self.as_user(2002, "web1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.read(self.read_end, 100), b"mapped\n")
        self.client.verb("Destroy", "web1")
        self.client.define(guests.xml(
            "bare", self.root, script="echo bare >&3; exec sleep 1000",
            extra="<metadata><reeve:domain xmlns:reeve='urn:reeve:domain:1'><reeve:lxc><reeve:idmap mode='host'/></reeve:lxc>"
                  "</reeve:domain></metadata>"))
        done = self.as_user(2002, "bare")
        self.assertEqual(done.returncode, 1)
        self.assertIn("only root hands it open files", done.stderr)
        self.client.start("bare", descriptors=[self.write_end])
        self.assertEqual(os.read(self.read_end, 100), b"bare\n")

    def test_a_process_that_has_other_rights_than_its_connection(self):
        self.define()
        os.chmod(self.reeved.root, 0o755)
        client = api.Client(self.reeved.socket())
        self.addCleanup(client.close)
        # Without it the process would hide from now on (prctl(2)).
        self.addCleanup(ctypes.CDLL(None, use_errno=True).prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
        os.seteuid(2002)
        try:
            client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
        finally:
            os.seteuid(0)
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        with self.fails("DESCRIPTOR_INVALID", "user 2002"):
            client.start("web1", descriptors=[self.write_end])
