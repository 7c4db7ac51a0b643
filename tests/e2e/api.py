"""The API as any python3-grpcio program calls it: plain channels on the Unix socket, generated stubs."""

import glob
import importlib
import os
import queue
import threading
import uuid

import environment

environment.load_protocol()

# pylint: disable=wrong-import-position
import grpc  # noqa: E402
from google.protobuf import descriptor_pb2  # noqa: E402
from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from grpc.health.v1 import health_pb2, health_pb2_grpc  # noqa: E402
from grpc.reflection.v1alpha import reflection_pb2, reflection_pb2_grpc  # noqa: E402
from reeve.v1 import (admin_service_pb2, admin_service_pb2_grpc, console_service_pb2,  # noqa: E402
                      console_service_pb2_grpc, device_service_pb2, device_service_pb2_grpc, domain_pb2, domain_service_pb2, domain_service_pb2_grpc, domain_statistics_pb2,
                      enrollment_service_pb2, enrollment_service_pb2_grpc, event_pb2,
                      event_service_pb2, event_service_pb2_grpc, exec_service_pb2, exec_service_pb2_grpc,
                      file_service_pb2, file_service_pb2_grpc, guest_service_pb2, guest_service_pb2_grpc,
                      hypervisor_service_pb2, hypervisor_service_pb2_grpc, lxc_options_pb2, migration_service_pb2,
                      migration_service_pb2_grpc, node_device_service_pb2, node_device_service_pb2_grpc,
                      node_service_pb2, node_service_pb2_grpc, operation_service_pb2, operation_service_pb2_grpc,
                      options_pb2, reasons_pb2, session_service_pb2, session_service_pb2_grpc, statistics_service_pb2,
                      statistics_service_pb2_grpc, test_service_pb2, test_service_pb2_grpc, tuning_service_pb2,
                      tuning_service_pb2_grpc)

LXC = "hypervisors/lxc"
TEST = "hypervisors/test"


def reason(error):
    """The reason in the error's google.rpc.ErrorInfo, "" if it has none."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    assert info.domain == "reeve", info
                    return info.reason
    return ""


def operation_reason(operation):
    """The reason with which an operation ended, "" for success."""
    for detail in operation.error.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return ""


def violations(error):
    """Field violations of an error, as (field, description)."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                bad = error_details_pb2.BadRequest()
                if detail.Unpack(bad):
                    return [(one.field, one.description) for one in bad.field_violations]
    return []


def name(domain, parent=LXC):
    return domain if "/" in domain else f"{parent}/domains/{domain}"


