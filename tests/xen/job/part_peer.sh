# The other machine of part migration: it is there until somebody defines a domain "over".
. ./machines.sh
check "it joins the network" join $there
over() { reeve dominfo over; }
for ((i = 0; i < 15; i++)); do
  soon over >/dev/null && break
done
check "the other machine has said that it is over" over
check "nothing runs here" [ "$(xl list | wc -l)" = 2 ]
