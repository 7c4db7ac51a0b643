"""What a hostile document, image or guest would do to the host. docs/security.md says which test stands for which class of
attack."""

import os
import time

import guests
import processes
from harness import EndToEnd, api, environment

# What one document may make the daemon grow by, at its worst: the largest message, read, and what is made of it.
MOST_MEMORY_KIB = 96 << 10
MOST_SECONDS = 10
SECRET = "the host's secret"


def nested(depth):
    return "<a>" * depth + "</a>" * depth


class Documents(EndToEnd):

    def setUp(self):
        super().setUp()
        self.served = self.daemon()
        self.client = self.served.client()
        self.secret = os.path.join(environment.temporary_folder(), "secret")
        with open(self.secret, "w", encoding="ascii") as file:
            file.write(SECRET)

    def hostile(self):
        """Name and text of documents that must be refused."""
        whole = guests.test_xml("a")
        used = guests.test_xml("a", extra="<title>&x;</title>")
        yield "an external entity", f"<!DOCTYPE d [<!ENTITY x SYSTEM 'file://{self.secret}'>]>{used}"
        yield "an external definition", f"<!DOCTYPE d SYSTEM 'file://{self.secret}'>{used}"
        yield "a parameter entity", f"<!DOCTYPE d [<!ENTITY % p SYSTEM 'file://{self.secret}'> %p;]>{used}"
        entities = "".join(f"<!ENTITY x{i} '{f'&x{i - 1};' * 10}'>" for i in range(1, 12))
        yield "entities of entities", \
            f"<!DOCTYPE d [<!ENTITY x0 'ha'>{entities}]>{used.replace('&x;', '&x11;')}"
        yield "an entity that is long and used often", \
            f"<!DOCTYPE d [<!ENTITY x '{'y' * 100000}'>]>{used.replace('&x;', '&x;' * 20000)}"
        yield "an include", guests.test_xml("a", extra="<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' "
                                                       f"href='{self.secret}' parse='text'/>")
        yield "a hundred thousand levels", guests.test_xml("a", extra=f"<metadata>{nested(100000)}</metadata>")
        yield "levels that are never closed", "<a>" * 1000000
        yield "an attribute of three MiB", whole.replace("<memory ", f"<memory x='{'y' * (3 << 20)}' ")
        yield "a hundred thousand attributes", \
            whole.replace("<memory ", "<memory " + " ".join(f"a{i}=''" for i in range(100000)) + " ")
        yield "a hundred thousand elements", guests.test_xml("a", extra="<frobnicate/>" * 100000)
        yield "a NUL", whole.replace("<vcpu>", "<vcpu>\0")
        yield "a NUL as a reference", whole.replace("<vcpu>1", "<vcpu>1&#0;")
        yield "a name of a MiB", guests.test_xml("a" * (1 << 20))

    def test_are_refused_in_bounded_time_and_memory(self):
        for name, text in self.hostile():
            for parent in (api.TEST, api.LXC):
                with self.subTest(name, parent=parent):
                    processes.reset_peak(self.served.pid)
                    before = processes.resident_kib(self.served.pid)
                    begin = time.monotonic()
                    with self.assertRaises(api.grpc.RpcError) as caught:
                        self.client.define(text, parent=parent)
                    self.assertLess(time.monotonic() - begin, MOST_SECONDS)
                    self.assertIn(api.reason(caught.exception), ("DOCUMENT_MALFORMED", "DOCUMENT_UNKNOWN", "SPEC_INVALID",
                                                                 "NAME_INVALID", "REQUEST_INVALID"))
                    self.assertNotIn(SECRET, caught.exception.details())
                    self.assertLess(processes.peak_kib(self.served.pid) - before, MOST_MEMORY_KIB)
        self.assertEqual(len(self.client.list().domains), 0)

    def test_one_of_a_hundred_mebibytes_is_not_even_parsed(self):
        before = processes.resident_kib(self.served.pid)
        with self.assertRaises(api.grpc.RpcError) as caught:
            self.client.define(guests.test_xml("a", extra=f"<title>{'x' * (100 << 20)}</title>"), parent=api.TEST)
        self.assertEqual(caught.exception.code(), api.grpc.StatusCode.RESOURCE_EXHAUSTED)
        # gRPC measures it when it has come whole; test_bad_input shows that what it holds until then is bounded.
        self.assertLess(processes.resident_kib(self.served.pid) - before, MOST_MEMORY_KIB + (100 << 10))


