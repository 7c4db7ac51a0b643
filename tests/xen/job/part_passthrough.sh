# A PCI function of the host on its way to guests and back.
. ./host_device.sh
check "nodedev-list has it" eval 'has "$called" "$(reeve nodedev-list)"'
check "its driver is the host's" driver_is virtio-pci
check "which keeps it from being reset" refused virtio-pci reeve nodedev-reset "$called"
check "without the back end's module it cannot be taken" refused "modprobe xen-pciback" reeve nodedev-detach "$called"
check "and the host has it" driver_is virtio-pci
check "the module" modprobe xen-pciback
check "nodedev-detach" reeve nodedev-detach "$called"
check "Xen has it for guests" assignable
check "its driver is the back end" driver_is pciback
check "once more is no error" reeve nodedev-detach "$function"
check "nodedev-reset" reeve nodedev-reset "$called"
check "what cannot be reset says so" refused "no way to reset" reeve nodedev-reset "$unresettable"
check "nodedev-reattach" reeve nodedev-reattach "$called"
check "its driver has it again" driver_is virtio-pci
check "Xen has it no more" eval '! assignable'
check "once more is no error, too" reeve nodedev-reattach "$called"
check "taken again, for a guest" reeve nodedev-detach "$called"
check "a guest that starts with it" started p1 "" "$hostdev"
check "the guest has it" has_function p1
for verb in detach reattach reset; do
  check "nodedev-$verb: the guest has it" refused "p1 has $function" reeve nodedev-$verb "$called"
done
check "it still has it" has_function p1
check "destroy" ended p1
check "what it had is given back to the host" reeve nodedev-reattach "$called"
check "its driver has it after the guest" driver_is virtio-pci
# Plugged into a guest that runs.
check "a guest without it" started p2 "$passthrough"
plugged p2
check "the guest that was given it ends" ended p2
check "it is given back after that" reeve nodedev-reattach "$called"
# Managed: taken at the start, given back at the end.
managed="${hostdev/managed=\'no\'/managed=\'yes\'}"
check "a guest that takes it itself" started p3 "" "$managed"
check "it was taken for that guest" eval 'has_function p3 && driver_is pciback'
check "it ends" ended p3
check "what was managed is the host's again" eval 'driver_is virtio-pci && ! assignable'
# HVM: through QEMU, which the guest's BIOS finds it in.
check "an HVM guest that takes it itself" eval 'sector_guest p4 "$managed" && reeve start p4'
check "the HVM guest has it" has_function p4
check "the HVM guest ends" ended p4
check "the host has it after the HVM guest" eval 'driver_is virtio-pci && ! assignable'
# PVH: not with Xen 4.17.
pvh_with_it() {
  define p5 "" "$hostdev" && sed -i "s#<type.*</kernel>#<type arch='x86_64' machine='xenpvh'>xenpvh</type><kernel>/host/vmlinux</kernel>#" /run/p5.xml && reeve define /run/p5.xml
}
check "a PVH guest that wants it" pvh_with_it
check "is refused by Xen" refused "PVH" reeve start p5
check "and leaves nothing" eval 'gone p5 && reeve undefine p5 && driver_is virtio-pci'
