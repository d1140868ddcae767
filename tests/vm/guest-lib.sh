# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Runs a virtual machine inside the virtual machine. Read it after lib.sh. Needs an AMD processor
# with SVM (QEMU's -cpu max).

# pack PROGRAM: makes /tmp/NAME.cpio, which contains only the program. The kernel adds /dev/console.
pack()
{
	(
		set -e
		inner=/tmp/inner.${1##*/}
		copy_program "$1" "$inner" program
		cd "$inner"
		find . | cpio --quiet -o -H newc >"/tmp/${1##*/}.cpio"
	)
}

# boot PROGRAM ARGUMENTS: runs it as process 1 of a virtual machine with console
# /tmp/console.PROGRAM.
boot()
{
	start qemu-system-x86_64 -name "$1,debug-threads=on" -accel kvm -cpu qemu64,+aes,+ssse3,+sse4.1 -m 640 \
		-no-user-config -nodefaults -display none -no-reboot -serial "file:/tmp/console.$1" \
		-kernel "$RW_TOP/build/boot/$RW_KVER/kernel" -initrd "/tmp/$1.cpio" \
		-append "console=ttyS0 loglevel=5 panic=-1 tsc=reliable no_timer_check rdinit=/program -- $2"
}

has_kvm()
{
	modprobe kvm-amd && await 5 [ -c /dev/kvm ]
}

# Prints the thread of the guest's only processor.
vcpu()
{
	grep -lx 'CPU 0/KVM' /proc/"$1"/task/*/comm | cut -d/ -f5
}
