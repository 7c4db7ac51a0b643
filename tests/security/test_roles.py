"""Every method as nobody, read-only, viewer, operator and administrator; and objects that are hidden."""

import os
import signal

import callers
import guests
from harness import EndToEnd, api

VIEWER, OPERATOR, ADMINISTRATOR, NOBODY, WEB, TEAM = 2001, 2002, 2003, 2004, 2005, 2006
CONFIG = f"""
[listen]
mode = "0666"

[[auth.binding]]
unix_user = "{VIEWER}"
role = "viewer"

[[auth.binding]]
unix_user = "{OPERATOR}"
role = "operator"

[[auth.binding]]
unix_user = "{ADMINISTRATOR}"
role = "administrator"

[[auth.binding]]
unix_user = "{WEB}"
role = "administrator"
name = "web*"
hypervisor = "test"

[[auth.binding]]
unix_user = "{TEAM}"
role = "administrator"
hypervisor = "test"
label = "team=web*"
"""
# What an operator may do beyond reading: written down here once more, so that a change of the role is seen.
OPERATORS = {"domain.start", "domain.shutdown", "domain.reboot", "domain.destroy", "domain.suspend", "domain.resume",
             "domain.save", "domain.console", "operation.cancel"}
# No message parses from this: a call that is not refused before its request is read says so.
MALFORMED = b"\xff\xff\xff\xff"


def options(method):
    extensions = method.GetOptions().Extensions
    return (extensions[api.options_pb2.permission], extensions[api.options_pb2.access] == api.options_pb2.ACCESS_WRITE,
            extensions[api.options_pb2.scope])


