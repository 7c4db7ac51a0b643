"""What opens and closes a container, in the typed form of the API (LxcOptions): every field does what its XML does."""

import leftovers
from harness import EndToEnd, api

SCRIPT = """try() { if "$@" 2>/dev/null; then echo "DONE: $*"; else echo "refused: $*"; fi; }
cat /proc/self/uid_map
grep -E 'Seccomp:|NoNewPrivs:' /proc/self/status
try chroot / true
try umount /proc/keys
try mknod /tmp/kmsg c 1 11
try mount -t proc p /home
echo END; exec sleep 1000"""


class TypedOptions(EndToEnd):

    def setUp(self):
        super().setUp()
        self.served = self.daemon()
        self.client = self.served.client()

    def create(self, name, fill=lambda lxc: None):
        domain = api.domain_pb2.Domain(name=name)
        spec = domain.spec
        spec.memory_kib = 65536
        spec.os.type, spec.os.init = "exe", "/bin/sh"
        spec.os.init_arguments.extend(["-c", SCRIPT])
        spec.resource_partition = leftovers.PARTITION
        spec.devices.filesystems.add(type=1, source=self.root, target="/")
        spec.devices.consoles.add(type="pty")
        fill(spec.lxc)
        return self.client.domains.CreateDomain(api.domain_service_pb2.CreateDomainRequest(parent=api.LXC, domain=domain),
                                                timeout=10)

    def output(self, name, fill=lambda lxc: None):
        """What it wrote, by its XML, too: the typed form and the document are one thing."""
        self.create(name, fill)
        self.client.start(name)
        console = self.client.console(name)
        console.wait_output(b"END")
        return console.output().decode(errors="replace").replace("\r\n", "\n")

    def test_nothing_is_open_without_it(self):
        text = self.output("closed")
        self.assertRegex(text, r"(?m)^\s+0\s+805306368\s+65536$")
        self.assertRegex(text, r"Seccomp:\s+2")
        self.assertRegex(text, r"NoNewPrivs:\s+0")
        self.assertIn("DONE: chroot", text)
        for refused in ("umount", "mknod", "mount"):
            self.assertIn(f"refused: {refused}", text)

    def test_every_field(self):
        def fill(lxc):
            lxc.id_map_mode = lxc.ID_MAP_MODE_AUTOMATIC
            lxc.id_map_count = 4096
            lxc.no_new_privileges = True
            lxc.system_calls.policy = api.lxc_options_pb2.SystemCallPolicy.POLICY_DEFAULT
            lxc.system_calls.rules.add(name="chroot", on=False, error="ENOSYS")
            lxc.open_paths.append("all")
            lxc.lxcfs = False

        text = self.output("fields", fill)
        self.assertRegex(text, r"(?m)^\s+0\s+805306368\s+4096$")
        self.assertRegex(text, r"NoNewPrivs:\s+1")
        self.assertIn("refused: chroot", text)
        self.assertIn("DONE: mount -t proc", text)
        self.assertEqual(list(self.client.get("fields").status.warnings), [])  # lxcfs is not wanted
        document = self.served.cli("dumpxml", "fields", "--inactive").stdout
        for part in ("<reeve:no_new_privileges/>", "name='chroot' state='off' error='ENOSYS'", "<reeve:open path='all'/>",
                     "<reeve:lxcfs use='no'/>"):
            self.assertIn(part, document.replace('"', "'"))

    def test_the_hosts_ids_all_calls_and_a_device(self):
        def fill(lxc):
            lxc.id_map_mode = lxc.ID_MAP_MODE_HOST
            lxc.system_calls.policy = api.lxc_options_pb2.SystemCallPolicy.POLICY_ALLOW
            lxc.devices.add(type="char", major=1, minor=11, access="rwm")

        text = self.output("host", fill)
        self.assertRegex(text, r"(?m)^\s+0\s+0\s+4294967295$")
        self.assertRegex(text, r"Seccomp:\s+0")

    def test_what_is_wrong_is_named_by_field(self):
        wrong = {
            "lxc.id_map_count": lambda lxc: setattr(lxc, "id_map_count", 0),
            "lxc.system_calls": lambda lxc: lxc.system_calls.rules.add(name="notacall", on=True),
            "lxc.open_paths": lambda lxc: lxc.open_paths.append("/etc/shadow"),
            "lxc.devices": lambda lxc: lxc.devices.add(type="socket", major=1),
        }
        for field, fill in wrong.items():
            with self.subTest(field):
                with self.assertRaises(api.grpc.RpcError) as caught:
                    self.create("wrong", fill)
                self.assertEqual(api.reason(caught.exception), "SPEC_INVALID", caught.exception.details())
                self.assertIn(field, str(api.violations(caught.exception)) + caught.exception.details())
        self.assertEqual(len(self.client.list().domains), 0)
