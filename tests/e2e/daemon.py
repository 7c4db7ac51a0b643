"""A daemon of a test's own."""

import glob
import os
import select
import signal
import socket
import subprocess

import api
import environment
import leftovers
import processes
import waiting


class Daemon:
    """reeved under a root of its own. It may be killed and started again; its guests go on meanwhile."""

    def __init__(self, root=None, config="", arguments=(), variables=None, pass_fds=()):
        self.root = root or environment.temporary_folder()
        self.arguments, self.variables, self.pass_fds = list(arguments), dict(variables or {}), pass_fds
        self.process, self._clients, self.notifications = None, [], []
        self._notify, self.log_path = None, os.path.join(self.root, "test.log")
        self.configure(config)

    def configure(self, text):
        """Writes the configuration, with what every test needs where `text` does not say otherwise."""
        path = os.path.join(self.root, "etc/reeve/reeved.toml")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if "[log]" not in text:
            text += "\n[log]\ntarget = 'stderr'\n"
        text += f"\n[lxc]\nsupervisor = '{environment.SUPERVISOR}'\ncgroup_partition = '{leftovers.PARTITION}'\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    @property
    def pid(self):
        return self.process.pid

    def spawn(self):
        """Starts the program, without waiting for it."""
        if self._notify:
            self._notify.close()
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        path = os.path.join(self.root, "notify")
        if os.path.exists(path):
            os.unlink(path)
        self._notify.bind(path)
        self.notifications = []
        variables = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": path, "LC_ALL": "C.UTF-8", **self.variables}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([environment.REEVED, "--root", self.root, *self.arguments], env=variables,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=self.pass_fds)

    def start(self, timeout=20.0):
        """Starts it and waits for READY=1."""
        self.spawn()
        self.wait_notification("READY=1", timeout)
        return self

    def wait_notification(self, text, timeout=20.0):
        """Waits for a line of sd_notify(3) that starts so. Fails at once when the daemon ends."""
        descriptor = os.pidfd_open(self.pid)
        try:
            while not any(line.startswith(text) for line in self.notifications):
                ready, _, _ = select.select([self._notify, descriptor], [], [], timeout)
                if self._notify in ready:
                    self.notifications += self._notify.recv(65536).decode().splitlines()
                elif descriptor in ready:
                    raise AssertionError(f"the daemon ended with {self.process.wait()} before it said {text}:\n"
                                         f"{self.log()}")
                else:
                    raise AssertionError(f"the daemon did not say {text} within {timeout} s:\n{self.log()}")
        finally:
            os.close(descriptor)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()[-6000:]

    def stop(self, timeout=20.0):
        """SIGTERM; returns the exit status."""
        self.close_clients()
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.send_signal(signal.SIGTERM)
        return self.wait_end(timeout)

    def wait_end(self, timeout=20.0):
        processes.await_end(self.pid, timeout)
        return self.process.wait()

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        """kill -9 and start again."""
        self.kill()
        self.close_clients()
        return self.start()

    def socket(self, read_only=False):
        file = "reeve-ro.sock" if read_only else "reeve.sock"
        found = glob.glob(f"{self.root}/**/{file}", recursive=True)
        assert found, f"no {file} below {self.root}"
        return found[0]

    def database(self):
        return glob.glob(f"{self.root}/**/reeve.db", recursive=True)[0]

    def client(self, read_only=False, connect=True):
        """A connection of its own, which is there when this returns."""
        client = api.Client(self.socket(read_only))
        if connect:
            client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
        self._clients.append(client)
        return client

    def close_clients(self):
        while self._clients:
            self._clients.pop().close()

    def cli(self, *arguments, uri="lxc", check=True, text=None, timeout=30, variables=None):
        """Runs reeve; returns the CompletedProcess."""
        path = "default" if uri == "test" else ""
        command = [environment.REEVE, "-c", f"{uri}+unix:///{path}?socket={self.socket()}", *arguments]
        done = subprocess.run(command, input=text, stdin=None if text is not None else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **(variables or {})}, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def forget_boot(self):
        """Makes a stopped daemon believe that the host has been booted since: /run is empty then."""
        for marker in glob.glob(f"{self.root}/**/autostarted", recursive=True):
            os.unlink(marker)

    def resources(self):
        return processes.resources(self.pid)

    def await_descriptors(self, at_most, timeout=10.0):
        """Waits until no more descriptors than that are open; the slope check of a test."""
        waiting.until(lambda: self.resources()[0] <= at_most,
                      f"at most {at_most} file descriptors, not {self.resources()[0]}", timeout)
