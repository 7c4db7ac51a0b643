# Guests that move to another machine, `there`, whose Dom0 does what it is asked over a network of the two (part_peer.sh): live
# and not, there and back, cancelled, and with kill -9 of either daemon at many moments. In the end one of the two runs the
# guest, and it has not booted again.
. ./machines.sh
# at COMMAND: in the other Dom0, with the functions of checks.sh.
at() {
  local answer
  exec 6<>/dev/tcp/$there/99 || return 1
  printf '%s\n' "$*" >&6
  answer=$(timeout 120 cat <&6)
  exec 6<&-
  printf '%s' "${answer%STATUS *}"
  [[ "$answer" == *STATUS* ]] && return "${answer##*STATUS }"
}
# As the user goes there: with the files of the daemon.
to_there="xen+tls://$there/?pkipath=$pki" to_here="xen+tls://$here/?pkipath=$pki"
runs_here() { state_is "$1" running && xen_runs "$1" && at "gone $1"; }
runs_there() { gone "$1" && at "state_is $1 running && xen_runs $1"; }

check "it joins the network" join $here
check "the other machine answers" soon at true

check "a guest to move" started m1
move() { begin=$(now) && reeve migrate m1 $to_there --persistent && took=$(since "$begin"); }
check "it moves" eval 'move; status=$?; echo "$took" >/run/took; [ $status = 0 ]'
check "it runs there, and is gone here" runs_there m1
check "it is off here, and has moved" eval 'state_is m1 "shut off" && reason_is m1 migrated'
check "it goes on where it was" eval 'at "soon said m1 TINY-RESUMED" && ! at "said m1 TINY-READY"'
check "its console answers there" at "type_to m1 T TINY-TICK"
figure "migration of a guest of 16 MiB over TLS, by a client that is connected" "$(cat /run/took) s"
forget_log m1
check "and back, live" at "begin=\$(now); reeve migrate m1 $to_here --live --undefine-source && since \$begin >/run/took"
check "it runs here again" runs_here m1
check "it goes on where it was" eval 'soon said m1 TINY-RESUMED && ! said m1 TINY-READY'
check "nothing of it is left there" at "refused 'm1' reeve domstate m1"
figure "the same live" "$(at cat /run/took) s"
check "the journal has both" eval 'has "Suspended Migrated" "$(reeve event --from 1 --timeout 1)" && has "Stopped Migrated" "$(reeve event --from 1 --timeout 1)" && has "Started Migrated" "$(reeve event --from 1 --timeout 1)"'

check "a guest that is suspended stays" eval 'reeve suspend m1 && refused "is paused" reeve migrate m1 $to_there; status=$?; reeve resume m1 && [ $status = 0 ]'
check "it arrives suspended" eval 'reeve migrate m1 $to_there --live --paused && at "state_is m1 paused && xen_says m1 p"'
check "and is resumed there" eval 'at "reeve resume m1 && soon said m1 TINY-RESUMED" && runs_there m1'
check "back once more" eval 'at "reeve migrate m1 $to_here --live" && runs_here m1'

# The other daemon stands still, so that the memory does not go on: what is cut off here is cut off in the middle.
operation_over() { ! reeve operation list --running | grep -q migrate; }
in_the_middle() { at 'kill -STOP $(daemon)' && at true && reeve_alone migrate m1 $to_there --live >/run/migrate.log 2>&1 & sleep 3; }
