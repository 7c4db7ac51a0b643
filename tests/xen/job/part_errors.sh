# What fails says why, and leaves nothing.
define bad >/dev/null
sed -i 's|/host/tiny.elf|/nowhere/kernel|' /run/bad.xml
reeve define /run/bad.xml >/dev/null
check "a bad kernel fails with its path" refused /nowhere/kernel reeve start bad
check "and leaves nothing" gone bad
define bad "" "<disk type='block' device='disk'><driver name='phy' type='raw'/><source dev='/dev/nowhere'/><target dev='xvda' bus='xen'/></disk>" >/dev/null
check "a bad disk fails with its path" refused /dev/nowhere reeve start bad
check "and leaves nothing either" gone bad
sed 's|16384|1073741824|' /run/bad.xml >/run/huge.xml
check "too much memory fails" eval 'reeve define /run/huge.xml >/dev/null; refused "" reeve start bad; lacks "cause is unknown" "$(reeve start bad 2>&1)"'
check "and leaves nothing at all" gone bad
sed "s|<console|<filesystem><source dir='/'/><target dir='/'/></filesystem><console|" /run/bad.xml >/run/odd.xml
check "what Xen has not is refused by name" refused filesystem reeve define /run/odd.xml
reeve undefine bad >/dev/null
