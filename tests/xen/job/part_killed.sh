# The daemon is killed between two steps; the next one finds all that is.
check "a guest to outlive the daemon" started k1
check "kill -9" kill_daemon
check "a new daemon" start_daemon
check "the guest is still known" state_is k1 running
check "with its console" type_to k1 T TINY-TICK
reeve suspend k1 >/dev/null
kill_daemon
start_daemon
check "a paused one is paused" state_is k1 paused
reeve resume k1 >/dev/null
kill_daemon
xl destroy k1
start_daemon
check "what ended meanwhile has ended" state_is k1 "shut off"
reeve start k1 >/dev/null && soon said k1 TINY-READY 2
first=$(xl domid k1)
kill_daemon
xl reboot k1 >/dev/null 2>&1
soon xen_says k1 s
start_daemon
check "a restart that waited is done" soon eval '[ "$(reeve domid k1)" != "$first" ] && state_is k1 running'
reeve managedsave k1 >/dev/null
kill_daemon
start_daemon
check "a saved one is saved" eval 'state_is k1 "shut off" && reeve start k1 && soon said k1 TINY-RESUMED'
reeve_alone managedsave k1 >/dev/null 2>&1 &
soon [ -e $root/var/lib/reeve/xen/save/*.unfinished ]
kill_daemon
start_daemon
check "a save that was cut off: the guest goes on, or is saved" eval 'if reason_is k1 saved >/dev/null; then reeve start k1; fi; state_is k1 running && type_to k1 T TINY-TICK'
(sleep 0.3; kill -9 "$(daemon)") &
reeve_alone destroy k1 >/dev/null 2>&1
wait $! 2>/dev/null
soon daemon_ended
rm -f $root/run/reeve/reeve.sock
start_daemon
check "a destroy that was cut off: the daemon and Xen agree" eval '[ "$(reeve domstate k1)" = running ] && xl domid k1 || { state_is k1 "shut off" && gone k1; }'
reeve destroy k1 >/dev/null 2>&1
reeve undefine k1 >/dev/null