class Client:
    """One connection to the daemon. `lxc` and `test` verbs take the domain's short or full name."""

    def __init__(self, address, credentials=None):
        """`address` is the path of a Unix socket, or with TLS credentials "host:port"."""
        # Without a pool of its own the channels of one process to one address would share a connection.
        options = [("grpc.use_local_subchannel_pool", 1)]
        self.channel = (grpc.secure_channel(address, credentials, options) if credentials
                        else grpc.insecure_channel(f"unix:{address}", options))
        self.domains = domain_service_pb2_grpc.DomainServiceStub(self.channel)
        self.events = event_service_pb2_grpc.EventServiceStub(self.channel)
        self.consoles = console_service_pb2_grpc.ConsoleServiceStub(self.channel)
        self.admin = admin_service_pb2_grpc.AdminServiceStub(self.channel)
        self.node = node_service_pb2_grpc.NodeServiceStub(self.channel)
        self.node_devices = node_device_service_pb2_grpc.NodeDeviceServiceStub(self.channel)
        self.session = session_service_pb2_grpc.SessionServiceStub(self.channel)
        self.operations = operation_service_pb2_grpc.OperationServiceStub(self.channel)
        self.hypervisors = hypervisor_service_pb2_grpc.HypervisorServiceStub(self.channel)
        self.test = test_service_pb2_grpc.TestServiceStub(self.channel)
        self.devices = device_service_pb2_grpc.DeviceServiceStub(self.channel)
        self.tuning = tuning_service_pb2_grpc.TuningServiceStub(self.channel)
        self.guests = guest_service_pb2_grpc.GuestServiceStub(self.channel)
        self.commands = exec_service_pb2_grpc.ExecServiceStub(self.channel)
        self.files = file_service_pb2_grpc.FileServiceStub(self.channel)
        self.statistics = statistics_service_pb2_grpc.StatisticsServiceStub(self.channel)

    def close(self):
        self.channel.close()

    def define(self, xml, parent=LXC, timeout=20, **fields):
        request = domain_service_pb2.CreateDomainRequest(
            parent=parent, document=domain_service_pb2.Document(
                format=domain_service_pb2.Document.FORMAT_LIBVIRT_XML, text=xml), **fields)
        return self.domains.CreateDomain(request, timeout=timeout)

    def start(self, domain, timeout=30, **fields):
        return self.domains.StartDomain(domain_service_pb2.StartDomainRequest(name=name(domain), **fields),
                                        timeout=timeout)

    def verb(self, which, domain, timeout=30, **fields):
        call = getattr(self.domains, f"{which}Domain")
        return call(domain_service_pb2.DomainVerbRequest(name=name(domain), **fields), timeout=timeout)

    def get(self, domain, view=domain_service_pb2.DOMAIN_VIEW_FULL):
        return self.domains.GetDomain(domain_service_pb2.GetDomainRequest(name=name(domain), view=view), timeout=10)

    def undefine(self, domain, **fields):
        return self.domains.DeleteDomain(domain_service_pb2.DeleteDomainRequest(name=name(domain), **fields),
                                         timeout=20)

    def list(self, parent="hypervisors/-", **fields):
        return self.domains.ListDomains(domain_service_pb2.ListDomainsRequest(parent=parent, **fields), timeout=20)

    def watch(self, **fields):
        return Watch(self, **fields)

    def console(self, domain, **fields):
        return Console(self, name(domain), **fields)

    def execute(self, domain, *arguments, **fields):
        return Command(self, exec_service_pb2.ExecStart(domain=name(domain), arguments=arguments, **fields))

    def run(self, domain, *arguments, **fields):
        """Runs a command to its end: exit status, output, error output."""
        command = self.execute(domain, *arguments, **fields)
        command.finish()
        return command.result()

    def push(self, domain, path, data, timeout=20, **fields):
        start = file_service_pb2.PushFileStart(domain=name(domain), path=path, **fields)
        pieces = [data[i:i + 65536] for i in range(0, len(data), 65536)]
        requests = [file_service_pb2.PushFileRequest(start=start)]
        requests += [file_service_pb2.PushFileRequest(data=piece) for piece in pieces]
        return next(iter(self.files.PushFile(iter(requests), timeout=timeout)))

    def pull(self, domain, path, timeout=20):
        """The header and the bytes of a file of a guest."""
        messages = list(self.files.PullFile(file_service_pb2.PullFileRequest(domain=name(domain), path=path),
                                            timeout=timeout))
        return messages[0].start, b"".join(message.data for message in messages[1:])


class Stream:
    """Reads a stream on a thread of its own and keeps what came."""

    def __init__(self):
        self._condition = threading.Condition()
        self.messages, self.error, self.ended = [], None, False
        self._call = None

    def _read(self, call):
        self._call = call
        threading.Thread(target=self._loop, args=(call,), daemon=True).start()

    def _loop(self, call):
        try:
            for message in call:
                with self._condition:
                    self.messages.append(message)
                    self._condition.notify_all()
        except grpc.RpcError as error:
            self.error = error
        with self._condition:
            self.ended = True
            self._condition.notify_all()

    def wait(self, look, what, timeout=10.0):
        """The first true value of look(), which is asked at every message and at the end of the stream."""
        with self._condition:
            value = self._condition.wait_for(look, timeout)
        if not value:
            raise AssertionError(f"not within {timeout} s: {what}; the stream gave ... {str(self.messages[-5:])[-1500:]}, "
                                 f"ended: {self.ended}, error: {self.error}")
        return value

    def wait_end(self, timeout=10.0):
        self.wait(lambda: self.ended, "the end of the stream", timeout)
        return self.error

    def close(self):
        self._call.cancel()
        with self._condition:
            self._condition.wait_for(lambda: self.ended, 5)


