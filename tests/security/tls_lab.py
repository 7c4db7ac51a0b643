"""A daemon that serves TLS, and clients that are well or badly behaved."""

import os
import re
import socket
import ssl

import api
import certificates
import environment
import processes
import waiting
from harness import EndToEnd

__all__ = ["TlsTest", "certificates", "api", "waiting", "environment", "processes", "PREFACE"]

# The first bytes of an HTTP/2 client (RFC 9113, 3.4) with an empty SETTINGS frame.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"


class TlsTest(EndToEnd):
    """Certificates in libvirt's layout below the daemon's root, an authority, a server and a client."""

    def setUp(self):
        super().setUp()
        self.folder = environment.temporary_folder()
        self.ca = certificates.Authority()
        self.server = self.ca.server()
        self.alice = self.ca.client()
        self._count = 0

    def pki(self, reeved, name):
        return os.path.join(reeved.root, "etc/pki", name)

    def install(self, reeved, server=None, ca=None, chain=()):
        """Puts the server's files where the daemon looks for them by default."""
        certificates.replace(self.pki(reeved, "CA/cacert.pem"), (ca or self.ca).certificate_pem())
        (server or self.server).write(self.pki(reeved, "libvirt/servercert.pem"),
                                      self.pki(reeved, "libvirt/private/serverkey.pem"), chain)

    def serve(self, tls="", limits="", start=True, port=0, **files):
        """A daemon that listens on 127.0.0.1, on a free port unless one is named."""
        reeved = self.daemon(start=False, config=f"[tls]\nlisten = ['127.0.0.1:{port}']\n{tls}\n[limits]\n{limits}\n")
        self.install(reeved, **files)
        if start:
            reeved.start()
        return reeved

    def port(self, reeved):
        return int(re.findall(r"listening for TLS on \S*?:(\d+)", self.whole_log(reeved))[-1])

    def whole_log(self, reeved):
        with open(reeved.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def await_log(self, reeved, *words, count=1):
        """Waits for `count` lines that have all the words; returns them."""
        def look():
            lines = [line for line in self.whole_log(reeved).splitlines() if all(word in line for word in words)]
            return lines if len(lines) >= count else None
        return waiting.until(look, f"{count} lines of the log with {words}: {self.whole_log(reeved)[-2000:]}")

    def write(self, pair, chain=()):
        """A pair as files, for Python's ssl."""
        self._count += 1
        path = os.path.join(self.folder, f"{self._count}")
        return pair.write(path + ".pem", path + ".key", chain)

    def context(self, pair=None, ca=None, oldest=ssl.TLSVersion.TLSv1_2, newest=None, protocols=("h2",), chain=()):
        """A client's context. What is old is made possible by a low security level."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=(ca or self.ca).certificate_pem().decode())
        if oldest < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = oldest
        if newest:
            context.maximum_version = newest
        if protocols:
            context.set_alpn_protocols(list(protocols))
        if pair:
            context.load_cert_chain(*self.write(pair, chain))
        return context

    def connect(self, reeved, context, timeout=10.0):
        """A connection whose handshake is done, as this side sees it."""
        plain = socket.create_connection(("127.0.0.1", self.port(reeved)), timeout=timeout)
        try:
            return context.wrap_socket(plain, server_hostname="localhost")
        except BaseException:
            plain.close()
            raise

    def probe(self, reeved, context):
        """What becomes of a client: "in", or the alert that it gets, or "closed". """
        try:
            with self.connect(reeved, context) as connection:
                connection.sendall(PREFACE)
                # The server's SETTINGS frame says that we are in.
                return "in" if connection.recv(9)[3:4] == b"\4" else "closed"
        except ssl.SSLError as error:
            match = re.match(r"(?:TLSV1|TLSV13|SSLV3)_ALERT_(\w+)", error.reason or "")
            # Python knows no name for the alerts of extensions: OpenSSL's words are there.
            words = re.search(r"tlsv1 alert ([a-z ]+) \(", str(error))
            return match[1].lower() if match else words[1].replace(" ", "_") if words else str(error)
        except (ConnectionError, EOFError):
            return "closed"

    def channel(self, reeved, pair=None, chain=()):
        """An ordinary gRPC client over TLS."""
        pair = pair or self.alice
        credentials = api.grpc.ssl_channel_credentials(
            self.ca.certificate_pem(), pair.key_pem(),
            b"".join([pair.certificate_pem(), *(one.certificate_pem() for one in chain)]))
        client = api.Client(f"localhost:{self.port(reeved)}", credentials)
        reeved._clients.append(client)  # pylint: disable=protected-access
        return client

    def client_files(self, pair=None, ca=None):
        """A directory for pkipath."""
        folder = environment.temporary_folder()
        certificates.replace(f"{folder}/cacert.pem", (ca or self.ca).certificate_pem())
        (pair or self.alice).write(f"{folder}/clientcert.pem", f"{folder}/clientkey.pem")
        return folder
