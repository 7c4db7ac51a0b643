#!/usr/bin/python3
"""Domain XML read, documents a second on one core: Reeve's reader, and libvirt's by its test driver's defineXML.

libvirt gives no way to its reader alone, so that its figure has the change of its driver's list of domains in it: read it as
what a definition costs there without a disk, a daemon or a connection. The same documents are given to both, in turn.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import lab

ARGUMENTS = argparse.ArgumentParser(description=__doc__)
ARGUMENTS.add_argument("-s", type=float, default=3, help="seconds of each, in each round")
ARGUMENTS.add_argument("-r", type=int, default=3, help="rounds")

PROGRAM = os.path.join(lab.ROOT, "bazel-bin", "tests", "bench", "parse_documents")
DISK = """
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/>
      <source file='/srv/images/{name}-{index}.qcow2'/>
      <target dev='vd{letter}' bus='virtio'/>
    </disk>"""
INTERFACE = """
    <interface type='bridge'>
      <mac address='52:54:00:00:{index:02x}:01'/>
      <source bridge='br{index}'/>
      <model type='virtio'/>
    </interface>"""
DOMAIN = """<domain type='test'>
  <name>{name}</name>
  <uuid>8a8f1c5e-0f5b-4b7e-9d60-{number:012x}</uuid>
  <title>A guest of the benchmark</title>
  <memory unit='KiB'>4194304</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu placement='static' cpuset='0-3'>4</vcpu>
  <cputune>
    <shares>2048</shares>
    <vcpupin vcpu='0' cpuset='0'/>
    <vcpupin vcpu='1' cpuset='1'/>
  </cputune>
  <os>
    <type arch='i686'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
    <pae/>
  </features>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>{disks}{interfaces}
    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
    <graphics type='vnc' port='-1' autoport='yes'/>
    <memballoon model='virtio'/>
  </devices>
</domain>
"""


def documents():
    """Eight definitions of usual size, about 2 kB, that differ in name, disks and interfaces."""
    result = []
    for number in range(8):
        name = f"guest{number}"
        disks = "".join(DISK.format(name=name, index=index, letter="abcd"[index]) for index in range(1 + number % 4))
        interfaces = "".join(INTERFACE.format(index=index) for index in range(1 + number % 3))
        result.append(DOMAIN.format(name=name, number=number, disks=disks, interfaces=interfaces))
    return result


def reeve_rate(seconds, paths):
    run = subprocess.run([PROGRAM, str(seconds), *paths], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(run.stderr.strip())
    figures = json.loads(run.stdout)
    return figures["documents"] / figures["seconds"]


def libvirt_rate(connection, seconds, texts):
    """Documents a second; each definition is changed by the next one of its name, so that the list does not grow."""
    start = time.monotonic()
    done = 0
    while time.monotonic() - start < seconds:
        for text in texts:
            connection.defineXML(text)
            done += 1
    return done / (time.monotonic() - start)


def main():
    arguments = ARGUMENTS.parse_args()
    try:
        import libvirt  # pylint: disable=import-outside-toplevel
        connection = libvirt.open("test:///default")
    except ImportError:
        connection = None
        print("python3-libvirt is not installed: no comparison", file=sys.stderr)
    texts = documents()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, text in enumerate(texts):
            paths.append(os.path.join(folder, f"{number}.xml"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(text)
        for _ in range(arguments.r):
            ours.append(reeve_rate(arguments.s, paths))
            if connection:
                theirs.append(libvirt_rate(connection, arguments.s, texts))
    rows = [["Reeve, text to checked specification", lab.median(ours), 1.0]]
    figures = {"documents_per_second": lab.median(ours), "mean_bytes": sum(map(len, texts)) / len(texts)}
    if theirs:
        rows.append(["libvirt, defineXML of its test driver", lab.median(theirs), lab.median(ours) / lab.median(theirs)])
        figures.update(libvirt_per_second=lab.median(theirs), ratio=lab.median(ours) / lab.median(theirs))
    lab.report("domain XML", ["what", "documents/s", "Reeve is faster by"], rows, figures)


if __name__ == "__main__":
    main()
