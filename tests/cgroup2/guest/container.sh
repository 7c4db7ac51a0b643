if echo hello >/dev/null; then null=opened; else null=refused; fi
if mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk; then disk=made; else disk="not made"; fi
if mknod /tmp/memory c 1 1 && head -c 1 /tmp/memory; then memory=made; else memory="not made"; fi
rm -f /tmp/disk /tmp/memory
echo "null $null, disk $disk, memory $memory" >/tmp/devices.new
mv /tmp/devices.new /tmp/devices
trap 'exit 0' TERM
while :; do sleep 1000 & wait $!; done
