"""A start that fails at any step undoes all it did and names the step."""

import os

import guests
from harness import EndToEnd, api, environment


class StartFailures(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def assert_start_fails(self, document, *words, reason="START_FAILED"):
        self.client.define(document)
        with self.flat(self.reeved):
            with self.fails(reason, "bad", *words) as caught:
                self.client.start("bad")
            print(f"    {caught.exception.details()}")
            self.assertEqual(self.before.beyond(), [], "after the failed start")
        self.assertEqual(api.state(self.client.get("bad")), "SHUTOFF")
        self.client.undefine("bad")

    def test_the_root_is_missing(self):
        self.assert_start_fails(guests.xml("bad", "/nowhere/at/all"), "/nowhere/at/all")

    def test_the_root_is_a_file(self):
        path = os.path.join(environment.temporary_folder(), "file")
        open(path, "w", encoding="utf-8").close()
        self.assert_start_fails(guests.xml("bad", path), path)

    def test_init_does_not_exist(self):
        self.assert_start_fails(guests.xml("bad", self.root, init=["/sbin/nothing"]), "/sbin/nothing")

    def test_init_is_not_executable(self):
        self.assert_start_fails(guests.xml("bad", self.root, init=["/etc/passwd"]), "/etc/passwd")

    def test_a_mount_source_is_missing(self):
        devices = "<filesystem type='mount'><source dir='/nowhere'/><target dir='/mnt'/></filesystem>"
        self.assert_start_fails(guests.xml("bad", self.root, devices=devices), "/nowhere")

    def test_a_bind_source_is_missing_in_the_guest(self):
        devices = "<filesystem type='bind'><source dir='/not-in-guest'/><target dir='/mnt'/></filesystem>"
        self.assert_start_fails(guests.xml("bad", self.root, devices=devices), "/not-in-guest")

    def test_the_bridge_is_missing(self):
        devices = "<interface type='bridge'><source bridge='nobridge0'/></interface>"
        self.assert_start_fails(guests.xml("bad", self.root, devices=devices), "nobridge0")

    def test_the_user_is_not_known(self):
        document = guests.xml("bad", self.root).replace("</os>", "<inituser>stranger</inituser></os>")
        self.assert_start_fails(document, "stranger")

    def test_the_working_directory_is_missing(self):
        document = guests.xml("bad", self.root).replace("</os>", "<initdir>/no/such/dir</initdir></os>")
        self.assert_start_fails(document, "/no/such/dir")

    def test_a_limit_the_kernel_refuses(self):
        extra = "<cputune><period>1000</period><quota>1</quota></cputune>"
        with self.assertRaises(api.grpc.RpcError) as caught:
            self.client.define(guests.xml("bad", self.root, extra=extra))
            self.client.start("bad")
        self.assertIn(api.reason(caught.exception), ("SPEC_INVALID", "START_FAILED"))
        self.assertIn("quota", caught.exception.details().lower())

    def test_a_symlink_in_the_root_cannot_lead_a_mount_out(self):
        victim = os.path.join(environment.temporary_folder(), "victim")
        os.makedirs(victim)
        os.symlink(victim, os.path.join(self.root, "out"))
        os.symlink("../" * 20 + victim.lstrip("/"), os.path.join(self.root, "up"))
        for target in ("/out", "/up", "/out/deeper"):
            with self.subTest(target):
                self.client.define(guests.xml("esc", self.root, devices=
                    f"<filesystem type='ram'><source usage='64' units='KiB'/><target dir='{target}'/></filesystem>"))
                try:
                    self.client.start("esc")
                    self.client.verb("Destroy", "esc")
                except api.grpc.RpcError as error:
                    self.assertEqual(api.reason(error), "START_FAILED")
                self.assertEqual(os.listdir(victim), [], "a mount point was made outside of the root")
                self.client.undefine("esc")

    def test_validate_only_has_no_effect(self):
        self.client.define(guests.xml("v", self.root))
        revision = self.client.list().revision
        checked = self.client.start("v", validate_only=True)
        self.assertEqual(api.state(checked), "SHUTOFF")
        self.assertEqual(self.client.list().revision, revision)
        self.client.define(guests.xml("bad", "/nowhere"))
        with self.fails("START_FAILED", "/nowhere"):
            self.client.start("bad", validate_only=True)
