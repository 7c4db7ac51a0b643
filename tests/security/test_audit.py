"""Audit records: one for every change and every refusal, and nothing secret in them."""

import json
import os
import signal
import socket
import subprocess

import callers
import guests
import waiting
from harness import EndToEnd, api

CONFIG = """
[listen]
mode = "0666"
[audit]
target = "file"
[[auth.binding]]
unix_user = "2001"
role = "viewer"
name = "web*"
"""


class Audit(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon(config=CONFIG)
        os.chmod(self.reeved.root, 0o755)
        self.path = os.path.join(self.reeved.root, "var/log/reeve/audit.log")
        self.client = self.reeved.client()

    def records(self, path=None):
        with open(path or self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_every_change_has_one_record_and_reads_have_none(self):
        request = api.request_id()
        self.client.define(guests.test_xml("web1", "<description>hidden words</description>"), parent=api.TEST,
                           request_id=request)
        self.client.list()
        self.client.get(api.name("web1", api.TEST))
        self.client.start(api.name("web1", api.TEST))
        with self.fails("DOMAIN_STATE"):
            self.client.start(api.name("web1", api.TEST))
        records = self.records()
        self.assertEqual([record["method"].rpartition("/")[2] for record in records],
                         ["CreateDomain", "StartDomain", "StartDomain"])
        first = records[0]
        self.assertEqual(first["identity"], "unix:root(0)")
        self.assertEqual(first["from"], f"pid {os.getpid()}")
        self.assertEqual(first["authentication"], "unix")
        self.assertEqual(first["permission"], "domain.create")
        self.assertEqual(first["objects"], [api.name("web1", api.TEST)])
        self.assertEqual(first["outcome"], "AUDIT_OUTCOME_DONE")
        self.assertEqual(first["request_id"], request)
        self.assertGreaterEqual(int(first["duration_us"]), 0)
        self.assertRegex(first["time"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual((records[2]["outcome"], records[2]["reason"]), ("AUDIT_OUTCOME_FAILED", "DOMAIN_STATE"))
        with open(self.path, encoding="utf-8") as file:
            self.assertNotIn("hidden words", file.read())
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)

    def test_every_refusal_has_a_record(self):
        self.client.define(guests.test_xml("secret"), parent=api.TEST)
        viewer = callers.client(self.reeved, 2001)
        with self.fails("PERMISSION_DENIED"):
            viewer.start(api.name("web1", api.TEST))
        with self.fails("DOMAIN_NOT_FOUND"):
            viewer.get(api.name("secret", api.TEST))
        reader = self.reeved.client(read_only=True)
        with self.fails("CONNECTION_READ_ONLY"):
            reader.start(api.name("web1", api.TEST))
        records = self.records()[1:]
        self.assertEqual([(record["identity"], record["outcome"], record["reason"]) for record in records],
                         [("unix:2001", "AUDIT_OUTCOME_REFUSED", "PERMISSION_DENIED"),
                          ("unix:2001", "AUDIT_OUTCOME_REFUSED", "DOMAIN_NOT_FOUND"),
                          ("unix:root(0)", "AUDIT_OUTCOME_REFUSED", "CONNECTION_READ_ONLY")])
        self.assertEqual(records[1]["objects"], [api.name("secret", api.TEST)])

    def test_a_change_whose_client_leaves_is_recorded_as_it_ended(self):
        self.client.define(guests.test_xml("web1"), parent=api.TEST)
        domain = api.name("web1", api.TEST)
        wedge = api.test_service_pb2.SetWedgeRequest(domain=domain, wedged=True)
        self.client.test.SetWedge(wedge, timeout=10)
        other = self.reeved.client()
        call = other.domains.StartDomain.future(api.domain_service_pb2.StartDomainRequest(name=domain), timeout=30)
        waiting.until(lambda: self.client.test.SetWedge(wedge, timeout=10).waiting == 1, "the start hangs")
        call.cancel()
        self.client.test.SetWedge(api.test_service_pb2.SetWedgeRequest(domain=domain, wedged=False), timeout=10)
        watch = self.client.watch(start_revision=1)
        watch.wait_event(domain, "STARTED")
        watch.close()
        self.client.verb("Destroy", domain)
        started = [record for record in self.records() if record["method"].endswith("StartDomain")]
        self.assertEqual([record["outcome"] for record in started], ["AUDIT_OUTCOME_DONE"])

    def test_a_reload_opens_the_file_anew(self):
        self.client.define(guests.test_xml("web1"), parent=api.TEST)
        os.rename(self.path, self.path + ".1")
        self.client.define(guests.test_xml("web2"), parent=api.TEST)
        self.reeved.notifications.clear()
        os.kill(self.reeved.pid, signal.SIGHUP)
        self.reeved.wait_notification("READY=1")
        self.client.define(guests.test_xml("web3"), parent=api.TEST)
        self.assertEqual(len(self.records(self.path + ".1")), 2)
        self.assertEqual(len(self.records()), 1)

    def test_the_journal_gets_fields(self):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # in this process's own namespace
        try:
            os.makedirs("/run/systemd/journal")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
                journal.bind("/run/systemd/journal/socket")
                journal.settimeout(20)
                reeved = self.daemon(config="")
                reeved.client().define(guests.test_xml("web1"), parent=api.TEST)
                fields = journal.recv(65536).decode().splitlines()
        finally:
            subprocess.run(["umount", "/run"], check=True)
        self.assertIn("REEVE_METHOD=/reeve.v1.DomainService/CreateDomain", fields)
        self.assertIn("REEVE_OBJECTS=" + api.name("web1", api.TEST), fields)
        self.assertIn("REEVE_OUTCOME=DONE", fields)
        self.assertIn("SYSLOG_IDENTIFIER=reeved", fields)
