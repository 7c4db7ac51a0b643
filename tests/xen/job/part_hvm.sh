# An HVM guest with a CD drive and a VNC display. The drive has a disc from the start: a first disc in a drive that was empty
# kills Debian 12's QEMU, also when xl inserts it.
cdrom() { echo "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>$1<target dev='hdc' bus='ide'/><readonly/></disk>"; }
in_drive() {
  local is
  is=$(xenstore-read "/local/domain/0/backend/qdisk/$(xl domid h1)/5632/params") && [ "${is#aio:}" = "$1" ] || { echo "'$is' is in the drive"; return 1; }
}
vnc_answers() { timeout 20 bash -c "exec 5<>/dev/tcp/127.0.0.1/$1 && head -c 3 <&5 | grep -q RFB"; }
# QEMU throws away what a serial port says while nobody listens: the console is attached before the guest runs.
boots() {
  rm -f /run/shown
  type_to h1 "" SECTOR-READY &
  soon grep -aq Connected /run/shown && reeve resume h1 && wait $!
}
truncate -s 64K /run/first.iso /run/second.iso
check "define an HVM guest" sector_guest h1 "$(cdrom "<source file='/run/first.iso'/>")<graphics type='vnc' port='5907' listen='127.0.0.1'/>"
check "start" reeve start h1 --paused
check "it is HVM" eval 'xenstore-read "/libxl/$(xl domid h1)/type" | grep -q hvm'
check "its BIOS reads the disk, its serial port is the console" boots
check "and takes what is typed" type_to h1 T TICK
check "the disk is QEMU's" device_model_has h1 /run/h1.qcow2
check "its display answers" vnc_answers 5907
check "domdisplay tells where it is" eval 'has vnc://127.0.0.1:7 "$(reeve domdisplay h1)"'
cdrom "<source file='/run/second.iso'/>" >/run/second.xml
check "another disc is inserted" reeve update-device h1 /run/second.xml --live
check "QEMU has it" eval 'device_model_has h1 /run/second.iso && in_drive /run/second.iso'
check "the live definition has it, the stored one has not" eval 'has second.iso "$(reeve dumpxml h1)" && lacks second.iso "$(reeve dumpxml h1 --inactive)"'
cdrom "" >/run/empty.xml
check "it is ejected" reeve update-device h1 /run/empty.xml --live
check "QEMU has it no more" eval '! device_model_has h1 /run/second.iso && in_drive ""'
check "and inserted again" eval 'reeve update-device h1 /run/second.xml --live && in_drive /run/second.iso'
check "pause and resume" eval 'reeve suspend h1 && state_is h1 paused && reeve resume h1 && state_is h1 running'
# As kexec does: the hypervisor forgets what the guest has set up, and the guest goes on. Its new QEMU has the old one's state.
domid_before=$(xl domid h1) model_before=$(device_model h1)
check "it asks for a soft reset" type_to h1 s SOFTLY
reset_softly() {
  [ "$(device_model h1)" != "$model_before" ] && xenstore-exists "/local/domain/$domid_before/serial/0/tty" &&
    ! xen_says h1 p && ! xen_says h1 s
}
check "it is the same domain with another QEMU" eval 'soon reset_softly && state_is h1 running && [ "$(xl domid h1)" = "$domid_before" ]'
check "it goes on" type_to h1 T GOES-ON
check "the ACPI button ends it" eval 'reeve shutdown h1 && soon state_is h1 "shut off"'
no_device_model() { ! pgrep -f "[-]name h1" >/dev/null; }
check "no device model is left" soon no_device_model
check "undefine" reeve undefine h1
# Displays whose ports are chosen: of paravirtual guests, which start sooner.
vnc() { echo "<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>"; }
port_of() { reeve dumpxml "$1" | grep -o "<graphics [^>]*port='[0-9]*'" | grep -o "port='[0-9]*'" | tr -dc 0-9; }
check "two guests whose displays leave their ports open" eval 'define v1 "" "$(vnc)" && define v2 "" "$(vnc)" && reeve start v1 && reeve start v2'
check "each has one of its own" eval '[ "$(port_of v1)" -ge 5900 ] && [ "$(port_of v2)" -gt "$(port_of v1)" ]'
check "both answer" eval 'vnc_answers "$(port_of v1)" && vnc_answers "$(port_of v2)"'
check "domdisplay and vncdisplay tell them" eval 'has "vnc://127.0.0.1:$(($(port_of v2) - 5900))" "$(reeve domdisplay v2)" && has "127.0.0.1:$(($(port_of v1) - 5900))" "$(reeve vncdisplay v1)"'
check "the stored definition leaves them open" eval "lacks \"port='59\" \"\$(reeve dumpxml v1 --inactive)\""
check "end" eval 'ended v1 && ended v2'
