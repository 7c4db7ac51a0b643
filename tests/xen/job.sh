# Runs in Dom0 (see lab/run): the daemon and its command line on a real Xen. Each check prints "ok NAME" or "failed NAME: why";
# the runner counts them. /host has the programs.
set -u
export PATH=/host:$PATH
root=/run/private
uri="xen+unix:///system?socket=$root/run/reeve/reeve.sock"
passed=0 failed=0
mkdir -p $root/etc/reeve
cat >$root/etc/reeve/reeved.toml <<TOML
[log]
target = "stderr"
[lxc]
enabled = false
[test]
enabled = false
TOML
reeve() { command reeve -c "$uri" "$@"; }
now() { cut -d' ' -f1 /proc/uptime; }
# check NAME COMMAND...: succeeds
check() {
  local name=$1 output start
  shift
  start=$(now)
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok $name ($(echo "$(now) $start" | awk '{printf "%.1f", $1 - $2}') s)"
  else
    failed=$((failed + 1))
    echo "failed $name: $output" | head -c 2000
    echo
  fi
}
# soon COMMAND...: succeeds within 30 s
soon() {
  local output
  for _ in $(seq 150); do
    if output=$("$@" 2>&1); then return 0; fi
    sleep 0.2
  done
  echo "$output"
  return 1
}
state_is() { [ "$(reeve domstate "$1")" = "$2" ] || { reeve domstate "$1" --reason; return 1; }; }
log_has() { grep -q "$2" "/var/log/xen/guest-$1.log" || { tail -5 "/var/log/xen/guest-$1.log"; return 1; }; }
log_count() { [ "$(grep -c "$2" "/var/log/xen/guest-$1.log")" -ge "$3" ] || { tail -5 "/var/log/xen/guest-$1.log"; return 1; }; }
has() { grep -qF -- "$1" <<<"$2" || { echo "no '$1' in: $2"; return 1; }; }
domid() { reeve domid "$1"; }

start_daemon() {
  reeved --root $root >>/host/reeved.log 2>&1 </dev/null &
  daemon=$!
  for _ in $(seq 300); do
    if reeve version >/dev/null 2>&1; then return 0; fi
    kill -0 $daemon 2>/dev/null || break
    sleep 0.1
  done
  tail -5 /host/reeved.log
  return 1
}
define() { # NAME [LINES OF XML]
  cat >/run/$1.xml <<XML
<domain type='xen'>
  <name>$1</name>
  <memory unit='KiB'>16384</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='xenpv'>linux</type><kernel>/host/tiny.elf</kernel><cmdline>hello $1</cmdline></os>
  ${2:-}
  <devices>
    ${3:-}
    <console type='pty'/>
  </devices>
</domain>
XML
  reeve define /run/$1.xml
}

echo "## start of the daemon"
check "the daemon starts" start_daemon
check "the hypervisor is Xen" has "4.17" "$(reeve version)"
check "Domain-0 is there" has "Domain-0" "$(reeve list --all)"
check "Domain-0 cannot be destroyed" eval '! reeve destroy Domain-0'
check "capabilities name PV guests" has "xenpv" "$(reeve capabilities)"

echo "## life cycle"
check "define" define t1
check "start" reeve start t1
check "it runs" state_is t1 running
check "its kernel speaks" soon log_has t1 TINY-READY
check "xl sees it" has t1 "$(xl list)"
check "suspend" reeve suspend t1
check "it is paused" state_is t1 paused
check "Xen has paused it" eval 'xl list t1 | tail -1 | grep -q -- "--p"'
check "resume" reeve resume t1
check "it runs again" state_is t1 running
first=$(domid t1)
check "reboot" reeve reboot t1
check "it comes back" soon log_count t1 TINY-READY 2
check "under another number" soon eval '[ "$(domid t1)" != "$first" ] && state_is t1 running'
check "shutdown" reeve shutdown t1
check "it is off" soon state_is t1 "shut off"
check "nothing of it is left" eval '! xl domid t1'
check "start paused" reeve start t1 --paused
check "it is paused from the start" state_is t1 paused
check "destroy" reeve destroy t1
check "it is off after destroy" state_is t1 "shut off"

