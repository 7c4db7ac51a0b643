"""The emulated machine: boots, shows what it writes, and is gone after a time."""

import os
import re
import select
import signal
import subprocess
import time

MEMORY_MIB = 2048
BOOT_SECONDS = 600
# What the machine's firmware says of it, for test_sysinfo.
SERIAL_NUMBER = "reeve-0017"

_BEGIN = re.compile(r"^@@ begin (\S+)$")
_END = re.compile(r"^@@ end (\S+) (\d+)$")
_RESULT = re.compile(r"^@@ (passed|failed) (\S+)(?:: (.*))?$")
_DONE = "@@ done"


class Report:
    """What the guest has told. Catch2 programs write between "@@ begin NAME" and "@@ end NAME STATUS"."""

    def __init__(self):
        self.programs = []  # (name, output, status)
        self.results = []   # (name, passed, cause)
        self.done = False
        self._program, self._output = None, []

    def add(self, line):
        if match := _BEGIN.match(line):
            self._program, self._output = match[1], []
        elif match := _END.match(line):
            self.programs.append((match[1], "\n".join(self._output), int(match[2])))
            self._program = None
        elif match := _RESULT.match(line):
            self.results.append((match[2], match[1] == "passed", match[3] or ""))
        elif line == _DONE:
            self.done = True
        elif self._program:
            self._output.append(line)


def boot(kernel, initrd, arguments, log):
    """Runs the machine until it switches itself off, or is switched off after BOOT_SECONDS. Returns the Report."""
    # The emulator: KVM opens on machines where Debian's kernel hangs in it.
    # It goes with this process, however that ends.
    command = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MIB),
               "-nographic", "-nodefaults", "-serial", "stdio", "-no-reboot", "-nic", "none",
               "-smbios", f"type=1,manufacturer=Reeve,product=Bench,serial={SERIAL_NUMBER}", "-kernel", kernel, "-initrd",
               initrd, "-append", f"console=ttyS0 quiet loglevel=1 panic=-1 {arguments}"]
    report, text = Report(), b""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + BOOT_SECONDS
    try:
        with open(log, "wb") as file:
            while True:
                ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
                if not ready:
                    file.write(b"\n(switched off: it took too long)\n")
                    break
                chunk = os.read(process.stdout.fileno(), 65536)
                if not chunk:
                    break
                file.write(chunk)
                file.flush()
                *lines, text = (text + chunk).split(b"\n")
                for line in lines:
                    report.add(line.decode("utf-8", "replace").rstrip("\r"))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    return report
