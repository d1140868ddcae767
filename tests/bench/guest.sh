#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The part of scripts/bench that runs in the virtual machine. It measures and prints:
#   row NAME MEDIAN MIN MAX: BATCH…
#   note TEXT
# The argument is the directory with pingpong and empty/empty.ko.

set -eu
bin=$1
out=/tmp/bpftrace.out

# Without this, the kernel stops a real-time process that never pauses for 50 ms in each second.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us

die()
{
	echo "tests/bench/guest.sh: $*" >&2
	exit 1
}

# measure NAME OPTION…: runs pingpong with the options and prints a row.
measure()
{
	name=$1
	shift
	result=$(chrt -f 10 "$bin/pingpong" "$@")
	echo "row $name $result"
}

# Measures while another process has work of its own (bpftrace), both in the fair class. The row
# includes the work that the other process completes in that time, but not the work that it drops.
measure_shared()
{
	name=$1
	shift
	result=$(chrt -b 0 "$bin/pingpong" --pause 0 --rounds 5000 --batches 7 "$@")
	echo "row $name $result"
}

short_run()
{
	"$bin/pingpong" --mode 2 --warmup 0 --rounds 100 --batches 1 --pause 0 >/dev/null
}

observations()
{
	sed -n '1s/.* observations=\([0-9]*\).*/\1/p' /proc/roundwatch
}

# The tallies of all tasks: only pingpong leaves RN here. Those without a counted sample have no row.
tallied()
{
	sed -n '1s/.* live=\([0-9]*\) exited=\([0-9]*\) .*/\1 \2/p' /proc/roundwatch |
		awk '{ print $1 + $2 }'
}

with_roundwatch()
{
	insmod "$RW_KO"
	before=$(observations)
	"$@"
	after=$(observations)
	[ "$((after - before))" -ge 100000 ] ||
		die "$name: roundwatch has seen $((after - before)) of 110000 switches"
	found=$(tallied)
	rmmod roundwatch
}

# The lookup of the tally passes the tallies of tasks that have ended.
measure_after_others()
{
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		short_run
	done
	measure "$@"
}

# The limit is in virtual seconds.
wait_for_line()
{
	tries=$(($2 * 2))
	until grep -q "$1" "$out"; do
		[ "$tries" -gt 0 ] && kill -0 "$pid" 2>/dev/null || return 1
		tries=$((tries - 1))
		sleep 0.5
	done
}

start_bpftrace()
{
	command -v bpftrace >/dev/null || {
		echo "note no bpftrace: run scripts/deps bench"
		return 1
	}
	[ -f /sys/kernel/btf/vmlinux ] || {
		echo "note no bpftrace: this kernel has no BTF"
		return 1
	}
	[ -d /sys/kernel/debug/tracing ] || mount -t debugfs debugfs /sys/kernel/debug
	# Up to 5.15, the registers are in struct fpu itself.
	if grep -qa __task_fpstate /sys/kernel/btf/vmlinux; then
		cp tests/bench/detector.bt /tmp/detector.bt
	else
		sed 's/->fpstate->regs/->state/' tests/bench/detector.bt >/tmp/detector.bt
	fi
	bpftrace /tmp/detector.bt >"$out" 2>&1 &
	pid=$!
	if wait_for_line '^ready$' 60; then
		# The first probe is attached. The second one may take a moment more.
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			short_run
			! wait_for_line ' pingpong 2$' 1 || return 0
		done
	fi
	echo "note no bpftrace: it does not start: $(tail -n 1 "$out")"
	kill -KILL "$pid" 2>/dev/null || :
	return 1
}

measure base

insmod "$bin/empty/empty.ko"
measure empty
rmmod empty

with_roundwatch measure untracked
[ "$found" = 0 ] || die "untracked: roundwatch has a tally of pingpong"
for row in 'tracked --mode 2' 'tracked_walk --walk'; do
	# shellcheck disable=SC2086 # a row is words
	with_roundwatch measure $row
	[ "$found" -ge 1 ] || die "$name: roundwatch has no tally of pingpong"
done
with_roundwatch measure_after_others tracked_late --mode 2

measure_shared shared_base
if start_bpftrace; then
	measure bpftrace_untracked
	lines=$(wc -l <"$out")
	measure_shared shared_bpftrace_tracked --mode 2
	sleep 2
	lines=$(($(grep -c ' pingpong 2$' "$out") - lines))
	echo "note bpftrace printed $lines of 80000 switches of the tracked row"
	kill -KILL "$pid"
fi