echo "## console"
check "start for the console" reeve start t1
check "console both ways" eval 'soon log_count t1 TINY-READY 3 && (sleep 1; printf T; sleep 2) | timeout 15 reeve console t1 2>&1 | grep -a -q TINY'
check "crash by its console" eval '(sleep 1; printf C; sleep 1) | timeout 10 reeve console t1; soon state_is t1 "shut off"'
check "the reason is a crash" has crashed "$(reeve domstate t1 --reason)"

echo "## save and restore"
check "start to save" reeve start t1
check "it is ready to be saved" soon log_count t1 TINY-READY 4
check "managed save" reeve managedsave t1
check "it is off and saved" has saved "$(reeve domstate t1 --reason)"
check "start restores" reeve start t1
check "the guest goes on where it was" soon log_has t1 TINY-RESUMED
check "it runs restored" state_is t1 running

echo "## the daemon is killed"
check "kill -9 and a new daemon" eval 'kill -9 $daemon; wait $daemon 2>/dev/null; start_daemon'
start_daemon >/dev/null 2>&1
check "the guest is still known" state_is t1 running
check "with its console" eval '(sleep 1; printf T; sleep 2) | timeout 15 reeve console t1 2>&1 | grep -a -q TINY'
kill -9 $daemon
xl destroy t1
start_daemon
check "what ended meanwhile has ended" state_is t1 "shut off"

echo "## behind its back"
check "start for xl" reeve start t1
xl pause t1
check "xl pause is seen" soon state_is t1 paused
xl unpause t1
check "xl unpause is seen" soon state_is t1 running
check "xl destroy is seen" eval 'xl destroy t1; soon state_is t1 "shut off"'
check "its cause is outside" has EXTERNAL "$(reeve event --from 1 --output json 2>/dev/null | grep -a t1 | tail -1)"
printf 'name="foreign"\ntype="pv"\nkernel="/host/tiny.elf"\nmemory=16\n' >/run/foreign.cfg
check "xl create" xl create /run/foreign.cfg
check "a foreign guest is listed" soon state_is foreign running
check "with its configuration" has "/host/tiny.elf" "$(reeve dumpxml foreign)"
check "and can be paused" eval 'reeve suspend foreign && state_is foreign paused && reeve resume foreign'
check "and destroyed" eval 'reeve destroy foreign && ! xl domid foreign'

echo "## devices"
truncate -s 4M /run/disk.img
loop=$(losetup -f --show /run/disk.img)
ip link add xenbr0 type bridge && ip link set xenbr0 up
check "define with disk and interface" define t2 "" "<disk type='block' device='disk'><driver name='phy' type='raw'/><source dev='$loop'/><target dev='xvda' bus='xen'/></disk><interface type='bridge'><source bridge='xenbr0'/><mac address='00:16:3e:11:22:33'/></interface>"
check "start with disk and interface" reeve start t2
check "the disk is Xen's" eval 'xl block-list t2 | grep -q 51712'
check "the interface is on the bridge" soon eval 'ip link show master xenbr0 | grep -q vif'
check "destroy with devices" reeve destroy t2
check "no interface is left" soon eval '! ip link show master xenbr0 | grep -q vif'
losetup -d $loop

echo "## errors name the cause"
sed 's|/host/tiny.elf|/nowhere/kernel|; s|<name>t1|<name>bad|' /run/t1.xml >/run/bad.xml
check "a bad kernel is defined" reeve define /run/bad.xml
check "a bad kernel fails with its path" eval 'output=$(reeve start bad 2>&1); [ $? -ne 0 ] && has /nowhere/kernel "$output" && ! has "cause is unknown" "$output"'
check "and leaves nothing" eval '! xl domid bad'

echo "## events"
events=$(reeve event --from 1 2>&1)
check "events are complete" eval 'for word in Defined Started Suspended Resumed Stopped; do has "$word" "$events" || exit 1; done'

kill $daemon
wait $daemon
check "the daemon ends cleanly" [ $? -eq 0 ]
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