class Images(EndToEnd):
    """Formats of images are never guessed, and a link that is swapped in leads nowhere that was not asked for."""

    def setUp(self):
        super().setUp()
        self.folder = environment.temporary_folder()
        self.secret = os.path.join(self.folder, "secret")
        with open(self.secret, "w", encoding="ascii") as file:
            file.write(SECRET)
        self.served = self.daemon()
        self.client = self.served.client()

    def overlay_image(self):
        """A header of qcow2 that names the secret as its backing file."""
        header = bytearray(1 << 20)
        name = self.secret.encode()
        header[0:8] = b"QFI\xfb\x00\x00\x00\x02"
        header[8:16] = (1024).to_bytes(8, "big")
        header[16:20] = len(name).to_bytes(4, "big")
        header[20:24] = (16).to_bytes(4, "big")
        header[24:32] = (1 << 20).to_bytes(8, "big")
        header[1024:1024 + len(name)] = name
        path = os.path.join(self.folder, "overlay.img")
        with open(path, "wb") as file:
            file.write(header)
        return path

    def test_a_raw_disk_is_raw_whatever_it_looks_like(self):
        path = self.overlay_image()
        for driver in ("", "<driver type='raw'/>"):
            with self.subTest(driver):
                self.client.define(guests.xml("web1", self.root, devices=f"<disk type='file'>{driver}<source file='{path}'/>"
                                                                         "<target dev='vda'/></disk>"))
                self.client.start("web1")
                code, output, _ = self.client.run("web1", "sh", "-c", "head -c 4 /dev/vda")
                self.assertEqual((code.code, output), (0, b"QFI\xfb"))
                _, output, _ = self.client.run("web1", "sh", "-c", "cat /dev/vda")
                self.assertNotIn(SECRET.encode(), output)
                self.client.verb("Destroy", "web1")
                self.client.undefine("web1")

    def test_other_formats_are_refused_by_name(self):
        path = self.overlay_image()
        for kind in ("qcow2", "qed", "vmdk"):
            with self.subTest(kind), self.fails("SPEC_UNSUPPORTED"):
                self.client.define(guests.xml("web1", self.root, devices=f"<disk type='file'><driver type='{kind}'/>"
                                                                         f"<source file='{path}'/><target dev='vda'/></disk>"))
        with self.fails("SPEC_UNSUPPORTED"):
            self.client.define(guests.xml("web1", self.root, devices=f"""<filesystem type='file'>
                <driver type='nbd' format='qcow2'/><source file='{path}'/><target dir='/mnt'/></filesystem>"""))

    def test_a_file_system_is_none_that_the_image_does_not_have(self):
        self.client.define(guests.xml("web1", self.root, devices=f"""<filesystem type='file'>
            <source file='{self.overlay_image()}'/><target dir='/mnt'/></filesystem>"""))
        with self.fails("START_FAILED"):
            self.client.start("web1")

    def test_names_that_lead_elsewhere(self):
        for target in ("../vda", "a/b", "/dev/vda", "..", "v&#10;da", "x" * 300):
            with self.subTest(target), self.assertRaises(api.grpc.RpcError) as caught:
                self.client.define(guests.xml("web1", self.root, devices=f"<disk type='file'><source file='{self.secret}'/>"
                                                                         f"<target dev='{target}'/></disk>"))
            self.assertIn(api.reason(caught.exception), ("SPEC_INVALID", "SPEC_UNSUPPORTED", "DOCUMENT_MALFORMED"))

    def test_files_of_the_guest_cannot_be_put_or_got_by_odd_names(self):
        self.client.define(guests.xml("web1", self.root))
        self.client.start("web1")
        self.client.run("web1", "sh", "-c", f"ln -s {self.secret} /tmp/link; ln -s /proc/1/root/etc /tmp/place")
        for path in ("/tmp/link", "/tmp/../../../../" + self.secret.lstrip("/"), self.secret, "/proc/1/root" + self.secret):
            with self.subTest(path), self.assertRaises(api.grpc.RpcError):
                self.client.pull("web1", path)
        for path in ("", "/", "relative", "/tmp/" + "x" * 300, "/tmp/a\0b", "/" + "a/" * 3000 + "b"):
            with self.subTest(path[:20]), self.assertRaises(api.grpc.RpcError):
                self.client.push("web1", path, b"data")
        with open(self.secret, encoding="ascii") as file:
            self.assertEqual(file.read(), SECRET)


class GuestData(EndToEnd):
    """What comes from a guest is bytes of somebody else's choice, and may break neither the daemon nor a client."""

    def setUp(self):
        super().setUp()
        self.served = self.daemon()
        self.client = self.served.client()

    def start(self, script=guests.OBEDIENT):
        self.client.define(guests.xml("web1", self.root, script=script))
        self.client.start("web1")

    def shell(self, script):
        code, output, error = self.client.run("web1", "sh", "-c", script)
        self.assertEqual(code.code, 0, output + error)

    def test_a_host_name(self):
        self.start()
        self.shell("printf '\\377\\033[2J\\nroot' >/proc/sys/kernel/hostname || hostname \"$(printf '\\377\\033[2J\\nroot')\"")
        name = self.client.guests.GetHostname(api.guest_service_pb2.GetHostnameRequest(name=api.name("web1"))).hostname
        self.assertNotIn("\033", name)
        self.assertNotIn("\n", name)
        self.assertIn("\\xff", name.lower())
        self.assertNotIn("\033", self.served.cli("domhostname", "web1").stdout)

    def test_names_of_interfaces(self):
        self.start()
        self.shell("ip link add \"$(printf 'a\\377\\033[1m')\" type veth peer name b")
        interfaces = self.client.guests.ListInterfaceAddresses(
            api.guest_service_pb2.ListInterfaceAddressesRequest(name=api.name("web1"))).interfaces
        names = [one.name for one in interfaces]
        self.assertIn("lo", names)
        self.assertFalse([name for name in names if "\033" in name])

    def test_its_console_in_the_log_and_to_a_client_that_leaves(self):
        self.start(script="trap '' TERM; while :; do printf '\\033]0;x\\007\\377\\n'; done")
        for _ in range(20):
            self.client.console("web1").close()
        self.assertEqual(api.state(self.client.get("web1")), "RUNNING")
        self.client.verb("Destroy", "web1")
        with open(self.served.log_path, "rb") as log:
            self.assertNotIn(b"\033", log.read())

    def test_more_processes_groups_and_mounts_than_a_reader_would_like(self):
        self.start()
        self.shell("for i in $(seq 300); do sleep 1000 & done; for i in $(seq 100); do mkdir -p /tmp/$i; "
                   "mount -t tmpfs tmpfs /tmp/$i; done")
        self.assertGreater(self.client.list(view=api.domain_service_pb2.DOMAIN_VIEW_STATS).domains[0].statistics.tasks, 300)
        self.client.guests.GetNamespaces(api.guest_service_pb2.GetNamespacesRequest(name=api.name("web1")))
        self.client.verb("Destroy", "web1")
