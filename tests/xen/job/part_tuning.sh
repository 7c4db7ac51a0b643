# Memory, balloon, weight, pins, statistics.
check "a guest to tune" started m1 "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune>"
check "its CPU is pinned" eval 'xl vcpu-list m1 | tail -1 | grep -Eq " 0 / all *$"'
check "the balloon takes memory" eval 'reeve setmem m1 10240 --live && soon said m1 "TINY-MEM 10240"'
check "Xen has it back" soon eval '[ "$(xl list m1 | tail -1 | awk "{print \$3}")" -le 10 ]'
check "the balloon gives it back" eval 'reeve setmem m1 16384 --live && soon said m1 "TINY-MEM 16384" 2'
check "weight" eval 'reeve schedinfo m1 cpu_shares=512 --live && xl sched-credit2 -d m1 | grep -Eq "m1 .* 512( |$)"'
check "schedinfo tells the scheduler" eval 'has credit2 "$(reeve schedinfo m1)"'
check "statistics of all in one call" eval 'text=$(reeve domstats); has m1 "$text" && has Domain-0 "$text"'
check "CPU time" eval '[ "$(reeve_alone -o json domstats m1 | grep -o "\"cpuTimeNs\": *\"[0-9]*" | grep -o "[0-9]*$")" -gt 0 ]'
check "end" ended m1
