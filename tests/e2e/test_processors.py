"""Processors compared with the host's, and what several have in common: the test driver's host is a Haswell."""

import json
import os

import environment
import guests
from harness import EndToEnd, api

MORE = "<feature name='avx2'/><feature name='hle'/><feature name='rtm'/>"


def host_cpu(model, more=""):
    return f"<cpu><arch>x86_64</arch><model>{model}</model><vendor>Intel</vendor>{more}</cpu>"


class Processors(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.folder = environment.temporary_folder()

    def file(self, text, name="cpu.xml"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def cli(self, *arguments, **options):
        return self.reeved.cli(*arguments, **{"uri": "test", **options})

    def compare(self, text, *options):
        done = self.cli("cpu-compare", self.file(text), *options, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_the_host_is_itself(self):
        capabilities = self.cli("capabilities").stdout
        self.assertIn("<model>Haswell-noTSX-IBRS</model>", capabilities)
        code, said = self.compare(capabilities)
        self.assertEqual(code, 0)
        self.assertIn("is identical to host CPU", said)
        baseline = self.cli("cpu-baseline", self.file(capabilities)).stdout
        self.assertIn("<model fallback='forbid'>Haswell-noTSX-IBRS</model>", baseline)
        self.assertIn("is identical to host CPU", self.compare(baseline)[1])
        expanded = self.cli("cpu-baseline", "--features", "--migratable", self.file(capabilities)).stdout
        self.assertIn("<feature policy='require' name='avx2'/>", expanded)
        self.assertNotIn("invtsc", expanded)
        self.assertIn("is a superset of", self.compare(expanded)[1])

    def test_less_is_a_superset_and_more_is_told(self):
        code, said = self.compare("<cpu><model>Nehalem</model></cpu>")
        self.assertEqual((code, said.startswith("Host CPU is a superset of CPU described in")), (0, True))
        code, said = self.compare(host_cpu("Haswell"))
        self.assertEqual(code, 1)
        self.assertIn("is incompatible with host CPU", said)
        self.assertIn("hle, rtm", said)
        code, said = self.compare(host_cpu("Haswell"), "--error")
        self.assertEqual(code, 1)
        self.assertIn("Failed to compare host CPU with", said)
        self.assertIn("hle, rtm", said)
        answer = json.loads(self.compare(host_cpu("Haswell"), "--output", "json")[1])
        self.assertEqual(answer["missing_features"], ["hle", "rtm"])

    def test_a_domain_says_what_it_needs(self):
        cpu = "<cpu match='strict'><model>Haswell-noTSX</model><feature policy='forbid' name='vmx'/></cpu>"
        domain = guests.test_xml("web1").replace("</domain>", f"{cpu}</domain>")
        code, said = self.compare(domain)
        self.assertEqual(code, 1)
        self.assertIn("forbidden: vmx", said)
        self.assertEqual(self.compare(guests.test_xml("web1"))[0], 1)  # it has no <cpu>

    def test_several_hosts_have_something_in_common(self):
        text = "<?xml version='1.0'?>\n" + host_cpu("Haswell") + "\n<!-- and -->\n" + host_cpu("SandyBridge", MORE)
        self.assertEqual(self.cli("cpu-baseline", self.file(text)).stdout.strip(),
                         "<cpu mode='custom' match='exact'>\n  <model fallback='allow'>SandyBridge</model>\n"
                         "  <vendor>Intel</vendor>\n"
                         "  <feature policy='require' name='hle'/>\n  <feature policy='require' name='avx2'/>\n"
                         "  <feature policy='require' name='rtm'/>\n</cpu>")
        other = host_cpu("EPYC").replace("Intel", "AMD")
        refused = self.cli("cpu-baseline", self.file(text + other), check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("3: its vendor is AMD", refused.stderr)

    def test_what_is_wrong_is_refused_with_its_place(self):
        for text, why in (("<cpu><model>Foo</model></cpu>", "no model 'Foo' is known"),
                          ("<cpu>\n<modell/></cpu>", "line 2 column 1"),
                          ("<network/>", "line 1 column 1"),
                          ("<cpu/><cpu/>", "one is compared"),
                          ("", "line 1 column 1")):
            with self.subTest(text):
                code, said = self.compare(text)
                self.assertEqual(code, 1)
                self.assertIn(why, said)
        features = "".join(f"<feature policy='require' name='f{number}'/>" for number in range(2000))
        code, said = self.compare(f"<cpu><model>486</model>{features}</cpu>")
        self.assertEqual(code, 1)
        self.assertIn("1024", said)

    def test_a_reader_may_ask_and_lxc_cannot_tell(self):
        client = self.reeved.client(read_only=True)
        request = api.hypervisor_service_pb2.CompareCpuRequest(name="hypervisors/test")
        request.cpu.model = "Nehalem"
        answer = client.hypervisors.CompareCpu(request, timeout=10)
        self.assertEqual(answer.result, api.hypervisor_service_pb2.CPU_COMPARISON_RESULT_SUPERSET)
        self.assertIn("avx2", answer.further_features)
        baseline = client.hypervisors.BaselineCpu(api.hypervisor_service_pb2.BaselineCpuRequest(
            name="hypervisors/test", cpus=[request.cpu]), timeout=10)
        self.assertEqual(baseline.cpu.model, "Nehalem")
        for command in ("cpu-compare", "cpu-baseline"):
            refused = self.cli(command, self.file("<cpu><model>486</model></cpu>"), uri="lxc", check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("does not tell what the processor has", refused.stderr)
