# Events are complete and in order: what one guest's life was, step by step.
check "a guest's life" eval 'started e1 && reeve suspend e1 && reeve resume e1 && reeve reboot e1 && soon said e1 TINY-READY 2 && reeve shutdown e1 && soon state_is e1 "shut off" && reeve start e1 && reeve destroy e1 && reeve undefine e1'
wanted="DEFINED STARTED SUSPENDED RESUMED REBOOTED SHUTDOWN STOPPED STARTED STOPPED UNDEFINED"
told=$(reeve_alone -o json event e1 --from 1 | grep -o 'EVENT_TYPE_[A-Z]*' | sed 's/EVENT_TYPE_//' | tr '\n' ' ')
check "its events, in order" [ "$told" = "$wanted " ]
[ "$told" = "$wanted " ] || echo "told: $told"
