# A PCI function is taken out of a guest that runs. The guest must have a front end: Linux, which on a slow host takes minutes to
# start with an IOMMU that is emulated.
. ./host_device.sh
pv_linux() {
  cat >/run/p3.xml <<XML
<domain type='xen'>
  <name>p3</name>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='xenpv'>linux</type><kernel>/host/vmlinux</kernel>
    <initrd>/host/guest-initrd.img</initrd><cmdline>console=hvc0 quiet mitigations=off</cmdline></os>
  $passthrough
  <devices><console type='pty'/></devices>
</domain>
XML
  reeve define /run/p3.xml && reeve_alone start p3 # may take longer than the shell waits
}
check "the module for that" modprobe xen-pciback
check "a Linux guest without it" pv_linux
check "Linux is up with it to come" eval 'soon said p3 GUEST-READY || soon said p3 GUEST-READY || soon said p3 GUEST-READY'
plugged p3
check "it is unplugged" reeve detach-device p3 /run/hostdev.xml --live
check "Xen has taken it back" has_function p3 0
check "it is given back while the guest runs" reeve nodedev-reattach "$called"
check "its driver has it at last" driver_is virtio-pci
check "the Linux guest ends" ended p3
