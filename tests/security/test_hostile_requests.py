"""Every method of every service with requests that nobody in his right mind sends: the daemon answers each, none with an error of its
own, stays what it was and lets nothing grow (libvirt.md 10, rows 9 and 11)."""

import random

import api
import guests
import processes
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import MessageFactory
from harness import EndToEnd

ROUNDS = 6
DEPTH = 5

INTEGERS = {FieldDescriptor.CPPTYPE_INT32: (0, 1, -1, 2**31 - 1, -2**31), FieldDescriptor.CPPTYPE_UINT32: (0, 1, 2**32 - 1),
            FieldDescriptor.CPPTYPE_INT64: (0, 1, -1, 2**63 - 1, -2**63), FieldDescriptor.CPPTYPE_UINT64: (0, 1, 2**64 - 1)}
NUMBERS = (0.0, -1.0, 1e308, float("inf"), float("nan"))
TEXTS = ("", "x", "x" * 5000, "../../../etc/passwd", "/", "hypervisors/lxc/domains/..", "hypervisors/test/domains/seen", "hypervisors/test",
         "hypervisors/lxc", "networks/default", "a\nb", "\x01\x1b[2J", "%n%s%s", "ü" * 500, "-1", "*", "<domain/>", "operations/1",
         "00000000-0000-0000-0000-000000000000", "seen")


class Hostile:
    """Messages with values at and beyond the edges of what a type can hold."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def fill(self, message, depth=0):
        for field in message.DESCRIPTOR.fields:
            if self.random.random() < (0.2 if depth < 2 else 0.6):
                continue
            count = self.random.choice((1, 1, 2, 40 if depth < 2 else 1)) if field.label == FieldDescriptor.LABEL_REPEATED else 1
            for _ in range(count):
                self.set(message, field, depth)
        return message

    def set(self, message, field, depth):
        repeated = field.label == FieldDescriptor.LABEL_REPEATED
        if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            if field.message_type.GetOptions().map_entry or depth >= DEPTH:
                return
            self.fill(getattr(message, field.name).add() if repeated else getattr(message, field.name), depth + 1)
            return
        value = self.value(field)
        if repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)

    def value(self, field):
        if field.cpp_type in INTEGERS:
            return self.random.choice(INTEGERS[field.cpp_type])
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return self.random.random() < 0.5
        if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
            return self.random.choice((0, 1, 2, 77, -1, 2**31 - 1))
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            text = self.random.choice(TEXTS)
            return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
        return self.random.choice(NUMBERS)

    def bytes(self, whole):
        """What no encoder makes of it: cut, bent, or nonsense."""
        kind = self.random.randrange(5)
        if kind == 0:
            return whole[:self.random.randrange(len(whole) + 1)]
        if kind == 1:
            bent = bytearray(whole or b"x")
            for _ in range(1 + len(bent) // 50):
                bent[self.random.randrange(len(bent))] = self.random.randrange(256)
            return bytes(bent)
        if kind == 2:
            return self.random.randbytes(300)
        if kind == 3:
            return b"\x0a" * 3000  # a message in a message in a message
        return b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + whole  # a length below zero


class HostileRequests(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def test_no_request_is_an_error_of_the_daemons_own(self):
        seed = random.randrange(2**32)
        print(f"    seed {seed}")
        hostile, sent, refused = Hostile(seed), 0, 0
        prototypes = MessageFactory()
        for method in api.method_descriptors():
            path, request_type = api.path(method), prototypes.GetPrototype(method.input_type)
            for number in range(ROUNDS):
                whole = hostile.fill(request_type()).SerializeToString()
                request = whole if number < ROUNDS // 2 else hostile.bytes(whole)
                # A stream of events may have none, and a change may wait for one that was made to hang.
                error = api.call_raw(self.client.channel, method, request, timeout=2)
                sent += 1
                if error is None or error.code() in (api.grpc.StatusCode.CANCELLED, api.grpc.StatusCode.DEADLINE_EXCEEDED):
                    continue
                refused += 1
                what = f"{path}, seed {seed}, {request[:200]!r}: {error.code().name} {error.details()}"
                self.assertNotIn(error.code(), (api.grpc.StatusCode.INTERNAL, api.grpc.StatusCode.UNKNOWN), what)
                self.assertNotEqual(api.reason(error), "INTERNAL", what)
                self.assertLess(len(error.details()), 20000, what)
        print(f"    {sent} requests, {refused} refused")
        self.assertGreater(refused, sent // 3)
        self.assertIsNone(self.reeved.process.poll())
        self.client.list()

    def test_many_lists_leave_nothing_behind(self):
        for number in range(50):
            self.client.define(guests.test_xml(f"g{number}"), parent=api.TEST)
        for _ in range(500):
            self.client.list()
        with self.flat(self.reeved):
            before = processes.resident_kib(self.reeved.pid)
            for _ in range(8000):
                self.client.list()
            grown = processes.resident_kib(self.reeved.pid) - before
        print(f"    8000 lists of 50, resident memory grew by {grown} KiB")
        self.assertLess(grown, 4096)
