"""The daemon as a process: signals, instances, configuration, its store when the disk fails it."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess

import environment
import guests
import processes
from harness import EndToEnd, api


class Process(EndToEnd):

    def test_sigterm_drains_and_ends_with_zero(self):
        reeved = self.daemon()
        client = reeved.client()
        watch = client.watch()
        watch.wait_snapshot()
        client.define(guests.xml("g", self.root))
        started = client.start("g")
        reeved.process.send_signal(signal.SIGTERM)
        reeved.wait_notification("STOPPING=1")
        self.assertEqual(reeved.wait_end(), 0)
        error = watch.wait_end()
        self.assertIn(api.reason(error), ("DAEMON_DRAINING", ""))
        self.assertTrue(processes.exists(started.status.id))
        reeved.close_clients()
        reeved.start()

    def test_sighup_reloads_and_a_bad_configuration_changes_nothing(self):
        reeved = self.daemon(config="[log]\nlevel = 'info'\ntarget = 'stderr'\n")
        client = reeved.client()

        def level():
            return client.admin.GetDaemon(api.admin_service_pb2.GetDaemonRequest(), timeout=10).log_level

        self.assertEqual(level(), "info")
        reeved.configure("[log]\nlevel = 'debug'\ntarget = 'stderr'\n")
        reeved.notifications = []
        reeved.process.send_signal(signal.SIGHUP)
        reeved.wait_notification("RELOADING=1")
        reeved.wait_notification("READY=1")
        self.assertEqual(level(), "debug")
        reeved.configure("[log]\nlevel = 'shouting'\n")
        reeved.notifications = []
        reeved.process.send_signal(signal.SIGHUP)
        reeved.wait_notification("READY=1")
        self.assertEqual(level(), "debug")
        self.assertIn("log.level", reeved.log())
        client.admin.SetLogLevel(api.admin_service_pb2.SetLogLevelRequest(level="warn"), timeout=10)
        self.assertEqual(level(), "warn")

    def test_a_second_instance_says_so(self):
        reeved = self.daemon()
        second = self.daemon(start=False, root=reeved.root)
        second.spawn()
        self.assertNotEqual(second.wait_end(), 0)
        self.assertIn(str(reeved.pid), second.log())
        second.process = None
        reeved.client().list()

    def test_check_config(self):
        folder = environment.temporary_folder()
        path = os.path.join(folder, "reeved.toml")

        def check(text):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return subprocess.run([environment.REEVED, "--config", path, "--check-config"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=20, check=False)

        self.assertEqual(check("[log]\nlevel = 'debug'\n").returncode, 0)
        for text, place in (("[log]\nlevle = 'debug'\n", ":2:1"), ("[limits]\nclients = 'many'\n", ":2:"),
                            ("[limits]\nclients = 0\n", ":2:"), ("[limits\n", ":1:"), ("\n\n[nonsense]\n", ":3:")):
            with self.subTest(text):
                done = check(text)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(f"{path}{place}", done.stdout)

    def test_sockets_of_systemd_are_taken(self):
        reeved = self.daemon(start=False)
        paths = {"reeve.sock": os.path.join(reeved.root, "rw"), "reeve-ro.sock": os.path.join(reeved.root, "ro")}
        listeners = []
        for path in paths.values():
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(path)
            listener.listen(16)
            listeners.append(listener)
        wrapper = os.path.join(reeved.root, "activate")
        with open(wrapper, "w", encoding="utf-8") as file:
            file.write("#!/bin/bash\nexec env LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=reeve:reeve-ro "
                       f"{environment.REEVED} \"$@\" 3<&{listeners[0].fileno()} 4<&{listeners[1].fileno()}\n")
        os.chmod(wrapper, 0o755)
        program, environment.REEVED = environment.REEVED, wrapper
        try:
            reeved.pass_fds = [listener.fileno() for listener in listeners]
            reeved.start()
        finally:
            environment.REEVED = program
        client = api.Client(paths["reeve.sock"])
        client.define(guests.test_xml("a"), parent=api.TEST)
        reader = api.Client(paths["reeve-ro.sock"])
        self.assertEqual(len(reader.list().domains), 1)
        with self.fails("CONNECTION_READ_ONLY"):
            reader.undefine("hypervisors/test/domains/a")
        client.close()
        reader.close()
        self.assertEqual(reeved.stop(), 0)
        self.assertTrue(os.path.exists(paths["reeve.sock"]), "systemd's socket was removed")

    def test_an_idle_daemon_is_small(self):
        reeved = self.daemon()
        reeved.client().list()
        descriptors, threads, resident = reeved.resources()
        print(f"    idle: {resident} KiB resident, {descriptors} descriptors, {threads} threads")
        self.assertLess(resident, 40 * 1024)


class Store(EndToEnd):

    def test_a_record_that_cannot_be_read_is_set_aside(self):
        reeved = self.daemon()
        client = reeved.client()
        for name in ("good", "spoiled"):
            client.define(guests.test_xml(name), parent=api.TEST)
        reeved.stop()
        self.assertTrue(self.spoil(reeved.database(), b"spoiled"))
        reeved.start()
        client = reeved.client()
        self.assertEqual([domain.name for domain in client.list().domains], ["hypervisors/test/domains/good"])
        state = client.admin.GetDaemon(api.admin_service_pb2.GetDaemonRequest(), timeout=10)
        self.assertEqual(state.records_set_aside, 1)
        client.define(guests.test_xml("spoiled"), parent=api.TEST)

    @staticmethod
    def spoil(database, word):
        """Overwrites the record of the present state that mentions `word`."""
        connection = sqlite3.connect(database)
        spoiled = 0
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'objects'").fetchall():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[2].upper() == "BLOB"]
            for column in columns:
                for rowid, value in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                    if isinstance(value, bytes) and word in value:
                        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (b"\xff" * 40, rowid))
                        spoiled += 1
        connection.commit()
        connection.close()
        return spoiled

    def test_a_database_that_is_no_database_is_set_aside_or_refused_with_its_path(self):
        reeved = self.daemon()
        reeved.client().list()
        reeved.stop()
        path = reeved.database()
        for extra in (path + "-wal", path + "-shm"):
            if os.path.exists(extra):
                os.unlink(extra)
        with open(path, "wb") as file:
            file.write(b"this is not a database" * 1000)
        reeved.spawn()
        reeved.notifications = []
        try:
            reeved.wait_notification("READY=1")
            reeved.client().list()
        except AssertionError:
            self.assertIn("reeve.db", reeved.log())
            reeved.process = None

    def test_a_full_disk_refuses_changes_and_loses_nothing(self):
        root = environment.temporary_folder()
        state = os.path.join(root, "var/lib/reeve")
        os.makedirs(state)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", state], check=True)
        try:
            reeved = self.daemon(root=root)
            client = reeved.client()
            client.define(guests.test_xml("first"), parent=api.TEST)
            acknowledged = ["hypervisors/test/domains/first"]
            filler = os.path.join(state, "filler")
            with open(filler, "wb") as file:
                try:
                    while True:
                        file.write(b"\0" * 65536)
                        file.flush()
                except OSError:
                    pass
            revision, refused = client.list().revision, None
            for i in range(200):
                try:
                    acknowledged.append(client.define(guests.test_xml(f"d{i}", extra=f"<description>{'x' * 3000}</description>"),
                                                      parent=api.TEST).name)
                except api.grpc.RpcError as error:
                    refused = error
                    break
            self.assertIsNotNone(refused, "the disk never was full")
            self.assertEqual(api.reason(refused), "STORE_FAILED", refused.details())
            listed = client.list()
            self.assertEqual(sorted(domain.name for domain in listed.domains), sorted(acknowledged))
            self.assertEqual(listed.revision, revision + len(acknowledged) - 1)
            os.unlink(filler)
            acknowledged.append(client.define(guests.test_xml("after"), parent=api.TEST).name)
            reeved.restart()
            listed = reeved.client().list()
            self.assertEqual(sorted(domain.name for domain in listed.domains), sorted(acknowledged))
            reeved.stop()
        finally:
            subprocess.run(["umount", "-l", state], check=False)
            shutil.rmtree(root, ignore_errors=True)
