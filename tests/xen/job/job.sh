# Runs in Dom0 (lab/run): the daemon and its command line on a real Xen. /host has the programs and these files.
set -u
cd /host
. ./checks.sh
mkdir -p $root/etc/reeve $programs
cp reeved reeve $programs/
cat >$root/etc/reeve/reeved.toml <<TOML
[log]
target = "stderr"
[lxc]
enabled = false
[test]
enabled = false
TOML
check "the daemon starts" start_daemon
only=$(cat part)
# More that need another machine each: one with a device to give away, and two that need each other.
apart="balloon passthrough usb unplug migration peer"
for part in lifecycle console save images killed behind devices tuning linux hvm errors events figures $apart; do
  [[ -n "$only" || " $apart " != *" $part "* ]] || continue
  [[ -z "$only" || " $only " == *" $part "* ]] || continue
  echo "## $part at $(now) s"
  . "./part_$part.sh"
done
check "the daemon ends cleanly" stop_daemon
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
