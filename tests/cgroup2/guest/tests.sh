# The tests that both guests run. Whoever reads it in defines start_daemon, stop_daemon, kill_daemon, daemon_log, partition
# (the group that guests' groups are below) and extra_tests. Tells its results on the console (machine.py).

expect() {
  [ "$1" = "$2" ] && return 0
  echo "expected '$1', not '$2'"
  return 1
}

# Calls a command until it succeeds, for a minute at most: an emulator on a busy machine is slow.
await() {
  for _ in $(seq 300); do
    "$@" && return 0
    sleep 0.2
  done
  echo "not within a minute: $*"
  return 1
}

await_daemon() { await reeve -q uri >/dev/null 2>&1; }
is_gone() { [ ! -e "$1" ]; }
await_gone() { await is_gone "$1"; }

# The group of the container `web`.
group() { find "$partition" -type d -name "$(reeve domuuid web | tr -d '\n').domain"; }
frozen() { grep -q "^frozen $1$" "$(group)/cgroup.events"; }

definition() {
  cat <<XML
<domain type='lxc'>
  <name>web</name>
  <memory unit='KiB'>65536</memory>
  <memtune><hard_limit unit='KiB'>65536</hard_limit><soft_limit unit='KiB'>32768</soft_limit></memtune>
  <vcpu>1</vcpu>
  <cputune><shares>2048</shares><period>100000</period><quota>50000</quota></cputune>
  <os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>$(cat /reeve/container.sh | busybox sed 's/&/\&amp;/g; s/</\&lt;/g')</initarg></os>
  <features><privnet/></features>
  <devices>
    <filesystem type='mount'><source dir='/srv/guest'/><target dir='/'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>
XML
}

test_node() {
  reeve --output json node cgroups >/run/node.json
  grep -q '"mode": *"v2"' /run/node.json
  reeve node cgroups
}

# By SMBIOS, as machine.py tells QEMU to say it.
test_sysinfo() {
  reeve sysinfo >/run/sysinfo
  cat /run/sysinfo
  grep -q "reeve-0017" /run/sysinfo
  grep -q "<entry name='manufacturer'>Reeve</entry>" /run/sysinfo
}

test_define() {
  definition >/run/web.xml
  reeve define /run/web.xml
  # The guest's own ids, for the owners of a tmpfs cannot be shifted before Linux 6.3.
  first=$(reeve dumpxml web | busybox sed -n "s/.*<uid start='0' target='\([0-9]*\)'.*/\1/p")
  chown -R "$first:$first" /srv/guest
}

test_start() {
  reeve start web
  expect running "$(reeve domstate web | tr -d '\n')"
  grep -qx "$(reeve domid web | tr -d '\n')" "$(group)/cgroup.procs"
}

test_limits() {
  expect 67108864 "$(cat "$(group)/memory.max")"
  expect 33554432 "$(cat "$(group)/memory.low")"
  expect "50000 100000" "$(cat "$(group)/cpu.max")"
  expect 79 "$(cat "$(group)/cpu.weight")"
}

# While it runs.
test_tuning() {
  reeve memtune web --hard-limit 131072 --live
  expect 134217728 "$(cat "$(group)/memory.max")"
  reeve schedinfo web cpu_shares=1024 vcpu_quota=-1 --live
  expect 39 "$(cat "$(group)/cpu.weight")"
  expect "max 100000" "$(cat "$(group)/cpu.max")"
  reeve cpuset web 0 --live
  expect 0 "$(cat "$(group)/cpuset.cpus")"
  # The kernel may weigh in two ways, or in none: then that is said.
  ways=$(cd "$(group)" && ls io.weight io.bfq.weight 2>/dev/null | tr '\n' ' ')
  echo "weights: ${ways:-none}"
  if [ -n "$ways" ]; then
    reeve blkiotune web --weight 500 --live
    [ ! -e "$(group)/io.weight" ] || expect "default 4950" "$(head -n 1 "$(group)/io.weight")"
    [ ! -e "$(group)/io.bfq.weight" ] || expect "default 500" "$(head -n 1 "$(group)/io.bfq.weight")"
  else
    ! reeve blkiotune web --weight 500 --live 2>/run/refused
    grep -q "nor another way to weigh" /run/refused
  fi
  busybox insmod /reeve/loop.ko
  disk=/dev/loop0
  await test -b "$disk"
  number=$(cat "/sys/block/${disk#/dev/}/dev")
  reeve blkiotune web --device-read-bytes-sec "$disk,1048576" --device-write-iops-sec "$disk,9" --live
  expect "$number rbps=1048576 wbps=max riops=max wiops=9" "$(cat "$(group)/io.max")"
  reeve blkiotune web --device-read-bytes-sec "$disk,0" --device-write-iops-sec "$disk,0" --live
  expect "" "$(cat "$(group)/io.max")"
}

# The container has tried to make and to open devices, and has written down how it went.
test_devices() {
  await test -e /srv/guest/tmp/devices
  cat /srv/guest/tmp/devices
  expect "null opened, disk not made, memory not made" "$(cat /srv/guest/tmp/devices)"
}

test_suspend() {
  reeve suspend web
  frozen 1
  expect paused "$(reeve domstate web | tr -d '\n')"
  reeve resume web
  frozen 0
}

test_statistics() {
  reeve domstats web >/run/statistics
  cat /run/statistics
  grep -q 'cpu.time=[1-9]' /run/statistics
}

survives() {
  before=$(reeve domid web)
  "$1"
  [ -d "/proc/$(echo "$before" | tr -d '\n')" ]
  start_daemon
  expect "$before" "$(reeve domid web)"
  expect running "$(reeve domstate web | tr -d '\n')"
}
test_survives-kill() { survives kill_daemon; }
test_survives-stop() { survives stop_daemon; }

test_destroy() {
  path=$(group)
  reeve destroy web
  expect "shut off" "$(reeve domstate web | tr -d '\n')"
  await_gone "$path"
}

# Neither groups nor supervisors are left.
test_leaves-nothing() {
  await_gone "$(find "$partition" -mindepth 1 -type d -name '*.domain' -o -mindepth 1 -name '*.supervisor' | head -n 1)"
  expect "" "$(pidof reeve-supervisor)"
  expect "" "$(find /sys/fs/cgroup -type d -name 'reeve-test*' -not -name '*.service')"
}

run_program() {
  echo "@@ begin $1"
  REEVE_TEST_EMULATED=1 timeout 240 "/reeve/tests/$1" --use-colour no </dev/null
  echo "
@@ end $1 $?"
}

run_test() {
  # Not as a condition: there "set -e" does nothing.
  (set -e; "test_$1") >/run/output 2>&1
  if [ $? -eq 0 ]; then
    echo "@@ passed $1"
  else
    echo "@@ failed $1: $(tail -n 3 /run/output | tr '\n' ' ')"
    cat /run/output
    daemon_log
  fi
}

run_tests() {
  for program in /reeve/tests/*; do run_program "${program##*/}"; done
  start_daemon
  for name in node sysinfo define start limits tuning devices suspend statistics survives-kill survives-stop destroy leaves-nothing \
    $extra_tests; do
    run_test "$name"
  done
  stop_daemon
  echo "@@ done"
}
