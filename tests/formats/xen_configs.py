"""The cases of a corpus that tell with which configuration libxenlight makes a domain (drivers/xen/config_filter)."""

import difflib
import json
import subprocess

KIND = "domxml->libxl_domain_config JSON"
TIMEOUT_SECONDS = 20


def normal(config):
    """A configuration in one form, whichever release of Xen wrote it down. Only the form: each value is compared."""
    build = config.get("b_info", {})
    # The corpus was made without a hypervisor, which is asked for this number: that it is there is what can be compared.
    if "shadow_memkb" in build:
        build["shadow_memkb"] = "of the host"
    # Since 4.17 a list of features is in an object, beside registers, and there are options of the architecture.
    if isinstance(build.get("cpuid"), dict) and not build["cpuid"].get("msr"):
        build["cpuid"] = build["cpuid"].get("cpuid")
    if build.get("arch_x86") == {}:
        del build["arch_x86"]
    # Before 4.12 nesting was a field of HVM alone.
    hvm = build.get("type.hvm", {})
    if "nested_hvm" in hvm:
        build["nested_hvm"] = hvm.pop("nested_hvm")
    # Older releases wrote down that a device has no number yet.
    for devices in config.values():
        for device in devices if isinstance(devices, list) else []:
            if isinstance(device, dict) and device.get("devid") == -1:
                del device["devid"]
    return json.dumps(config, indent=1, sort_keys=True)


def try_case(case, program):
    """The cause of the failure, or ""."""
    run = subprocess.run([program], input=case.inputs[-1].read_bytes(), capture_output=True, timeout=TIMEOUT_SECONDS,
                         check=False)
    if run.returncode != 0:
        return f"refused: {run.stderr.decode('utf-8', 'replace')}"
    written = normal(json.loads(run.stdout))
    expected = normal(json.loads(case.expected.read_text(encoding="utf-8")))
    return "\n".join(difflib.unified_diff(expected.splitlines(), written.splitlines(), "expected", "written",
                                          lineterm="", n=1))
