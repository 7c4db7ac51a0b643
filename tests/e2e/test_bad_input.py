"""Hostile and mistaken input gets a clear error, and the daemon goes on."""

import resource
import socket

import guests
import processes
import waiting
from harness import EndToEnd, api


class BadInput(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def tearDown(self):
        # Whatever a test sent: the daemon answers, and has not started anew.
        if self.reeved.process.poll() is None:
            self.client.list()
        else:
            self.fail(f"the daemon ended with {self.reeved.process.returncode}:\n{self.reeved.log()}")
        super().tearDown()

    def refused(self, document, reason, *words, parent=api.TEST):
        with self.fails(reason, *words) as caught:
            self.client.define(document, parent=parent)
        print(f"    {caught.exception.details()}")
        return caught.exception

    def test_malformed_xml_has_line_and_column(self):
        error = self.refused("<domain type='test'>\n  <name>a</nome>\n</domain>", "DOCUMENT_MALFORMED")
        self.assertIn("line 2", error.details() + str(api.violations(error)))
        for document in ("", "<", "<domain", "no xml", "<domain type='test'/><domain/>", "\x00\x01", "<a>" * 5000):
            with self.subTest(document[:20]), self.assertRaises(api.grpc.RpcError) as caught:
                self.client.define(document, parent=api.TEST)
            self.assertIn(api.reason(caught.exception), ("DOCUMENT_MALFORMED", "DOCUMENT_UNKNOWN", "SPEC_INVALID",
                                                         "REQUEST_INVALID"), document[:20])

    def test_unknown_elements_and_attributes_are_named_with_their_place(self):
        error = self.refused(guests.test_xml("a", extra="\n<frobnicate/>"), "DOCUMENT_UNKNOWN", "frobnicate")
        self.assertIn("line 2", error.details() + str(api.violations(error)))
        self.refused(guests.test_xml("a").replace("<vcpu>", "<vcpu colour='red'>"), "DOCUMENT_UNKNOWN", "colour")

    def test_entities_are_not_expanded(self):
        bomb = "<!DOCTYPE d [<!ENTITY a '" + "x" * 1000 + "'>" + "".join(
            f"<!ENTITY {chr(98 + i)} '{('&' + chr(97 + i) + ';') * 10}'>" for i in range(8)) + "]>"
        external = "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
        for prologue, use in ((bomb, "&i;"), (external, "&a;")):
            with self.assertRaises(api.grpc.RpcError) as caught:
                self.client.define(prologue + guests.test_xml("a", extra=f"<title>{use}</title>").replace("&amp;", "&"),
                                   parent=api.TEST)
            self.assertIn("DOCUMENT", api.reason(caught.exception))
            self.assertNotIn("root:", caught.exception.details())

    def test_wrong_units_and_numbers(self):
        for bad in ("<memory unit='parsec'>1</memory>", "<memory unit='KiB'>-1</memory>", "<memory>lots</memory>",
                    "<memory unit='EiB'>99999999999</memory>", "<memory>1e9</memory>"):
            with self.subTest(bad):
                self.refused(guests.test_xml("a").replace("<memory unit='KiB'>8192</memory>", bad), "SPEC_INVALID", "memory")
        self.refused(guests.test_xml("a").replace("<vcpu>1</vcpu>", "<vcpu>0</vcpu>"), "SPEC_INVALID", "vcpu")

    def test_names(self):
        for bad in ("a/b", "..", ".", "", " a", "a ", "x" * 129, "tab\there", "new\nline"):
            with self.subTest(bad[:10]), self.assertRaises(api.grpc.RpcError) as caught:
                self.client.define(guests.test_xml(bad), parent=api.TEST)
            self.assertIn(api.reason(caught.exception), ("SPEC_INVALID", "NAME_INVALID"), bad[:10])
        for good in ("x" * 128, "ümlaut", "a b", "-dash", "memory.max", "_under", "id"):
            with self.subTest(good[:10]):
                name = self.client.define(guests.test_xml(good), parent=api.TEST).name
                self.client.start(name)
                self.client.verb("Destroy", name)
        for bad in ("web1", "hypervisors/lxc", "hypervisors/lxc/domains/", "hypervisors/lxc/domains/../x",
                    "hypervisors/lxc/domains/a/b", "x" * 5000):
            with self.subTest(bad[:30]), self.assertRaises(api.grpc.RpcError) as caught:
                self.client.domains.GetDomain(api.domain_service_pb2.GetDomainRequest(name=bad), timeout=10)
            self.assertIn(api.reason(caught.exception), ("NAME_INVALID", "DOMAIN_NOT_FOUND"), bad[:30])

    def test_odd_names_work_with_real_containers(self):
        for good in ("memory.max", "a b", "ü" * 64, "_x", "tasks", "-c"):
            with self.subTest(good):
                self.client.define(guests.xml(good, self.root))
                self.client.start(good)
                self.client.console(good).wait_output(b"ready")
                self.client.verb("Destroy", good)

    def test_duplicates(self):
        first = self.client.define(guests.test_xml("a"), parent=api.TEST)
        self.refused(guests.test_xml("a"), "DOMAIN_EXISTS", "a")
        self.refused(guests.test_xml("b", extra=f"<uuid>{first.uid}</uuid>"), "UUID_IN_USE", first.uid)
        self.refused(guests.test_xml("b", extra="<uuid>not-a-uuid</uuid>"), "SPEC_INVALID", "uuid")

    def test_a_typed_spec_is_checked_field_by_field(self):
        domain = api.domain_pb2.Domain(name="t")
        domain.spec.memory_kib = 8192
        domain.spec.vcpus = 99999
        domain.spec.title = "two\nlines"
        domain.spec.devices.filesystems.add(type=1, source="relative", target="/")
        with self.assertRaises(api.grpc.RpcError) as caught:
            self.client.domains.CreateDomain(api.domain_service_pb2.CreateDomainRequest(parent=api.LXC, domain=domain),
                                             timeout=10)
        self.assertEqual(api.reason(caught.exception), "SPEC_INVALID")
        fields = " ".join(field for field, _ in api.violations(caught.exception))
        for field in ("vcpus", "filesystems"):
            self.assertIn(field, fields)

    def test_what_the_driver_cannot_do_is_refused_by_name(self):
        sound = "<sound model='ac97'/>"
        self.refused(guests.xml("a", self.root, devices=sound), "SPEC_UNSUPPORTED", parent=api.LXC)

    def test_a_message_over_the_limit(self):
        with self.flat(self.reeved):
            with self.assertRaises(api.grpc.RpcError) as caught:
                self.client.define("x" * (5 << 20), parent=api.TEST)
            self.assertEqual(caught.exception.code(), api.grpc.StatusCode.RESOURCE_EXHAUSTED)
            with self.assertRaises(api.grpc.RpcError) as caught:
                self.client.define("<domain>" + "x" * (2 << 20), parent=api.TEST)
            self.assertIn(api.reason(caught.exception), ("DOCUMENT_MALFORMED", "REQUEST_INVALID"))

    def test_a_message_is_bounded_while_it_comes_in(self):
        reader, others = self.reeved.client(read_only=True), [self.reeved.client().watch() for _ in range(5)]
        for watch in others:
            watch.wait_snapshot()
        with self.assertRaises(api.grpc.RpcError) as caught:
            reader.channel.unary_unary("/reeve.v1.DomainService/GetDomain")(b"\x0a" + b"x" * (500 << 20), timeout=60)
        self.assertEqual(caught.exception.code(), api.grpc.StatusCode.RESOURCE_EXHAUSTED)
        # 256 MiB for all clients together, and what the daemon has anyway.
        self.assertLess(processes.peak_kib(self.reeved.pid), 400 << 10)
        self.client.list()
        self.assertFalse(any(watch.ended for watch in others), "others pay for it")

    def test_too_many_streams(self):
        watches = [self.client.watch() for _ in range(48)]
        for watch in watches:
            watch.wait_snapshot()
        late = self.client.watch()
        self.assertEqual(api.reason(late.wait_end()), "TOO_MANY_STREAMS")
        self.client.list()  # there is room for calls beside them
        for watch in watches:
            watch.close()
        waiting.until(self._answers, "an answer after the watches have ended")

    def test_too_many_bytes(self):
        reeved = self.daemon(config="[limits]\nbytes_per_client = 1048576\n")
        client, other = reeved.client(), reeved.client()
        client.define(guests.test_xml("wedged"), parent=api.TEST)
        name = "hypervisors/test/domains/wedged"
        client.test.SetWedge(api.test_service_pb2.SetWedgeRequest(domain=name, wedged=True), timeout=10)
        # A field that nobody knows makes a good request large.
        start = api.domain_service_pb2.StartDomainRequest(name=name).SerializeToString()
        padding = b"\xfa\x7f" + b"\x80\x80\x28" + b"x" * (40 * 16384)  # field 2047, 655360 bytes
        call = client.channel.unary_unary("/reeve.v1.DomainService/StartDomain")
        hanging = call.future(start + padding, timeout=60)
        wedge = api.test_service_pb2.SetWedgeRequest(domain=name, wedged=True)
        waiting.until(lambda: client.test.SetWedge(wedge, timeout=10).waiting == 1, "the call hangs")
        with self.assertRaises(api.grpc.RpcError) as caught:
            call(start + padding, timeout=20)
        self.assertEqual(api.reason(caught.exception), "TOO_MANY_BYTES")
        client.list()  # small ones fit
        other.get(name)  # others have room of their own
        with self.assertRaises(api.grpc.RpcError) as caught:
            other.channel.unary_unary("/reeve.v1.DomainService/GetDomain")(
                api.domain_service_pb2.GetDomainRequest(name="x").SerializeToString() + padding, timeout=20)
        self.assertNotEqual(api.reason(caught.exception), "TOO_MANY_BYTES")
        client.test.SetWedge(api.test_service_pb2.SetWedgeRequest(domain=name, wedged=False), timeout=10)
        hanging.result(20)

    def _answers(self):
        try:
            return self.client.list() is not None
        except api.grpc.RpcError:
            return False

    def test_many_connections(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        path, held = self.reeved.socket(), []
        self.client.list()
        with self.flat(self.reeved, descriptors=8):
            try:
                for _ in range(10000):
                    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                    held.append(one)
                    one.setblocking(False)
                    try:
                        one.connect(path)
                    except BlockingIOError:  # the backlog is full: a client would wait
                        pass
                self.client.list()
            finally:
                for one in held:
                    one.close()
            self._new_client_is_let_in()

    def _new_client_is_let_in(self):
        def attempt():
            client = self.reeved.client(connect=False)
            try:
                return client.list() is not None
            except api.grpc.RpcError:
                client.close()
                return False
        waiting.until(attempt, "a new client to be let in")

    def test_bytes_that_are_no_http2(self):
        with self.flat(self.reeved):
            for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
                    one.settimeout(10)
                    one.connect(self.reeved.socket())
                    try:
                        one.sendall(junk)
                    except OSError:
                        pass

    def test_console_input_that_nobody_reads_is_bounded(self):
        self.client.define(guests.xml("c", self.root, script="stty raw -echo; echo raw; exec sleep 1000"))
        self.client.start("c")
        console = self.client.console("c")
        console.wait_output(b"raw")
        before = self.reeved.resources()[2]
        for _ in range(2000):
            console.write(b"x" * 60000)
        # Either the daemon stops taking input or it ends the stream; it must not keep it all. What gRPC takes in ahead of
        # the daemon grows with the speed of the connection, to some MiB.
        for _ in range(20):
            self.client.get("c")
            self.assertLess(self.reeved.resources()[2] - before, 16 << 10)
        self.client.verb("Destroy", "c")
        error = console.wait_end(20)
        self.assertIn(error and error.code(), (None, api.grpc.StatusCode.RESOURCE_EXHAUSTED))

    def test_a_guest_that_floods_its_console(self):
        self.client.define(guests.xml("f", self.root, script="yes flood"))
        self.client.start("f")
        console = self.client.console("f")
        console.wait_output(b"flood")
        before = self.reeved.resources()[2]
        console.wait(lambda: len(console.output()) > 1 << 20, "a megabyte of output", 20)
        self.assertLess(self.reeved.resources()[2] - before, 20000)
        console.close()
        self.client.verb("Destroy", "f")
