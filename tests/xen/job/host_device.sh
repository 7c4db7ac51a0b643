# Sourced by the parts about PCI functions of the host. Their machine has an IOMMU, a source of random numbers behind a
# port of its own, which Dom0 does not need, and a device that nothing can reset (suite_xen.py).
function=$(basename "$(dirname "$(grep -l 0x1044 /sys/bus/pci/devices/*/device)")")
called=pci_$(tr :. __ <<<"$function")
unresettable=$(basename "$(dirname "$(grep -l 0x0005 /sys/bus/pci/devices/*/device)")")
driver_is() { has "<name>$1</name>" "$(reeve nodedev-dumpxml "$called")"; }
assignable() { xl pci-assignable-list | grep -qF "$function"; }
# has_function GUEST [COUNT]: Xen says that it has it.
has_function() { [ "$(xl pci-list "$1" | grep -cF "$function")" = "${2:-1}" ] || { xl pci-list "$1"; return 1; }; }
address="domain='0x${function%%:*}' bus='0x${function:5:2}' slot='0x${function:8:2}' function='0x${function: -1}'"
hostdev="<hostdev mode='subsystem' type='pci' managed='no'><source><address $address/></source></hostdev>"
passthrough="<features><xen><passthrough state='on'/></xen></features>"
echo "$hostdev" >/run/hostdev.xml
# plugged GUEST: in, and in use.
plugged() {
  check "taken for the guest that runs" reeve nodedev-detach "$called"
  check "it is plugged in" reeve attach-device "$1" /run/hostdev.xml --live
  check "Xen has given it" has_function "$1"
  check "the live definition has it" eval 'has "<hostdev" "$(reeve dumpxml '"$1"')"'
  check "it is in use" refused "$1 has $function" reeve nodedev-reattach "$called"
}
