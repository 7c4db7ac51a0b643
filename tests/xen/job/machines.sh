# Sourced by the two machines between which guests move.
here=10.9.0.1 there=10.9.0.2
pki=$root/etc/pki/reeve/migration
# What the user of the other daemon says: a program of its own for each call.
remotely() {
  local host=$1
  shift
  $programs/reeve -c "xen+tls://$host/?pkipath=$pki" "$@"
}
# join ADDRESS: the network of the two, certificates, and the daemon anew, which now listens for TLS.
join() {
  modprobe virtio_net && soon eval 'ip link set eth0 up' && ip address add "$1/24" dev eth0 || return 1
  mkdir -p $pki $root/etc/pki/CA $root/etc/pki/reeve/private
  cp pki/{cacert,clientcert,clientkey}.pem $pki/ && cp pki/cacert.pem $root/etc/pki/CA/ || return 1
  cp pki/servercert.pem $root/etc/pki/reeve/ && cp pki/serverkey.pem $root/etc/pki/reeve/private/ || return 1
  printf '[tls]\nlisten = ["%s:16520"]\n' "$1" >>$root/etc/reeve/reeved.toml
  stop_daemon && start_daemon
}
# As xl lists it: there, and neither paused, shut down nor crashed.
xen_runs() { xl list "$1" 2>/dev/null | tail -1 | awk '{exit $(NF - 1) ~ /[psc]/}' && xl domid "$1" >/dev/null 2>&1; }
