# Managed save and what comes of it.
check "a guest to save" started s1
check "managed save" reeve managedsave s1
check "it is off and saved" eval 'state_is s1 "shut off" && reason_is s1 saved && gone s1'
check "the file is the daemon's alone" [ "$(stat -c %a $root/var/lib/reeve/xen/save/*)" = 600 ]
check "start restores" reeve start s1
check "the guest goes on where it was" soon said s1 TINY-RESUMED
check "it has not booted again" eval '[ "$(grep -ac TINY-READY "$(log_of s1)")" = 1 ]'
check "its console is there" type_to s1 T TINY-TICK
check "the file is used up" [ -z "$(ls $root/var/lib/reeve/xen/save)" ]
check "a save that cannot be written" eval 'mount -t tmpfs -o size=1m tmpfs $root/var/lib/reeve/xen/save && refused "" reeve managedsave s1; status=$?; umount $root/var/lib/reeve/xen/save; [ $status = 0 ] && state_is s1 running && type_to s1 T TINY-TICK'
check "end" ended s1
