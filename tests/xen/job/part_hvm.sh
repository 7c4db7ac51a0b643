# An HVM guest: QEMU's machine, BIOS, a disk in a file of format qcow2, a CD drive, a serial port, a VNC display.
cdrom() { echo "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>$1<target dev='hdc' bus='ide'/><readonly/></disk>"; }
hvm_guest() {
  cat >/run/h1.xml <<XML
<domain type='xen'>
  <name>h1</name>
  <memory unit='MiB'>32</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='xenfv'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><apic/></features>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/run/sector.qcow2'/><target dev='hda' bus='ide'/></disk>
    $(cdrom "")
    <serial type='pty'/>
    <graphics type='vnc' port='5907' listen='127.0.0.1'/>
  </devices>
</domain>
XML
  reeve define /run/h1.xml
}
device_model() { pgrep -f "xen-domid $(xl domid h1) .*-name h1" | head -1; }
device_model_has() { ls -l "/proc/$(device_model)/fd" | grep -q -- "-> $1"; }
vnc_answers() { timeout 20 bash -c 'exec 5<>/dev/tcp/127.0.0.1/5907 && head -c 3 <&5 | grep -q RFB'; }
cp sector.qcow2 /run/
truncate -s 64K /run/disc.iso
check "define an HVM guest" hvm_guest
check "start" reeve start h1
check "it is HVM" eval 'xenstore-read "/libxl/$(xl domid h1)/type" | grep -q hvm'
check "its BIOS reads the disk, its serial port is the console" type_to h1 "" SECTOR-READY
check "and takes what is typed" type_to h1 T TICK
check "the disk is QEMU's" device_model_has /run/sector.qcow2
check "its display answers" vnc_answers
cdrom "<source file='/run/disc.iso'/>" >/run/disc.xml
check "a disc is inserted" reeve update-device h1 /run/disc.xml --live
check "QEMU has it" soon device_model_has /run/disc.iso
check "the live definition has it, the stored one has not" eval 'has disc.iso "$(reeve dumpxml h1)" && lacks disc.iso "$(reeve dumpxml h1 --inactive)"'
cdrom "" >/run/empty.xml
check "it is ejected" reeve update-device h1 /run/empty.xml --live
check "QEMU has it no more" eval '! device_model_has /run/disc.iso'
check "pause and resume" eval 'reeve suspend h1 && state_is h1 paused && reeve resume h1 && state_is h1 running'
check "the ACPI button ends it" eval 'reeve shutdown h1 && soon state_is h1 "shut off"'
check "no device model is left" eval '! pgrep -f "[-]name h1"'
check "undefine" reeve undefine h1