class Roles(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon(config=CONFIG)
        os.chmod(self.reeved.root, 0o755)

    def outcome(self, client, method):
        return api.reason(api.call_raw(client.channel, method, MALFORMED))

    def test_every_method_is_refused_to_whom_it_must_be_before_its_request_is_read(self):
        everybody = {
            "nobody": (callers.client(self.reeved, NOBODY), lambda permission, writes: "PERMISSION_DENIED"),
            "nobody read-only": (callers.client(self.reeved, NOBODY, read_only=True),
                                 lambda permission, writes: "CONNECTION_READ_ONLY" if writes else "PERMISSION_DENIED"),
            "read-only": (callers.client(self.reeved, ADMINISTRATOR, read_only=True),
                          lambda permission, writes: "CONNECTION_READ_ONLY" if writes else None),
            "viewer": (callers.client(self.reeved, VIEWER),
                       lambda permission, writes: "PERMISSION_DENIED" if writes else None),
            "operator": (callers.client(self.reeved, OPERATOR),
                         lambda permission, writes: "PERMISSION_DENIED" if writes and permission not in OPERATORS
                         else None),
            "administrator": (callers.client(self.reeved, ADMINISTRATOR), lambda permission, writes: None),
            "root": (self.reeved.client(), lambda permission, writes: None),
        }
        seen, refused = 0, 0
        for method in api.method_descriptors():
            permission, writes, scope = options(method)
            self.assertNotEqual(scope, api.options_pb2.SCOPE_UNSPECIFIED)
            for who, (client, expectation) in everybody.items():
                expected = expectation(permission, writes)
                if scope == api.options_pb2.SCOPE_SESSION and expected == "PERMISSION_DENIED":
                    expected = None
                with self.subTest(f"{api.path(method)} as {who}"):
                    self.assertEqual(self.outcome(client, method), expected or "REQUEST_MALFORMED")
                seen += 1
                refused += expected is not None
        print(f"    {seen} calls, {refused} refused", flush=True)
        self.assertGreater(refused, 80)

    def test_a_restricted_administrator_has_no_power_over_the_node(self):
        client = callers.client(self.reeved, WEB)
        checked = 0
        for method in api.method_descriptors():
            if options(method)[2] == api.options_pb2.SCOPE_NODE:
                with self.subTest(api.path(method)):
                    self.assertEqual(self.outcome(client, method), "PERMISSION_DENIED")
                checked += 1
        self.assertGreaterEqual(checked, 4)

    def test_groups_of_the_process_count(self):
        self.reeved.stop()
        self.reeved.configure("[listen]\nmode = '0666'\n[[auth.binding]]\nunix_group = '3003'\nrole = 'viewer'\n")
        self.reeved.start()
        for gid, groups, allowed in ((3003, [], True), (1, [5, 3003], True), (1, [5], False)):
            client = callers.client(self.reeved, NOBODY, gid, groups)
            with self.subTest((gid, groups)):
                if allowed:
                    client.list()
                else:
                    with self.fails("PERMISSION_DENIED"):
                        client.list()

    def test_a_reload_counts_at_once_for_those_who_are_connected(self):
        client = callers.client(self.reeved, NOBODY)
        with self.fails("PERMISSION_DENIED"):
            client.list()
        self.reeved.configure(CONFIG + f"[[auth.binding]]\nunix_user = '{NOBODY}'\nrole = 'viewer'\n")
        self.reload()
        client.list()
        self.reeved.configure(CONFIG)
        self.reload()
        with self.fails("PERMISSION_DENIED"):
            client.list()

    def reload(self):
        self.reeved.notifications.clear()
        os.kill(self.reeved.pid, signal.SIGHUP)
        self.reeved.wait_notification("READY=1")

    def test_whoami_and_can(self):
        # The command line has no other user's ids: it runs as such a user.
        done = self.reeved.cli("auth", "whoami")
        self.assertIn("administrator", done.stdout)
        self.assertEqual(self.reeved.cli("auth", "can", "domain.start", "web1").stdout, "yes\n\n")
        client = callers.client(self.reeved, WEB)

        def can(name, *permissions):
            request = api.session_service_pb2.TestPermissionsRequest(object=name, permissions=permissions)
            return list(client.session.TestPermissions(request, timeout=10).permitted)

        self.assertEqual(can("hypervisors/test/domains/web9", "domain.start", "admin.daemon.log"), ["domain.start"])
        self.assertEqual(can("hypervisors/test/domains/db", "domain.start"), [])
        self.assertEqual(can("", "domain.start", "session.read"), ["session.read"])
        with self.fails("REQUEST_INVALID"):
            can("", "domain.conjure")
        session = client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
        self.assertEqual([(role.role, role.name) for role in session.roles], [("administrator", "web*")])


class Hidden(EndToEnd):
    """A domain that exists, and is not for this caller, differs in nothing from one that does not."""

    USER = WEB

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon(config=CONFIG)
        os.chmod(self.reeved.root, 0o755)
        self.root_client = self.reeved.client()
        for name in ("web1", "secret"):
            self.root_client.define(guests.test_xml(name), parent=api.TEST)
            self.root_client.start(api.name(name, api.TEST))
        self.client = callers.client(self.reeved, self.USER)

    def pairs(self):
        """A name of something hidden, and one of the same length of something that is not there."""
        domain = self.root_client.get(api.name("secret", api.TEST))
        operation = self.root_client.domains.SaveDomain(api.domain_service_pb2.DomainVerbRequest(name=domain.name),
                                                        timeout=10).name
        waiting = api.operation_service_pb2.WaitOperationRequest(name=operation)
        self.root_client.operations.WaitOperation(waiting, timeout=20)
        domain = self.root_client.start(domain.name)
        prefix = api.TEST + "/domains/"
        number = str(domain.status.id)
        return [(prefix + "secret", prefix + "nobody"),
                (prefix + domain.uid, prefix + "0" * 8 + domain.uid[8:]),
                (f"{prefix}id:{number}", f"{prefix}id:{'9' * len(number)}"),
                (operation, "operations/" + "9" * (len(operation) - len("operations/"))),
                ("hypervisors/lxc", "hypervisors/abc"),
                ("hypervisors/lxc/domains/web1", "hypervisors/abc/domains/web1")]

    def requests(self, method):
        """For every field that names an object: a function that makes a request with that name."""
        def fields(message, path):
            for field in message.fields:
                if field.GetOptions().Extensions[api.options_pb2.naming] != api.options_pb2.NAMING_UNSPECIFIED:
                    yield path + [field.name]
                elif field.message_type is not None and len(path) < 3:
                    yield from fields(field.message_type, path + [field.name])

        request_class = getattr(__import__("google.protobuf.message_factory").protobuf.message_factory,
                                "MessageFactory")().GetPrototype(method.input_type)
        for path in fields(method.input_type, []):
            def make(name, path=path):
                request = request_class()
                part = request
                for step in path[:-1]:
                    part = getattr(part, step)
                setattr(part, path[-1], name)
                return request.SerializeToString()
            yield path, make

    def test_no_method_tells_a_hidden_object_from_a_missing_one(self):
        pairs = self.pairs()
        before = self.root_client.list(view=api.domain_service_pb2.DOMAIN_VIEW_FULL)
        compared = 0
        for method in api.method_descriptors():
            for path, make in self.requests(method):
                for hidden, missing in pairs:
                    told = []
                    for name in (hidden, missing):
                        error = api.call_raw(self.client.channel, method, make(name))
                        with self.subTest(f"{api.path(method)} {'.'.join(path)} = {name}"):
                            self.assertIsNotNone(error)
                        told.append(callers.anything_of(error).replace(name.encode(), b"NAME").replace(
                            name.split("/")[-1].encode(), b"PART").replace(name.split("/")[1].encode(), b"PART"))
                    with self.subTest(f"{api.path(method)} {'.'.join(path)}: {hidden}"):
                        self.assertEqual(*told)
                        self.assertNotIn(b"INTERNAL", told[0])
                    compared += 1
        print(f"    {compared} pairs of answers", flush=True)
        self.assertGreater(compared, 100)
        after = self.root_client.list(view=api.domain_service_pb2.DOMAIN_VIEW_FULL)
        self.assertEqual(list(after.domains), list(before.domains))
        self.assertEqual(after.revision, before.revision)

    def test_lists_events_operations_and_statistics_are_without_it(self):
        self.pairs()  # makes an operation
        for view in (1, 2, 3):
            self.assertEqual([one.name for one in self.client.list(view=view).domains], [api.name("web1", api.TEST)])
        hypervisors = self.client.hypervisors.ListHypervisors(
            api.hypervisor_service_pb2.ListHypervisorsRequest(), timeout=10).hypervisors
        self.assertEqual([(one.name, one.domains, one.running_domains) for one in hypervisors], [(api.TEST, 1, 1)])
        operations = self.client.operations.ListOperations(
            api.operation_service_pb2.ListOperationsRequest(), timeout=10).operations
        self.assertEqual(len(operations), 0)
        for start in (0, 1):
            watch = self.client.watch(start_revision=start, until_current=True)
            watch.wait_end()
            self.assertEqual({event.domain.name for _, event in watch.events()}, {api.name("web1", api.TEST)})
            self.assertNotIn(b"secret", b"".join(message.SerializeToString() for message in watch.messages))

    def test_page_tokens_are_the_callers_own(self):
        self.root_client.define(guests.test_xml("web2"), parent=api.TEST)
        first = self.root_client.list(page_size=1)
        self.assertTrue(first.next_page_token)
        with self.fails("PAGE_TOKEN_EXPIRED"):
            self.client.list(page_size=1, page_token=first.next_page_token)

    def test_what_may_be_changed_is_the_own(self):
        self.client.verb("Destroy", api.name("web1", api.TEST))
        self.client.define(guests.test_xml("web3"), parent=api.TEST)
        with self.fails("PERMISSION_DENIED"):
            self.client.define(guests.test_xml("db"), parent=api.TEST)
        uid = self.root_client.get(api.name("secret", api.TEST)).uid
        with self.fails("UUID_IN_USE") as caught:
            self.client.define(guests.test_xml("web4", f"<uuid>{uid}</uuid>"), parent=api.TEST)
        self.assertNotIn(b"secret", callers.anything_of(caught.exception))


class HiddenByLabel(Hidden):
    """The same where the role is bound to a label instead of a name."""

    USER = TEAM

    def setUp(self):
        super().setUp()
        self.label("web1", team="web-shop")
        self.label("secret", team="database")

    def label(self, domain, client=None, **labels):
        return (client or self.root_client).domains.SetDomainLabels(
            api.domain_service_pb2.SetDomainLabelsRequest(name=api.name(domain, api.TEST), labels=labels, replace=True),
            timeout=10)

    def names(self):
        return [one.name for one in self.client.list().domains]

    def seen(self):
        watch = self.client.watch(start_revision=1, until_current=True)
        watch.wait_end()
        return [event for _, event in watch.events()]

    def test_lists_events_operations_and_statistics_are_without_it(self):
        web1 = api.name("web1", api.TEST)
        self.pairs()  # makes an operation
        for view in (1, 2, 3):
            self.assertEqual([one.name for one in self.client.list(view=view).domains], [web1])
        self.assertEqual(len(self.client.operations.ListOperations(
            api.operation_service_pb2.ListOperationsRequest(), timeout=10).operations), 0)
        # Its events from before it had the label are not for those who are bound to the label.
        events = self.seen()
        self.assertEqual([(event.domain.name, event.detail) for event in events],
                         [(web1, api.event_pb2.EVENT_DETAIL_CHANGED_LABELS)])
        self.assertEqual(dict(events[0].domain.labels), {"team": "web-shop"})

    def test_what_may_be_changed_is_the_own(self):
        self.client.verb("Destroy", api.name("web1", api.TEST))
        self.client.start(api.name("web1", api.TEST))
        # A new domain has no label, whatever it is called and whatever its document says.
        for document in (guests.test_xml("web3"), guests.test_xml("db")):
            with self.fails("PERMISSION_DENIED"):
                self.client.define(document, parent=api.TEST)

    def test_a_label_that_comes_or_goes_counts_at_once(self):
        web1, secret = api.name("web1", api.TEST), api.name("secret", api.TEST)
        self.label("web1", team="database")
        self.assertEqual(self.names(), [])
        with self.fails("DOMAIN_NOT_FOUND"):
            self.client.get(web1)
        self.assertEqual(len(self.seen()), 1)  # what it was told when it was its own
        self.label("secret", team="web", stage="live")
        self.assertEqual(self.names(), [secret])
        self.client.verb("Suspend", secret)
        self.client.verb("Resume", secret)
        self.label("secret", stage="live")
        with self.fails("DOMAIN_NOT_FOUND"):
            self.client.verb("Suspend", secret)

    def test_nobody_gives_himself_a_label(self):
        # He is administrator, but not of all.
        with self.fails("PERMISSION_DENIED"):
            self.label("web1", self.client, team="web-shop", more="x")
        with self.fails("PERMISSION_DENIED"):
            self.label("secret", self.client, team="web-shop")
        domain = self.client.get(api.name("web1", api.TEST), view=api.domain_service_pb2.DOMAIN_VIEW_FULL)
        domain.labels["more"] = "x"
        self.client.domains.UpdateDomain(
            api.domain_service_pb2.UpdateDomainRequest(parent=api.TEST, domain=domain), timeout=10)
        self.assertEqual(dict(self.root_client.get(domain.name).labels), {"team": "web-shop"})

    def test_labels_stay_with_their_domain(self):
        """Through a new definition, an end, and both kinds of end of the daemon; not on to another of the same name."""
        web1 = api.name("web1", api.TEST)
        document = api.domain_service_pb2.Document(format=api.domain_service_pb2.Document.FORMAT_LIBVIRT_XML,
                                                   text=guests.test_xml("web1", "<title>new</title>"))
        self.root_client.domains.UpdateDomain(
            api.domain_service_pb2.UpdateDomainRequest(parent=api.TEST, document=document), timeout=10)
        self.client.verb("Destroy", web1)
        for end in (self.reeved.stop, self.reeved.kill):
            end()
            self.reeved.start()
            self.root_client = self.reeved.client()
            self.client = callers.client(self.reeved, TEAM)
            self.assertEqual(self.names(), [web1])
        self.client.domains.DeleteDomain(api.domain_service_pb2.DeleteDomainRequest(name=web1), timeout=10)
        self.assertEqual(self.seen()[-1].type, api.event_pb2.EVENT_TYPE_UNDEFINED)
        self.root_client.define(guests.test_xml("web1"), parent=api.TEST)
        self.assertEqual(self.names(), [])

    def test_the_command_line(self):
        def cli(*arguments):
            return self.reeved.cli(*arguments, uri="test").stdout

        cli("label", "web1", "stage=test", "old=1")
        cli("label", "web1", "old-", "stage=live")
        self.assertEqual(cli("label", "web1"), "stage=live\nteam=web-shop\n")
        self.assertEqual(cli("list", "--label", "team=web-shop", "--label", "stage", "--name").split(), ["web1"])
        self.assertEqual(cli("list", "--label", "team=web", "--name").split(), [])
        self.assertIn("stage=live,team=web-shop", cli("list", "--labels"))
        self.assertIn("stage=live,team=web-shop", cli("dominfo", "web1"))
        cli("label", "web1", "--replace")
        self.assertEqual(cli("label", "web1"), "")
        for wrong in ("=x", "-a=x", "a b=x", "x" * 64 + "=y", "a=" + "y" * 256, "a=\x01"):
            with self.subTest(wrong):
                done = self.reeved.cli("label", "web1", "--", wrong, uri="test", check=False)
                self.assertNotEqual(done.returncode, 0)
        role = self.client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10).roles[0]
        self.assertEqual((role.role, role.label), ("administrator", "team=web*"))
