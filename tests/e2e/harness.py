"""What the end-to-end tests stand on."""

import contextlib
import os
import unittest

import api
import environment
import leftovers
import waiting
from daemon import Daemon

__all__ = ["EndToEnd", "Daemon", "api", "environment", "leftovers"]


class EndToEnd(unittest.TestCase):
    """A test with daemons of its own. When it ends, nothing that the daemons or their guests made may be left."""

    maxDiff = None

    def setUp(self):
        self.before = leftovers.Snapshot()
        self._daemons = []
        self.root = environment.busybox_root(os.path.join(environment.temporary_folder(), "guest"))

    def daemon(self, start=True, **options):
        daemon = Daemon(**options)
        self._daemons.append(daemon)
        return daemon.start() if start else daemon

    def tearDown(self):
        problems = []
        for daemon in self._daemons:
            if daemon.process is None:
                continue
            if daemon.process.poll() is None:
                with contextlib.suppress(Exception):
                    self._end_guests(daemon)
            else:
                daemon.close_clients()
            try:
                daemon.stop()
            except AssertionError as error:
                problems.append(str(error))
                daemon.kill()
        # The kernel takes the interfaces of a network namespace away a moment behind its last process.
        with contextlib.suppress(AssertionError):
            waiting.until(lambda: not self.before.beyond(), "nothing is left", 10)
        problems += self.before.beyond()
        self.before.clean()
        result = self._outcome.result
        failed = problems or any(test is self or getattr(test, "test_case", None) is self
                                 for test, _ in result.failures + result.errors)
        if failed and self._daemons:
            print("".join(f"--- log of {daemon.root}\n{daemon.log()}" for daemon in self._daemons
                          if os.path.exists(daemon.log_path)), flush=True)
        self.assertEqual(problems, [], "left behind")

    def _end_guests(self, daemon):
        client = daemon.client()
        for domain in client.list(parent="hypervisors/lxc").domains:
            if domain.status.id:
                client.verb("Destroy", domain.name)

    @contextlib.contextmanager
    def fails(self, reason, *words):
        """The block's call is refused with this reason and a message that has the words."""
        with self.assertRaises(api.grpc.RpcError) as caught:
            yield caught
        error = caught.exception
        self.assertEqual(api.reason(error), reason, error.details())
        for word in words:
            self.assertIn(word, error.details())

    @contextlib.contextmanager
    def flat(self, daemon, descriptors=0, threads=4):
        """Descriptors and threads of the daemon are what they were, but for so many, when the block has ended. gRPC and the
        daemon's pools make threads when they first want them, one or two each."""
        before = daemon.resources()
        yield
        daemon.await_descriptors(before[0] + descriptors)
        after = daemon.resources()
        print(f"    slope: descriptors {before[0]} -> {after[0]}, threads {before[1]} -> {after[1]}, "
              f"resident {before[2]} -> {after[2]} KiB", flush=True)
        self.assertLessEqual(after[1], before[1] + threads, "threads")
