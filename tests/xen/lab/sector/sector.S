# The smallest HVM guest: the boot sector of a disk, which speaks at the first serial port.
#
# It says SECTOR-READY and answers to what is typed there: q powers off, r resets, s has Xen reset it softly, as kexec does,
# anything else is TICK, and GOES-ON behind that reset. The ACPI power button makes it say BUTTON and power off.
        .code16
        .globl _start
        .set serial, 0x3f8
        .set power, 0xb000                      # the ACPI event block of Xen's machine; 4 behind it the control block
_start: ljmp    $0, $begin
begin:  xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        movw    $ready, %si
        call    say
next:   movw    $power, %dx                     # bit 8: the button was pressed
        inw     %dx, %ax
        testb   $1, %ah
        jnz     pressed
        movw    $serial + 5, %dx
        inb     %dx, %al
        testb   $1, %al
        jnz     typed
        sti                                     # the BIOS's clock wakes it: the emulated CPU has more to do
        hlt
        jmp     next
typed:  movw    $serial, %dx
        inb     %dx, %al
        cmpb    $'q', %al
        je      off
        cmpb    $'r', %al
        je      reset
        cmpb    $'s', %al
        je      soft
        movw    reply, %si
        call    say
        jmp     next
soft:   movw    $softly, %si
        call    say
        movl    $29, %eax                       # sched_op(SCHEDOP_shutdown, {SHUTDOWN_soft_reset}): xen/sched.h
        movl    $2, %ebx
        movl    $reason, %ecx
        vmmcall                                 # of AMD's processors, which the lab's is
        movw    $goes, reply
        jmp     next
pressed:
        movw    $button, %si
        call    say
off:    movw    $power + 4, %dx                 # S5 is type 0 here; bit 13 goes there
        movw    $0x2000, %ax
        outw    %ax, %dx
stop:   hlt
        jmp     stop
reset:  movb    $0xfe, %al                      # by the keyboard's controller
        outb    %al, $0x64
        jmp     stop
# Sends the text at %si.
say:    lodsb
        testb   %al, %al
        jz      1f
        movb    %al, %ah
        movw    $serial + 5, %dx
2:      inb     %dx, %al
        testb   $0x20, %al
        jz      2b
        movb    %ah, %al
        movw    $serial, %dx
        outb    %al, %dx
        jmp     say
1:      ret
ready:  .asciz  "SECTOR-READY\r\n"
tick:   .asciz  "TICK\r\n"
button: .asciz  "BUTTON\r\n"
goes:   .asciz  "GOES-ON\r\n"
softly: .asciz  "SOFTLY\r\n"
        .balign 4
reason: .long   5
reply:  .word   tick
        .org    510
        .word   0xaa55
