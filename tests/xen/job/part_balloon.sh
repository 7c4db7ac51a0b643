# Domain-0 of this machine has all of the memory (suite_xen.py): what a guest lacks it gives, and no more.
memory_of() { xl list "$1" | awk 'END {print $3}'; }
free_memory() { xl info | awk '/^free_memory/ {print $3}'; }
lacking() {
  define "$1" && sed -i "s/>16384</>$2</" "/run/$1.xml" && reeve define "/run/$1.xml"
}
check "a guest that has not got its memory" eval 'lacking b1 262144 && [ "$(free_memory)" -lt 256 ]'
before=$(memory_of 0)
check "it starts" eval 'forget_log b1 && reeve start b1 && soon said b1 TINY-READY'
given=$((before - $(memory_of 0)))
check "Domain-0 gave what was lacking" eval '[ $given -gt 0 ] && [ $given -le 300 ] || { echo "it gave $given MiB of $before"; false; }'
check "the guest has it" eval '[ "$(memory_of b1)" -ge 255 ] || { xl list; false; }'
check "what Domain-0 cannot give is told" eval 'lacking b2 8388608 && refused "memory" reeve start b2'
check "and nothing of that guest is left" eval 'gone b2 && state_is b2 "shut off"'
check "the end of both" eval 'ended b1 && reeve undefine b2'
