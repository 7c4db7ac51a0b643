# A Linux guest with the paravirtual drivers that the smallest guest lacks, as PVH.
linux_guest() {
  cat >/run/l1.xml <<XML
<domain type='xen'>
  <name>l1</name>
  <memory unit='MiB'>160</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='xenpvh'>xenpvh</type><kernel>/host/vmlinux</kernel>
    <initrd>/host/guest-initrd.img</initrd><cmdline>console=hvc0 quiet mitigations=off</cmdline></os>
  <devices>
    <disk type='block' device='disk'><driver name='phy' type='raw'/><source dev='$first'/><target dev='xvda' bus='xen'/></disk>
    <interface type='bridge'><source bridge='xenbr0'/><mac address='00:16:3e:11:22:55'/></interface>
    <console type='pty'/>
  </devices>
</domain>
XML
  reeve define /run/l1.xml
}
if [ -z "${first:-}" ]; then
  truncate -s 4M /run/disk.img
  first=$(losetup -f --show /run/disk.img)
  ip link add xenbr0 type bridge && ip addr add 10.9.0.1/24 dev xenbr0 && ip link set xenbr0 up
fi
printf 'HELLO-FROM-DOM0' | dd of="$first" conv=notrunc 2>/dev/null
check "define a PVH guest" linux_guest
check "start" reeve start l1
check "Linux is up" eval 'soon said l1 GUEST-READY || soon said l1 GUEST-READY || soon said l1 GUEST-READY'
check "it is PVH" eval 'xenstore-read "/libxl/$(xl domid l1)/type" | grep -q pvh'
check "it reads its disk" said l1 "GUEST-DISK HELLO-FROM-DOM0"
check "and has written to it" eval '[ "$(dd if="$first" bs=512 skip=1 count=1 iflag=direct 2>/dev/null | head -c 16)" = written-by-guest ]'
check "its network reaches Dom0" said l1 GUEST-PING-OK
check "console both ways" type_to l1 "hello
" "GUEST-HEARD hello"
check "statistics of its disk and interface" eval 'text=$(reeve_alone -o json domstats l1); has write_bytes "$text" && has send_packets "$text"'
check "pause and resume" eval 'reeve suspend l1 && state_is l1 paused && reeve resume l1 && state_is l1 running'
check "shutdown" reeve shutdown l1
check "it is off" soon state_is l1 "shut off"
check "undefine" reeve undefine l1
