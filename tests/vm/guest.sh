#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Virtual machines in the virtual machine: from outside, a miner within KVM is that machine's process.
# Wants an AMD processor with SVM (QEMU's -cpu max) and 2 GiB. Run by `scripts/vm run -m 3G`.

. "$RW_TOP/tests/vm/lib.sh"
reporter=$RW_TOP/build/roundwatch

# pack PROGRAM: /tmp/NAME.cpio, where it is all there is; the kernel brings /dev/console.
pack()
{
	(
		set -e
		inner=/tmp/inner.${1##*/}
		mkdir "$inner"
		ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
			mkdir -p "$inner${library%/*}"
			cp -L "$library" "$inner$library"
		done
		cp "$1" "$inner/program"
		cd "$inner"
		find . | cpio --quiet -o -H newc >"/tmp/${1##*/}.cpio"
	)
}

# boot PROGRAM ARGUMENTS: as process 1 of a virtual machine, whose console is /tmp/console.PROGRAM.
boot()
{
	start qemu-system-x86_64 -accel kvm -cpu qemu64,+aes,+ssse3,+sse4.1 -m 640 \
		-no-user-config -nodefaults -display none -no-reboot -serial "file:/tmp/console.$1" \
		-kernel "$RW_TOP/build/boot/$RW_KVER/kernel" -initrd "/tmp/$1.cpio" \
		-append "console=ttyS0 loglevel=5 panic=-1 tsc=reliable no_timer_check rdinit=/program -- $2"
}

has_kvm()
{
	modprobe kvm-amd && await 5 [ -c /dev/kvm ]
}

# verdict PID WANTED: the reporter's for the process, and that it is a guest's.
verdict()
{
	line=$("$reporter" --raw -n -o VERDICT,PID,FLAGS,COMMAND | grep "^[a-z]* $1 ")
	case $line in
	"$2 $1 "*guest*" qemu-system-x86") ;;
	*) fail "process $1 is '$line', not $2 and guest" ;;
	esac
}

# In a guest or not, interval arithmetic is none.
sees_innocent_guest()
{
	pack "$bin/load" && boot load "interval 600" || return 1
	innocent=$pid
	await 120 has_row PID="$innocent" TID=- VERDICT=rounding || { cat /tmp/console.load; return 1; }
	verdict "$innocent" rounding
}

accuses_guest()
{
	pack "$bin/miner" && boot miner "--threads 1 --seconds 600" || return 1
	miner=$pid
	began=$(cut -d. -f1 /proc/uptime)
	begins_with first-hash /tmp/console.miner 180 || return 1
	sed -n "s/first-hash \([0-9]*\).*/\1 $began/p" "/tmp/out.$miner" |
		awk '{ printf "# first hash %d s after the machine began\n", $1 - $2 }'
	accused "$miner" 180 && verdict "$miner" randomx
}

# Both machines still run.
accuses_nobody_else()
{
	verdict "$innocent" rounding || return 1
	others=$({ rows VERDICT=suspect; rows VERDICT=randomx; } | awk -v pid="$miner" '$3 != pid')
	[ -z "$others" ] || fail "accused: $others" || return 1
	samples=$(rows PID="$innocent" TID=- | awk '{ print $11 }')
	echo "# the innocent machine gave $samples samples"
	[ "$samples" -ge 30 ] || fail "only $samples samples of the innocent machine: proves nothing"
}

unloads()
{
	unload || return 1
	kill -0 "$innocent" "$miner"
}

innocent=
miner=
# shellcheck disable=SC2119 # no parameters
load
test_case "has KVM" has_kvm
test_case "sees interval arithmetic in a guest, and leaves it in peace" sees_innocent_guest
test_case "accuses the machine in which a miner runs" accuses_guest
test_case "accuses nobody else" accuses_nobody_else
test_case "unloads while the guests run" unloads
stop "$innocent" "$miner"
finish
