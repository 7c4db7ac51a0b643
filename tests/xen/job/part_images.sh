# Guests in files of the caller's: save, look, restore; libvirt's files; cores; sleep; virtual CPUs.
saved=/run/saved libvirts=/run/libvirts
check "a guest to save to a file" started f1
check "save to a file" reeve save f1 $saved
check "it is off, saved and gone" eval 'state_is f1 "shut off" && reason_is f1 saved && gone f1'
check "the file is root's alone" [ "$(stat -c %a $saved)" = 600 ]
check "nothing unfinished is left" [ -z "$(ls -A /run | grep unfinished)" ]
check "the file tells what it has" eval 'has "<name>f1</name>" "$(reeve save-image-dumpxml $saved)"'
check "restore, suspended" eval 'reeve restore $saved --paused && state_is f1 paused && xen_says f1 p'
check "resume" reeve resume f1
check "the guest goes on where it was" soon said f1 TINY-RESUMED
check "it has not booted again" eval '[ "$(grep -ac TINY-READY "$(log_of f1)")" = 1 ]'
check "its console is there" type_to f1 T TINY-TICK
check "a second restore is refused" refused "is running" reeve restore $saved
check "a suspended guest is not saved" eval 'reeve suspend f1 && refused "resume it first" reeve save f1 $saved; status=$?; reeve resume f1 && [ $status = 0 ]'
full() { mount -t tmpfs -o size=1m tmpfs /mnt && refused "" reeve save f1 /mnt/saved; local status=$?; local left; left=$(ls -A /mnt); umount /mnt; [ $status = 0 ] && [ -z "$left" ]; }
check "a save that finds no room leaves no file" full
check "and the guest runs on" eval 'state_is f1 running && type_to f1 T TINY-TICK'

# A file as libvirt's driver writes it: its head, the document, and the same stream of libxenlight.
word() { printf "\\$(printf %03o $(($1 & 255)))\\$(printf %03o $(($1 >> 8 & 255)))\\000\\000"; }
as_libvirt() {
  local xml
  xml=$(reeve save-image-dumpxml $saved)
  { printf 'libvirt-xml\n \0 \r'; word 2; word $((${#xml} + 1)); head -c 40 /dev/zero; printf '%s\0' "$xml"; tail -c +4097 $saved; } >$libvirts
}
check "the guest ends" reeve destroy f1
check "a file of libvirt's tells what it has" eval 'as_libvirt && has "<name>f1</name>" "$(reeve save-image-dumpxml $libvirts)"'
check "a file of libvirt's is restored" eval 'forget_log f1 && reeve restore $libvirts && soon said f1 TINY-RESUMED && state_is f1 running'
check "end of that" reeve destroy f1
# cut_off BYTES: a file with the head and so much of the memory. libxenlight dies of a stream without its own head, if it is given one.
cut_off() { head -c $((4096 + $1)) $saved >/run/short && refused "" reeve restore /run/short && gone f1 && state_is f1 "shut off"; }
for bytes in 0 4 16 24 4096 61440; do
  check "a file that ends after $bytes bytes of memory leaves nothing behind" cut_off $bytes
done
other_memory() { { head -c 4096 $saved; head -c 4096 /dev/zero; } >/run/short && refused "no stream of libxenlight" reeve restore /run/short && state_is f1 "shut off"; }
check "and so does one with something else in its place" other_memory

check "a guest to dump" started f2
check "dump" reeve dump f2 /run/core
check "the core is a core" [ "$(head -c 4 /run/core | od -An -c | tr -d ' ')" = 177ELF ]
check "the core is root's alone" [ "$(stat -c %a /run/core)" = 600 ]
check "the guest runs on" eval 'state_is f2 running && ! xen_says f2 p && type_to f2 T TINY-TICK'
check "dump and end" eval 'reeve dump f2 /run/core --crash && state_is f2 "shut off" && reason_is f2 crashed && gone f2'

check "a guest to sleep" started f3
check "it falls asleep" eval 'reeve dompmsuspend f3 && state_is f3 pmsuspended && xen_says f3 s'
check "the daemon comes back" eval 'kill_daemon && start_daemon'
check "it sleeps on" eval 'state_is f3 pmsuspended && xen_says f3 s'
check "it is woken up, as from a suspend that was given up" eval 'reeve dompmwakeup f3 && soon said f3 TINY-SUSPEND-CANCELLED && state_is f3 running'
check "its console is there again" type_to f3 T TINY-TICK
check "end of the sleeper" ended f3

two() { define f4 && sed -i "s|<vcpu>1</vcpu>|<vcpu current='1'>2</vcpu>|" /run/f4.xml && reeve define /run/f4.xml && forget_log f4 && reeve start f4 && soon said f4 TINY-READY; }
second_is() { has "$1" "$(xenstore-read "/local/domain/$(xl domid f4)/cpu/1/availability")"; }
check "a guest of two virtual CPUs, one in use" eval 'two && second_is offline'
check "the second is brought up" eval 'reeve setvcpus f4 2 --live && second_is online'
check "and taken away" eval 'reeve setvcpus f4 1 --live && second_is offline'
check "a pin while it runs" eval 'reeve vcpupin f4 1 0 --live && has "vcpupin vcpu=" "$(reeve dumpxml f4)"'
check "each virtual CPU is told of" eval '[ "$(reeve vcpuinfo f4 | grep -c "^VCPU")" = 2 ]'
check "end of it" eval 'ended f4 && reeve undefine f1 && reeve undefine f2'
rm -f $saved $libvirts /run/short /run/core
