# The console both ways, and what a guest does by itself.
check "a guest for the console" started c1
check "console both ways" type_to c1 T TINY-TICK
shown_before() {
  $programs/reeve -c "$uri" console c1 --read-only </dev/null >/run/replayed 2>&1 &
  soon grep -aqF TINY-TICK /run/replayed
  local status=$?
  kill $!
  return $status
}
check "who comes later sees what was said" shown_before
check "a crash" eval 'type_to c1 C TINY-CRASH; soon state_is c1 "shut off"'
check "its reason is a crash" reason_is c1 crashed
check "nothing is left of the crashed" gone c1
check "a power off by itself" eval 'reeve start c1 && soon said c1 TINY-READY 2 && type_to c1 H TINY-HALT; soon state_is c1 "shut off"'
check "its reason is a shutdown, of the guest" reason_is c1 shutdown
check "a crash that restarts" eval 'started c2 "<on_crash>restart</on_crash>" && first=$(reeve domid c2) && type_to c2 C TINY-CRASH; soon eval "[ \"\$(reeve domid c2)\" != $first ] && state_is c2 running"'
check "end" ended c2
reeve undefine c1 >/dev/null
