# What a start costs over that of xl, and how soon a death is seen. Both commands are one process each, as an operator runs them; the
# third is a start by a client that is connected already.
printf 'name="xl1"\ntype="pv"\nkernel="/host/tiny.elf"\nmemory=16\n' >/run/xl1.cfg
define f1 >/dev/null
rounds=5 by_xl=0 by_reeve=0 by_client=0
for ((round = 0; round < rounds; round++)); do
  begin=$(now)
  xl create /run/xl1.cfg >/dev/null
  by_xl=$(echo "$by_xl $(since "$begin")" | awk '{print $1 + $2}')
  xl destroy xl1
  begin=$(now)
  reeve_alone start f1 >/dev/null
  by_reeve=$(echo "$by_reeve $(since "$begin")" | awk '{print $1 + $2}')
  reeve destroy f1 >/dev/null
  begin=$(now)
  reeve start f1 >/dev/null
  by_client=$(echo "$by_client $(since "$begin")" | awk '{print $1 + $2}')
  reeve destroy f1 >/dev/null
done
figure "start, mean of $rounds, s" "$(echo "$by_xl $by_reeve $by_client $rounds" |
  awk '{printf "xl create %.2f, reeve start %.2f, by a client that is connected %.2f", $1 / $4, $2 / $4, $3 / $4}')"
reeve undefine f1 >/dev/null
