#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Thousands of tasks at once, CPUs that come and go, no memory, readers that die: the counters must be
# exact afterwards, nothing may be left, and a miner amid all that is found. Run by `scripts/vm run`.
# With RW_DEBUG=1 the kernel must be one of scripts/debug-kernel, which lets allocations fail. RW_PROCESSES times
# 20 threads round at once, and a storm takes RW_STORM_SECONDS. Suspend is not among them: the file systems that
# the host shares do not come back from it.

. "$RW_TOP/tests/vm/lib.sh"

storm=$bin/storm
tracing=/sys/kernel/tracing
seconds=${RW_STORM_SECONDS:-8}
processes=${RW_PROCESSES:-100}
threads=$((processes * 20))
# The rounders are a session of their own, which gets half of the CPUs: the shell needs the other.
echo 1 >/proc/sys/kernel/sched_autogroup_enabled

# count NAME: a counter of /proc/roundwatch's first line
count()
{
	sed -n "1s/.* $1=\([0-9]*\).*/\1/p" /proc/roundwatch
}

# start_rounders PROCESSES THREADS
start_rounders()
{
	start "$storm" rounders "$@"
	rounders=$pid
	await 120 grep -q ready "/tmp/out.$rounders"
}

end_rounders()
{
	pkill -KILL -g "$rounders"
	await 60 none_left rounder
}

none_left()
{
	! pgrep -x "$1"
}

# Threads of the rounders that were sampled.
sampled()
{
	[ "$(rows COMM=rounder | awk '$4 != "-"' | wc -l)" = "$1" ]
}

all_stopped()
{
	cat /proc/[0-9]*/task/*/stat 2>/dev/null |
		awk '$2 == "(rounder)" && $3 != "T" { running = 1 } END { exit running }'
}

# stop_rounders FILE: stops them all; FILE gets TID and number of observations of each. What stops last has
# left its CPU once nothing changes any more.
stop_rounders()
{
	pkill -STOP -g "$rounders"
	await 60 all_stopped || return 1
	: >/tmp/before
	until rows COMM=rounder | awk '$4 != "-" { print $4, $6 + $7 + $8 + $9 }' | sort >"$1" &&
		cmp -s /tmp/before "$1"; do
		cp "$1" /tmp/before
	done
}

has_observed()
{
	[ "$(count observations)" -ge "$1" ]
}

# The kernel's own count of the tracepoint's firings for each thread, and ours, in the same time.
counts_exactly()
{
	load max_tasks=16384 floor_hz=0 || return 1
	start_rounders "$processes" 20
	await 120 sampled "$threads" || return 1
	stop_rounders /tmp/first || return 1
	event=$tracing/events/x86_fpu/x86_fpu_regs_deactivated
	echo 'hist:keys=common_pid:size=16384' >$event/trigger || return 1
	goal=$(($(count observations) + 4 * threads))
	pkill -CONT -g "$rounders"
	await 120 has_observed $goal || return 1
	stop_rounders /tmp/second || return 1
	sed -n 's/^{ common_pid: *\([0-9]*\) } hitcount: *\([0-9]*\).*/\1 \2/p' $event/hist |
		sort >/tmp/kernel
	grep -q 'Dropped: 0' $event/hist || fail "the kernel's count is not whole" || return 1
	echo '!hist:keys=common_pid' >$event/trigger
	join /tmp/first /tmp/second | awk '{ print $1, $3 - $2 }' >/tmp/ours
	join -a 1 -e 0 -o 0,1.2,2.2 /tmp/ours /tmp/kernel >/tmp/both
	end_rounders || return 1
	awk -v threads="$threads" '$2 != $3 { print "thread " $1 ": " $2 " counted, " $3 " happened"; bad = 1 }
		{ n += $2 } END { print "# " n " observations of " NR " threads"; exit bad || NR != threads || n < 2 * threads }' \
		/tmp/both || return 1
	full=$(($(count evicted) + $(count dropped)))
	[ $full = 0 ] || fail "the table was full $full times" || return 1
	# Each thread and each process has its tally, and they all have ended.
	[ "$(rows COMM=rounder FLAGS=-e-- | wc -l)" = "$threads" ] || fail "some threads live on" || return 1
	[ "$(rows COMM=rounder FLAGS=pe-- | wc -l)" = "$processes" ] || fail "some processes live on" || return 1
	[ "$(rows COMM=rounder | wc -l)" = $((threads + processes)) ] || fail "there are more"
}

# found [SECONDS]: a miner that begins now
found()
{
	spawn 1 && accused "$pid" "${1:-60}" || return 1
	end "$pid"
}

# In a table that holds few of them.
finds_amid_threads()
{
	load max_tasks=64 || return 1
	start_rounders "$processes" 20
	found 100 || return 1
	full=$(($(count evicted) + $(count dropped)))
	end_rounders || return 1
	[ "$full" -gt 0 ] || fail "the table was not full" || return 1
	[ "$(($(count live) + $(count exited)))" -le 64 ] || fail "more tallies than slots" || return 1
}

