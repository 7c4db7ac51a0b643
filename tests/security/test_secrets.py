"""The password of a display comes in, and goes out to nobody who may not have it (libvirt.md 10, row 2)."""

import glob
import os

import api
import guests
from google.protobuf.message_factory import MessageFactory
from harness import EndToEnd

PASSWORD = "hunter2-correct-horse"
GRAPHICS = f"<devices><graphics type='vnc' port='-1' autoport='yes' passwd='{PASSWORD}'/></devices>"
NAME = "hypervisors/test/domains/seen"


class Secrets(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon(config="[audit]\ntarget = 'file'\n[log]\ntarget = 'stderr'\nlevel = 'debug'\n")
        self.client = self.reeved.client()
        self.client.define(guests.test_xml("seen", extra=GRAPHICS), parent=api.TEST)

    def answers(self, client):
        """What each method answers, as bytes, to whoever asks for all there is of the domain."""
        prototypes = MessageFactory()
        for method in api.method_descriptors():
            if method.GetOptions().Extensions[api.options_pb2.access] != api.options_pb2.ACCESS_READ:
                continue
            request = prototypes.GetPrototype(method.input_type)()
            for field in request.DESCRIPTOR.fields:
                if field.name in ("name", "domain", "object", "parent"):
                    setattr(request, field.name, api.TEST if field.name == "parent" else NAME)
                elif field.name == "view":
                    request.view = api.domain_service_pb2.DOMAIN_VIEW_FULL
                elif field.name == "until_current":
                    request.until_current = True
            call = client.channel.unary_stream(api.path(method))
            try:
                for answer in call(request.SerializeToString(), timeout=2):
                    yield method.name, answer
            except api.grpc.RpcError as error:
                yield method.name, error.details().encode()

    def test_no_method_that_reads_gives_it(self):
        for read_only in (True, False):
            client = self.reeved.client(read_only=read_only)
            seen = 0
            for method, answer in self.answers(client):
                with self.subTest(method, read_only=read_only):
                    self.assertNotIn(PASSWORD.encode(), answer)
                seen += b"vnc" in answer.lower() or b"seen" in answer
            self.assertGreater(seen, 3)  # the domain was looked at

    def test_every_form_of_the_document_is_without_it(self):
        request = api.domain_service_pb2.ExportDomainRequest(name=NAME)
        forms = 0
        for form in api.domain_service_pb2.Document.Format.values():
            request.format = form
            try:
                text = self.client.domains.ExportDomain(request, timeout=10).text
            except api.grpc.RpcError as error:
                text = error.details()
            else:
                forms += 1
            self.assertNotIn(PASSWORD, text)
        self.assertGreater(forms, 1)
        # Who may have it gets it, on a connection that may write.
        request.format = api.domain_service_pb2.Document.FORMAT_LIBVIRT_XML
        self.assertIn(PASSWORD, self.client.domains.ExportDomainWithSecrets(request, timeout=10).text)
        with self.fails("CONNECTION_READ_ONLY"):
            self.reeved.client(read_only=True).domains.ExportDomainWithSecrets(request, timeout=10)

    def test_logs_audit_and_other_users_do_not_have_it(self):
        self.client.start(NAME)
        self.client.verb("Destroy", NAME)
        with self.fails("DOMAIN_EXISTS"):
            self.client.define(guests.test_xml("seen", extra=GRAPHICS), parent=api.TEST)
        readable = [path for path in glob.glob(os.path.join(self.reeved.root, "**"), recursive=True) if os.path.isfile(path)]
        self.assertTrue(any("audit" in path for path in readable), readable)
        for path in readable:
            with open(path, "rb") as file:
                has = PASSWORD.encode() in file.read()
            # It is kept in the daemon's store, which is root's alone.
            if has:
                self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)
                self.assertIn("reeve.db", os.path.basename(path))
