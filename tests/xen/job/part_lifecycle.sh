# What the hypervisor is, and the life of a PV guest.
check "the hypervisor is Xen" eval 'has 4.17 "$(reeve version)"'
check "Domain-0 is a domain" eval 'has Domain-0 "$(reeve list)"'
check "Domain-0 cannot be destroyed" refused "Domain-0" reeve destroy Domain-0
check "capabilities name PV and PVH guests" eval 'text=$(reeve capabilities); has xenpv "$text" && has xenpvh "$text"'
check "how many virtual CPUs a guest may have" eval '[ "$(reeve maxvcpus)" = 512 ] && [ "$(reeve maxvcpus --machine xenpvh)" = 128 ]'
check "domain capabilities" eval 'has "<machine>xenpvh</machine>" "$(reeve domcapabilities --machine xenpvh)"'
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
