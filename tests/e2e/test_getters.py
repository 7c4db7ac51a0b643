"""Whatever a domain is doing, every call about it answers: with what it asked for, or with a reason."""

import os

import guests
import waiting
from harness import EndToEnd, api
from google.protobuf import message_factory

# They would end or change what the test looks at, and have tests of their own.
LEFT_OUT = {"Shutdown", "DestroyDomain", "ShutdownDomain", "RebootDomain", "StartDomain", "SuspendDomain", "ResumeDomain",
            "DeleteDomain", "UpdateDomain", "CreateDomain", "SaveDomain", "EndGuest", "SetWedge"}
BROKEN = {"INTERNAL", "UNSPECIFIED", ""}


def fields_naming(message):
    """Names of the fields that take an object's name."""
    for field in message.fields:
        if field.GetOptions().Extensions[api.options_pb2.naming]:
            yield field.name


class Getters(EndToEnd):

    def setUp(self):
        super().setUp()
        self.served = self.daemon()
        self.client = self.served.client()

    def ask_everything(self, domain):
        """Calls every method that takes one name with this one and nothing else. Returns how many there were."""
        asked = 0
        for method in api.method_descriptors():
            names = list(fields_naming(method.input_type))
            if len(names) != 1 or method.name in LEFT_OUT or names[0] in ("parent",):
                continue
            request = message_factory.GetMessageClass(method.input_type)() if hasattr(message_factory, "GetMessageClass") \
                else message_factory.MessageFactory().GetPrototype(method.input_type)()
            setattr(request, names[0], domain)
            with self.subTest(method=api.path(method), domain=domain):
                error = api.call_raw(self.client.channel, method, request.SerializeToString(), timeout=5)
                asked += 1
                # A stream that waits for something to tell has nothing to say by then.
                if error is not None and error.code() != api.grpc.StatusCode.DEADLINE_EXCEEDED:
                    self.assertNotIn(api.reason(error), BROKEN, error.details())
        return asked

    def check(self, state, reason):
        domain = self.client.get("web1")
        self.assertEqual((api.state(domain), api.state_reason(domain)), (state, reason))
        xml = self.served.cli("dumpxml", "web1").stdout
        asked = self.ask_everything(api.name("web1"))
        self.assertGreater(asked, 15)
        after = self.client.get("web1")
        self.assertEqual((api.state(after), api.state_reason(after)), (state, reason))
        self.assertEqual(self.served.cli("dumpxml", "web1").stdout, xml)
        self.assertIsNone(self.served.process.poll())
        print(f"    {state} {reason}: {asked} methods asked")

    def test_in_every_state(self):
        script = "echo ready; while [ ! -e /crash ]; do sleep 0.05; done; exit 3"
        self.client.define(guests.xml("web1", self.root, script=script))
        self.check("SHUTOFF", "DEFINED")
        self.client.start("web1")
        self.client.console("web1").wait_output(b"ready")
        self.check("RUNNING", "BOOTED")
        self.client.verb("Suspend", "web1")
        self.check("PAUSED", "USER")
        self.client.verb("Resume", "web1")
        with open(os.path.join(self.root, "crash"), "w", encoding="utf-8"):
            pass
        waiting.until(lambda: api.state(self.client.get("web1")) == "SHUTOFF", "the crash")
        self.check("SHUTOFF", "CRASHED")
        os.unlink(os.path.join(self.root, "crash"))
        self.client.undefine("web1")
        self.client.define(guests.xml("web1", self.root, script=script), transient=True)
        self.check("RUNNING", "BOOTED")

    def test_of_a_domain_that_is_not_there(self):
        self.assertGreater(self.ask_everything(api.name("nobody")), 15)
