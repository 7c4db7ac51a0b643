# The other machine of part migration: does what that asks, until it says that it is over.
. ./machines.sh
check "it joins the network" join $there
cat >/run/serve <<'SERVE'
#!/bin/bash
set -u
cd /host
. ./checks.sh 2>/dev/null
. ./machines.sh
read -r line
output=$(eval "$line" 2>&1)
status=$?
echo "$output"
echo "STATUS $status"
SERVE
chmod +x /run/serve
busybox nc -ll -p 99 -e /run/serve &
server=$!
over() { [ -e /run/over ]; }
for ((i = 0; i < 20; i++)); do
  soon over >/dev/null && break
done
check "the other machine has said that it is over" over
kill $server
open_shell
