# What a start costs over that of xl, and how soon a death is seen. Both commands are one process each, as an operator runs them; the
# third is a start by a client that is connected already.
middle() { tr ' ' '\n' <<<"$*" | sort -n | awk '{all[NR] = $1} END {print all[int((NR + 1) / 2)]}'; }
printf 'name="xl1"\ntype="pv"\nkernel="/host/tiny.elf"\nmemory=16\n' >/run/xl1.cfg
define f1 >/dev/null
rounds=9 by_xl="" by_reeve="" by_client=""
for ((round = 0; round < rounds; round++)); do
  begin=$(now)
  xl create /run/xl1.cfg >/dev/null
  by_xl+=" $(since "$begin")"
  xl destroy xl1
  begin=$(now)
  reeve_alone start f1 >/dev/null
  by_reeve+=" $(since "$begin")"
  reeve destroy f1 >/dev/null
  begin=$(now)
  reeve start f1 >/dev/null
  by_client+=" $(since "$begin")"
  reeve destroy f1 >/dev/null
done
figure "start, median of $rounds, s" "xl create $(middle $by_xl), reeve start $(middle $by_reeve), by a client that is connected $(middle $by_client)"
reeve undefine f1 >/dev/null
# How soon a death is seen: after the xenstore has told of it, by xl's own monitor of a guest of xl's, and by the daemon of one of
# ours (the time of its event). The clock is that of the process that prints what it hears.
stamped() { while read -r line; do echo "$EPOCHREALTIME $line"; done; }
seconds() { awk -v from="$1" -v to="$2" 'BEGIN {printf "%.0f", (to - from) * 1000}'; }
# dies GUEST: the xenstore's time of it, in $death.
dies() {
  : >/run/releases
  xl shutdown "$1" >/dev/null
  soon test -s /run/releases
  death=$(head -1 /run/releases | cut -d' ' -f1)
}
xenstore-watch @releaseDomain 2>/dev/null > >(stamped >>/run/releases) &
watcher=$!
define f2 >/dev/null
by_xl="" by_us="" rounds=3
for ((round = 0; round < rounds; round++)); do
  forget_log xl1
  xl create -F /run/xl1.cfg 2>&1 | stamped >/run/monitored &
  soon eval 'xl domid xl1 && said xl1 TINY-READY' >/dev/null
  dies xl1
  soon grep -q "has shut down" /run/monitored
  by_xl+=" $(seconds "$death" "$(grep "has shut down" /run/monitored | cut -d' ' -f1)")"
  soon gone xl1
  forget_log f2
  reeve start f2 >/dev/null && soon said f2 TINY-READY
  dies f2
  soon state_is f2 "shut off"
  told=$(reeve_alone -o json event f2 --from 1 | tail -1 | grep -o '"time": *"[^"]*"' | tail -1 | cut -d'"' -f4)
  by_us+=" $(seconds "$death" "$(date -d "$told" +%s.%N)")"
  forget_log xl1
done
kill $watcher
reeve undefine f2 >/dev/null
figure "a death is seen after the xenstore tells of it, $rounds times, ms" "by xl's monitor$by_xl (median $(middle $by_xl)), by the daemon$by_us (median $(middle $by_us))"
