# Guests that move to another machine, `there` (part_peer.sh), over TLS: live and not, there and back, and with kill -9 of the
# daemon in the middle. The guest goes on where it was: it says so, and does not boot again.
. ./machines.sh
state_there() { local is; is=$(remotely $there domstate "$1" 2>&1); [ "${is%%$'\n'*}" = "$2" ] || { echo "$1 there is $is"; return 1; }; }
runs_here() { state_is "$1" running && xen_runs "$1"; }
check "it joins the network" join $here
check "the other machine answers" soon remotely $there uri

check "a guest to move" started m1
begin=$(now)
check "it moves" remotely $here migrate m1 "xen+tls://$there/?pkipath=$pki" --persistent
figure "migration of a guest of 16 MiB over TLS, with the start of the client" "$(since "$begin") s"
check "it is off here, and has moved" eval 'state_is m1 "shut off" && reason_is m1 migrated && gone m1'
check "it runs there" state_there m1 running
forget_log m1
check "and back" remotely $there migrate m1 "xen+tls://$here/?pkipath=$pki" --undefine-source
check "it runs here again" runs_here m1
check "it goes on where it was" eval 'soon said m1 TINY-RESUMED && ! said m1 TINY-READY'
check "its console answers" type_to m1 T TINY-TICK
check "nothing of it is left there" refused "m1" remotely $there domstate m1
check "the journal has both" eval 'has "Stopped Migrated" "$(reeve event --from 1 --timeout 1)" && has "Started Migrated" "$(reeve event --from 1 --timeout 1)"'

check "a guest that is suspended stays" eval 'reeve suspend m1 && refused "paused" remotely $here migrate m1 "xen+tls://$there/?pkipath=$pki"; status=$?; reeve resume m1 && [ $status = 0 ]'
check "it arrives suspended" eval 'remotely $here migrate m1 "xen+tls://$there/?pkipath=$pki" --paused && state_there m1 paused'
check "and is resumed there" eval 'remotely $there resume m1 && state_there m1 running && gone m1'
check "back once more" eval 'remotely $there migrate m1 "xen+tls://$here/?pkipath=$pki" && runs_here m1'
# Debian's Xen has no shadow paging, without which it does not see what a PV guest writes meanwhile.
check "a PV guest cannot be moved live" refused "logdirty" remotely $here migrate m1 "xen+tls://$there/?pkipath=$pki" --live
check "and runs on" eval 'runs_here m1 && type_to m1 T TINY-TICK && refused "m1" remotely $there domstate m1'

# One of the two runs it, whatever the moment at which the daemon is killed.
runs_once() {
  local here_is there_is
  here_is=$(reeve domstate m1 2>&1 | head -1) there_is=$(remotely $there domstate m1 2>&1 | head -1)
  echo "here $here_is, there $there_is"
  case "$here_is/$there_is" in
    running/running) return 1 ;;
    running/*) xen_runs m1 ;;
    */running) gone m1 ;;
    *) return 1 ;;
  esac
}
kill_at() {
  remotely $here migrate m1 "xen+tls://$there/?pkipath=$pki" >/run/migrate.log 2>&1 &
  local program=$!
  # The client itself needs its time to start: the way begins with the operation.
  while kill -0 $program 2>/dev/null && ! reeve operation list --running | grep -q migrate; do :; done
  sleep "$1"
  kill_daemon && start_daemon && wait $program
  soon runs_once && return
  cat /run/migrate.log
  runs_once
  reeve domstate m1 --reason
  xl list
  reeve event --from 1 --timeout 1 | tail -8
  return 1
}
bring_back() { runs_here m1 || { remotely $there migrate m1 "xen+tls://$here/?pkipath=$pki" && runs_here m1; }; }
for moment in 0 0.1 0.3 0.6; do
  check "one runs it when the daemon is killed $moment s into the way" kill_at $moment
  check "and it comes back after $moment s" bring_back
done
# Only the destination may say whose the guest is: what this machine tells it comes late, and the line is cut before.
in_doubt() {
  modprobe sch_netem && tc qdisc add dev eth0 root netem delay 1500ms || return 1
  remotely $here migrate m1 "xen+tls://$there/?pkipath=$pki" >/run/migrate.log 2>&1 &
  local program=$!
  soon reason_is m1 migrating || soon reason_is m1 migrating || { cat /run/migrate.log; return 1; }
  kill_daemon && ip link set eth0 down && tc qdisc del dev eth0 root && start_daemon || return 1
  wait $program
  state_is m1 paused && reason_is m1 migrating
}
check "a guest whose hand-over is cut off stands still" in_doubt
check "it is not resumed while the destination cannot be asked" refused "only the destination" reeve resume m1
check "and still stands" eval 'state_is m1 paused && ! xen_runs m1'
check "the line is there again" ip link set eth0 up
# What was on the line may have come through or not: the destination knows.
asked() { reeve resume m1 >/dev/null 2>&1; runs_once; }
check "who resumes it has the destination asked, and one runs it" soon asked
check "and it comes back after the cut" bring_back
check "it still answers" type_to m1 T TINY-TICK
check "the end" ended m1

# Linux as PVH, whose memory Xen watches: it runs while it is copied.
cat >/run/l1.xml <<XML
<domain type='xen'>
  <name>l1</name>
  <memory unit='MiB'>96</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='xenpvh'>xenpvh</type><kernel>/host/vmlinux</kernel>
    <initrd>/host/guest-initrd.img</initrd><cmdline>console=hvc0 quiet mitigations=off</cmdline></os>
  <devices><console type='pty'/></devices>
</domain>
XML
check "a Linux guest to move" eval 'reeve define /run/l1.xml && reeve start l1 && { soon said l1 GUEST-READY || soon said l1 GUEST-READY || soon said l1 GUEST-READY; }'
begin=$(now)
check "it moves live" remotely $here migrate l1 "xen+tls://$there/?pkipath=$pki" --live
figure "live migration of a guest of 96 MiB over TLS, with the start of the client" "$(since "$begin") s"
check "it runs there, and is gone here" eval 'state_there l1 running && gone l1'
forget_log l1
check "and back, live" remotely $there migrate l1 "xen+tls://$here/?pkipath=$pki" --live
check "Linux answers, and has not booted again" eval 'runs_here l1 && type_to l1 "hello
" "GUEST-HEARD hello" && ! said l1 GUEST-READY'
check "the end of that" ended l1
# The other machine is waiting for this.
check "the other machine may go" eval 'define over && remotely $there define /run/over.xml'
