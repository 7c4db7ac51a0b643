"""Rules that all changes share: request ids, etags, pages, validation."""

import guests
from harness import EndToEnd, api


class Requests(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def test_a_repeated_request_gives_the_same_answer_also_after_a_restart(self):
        identifier = api.request_id()
        first = self.client.define(guests.test_xml("r"), parent=api.TEST, request_id=identifier)
        again = self.client.define(guests.test_xml("r"), parent=api.TEST, request_id=identifier)
        self.assertEqual(first, again)
        self.reeved.restart()
        self.client = self.reeved.client()
        self.assertEqual(self.client.define(guests.test_xml("r"), parent=api.TEST, request_id=identifier), first)
        with self.fails("DOMAIN_EXISTS"):
            self.client.define(guests.test_xml("r"), parent=api.TEST)
        with self.fails("REQUEST_ID_REUSED"):
            self.client.define(guests.test_xml("other"), parent=api.TEST, request_id=identifier)

    def test_a_start_repeated_by_id_starts_once(self):
        self.client.define(guests.test_xml("r"), parent=api.TEST)
        identifier = api.request_id()
        first = self.client.start("hypervisors/test/domains/r", request_id=identifier)
        again = self.client.start("hypervisors/test/domains/r", request_id=identifier)
        self.assertEqual(first.status.run, again.status.run)
        with self.fails("REQUEST_INVALID"):
            self.client.start("hypervisors/test/domains/r", request_id="x" * 65)

    def test_an_etag_guards_a_change(self):
        old = self.client.define(guests.test_xml("e"), parent=api.TEST)
        started = self.client.start(old.name, etag=old.etag)
        self.assertNotEqual(started.etag, old.etag)
        with self.fails("ETAG_MISMATCH"):
            self.client.verb("Destroy", old.name, etag=old.etag)
        self.client.verb("Destroy", old.name, etag=started.etag)

    def test_pages_are_one_snapshot(self):
        names = sorted(f"p{i:03}" for i in range(25))
        for name in names:
            self.client.define(guests.test_xml(name), parent=api.TEST)
        page = self.client.list(page_size=10)
        seen = [domain.name.rpartition("/")[2] for domain in page.domains]
        revision = page.revision
        self.client.define(guests.test_xml("p0005"), parent=api.TEST)
        self.client.undefine("hypervisors/test/domains/p024")
        while page.next_page_token:
            page = self.client.list(page_size=10, page_token=page.next_page_token)
            self.assertEqual(page.revision, revision)
            seen += [domain.name.rpartition("/")[2] for domain in page.domains]
        self.assertEqual(seen, names)
        with self.fails("PAGE_TOKEN_EXPIRED"):
            self.client.list(page_token="nonsense")
        with self.fails("REQUEST_INVALID"):
            self.client.list(page_size=-1)

    def test_lists_by_hypervisor_state_and_view(self):
        self.client.define(guests.test_xml("on", extra="<title>a title</title>"), parent=api.TEST)
        self.client.define(guests.test_xml("off"), parent=api.TEST)
        self.client.start("hypervisors/test/domains/on")
        running = self.client.list(states=[api.domain_pb2.DOMAIN_STATE_RUNNING]).domains
        self.assertEqual([domain.name for domain in running], ["hypervisors/test/domains/on"])
        self.assertEqual(running[0].spec.title, "a title")
        self.assertFalse(running[0].spec.memory_kib)
        full = self.client.list(view=api.domain_service_pb2.DOMAIN_VIEW_FULL).domains
        self.assertTrue(all(domain.spec.memory_kib for domain in full))
        self.assertEqual(len(self.client.list(parent=api.LXC).domains), 0)
        with self.fails("HYPERVISOR_NOT_FOUND"):
            self.client.list(parent="hypervisors/vmware")

    def test_a_host_that_does_not_run_on_xen_says_so(self):
        listed = self.client.hypervisors.ListHypervisors(api.hypervisor_service_pb2.ListHypervisorsRequest(), timeout=10)
        xen = {one.name: one for one in listed.hypervisors}["hypervisors/xen"]
        self.assertEqual((xen.available, xen.uri), (False, "xen:///"))
        self.assertEqual(xen.unavailable_reason, "this host does not run on Xen")
        with self.fails("HYPERVISOR_UNAVAILABLE"):
            self.client.hypervisors.GetCapabilities(
                api.hypervisor_service_pb2.GetCapabilitiesRequest(name="hypervisors/xen"), timeout=10)

    def test_a_domain_is_found_by_uuid_and_id(self):
        defined = self.client.define(guests.test_xml("f"), parent=api.TEST)
        started = self.client.start(defined.name)
        for last in (defined.uid, f"id:{started.status.id}"):
            self.assertEqual(self.client.get(f"hypervisors/test/domains/{last}").name, defined.name)

    def test_validate_only_changes_nothing(self):
        revision = self.client.list().revision
        would = self.client.define(guests.test_xml("v"), parent=api.TEST, validate_only=True)
        self.assertEqual(would.name, "hypervisors/test/domains/v")
        self.assertEqual(self.client.list().revision, revision)
        with self.fails("DOMAIN_NOT_FOUND"):
            self.client.get("hypervisors/test/domains/v")