class Watch(Stream):
    """The event stream."""

    def __init__(self, client, **fields):
        super().__init__()
        self._read(client.events.Watch(event_service_pb2.WatchRequest(**fields)))

    def events(self):
        return [(message.revision, event) for message in self.messages for event in message.events]

    def wait_event(self, domain, type_, detail=None, timeout=10.0):
        """The first event of a domain of this type (and detail), by name of the enum without its prefix."""
        def look():
            for revision, event in self.events():
                if event.domain.name == name(domain, event.domain.name.rpartition("/domains/")[0]) \
                        and event_pb2.EventType.Name(event.type) == f"EVENT_TYPE_{type_}" \
                        and detail in (None, event_pb2.EventDetail.Name(event.detail)[len("EVENT_DETAIL_"):]):
                    return revision, event
            return None
        return self.wait(look, f"{type_} {detail or ''} of {domain}", timeout)

    def wait_snapshot(self):
        def look():
            return next((message for message in self.messages if message.snapshot_done), None)
        return self.wait(look, "the end of the snapshot")

    def revisions(self):
        return [message.revision for message in self.messages if message.events]


class Console(Stream):
    """An attached console."""

    def __init__(self, client, domain, **fields):
        super().__init__()
        self._requests = queue.Queue()
        self._requests.put(console_service_pb2.AttachConsoleRequest(
            open=console_service_pb2.OpenConsole(domain=domain, **fields)))
        self._read(client.consoles.AttachConsole(iter(self._requests.get, None)))

    def output(self):
        return b"".join(message.output for message in self.messages)

    def wait_output(self, text, timeout=10.0):
        self.wait(lambda: text in self.output(), f"{text!r} on the console (it has {self.output()[-500:]!r})", timeout)

    def write(self, data):
        self._requests.put(console_service_pb2.AttachConsoleRequest(input=data))

    def finish(self):
        """Closes the client's half."""
        self._requests.put(None)


class Command(Stream):
    """A command in a guest."""

    def __init__(self, client, start):
        super().__init__()
        self._requests = queue.Queue()
        self._requests.put(exec_service_pb2.ExecRequest(start=start))
        self._read(client.commands.Exec(iter(self._requests.get, None)))

    def send(self, **fields):
        self._requests.put(exec_service_pb2.ExecRequest(**fields))

    def finish(self):
        """The end of the input, and of our half."""
        self._requests.put(exec_service_pb2.ExecRequest(input_end=exec_service_pb2.ExecInputEnd()))

    def output(self):
        return b"".join(message.output for message in self.messages)

    def error_output(self):
        return b"".join(message.error_output for message in self.messages)

    def wait_output(self, text, timeout=10.0):
        self.wait(lambda: text in self.output(), f"{text!r} from the command (it gave {self.output()[-500:]!r})", timeout)

    def result(self, timeout=20.0):
        self.wait_end(timeout)
        self._requests.put(None)
        if self.error is not None:
            raise self.error
        return self.messages[-1].exited, self.output(), self.error_output()


def request_id():
    return str(uuid.uuid4())


def state(domain):
    """"RUNNING", "SHUTOFF" ... """
    return domain_pb2.DomainState.Name(domain.status.state)[len("DOMAIN_STATE_"):]


def state_reason(domain):
    return domain_pb2.DomainStateReason.Name(domain.status.reason)[len("DOMAIN_STATE_REASON_"):]


def answers_before_proof(method):
    """Whether it is one of those that answer a client that has not proved who it is."""
    return method.GetOptions().Extensions[options_pb2.permission] in (
        "session.read", "session.authenticate", "enrollment.redeem")


def method_descriptors():
    """Every method of the API."""
    for proto in sorted(glob.glob(os.path.join(environment.ROOT, "proto/reeve/v1/*_service.proto"))):
        module = importlib.import_module(f"reeve.v1.{os.path.basename(proto)[:-len('.proto')]}_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


def path(method):
    """"/package.Service/Method"."""
    return f"/{method.containing_service.full_name}/{method.name}"


def methods():
    """Every method of the API, as ("/package.Service/Method", whether it writes)."""
    for method in method_descriptors():
        yield path(method), method.GetOptions().Extensions[options_pb2.access] == options_pb2.ACCESS_WRITE


def call_raw(channel, method, request, timeout=10):
    """Calls any kind of method with one serialized request; returns the error, None if there was none."""
    shape = descriptor_pb2.MethodDescriptorProto()
    method.CopyToProto(shape)
    try:
        if shape.client_streaming:
            for _ in channel.stream_stream(path(method))(iter([request]), timeout=timeout):
                break
        elif shape.server_streaming:
            for _ in channel.unary_stream(path(method))(request, timeout=timeout):
                break
        else:
            channel.unary_unary(path(method))(request, timeout=timeout)
    except grpc.RpcError as error:
        return error
    return None


# A fork while gRPC's threads run is not safe for gRPC; programs are started by posix_spawn where Python can.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
