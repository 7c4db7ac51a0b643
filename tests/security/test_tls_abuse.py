"""Clients that mean ill, or are broken: whatever they do, others are served."""

import contextlib
import os
import resource
import signal
import socket
import ssl

from tls_lab import PREFACE, TlsTest, api, waiting


class Abuse(TlsTest):

    def setUp(self):
        super().setUp()
        self._sockets = []

    def tearDown(self):
        for one in self._sockets:
            one.close()
        super().tearDown()

    def plain(self, reeved):
        """A TCP connection without a word of TLS."""
        connection = socket.create_connection(("127.0.0.1", self.port(reeved)), timeout=20)
        self._sockets.append(connection)
        return connection

    def served(self, client):
        self.assertEqual(len(client.list().domains), 0)

    def handshake_bytes(self, reeved):
        """What a good client says from its first byte to the answer to a call, as pieces of one conversation."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context(self.alice).wrap_bio(incoming, outgoing, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", self.port(reeved)), timeout=20) as connection:
            said = b""
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    piece = outgoing.read()
                    connection.sendall(piece)
                    said += piece
                    incoming.write(connection.recv(65536))
            tls.write(PREFACE)
            return len(said), len(said + outgoing.read())

    def test_silent_clients_in_the_handshake_end_in_time(self):
        reeved = self.serve(limits="handshake_seconds = 1")
        client = self.channel(reeved)
        silent = [self.plain(reeved) for _ in range(20)]
        slow = self.plain(reeved)
        slow.sendall(b"\x16\x03\x01")
        self.served(client)
        for connection in (*silent, slow):
            self.assertEqual(connection.recv(1), b"")
        self.await_log(reeved, "refused a client", "has not finished the handshake within")
        self.served(client)

    def test_silent_clients_make_room_for_others(self):
        reeved = self.serve(limits="handshakes = 10\nhandshake_seconds = 600")
        silent = [self.plain(reeved) for _ in range(30)]
        # Ten hold all places, twenty wait before us.
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "in")
        self.await_log(reeved, "refused a client", "makes room for others")
        gone = sum(1 for one in silent if self.has_ended(one))
        self.assertGreaterEqual(gone, 20)

    @staticmethod
    def has_ended(connection):
        connection.setblocking(False)
        try:
            return connection.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def test_a_disconnect_at_every_byte_of_the_opening(self):
        reeved = self.serve()
        client = self.channel(reeved)
        self.served(client)
        handshake, whole = self.handshake_bytes(reeved)
        before = reeved.resources()
        for abort in (False, True):
            for end in range(whole + 1):
                self.leave_after(reeved, end, abort)
                if end % 50 == 0:
                    self.served(client)
        self.assertGreater(whole, handshake)
        self.served(client)
        reeved.await_descriptors(before[0])
        self.assertLessEqual(reeved.resources()[1], before[1] + 2, "threads")
        self.assertIsNone(reeved.process.poll())

    def leave_after(self, reeved, end, abort):
        """Has a good conversation up to so many bytes of this side, and leaves; `abort`: by a reset."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._one_context = getattr(self, "_one_context", None) or self.context(self.alice)
        tls = self._one_context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", self.port(reeved)), timeout=20) as connection, \
                contextlib.suppress(ConnectionError):
            if abort:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            left, done = end, False
            while left > 0:
                try:
                    if not done:
                        tls.do_handshake()
                        done = True
                        tls.write(PREFACE)
                except ssl.SSLWantReadError:
                    pass
                piece = outgoing.read()[:left]
                connection.sendall(piece)
                left -= len(piece)
                if done or left == 0:
                    return
                answer = connection.recv(65536)
                if not answer:
                    return
                incoming.write(answer)

    def test_what_is_not_tls_is_refused(self):
        reeved = self.serve()
        client = self.channel(reeved)
        for what, words in ((b"GET / HTTP/1.1\r\n\r\n", "HTTP without TLS"), (PREFACE, ""),
                            (b"\0" * 100, ""), (os.urandom(5000), ""),
                            (b"\x16\x03\x01\xff\xff" + b"a" * 70000, "")):
            connection = self.plain(reeved)
            with contextlib.suppress(ConnectionError):
                connection.sendall(what)
                while connection.recv(4096):
                    pass
            self.await_log(reeved, "refused a client", words)
        self.served(client)

    def test_what_is_not_http_2_behind_the_handshake_ends(self):
        reeved = self.serve()
        client = self.channel(reeved)
        self.served(client)
        before = reeved.resources()
        for what in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(20000), PREFACE + b"\xff" * 100):
            with self.connect(reeved, self.context(self.alice)) as connection, contextlib.suppress(OSError):
                connection.sendall(what)
                while connection.recv(4096):
                    pass
        self.served(client)
        reeved.await_descriptors(before[0])

    def test_many_connections(self):
        """As many as the limit of open files allows, up to 5000; four descriptors each in the daemon, one here."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        count = min(5000, (limit - 600) // 4)
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, limit))
        # These clients answer no ping, and on a busy machine it takes a while until all are there.
        reeved = self.serve("keepalive_seconds = 0",
                            limits="clients = 20000\nclients_per_user = 20000\nhandshakes = 1000")
        client = self.channel(reeved)
        self.served(client)
        before = reeved.resources()
        context = self.context(self.alice)
        for number in range(count):
            connection = self.connect(reeved, context)
            self._sockets.append(connection)
            connection.sendall(PREFACE)
            if number % 500 == 0:
                self.served(client)
        self.served(client)
        idle = reeved.resources()
        print(f"    {count} connections, {(idle[2] - before[2]) / count:.1f} KiB each, "
              f"{(idle[0] - before[0]) / count:.1f} descriptors each", flush=True)
        waiting.until(lambda: self.clients(reeved) >= count, "all are in")
        for connection in self._sockets:
            connection.close()
        self._sockets.clear()
        reeved.await_descriptors(before[0] + 4, 60)
        self.assertLessEqual(reeved.resources()[1], before[1] + 4, "threads")
        self.served(client)

    def clients(self, reeved):
        request = api.admin_service_pb2.ListClientsRequest()
        client = reeved.client()
        try:
            return len(client.admin.ListClients(request, timeout=20).clients)
        finally:
            client.close()

    def test_the_limit_of_clients_and_of_one_subject(self):
        reeved = self.serve(limits="clients = 40\nclients_per_user = 3")
        context = self.context(self.alice)
        for _ in range(3):
            connection = self.connect(reeved, context)
            self._sockets.append(connection)
            connection.sendall(PREFACE)
            self.assertTrue(connection.recv(9))
        self.assertEqual(self.probe(reeved, context), "closed")
        self.await_log(reeved, "refused a client", "CN=alice", "limit for one user")
        self.assertEqual(self.probe(reeved, self.context(self.ca.client("O=Example,CN=bob"))), "in")
        self.served(reeved.client())

    def test_a_half_open_client_is_noticed(self):
        """A client that has stopped, so that its kernel answers and it does not."""
        reeved = self.serve("keepalive_seconds = 1\nkeepalive_timeout_seconds = 1")
        client = self.channel(reeved)
        self.served(client)  # a channel connects with its first call
        stopped = self.stopped_client(reeved)
        try:
            waiting.until(lambda: self.clients(reeved) == 3, "both clients and the asking one are in", 20)
            os.kill(stopped, signal.SIGSTOP)
            waiting.until(lambda: self.clients(reeved) == 2, "the stopped client is thrown out", 20)
            self.served(client)
        finally:
            os.kill(stopped, signal.SIGKILL)
            os.waitpid(stopped, 0)

    def stopped_client(self, reeved):
        """A process that watches over TLS."""
        folder = self.client_files()
        return os.posix_spawn(self.reeve(), [self.reeve(), "-c", f"test://localhost:{self.port(reeved)}/default?pkipath="
                                             f"{folder}", "event", "--loop"],
                              {"PATH": os.environ["PATH"]}, file_actions=[
                                  (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])

    @staticmethod
    def reeve():
        import environment  # pylint: disable=import-outside-toplevel

        return environment.REEVE

    def test_who_never_reads_does_not_fill_the_daemon(self):
        """A client that asks for much and reads nothing is held back; its connection's memory is bounded."""
        reeved = self.serve()
        client = self.channel(reeved)
        for number in range(200):
            client.define(f"<domain type='test'><name>d{number}</name><memory>1024</memory><description>{'x' * 2000}"
                          "</description><os><type>exe</type><init>/i</init></os></domain>", parent=api.TEST)
        connection = self.connect(reeved, self.context(self.alice))
        self._sockets.append(connection)
        before = reeved.resources()
        hpack = (b"\x83\x86" + b"\x04" + bytes([len(path := b"/reeve.v1.DomainService/ListDomains")]) + path
                 + b"\x01\x01a" + b"\x00\x02te\x08trailers"
                 + b"\x0f\x10\x10application/grpc")
        body = api.domain_service_pb2.ListDomainsRequest(
            parent="hypervisors/-", view=api.domain_service_pb2.DOMAIN_VIEW_FULL).SerializeToString()
        message = b"\0" + len(body).to_bytes(4, "big") + body
        connection.sendall(PREFACE)
        for stream in range(1, 2 * 50, 2):
            number = stream.to_bytes(4, "big")
            connection.sendall(len(hpack).to_bytes(3, "big") + b"\1\4" + number + hpack
                               + len(message).to_bytes(3, "big") + b"\0\1" + number + message)
        waiting.until(lambda: self.calls_of_tls_clients(reeved) >= 50, "the calls have come", 20)
        for _ in range(20):
            client.list()
        after = reeved.resources()
        self.assertLess(after[2] - before[2], 100 * 1024, "KiB")

    def calls_of_tls_clients(self, reeved):
        answer = reeved.client().admin.ListClients(api.admin_service_pb2.ListClientsRequest(), timeout=20)
        return max(client.calls for client in answer.clients
                   if client.session.transport == api.session_service_pb2.TRANSPORT_TLS)

    def test_large_messages_pass_whole(self):
        reeved = self.serve()
        client = self.channel(reeved)
        domain = api.domain_pb2.Domain(name="hypervisors/test/domains/big")
        domain.spec.memory_kib = 1024
        domain.spec.vcpus = 1
        domain.spec.os.type = "exe"
        domain.spec.metadata.extend(f"<a{i}:x xmlns:a{i}='urn:{i}'>{'x' * 60_000}</a{i}:x>" for i in range(16))
        client.domains.CreateDomain(api.domain_service_pb2.CreateDomainRequest(parent=api.TEST, domain=domain), timeout=30)
        self.assertEqual(list(client.get("hypervisors/test/domains/big").spec.metadata), list(domain.spec.metadata))

    def test_the_daemon_drains_and_ends_with_tls_clients(self):
        reeved = self.serve()
        watch = self.channel(reeved).watch()
        watch.wait_snapshot()
        idle = self.connect(reeved, self.context(self.alice))
        self._sockets.append(idle)
        in_handshake = self.plain(reeved)
        reeved.process.send_signal(signal.SIGTERM)
        error = watch.wait_end()
        self.assertEqual(api.reason(error), "DAEMON_DRAINING")
        self.assertEqual(reeved.wait_end(), 0)
        # Reset when the daemon had not yet read what was sent, or not yet accepted the connection.
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(in_handshake.recv(1), b"")
