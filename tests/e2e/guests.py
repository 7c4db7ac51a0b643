"""Definitions of guests."""

from xml.sax.saxutils import escape

import leftovers

# A shell that ends well when it is asked to, or to start again.
OBEDIENT = "trap 'echo asked to end; exit 0' TERM HUP; echo ready; while :; do sleep 1000 & wait $!; done"


def xml(name, root, script=OBEDIENT, init=None, memory_kib=65536, features="<privnet/>", devices="", extra="",
        console="<console type='pty'/>"):
    """A domain whose first process is a shell that runs `script`, or `init` (a list: program and arguments)."""
    program = init or ["/bin/sh", "-c", script]
    arguments = "".join(f"<initarg>{escape(argument)}</initarg>" for argument in program[1:])
    return f"""<domain type='lxc'>
  <name>{escape(name)}</name>
  <memory unit='KiB'>{memory_kib}</memory>
  <vcpu>1</vcpu>
  <resource><partition>{leftovers.PARTITION}</partition></resource>
  <os><type>exe</type><init>{escape(program[0])}</init>{arguments}</os>
  <features>{features}</features>
  {extra}
  <devices>
    <filesystem type='mount'><source dir='{escape(root)}'/><target dir='/'/></filesystem>
    {devices}
    {console}
  </devices>
</domain>
"""


def test_xml(name, extra=""):
    """A domain of the test driver."""
    return f"<domain type='test'><name>{escape(name)}</name><memory unit='KiB'>8192</memory><vcpu>1</vcpu>" \
           f"<os><type>hvm</type></os>{extra}</domain>"