# begin_storm COMMAND…: begins a storm that ends by itself.
begin_storm()
{
	start "$storm" "$@"
}

end_storm()
{
	for pid; do
		wait "$pid" || { cat "/tmp/out.$pid"; return 1; }
		cat "/tmp/out.$pid"
	done
}

finds_amid_births()
{
	load max_tasks=1024 || return 1
	begin_storm births "$seconds"
	births=$pid
	found 100 && end_storm "$births" && await 60 none_left birth || return 1
	# The spawner is one that lives on, in RN.
	[ "$(rows COMM=birth FLAGS=---- | wc -l)" = 0 ] || fail "some live on: $(rows COMM=birth FLAGS=----)"
}

cpu1()
{
	echo "$1" >/sys/devices/system/cpu/cpu1/online
}

finds_amid_hotplug()
{
	load || return 1
	begin_storm births "$seconds"
	births=$pid
	# shellcheck disable=SC2016 # for that shell
	start sh -c 'while :; do for on in 0 1; do
		echo $on >/sys/devices/system/cpu/cpu1/online || exit; n=$((n + 1))
		echo "# CPU 1 was turned on or off $n times"; done; done'
	hotplug=$pid
	found 100
	status=$?
	end_storm "$births" || status=1
	kill -0 "$hotplug" || fail "hotplug ended: $(tail -n 1 "/tmp/out.$hotplug")" || return 1
	stop "$hotplug"
	tail -n 1 "/tmp/out.$hotplug"
	cpu1 1 && return $status
}

killed_for_memory()
{
	dmesg | grep 'Out of memory: Killed process .* (storm)'
}

finds_without_memory()
{
	load || return 1
	dmesg -C
	dmesg -n 1	# what it prints about that looks like trouble
	begin_storm births "$seconds"
	births=$pid
	begin_storm memory
	await 120 killed_for_memory || return 1
	begin_storm memory
	hog=$pid
	found 100
	status=$?
	await 120 gone "$hog" || return 1
	dmesg -n 5
	end_storm "$births" && return $status
}

readers_die()
{
	! is_loaded || unload || return 1
	begin_storm births "$((seconds / 2))"
	births=$pid
	begin_storm readers "$(within $((2 * seconds)))"
	readers=$pid
	reload_during "$readers" && end_storm "$readers" "$births" || return 1
	load && found 100
}

# What the kernel complains about, but for its tracing, which warns if it has no memory to describe an event of a
# module.
complaints()
{
	dmesg | grep -E 'WARNING: |BUG: |possible |suspected memory leak' | grep -v 'event_define_fields'
}

# Each allocation of the load fails in turn: it fails, or does without, and nothing is left. The kernel's
# complaints do not go to the console, which must stay clean.
allocations_fail()
{
	! is_loaded || unload || return 1
	debug=/sys/kernel/debug
	for what in failslab fail_page_alloc; do
		echo N >$debug/$what/ignore-gfp-wait || return 1
		echo 0 >$debug/$what/verbose
	done
	echo 0 >$debug/fail_page_alloc/min-order
	dmesg -C
	dmesg -n 1
	echo 0 >/proc/sys/kernel/panic_on_warn
	"$storm" failing "$RW_KO" max_tasks=64
	status=$?
	echo 1 >/proc/sys/kernel/panic_on_warn
	dmesg -n 5
	! complaints || return 1
	dmesg -C
	[ $status = 0 ] && load && found 100
}

# Once a module is gone, the code that took its memory is an address without a name.
nameless()
{
	awk '$3 ~ /^0x/' /proc/vmallocinfo | sort
}

nothing_left()
{
	nameless >/tmp/before
	unload || return 1
	nameless | comm -13 /tmp/before - | grep . >/tmp/left
	[ ! -s /tmp/left ] || fail "memory is left: $(cat /tmp/left)" || return 1
	! grep -i roundwatch /proc/vmallocinfo /proc/interrupts /proc/timer_list /proc/modules || return 1
	[ -e /sys/kernel/debug/kmemleak ] || return 0
	# An object counts as leaked if it was twice without a reference, some seconds after it was made.
	for _ in 1 2; do
		sleep 5
		echo scan >/sys/kernel/debug/kmemleak || fail "kmemleak has stopped" || return 1
	done
	cat /sys/kernel/debug/kmemleak
	! grep -q . /sys/kernel/debug/kmemleak
}

fill_cache 600
test_case "counts exactly, of $threads threads" counts_exactly
test_case "finds a miner amid $threads threads, in a table for 64" finds_amid_threads
test_case "finds a miner amid births and ends" finds_amid_births
test_case "finds a miner while a CPU comes and goes" finds_amid_hotplug
test_case "finds a miner while there is no memory" finds_without_memory
test_case "readers die while it loads and unloads" readers_die
[ ! "${RW_DEBUG-}" ] || test_case "any allocation of the load may fail" allocations_fail
is_loaded || load
test_case "nothing is left" nothing_left
finish
