# Managed save and what comes of it, under another name.
check "a guest to save" started s1
check "managed save" reeve managedsave s1
check "it is off and saved" eval 'state_is s1 "shut off" && reason_is s1 saved && gone s1'
check "the file is the daemon's alone" [ "$(stat -c %a $root/var/lib/reeve/xen/save/*)" = 600 ]
check "what is saved can be renamed" eval 'reeve domrename s1 s2 && reason_is s2 saved && refused "s1" reeve domstate s1'
check "start restores" eval 'forget_log s2 && reeve start s2'
check "it runs under its new name" eval '[ "$(xl domname "$(reeve domid s2)")" = s2 ]'
check "one that runs is not renamed" refused "is running" reeve domrename s2 s1
check "the guest goes on where it was" soon said s2 TINY-RESUMED
check "it has not booted again" eval '[ "$(grep -ac TINY-READY "$(log_of s2)")" = 0 ]'
check "its console is there" type_to s2 T TINY-TICK
check "the file is used up" [ -z "$(ls $root/var/lib/reeve/xen/save)" ]
check "a save that cannot be written" eval 'mount -t tmpfs -o size=1m tmpfs $root/var/lib/reeve/xen/save && refused "" reeve managedsave s2; status=$?; umount $root/var/lib/reeve/xen/save; [ $status = 0 ] && state_is s2 running && type_to s2 T TINY-TICK'
check "end" ended s2
