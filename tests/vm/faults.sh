#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A kernel of scripts/debug-kernel reports what it is there for: without this, the silence of the other cases
# would prove nothing. Run by `scripts/vm run -k KERNEL`; the module tests/vm/faulty must have been built for it.

. "$RW_TOP/tests/vm/lib.sh"

faulty=$(dirname "$RW_KO")/faulty/faulty.ko
seen=/tmp/seen

# The kernel's complaints do not go to the console, which must stay clean, and do not end this machine.
dmesg -n 1
echo 0 >/proc/sys/kernel/panic_on_warn

# commit FAULT: as the module is loaded, which fails afterwards.
commit()
{
	dmesg -C
	! insmod "$faulty" fault="$1" 2>/tmp/insmod || fail "the module loads" || return 1
	grep -q 'Operation canceled' /tmp/insmod || fail "$(cat /tmp/insmod)"
}

# reported FAULT REGEX
reported()
{
	commit "$1" || return 1
	dmesg >$seen
	grep -m 1 -E "$2" $seen >/tmp/line || fail "no report of '$2'" || return 1
	sed 's/^\[[^]]*\] */# /' /tmp/line
}

# An object counts as leaked if it was twice without a reference, some seconds after it was made.
leak_reported()
{
	commit leak || return 1
	for _ in 1 2; do
		sleep 5
		echo scan >/sys/kernel/debug/kmemleak || fail "kmemleak has stopped" || return 1
	done
	grep 'comm "insmod"' /sys/kernel/debug/kmemleak || fail "no report: $(cat /sys/kernel/debug/kmemleak)"
}

# Lockdep ends with its first report, and with the first of KASAN, so what it reports comes first.
case $(uname -r) in
*-kasan)
	test_case "two locks in both orders" reported order 'possible circular locking dependency'
	test_case "a read behind an object" reported outside 'KASAN: slab-out-of-bounds'
	test_case "a read of a freed object" reported freed 'KASAN: (slab-)?use-after-free'
	test_case "memory without a reference" leak_reported
	test_case "a shift too far" reported shift 'UBSAN: shift-out-of-bounds'
	test_case "a list that is corrupt" reported list 'list_add corruption'
	test_case "a timer that is initialised while it runs" reported timer 'ODEBUG: init active'
	test_case "a mutex where nothing may sleep" reported atomic 'sleeping function called from invalid context'
	test_case "the number of a CPU that the task may leave" reported cpu 'smp_processor_id\(\) in preemptible'
	;;
*-rt)
	test_case "a lock that sleeps, under one that does not" reported nesting 'Invalid wait context'
	test_case "a timer that is initialised while it runs" reported timer 'ODEBUG: init active'
	test_case "a mutex where nothing may sleep" reported atomic 'sleeping function called from invalid context'
	test_case "the number of a CPU that the task may leave" reported cpu 'smp_processor_id\(\) in preemptible'
	;;
*-kcsan)
	test_case "two tasks that write without a lock" reported race 'KCSAN: data-race in .*\[faulty\]'
	;;
*)
	echo "Bail out! $(uname -r) is none of them"
	exit 1
	;;
esac
finish
