# Sourced in Dom0: what the parts of the job say what they found with. Each check prints "ok NAME (SECONDS s)" or
# "failed NAME: WHY"; the suite counts the lines.
root=/run/private
uri="xen+unix:///system?socket=$root/run/reeve/reeve.sock"
passed=0 failed=0
# /host is read over a line without a cache: programs are run from here.
programs=/run/programs
# A command in a process of its own. The start of one takes seconds under emulation.
reeve_alone() { $programs/reeve -c "$uri" "$@"; }
# A command (words without spaces) in the shell of `reeve`, which is one process for all. Prints what it says.
reeve() {
  local line status=0
  printf '%s\n__end\n' "$*" >&7
  while IFS= read -r -t 90 line <&8; do
    case $line in
      *"unknown command: '__end'"*)
        read -r -t 5 line <&8 # where to find help
        return $status
        ;;
      error:*) status=1 ;;
    esac
    [ -z "$line" ] || printf '%s\n' "$line"
  done
  echo "no answer to: reeve $*"
  return 1
}
mkfifo /run/to-shell /run/from-shell
exec 7<>/run/to-shell 8<>/run/from-shell
open_shell() {
  local line
  [ ! -s /run/shell.pid ] || kill "$(cat /run/shell.pid)" 2>/dev/null
  while read -r -t 0.2 line <&8; do :; done
  $programs/reeve -c "$uri" <&7 >&8 2>&1 &
  echo $! >/run/shell.pid
  reeve uri >/dev/null
}
now() { cut -d' ' -f1 /proc/uptime; }
since() { echo "$(now) $1" | awk '{printf "%.2f", $1 - $2}'; }
# check NAME COMMAND...: it succeeds. Its output is the cause when it does not.
check() {
  local name=$1 output start
  shift
  start=$(now)
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok $name ($(since "$start") s)"
  else
    failed=$((failed + 1))
    echo "failed $name: $(tr '\n' ' ' <<<"$output" | head -c 2000)"
  fi
}
# figure NAME TEXT: what was measured.
figure() { echo "figure $1: $2"; }
# soon COMMAND...: succeeds within 60 s: the load of the host decides how long a thing takes.
soon() {
  local output end=$(($(cut -d. -f1 /proc/uptime) + 60))
  while :; do
    if output=$("$@" 2>&1); then return 0; fi
    [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] || break
    sleep 0.1
  done
  echo "$output"
  return 1
}
# refused TEXT COMMAND...: fails, and says TEXT.
refused() {
  local text=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "was accepted: $output"
    return 1
  fi
  has "$text" "$output"
}
has() { grep -qF -- "$1" <<<"$2" || { echo "no '$1' in: $2"; return 1; }; }
lacks() { ! grep -qF -- "$1" <<<"$2" || { echo "'$1' in: $2"; return 1; }; }
state_is() { local is; is=$(reeve domstate "$1" 2>&1); [ "$is" = "$2" ] || { echo "$1 is $is"; return 1; }; }
reason_is() { has "$2" "$(reeve domstate "$1" --reason 2>&1)"; }
# xen_says GUEST LETTER: it is among the states that xl lists.
xen_says() { xl list "$1" | tail -1 | awk -v letter="$2" '{exit index($(NF - 1), letter) == 0}'; }
gone() { ! xl domid "$1" >/dev/null 2>&1 || { echo "$1 is still there"; return 1; }; }
log_of() { echo "/var/log/xen/guest-$1.log"; }
# said GUEST TEXT [TIMES]: its console has shown it.
said() { [ "$(grep -acF -- "$2" "$(log_of "$1")")" -ge "${3:-1}" ] || { tail -5 "$(log_of "$1")"; return 1; }; }
forget_log() { : >"$(log_of "$1")"; }
# type_to GUEST TEXT WORD: types at the console, and WORD is answered there.
type_to() {
  local guest=$1 text=$2 word=$3 status
  mkfifo /run/typed
  exec 9<>/run/typed
  rm /run/typed
  $programs/reeve -c "$uri" console "$guest" --no-replay <&9 >/run/shown 2>&1 &
  printf '%s' "$text" >&9
  soon grep -aqF -- "$word" /run/shown
  status=$?
  [ $status = 0 ] || tail -c 500 /run/shown
  kill $! 2>/dev/null
  exec 9<&-
  return $status
}
start_daemon() {
  # The shell beside it keeps its exit status, whichever shell asks.
  rm -f /run/reeved.status
  (
    $programs/reeved --root $root >>/host/reeved.log 2>&1 </dev/null &
    echo $! >/run/reeved.pid
    wait $!
    echo $? >/run/reeved.status
  ) >/dev/null 2>&1 &
  local i
  for ((i = 0; i < 300; i++)); do
    if [ -S $root/run/reeve/reeve.sock ]; then
      open_shell
      return
    fi
    [ ! -s /run/reeved.status ] || break
    sleep 0.1
  done
  tail -5 /host/reeved.log
  return 1
}
daemon() { cat /run/reeved.pid; }
daemon_ended() { [ -s /run/reeved.status ]; }
kill_daemon() { kill -9 "$(daemon)" && soon daemon_ended && rm -f $root/run/reeve/reeve.sock; }
stop_daemon() {
  kill "$(daemon)" && soon daemon_ended || return 1
  [ "$(cat /run/reeved.status)" = 0 ] || { echo "its status is $(cat /run/reeved.status)"; return 1; }
}
# define NAME [XML BESIDE DEVICES [XML OF DEVICES]]: the smallest PV guest.
define() {
  cat >"/run/$1.xml" <<XML
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
  reeve define "/run/$1.xml"
}
# started NAME...: defined, started, and its kernel has spoken.
started() {
  forget_log "$1"
  define "$@" && reeve start "$1" && soon said "$1" TINY-READY
}
# sector_guest NAME [XML OF DEVICES]: the smallest HVM guest. QEMU's machine, BIOS, a disk in a file of format qcow2, a serial port.
sector_guest() {
  cp sector.qcow2 "/run/$1.qcow2"
  cat >"/run/$1.xml" <<XML
<domain type='xen'>
  <name>$1</name>
  <memory unit='MiB'>32</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='xenfv'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><apic/></features>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/run/$1.qcow2'/><target dev='hda' bus='ide'/></disk>
    <serial type='pty'/>
    ${2:-}
  </devices>
</domain>
XML
  reeve define "/run/$1.xml"
}
# QEMU's process of a guest, and whether it has a file open.
device_model() { pgrep -f "xen-domid $(xl domid "$1") " | head -1; }
device_model_has() { ls -l "/proc/$(device_model "$1")/fd" | grep -q -- "-> $2"; }
ended() { reeve destroy "$1" >/dev/null && reeve undefine "$1" >/dev/null; }
