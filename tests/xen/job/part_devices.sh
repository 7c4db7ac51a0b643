# Disks and interfaces, there from the start and plugged in later.
truncate -s 4M /run/disk.img /run/second.img
first=$(losetup -f --show /run/disk.img) second=$(losetup -f --show /run/second.img)
ip link add xenbr0 type bridge && ip addr add 10.9.0.1/24 dev xenbr0 && ip link set xenbr0 up
disk() { echo "<disk type='block' device='disk'><driver name='phy' type='raw'/><source dev='$1'/><target dev='$2' bus='xen'/></disk>"; }
vif() { echo "<interface type='bridge'><source bridge='xenbr0'/><mac address='$1'/></interface>"; }
on_bridge() { ip link show master xenbr0 | grep -q vif; }
check "a guest with disk and interface" started d1 "" "$(disk "$first" xvda)$(vif 00:16:3e:11:22:33)"
check "the disk is Xen's" eval 'xl block-list d1 | grep -q 51712'
check "the interface is on the bridge" soon on_bridge
check "a disk is plugged in" reeve attach-disk d1 "$second" xvdb --sourcetype block --live
check "Xen has it" eval 'xl block-list d1 | grep -q 51728'
check "the live definition has it, the stored one has not" eval 'has xvdb "$(reeve dumpxml d1)" && lacks xvdb "$(reeve dumpxml d1 --inactive)"'
check "it is taken out" reeve detach-disk d1 xvdb --live
check "Xen has it no more" eval '! xl block-list d1 | grep -q 51728'
vif 00:16:3e:11:22:44 >/run/vif.xml
check "an interface is plugged in" reeve attach-device d1 /run/vif.xml --live
check "Xen has both" eval '[ "$(xl network-list d1 | grep -c 00:16:3e)" = 2 ]'
check "it is taken out again" reeve detach-device d1 /run/vif.xml --live
check "Xen has one" eval '[ "$(xl network-list d1 | grep -c 00:16:3e)" = 1 ]'
check "destroy with devices" ended d1
check "no interface is left" soon eval '! on_bridge'
