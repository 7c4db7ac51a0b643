# What another toolstack does is seen.
check "a guest for xl" started x1
xl pause x1
check "xl pause is seen" soon state_is x1 paused
xl unpause x1
check "xl unpause is seen" soon state_is x1 running
check "xl save of a guest of ours" eval 'xl save x1 /run/x1.save >/dev/null 2>&1; soon state_is x1 "shut off"'
check "and xl restore" eval 'xl restore /run/x1.save >/dev/null 2>&1; soon state_is x1 running'
check "it goes on" type_to x1 T TINY-TICK
check "xl destroy is seen" eval 'xl destroy x1; soon state_is x1 "shut off"'
check "its cause is outside" eval 'has EXTERNAL "$(reeve_alone -o json event x1 --from 1 | tail -1)"'
reeve undefine x1 >/dev/null
printf 'name="foreign"\ntype="pv"\nkernel="/host/tiny.elf"\nmemory=16\n' >/run/foreign.cfg
check "xl create" xl create /run/foreign.cfg
check "a foreign guest is listed" soon state_is foreign running
check "with its configuration" eval 'has /host/tiny.elf "$(reeve dumpxml foreign)"'
check "it can be paused" eval 'reeve suspend foreign && state_is foreign paused && reeve resume foreign'
check "and spoken to" type_to foreign T TINY-TICK
check "and destroyed" eval 'reeve destroy foreign && gone foreign'
check "it was transient" refused "" reeve domstate foreign
# One that its toolstack keeps after its end.
printf 'name="kept"\ntype="pv"\nkernel="/host/tiny.elf"\nmemory=16\non_crash="preserve"\n' >/run/kept.cfg
forget_log kept
check "xl create, to be kept when it crashes" eval 'xl create /run/kept.cfg && soon said kept TINY-READY && soon state_is kept running'
check "it crashes, and is seen as crashed" eval 'type_to kept C TINY-CRASH; soon state_is kept crashed'
check "and destroyed" eval 'reeve destroy kept && gone kept'
