#!/usr/bin/python3
"""Keeps so many TLS handshakes under way until its input ends; then tells how many it has finished."""
import argparse
import os
import select
import socket
import ssl
import sys

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("folder", help="with cacert.pem, clientcert.pem and clientkey.pem")
ARGUMENTS.add_argument("port", type=int)
ARGUMENTS.add_argument("count", type=int)


class Load:

    def __init__(self, arguments):
        self.arguments, self.open, self.finished, self.failed = arguments, {}, 0, 0
        self.poll = select.epoll()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.load_verify_locations(f"{arguments.folder}/cacert.pem")
        self.context.load_cert_chain(f"{arguments.folder}/clientcert.pem", f"{arguments.folder}/clientkey.pem")
        self.context.set_alpn_protocols(["h2"])

    def begin(self):
        plain = socket.socket()
        plain.setblocking(False)
        plain.connect_ex(("127.0.0.1", self.arguments.port))
        self.open[plain.fileno()] = plain
        self.poll.register(plain.fileno(), select.EPOLLOUT)

    def step(self, descriptor):
        connection = self.open[descriptor]
        try:
            if not isinstance(connection, ssl.SSLSocket):
                connection = self.context.wrap_socket(connection, do_handshake_on_connect=False)
                self.open[descriptor] = connection
            connection.do_handshake()
            self.finished += 1
        except ssl.SSLWantReadError:
            return self.poll.modify(descriptor, select.EPOLLIN)
        except ssl.SSLWantWriteError:
            return self.poll.modify(descriptor, select.EPOLLOUT)
        except OSError:
            self.failed += 1
        self.poll.unregister(connection.fileno())
        del self.open[descriptor]
        connection.close()
        return self.begin()

    def run(self):
        # The load stands for other hosts: it shall not take the daemon's processor.
        os.nice(10)
        for _ in range(self.arguments.count):
            self.begin()
        print("going", flush=True)
        self.poll.register(sys.stdin.fileno(), select.EPOLLIN)
        while True:
            for descriptor, _ in self.poll.poll():
                if descriptor == sys.stdin.fileno():
                    print(self.finished, self.failed, flush=True)
                    return
                self.step(descriptor)


if __name__ == "__main__":
    Load(ARGUMENTS.parse_args()).run()
