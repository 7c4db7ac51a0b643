# USB devices of the host on their way to guests: to an HVM guest by its QEMU's own controller, to a PV guest by Xen's. The machine
# has one device (suite_xen.py). How a guest uses it is not looked at: the smallest ones cannot.
modprobe xhci-pci
usb_is_there() { grep -qsx 0627 /sys/bus/usb/devices/*/idVendor; }
check "the host has a USB device" soon usb_is_there
place=$(dirname "$(grep -lx 0627 /sys/bus/usb/devices/*/idVendor)")
bus=$(cat "$place/busnum") device=$(cat "$place/devnum")
listed=usb_$(basename "$place" | tr -- -. __)
check "nodedev-list has it" eval 'has "$listed" "$(reeve nodedev-list --cap usb_device)" && lacks pci_ "$(reeve nodedev-list --cap usb_device)"'
check "nodedev-dumpxml tells where it is" eval 'has "<device>$device</device>" "$(reeve nodedev-dumpxml "$listed")"'
check "it need not be taken from the host" refused "is no PCI function" reeve nodedev-detach "$listed"
usb() { echo "<hostdev mode='subsystem' type='usb'><source>$1</source></hostdev>"; }
usb "<address bus='$bus' device='$device'/>" >/run/by_address.xml
usb "<vendor id='0x0627'/><product id='0x0001'/>" >/run/by_name.xml
usb "<vendor id='0xdead'/><product id='0x0001'/>" >/run/absent.xml
# usb_of GUEST COUNT: Xen says that it has so many.
usb_of() { [ "$(xl usb-list "$1" | grep -cE "Bus 0*$bus Device 0*$device")" = "$2" ] || { xl usb-list "$1"; return 1; }; }
check "an HVM guest that starts with it" eval 'sector_guest u1 "$(cat /run/by_name.xml)" && reeve start u1'
check "Xen has given it" usb_of u1 1
check "QEMU has it" soon device_model_has u1 /dev/bus/usb/
check "it is taken out" reeve detach-device u1 /run/by_name.xml --live
check "Xen has taken it" usb_of u1 0
check "one that the host has not is missed" refused "the host has no USB device dead:0001" reeve attach-device u1 /run/absent.xml --live
check "it is plugged in again" reeve attach-device u1 /run/by_address.xml --live
check "Xen has given it again" usb_of u1 1
check "the guest ends" ended u1
check "an HVM guest without it" eval 'sector_guest u3 && reeve start u3'
check "it is plugged in there" reeve attach-device u3 /run/by_name.xml --live
check "Xen has given it there" usb_of u3 1
check "QEMU has it there" soon device_model_has u3 /dev/bus/usb/
check "that ends" ended u3
check "a PV guest that starts with it" started u2 "" "$(cat /run/by_address.xml)"
check "Xen has given it to the PV guest" usb_of u2 1
check "it ends" ended u2
check "a PV guest without it" started u4
check "without a controller there is no way" refused "controller" reeve attach-device u4 /run/by_name.xml --live
check "and it runs on" eval 'state_is u4 running && ended u4'
check "a PV guest with a controller" started u5 "" "<controller type='usb' model='qusb2'/>"
check "it is plugged into that" reeve attach-device u5 /run/by_name.xml --live
check "Xen has given it to that" usb_of u5 1
check "and out of it" reeve detach-device u5 /run/by_name.xml --live
check "Xen has taken it from that" usb_of u5 0
check "the end of that" ended u5
