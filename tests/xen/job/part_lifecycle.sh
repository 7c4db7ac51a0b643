# What the hypervisor is, and the life of a PV guest.
check "the hypervisor is Xen" eval 'has 4.17 "$(reeve version)"'
check "Domain-0 is a domain" eval 'has Domain-0 "$(reeve list)"'
check "Domain-0 cannot be destroyed" refused "Domain-0" reeve destroy Domain-0
check "capabilities name PV and PVH guests" eval 'text=$(reeve capabilities); has xenpv "$text" && has xenpvh "$text"'
check "how many virtual CPUs a guest may have" eval '[ "$(reeve maxvcpus)" = 512 ] && [ "$(reeve maxvcpus --machine xenpvh)" = 128 ]'
check "domain capabilities" eval 'has "<machine>xenpvh</machine>" "$(reeve domcapabilities --machine xenpvh)"'
reeve capabilities >/run/capabilities.xml
check "the host's processor has a model" grep -q "<model>" /run/capabilities.xml
check "the host is what its capabilities say" eval 'has "is identical to host CPU" "$(reeve cpu-compare /run/capabilities.xml)"'
# One feature of each word that Xen has: required where `xl info` has the bit, forbidden where not.
described_by_xen() {
  local words word=0 feature policy
  IFS=: read -ra words <<<"$(xl info | sed -n 's/^hw_caps *: *//p')"
  [ ${#words[@]} -eq 8 ] || return 1
  for feature in sse2:26 popcnt:23 nx:20 lahf_lm:0 xsaveopt:0 smep:7 umip:2 invtsc:8; do
    policy=forbid
    (((0x${words[$word]} >> ${feature#*:} & 1) == 0)) || policy=require
    echo "<feature policy='$policy' name='${feature%:*}'/>"
    word=$((word + 1))
  done
}
echo "<cpu mode='host-passthrough'>$(described_by_xen)</cpu>" >/run/xen.xml
check "its features are those that Xen tells" eval 'grep -q invtsc /run/xen.xml && has "is a superset" "$(reeve cpu-compare /run/xen.xml)"'
check "a baseline of it fits" eval 'reeve cpu-baseline --migratable /run/capabilities.xml >/run/baseline.xml && grep -Eq "identical|superset" <<<"$(reeve cpu-compare /run/baseline.xml)"'
echo "<cpu mode='host-passthrough'><feature policy='require' name='avx512-4fmaps'/></cpu>" >/run/more.xml
check "what it lacks is told" eval 'has "required: avx512-4fmaps" "$(reeve cpu-compare /run/more.xml)"'
check "define" define t1
check "start" reeve start t1
check "it runs" state_is t1 running
check "its kernel speaks" soon said t1 "TINY-READY pages=4096 cmdline=hello t1"
check "xl sees it, with our number" [ "$(xl domid t1)" = "$(reeve domid t1)" ]
check "suspend" reeve suspend t1
check "it is paused" state_is t1 paused
check "Xen has paused it" xen_says t1 p
check "resume" reeve resume t1
check "it runs again" state_is t1 running
first=$(reeve domid t1)
check "reboot" reeve reboot t1
check "it comes back under another number" soon eval '[ "$(reeve domid t1)" != "$first" ] && state_is t1 running'
check "its kernel speaks again" soon said t1 TINY-READY 2
check "shutdown" reeve shutdown t1
check "it is off" soon state_is t1 "shut off"
check "the reason is a shutdown" reason_is t1 shutdown
check "nothing of it is left" gone t1
check "start paused" reeve start t1 --paused
check "it is paused from the start" state_is t1 paused
check "destroy" reeve destroy t1
check "it is off after destroy" eval 'state_is t1 "shut off" && gone t1'
check "an ACPI button is refused to PV" eval 'reeve start t1 && refused "power button" reeve shutdown t1 --mode acpi; status=$?; reeve destroy t1; exit $status'
check "undefine" reeve undefine t1
check "a guest that is to be preserved" started p1 "<on_crash>preserve</on_crash>"
check "crashes" type_to p1 C TINY-CRASH
check "and is shown as crashed" soon state_is p1 crashed
check "Xen keeps it" xen_says p1 c
check "there is nothing to suspend" refused crashed reeve suspend p1
check "destroy ends it" ended p1
