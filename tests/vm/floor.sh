#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The observation floor: a miner alone on a CPU is detected, and no idle CPU is woken. The CPU is
# CPU 1: `scripts/vm run -t 600 -a 'isolcpus=1 nohz_full=1' -- sh tests/vm/floor.sh`.
# If no CPU is isolated, only the test of idle CPUs runs, on all CPUs.

. "$RW_TOP/tests/vm/lib.sh"
cpu1=/sys/devices/system/cpu/cpu1/online

looks()
{
	sed -n '1s/.*looks=\([0-9]*\).*/\1/p' /proc/roundwatch
}

# Prints SECONDS-SINCE-BOOT SAMPLES of the thread TID; nothing if it has no tally.
samples()
{
	n=$(rows TID="$1" | awk '{ print $11 }')
	echo "$(cut -d' ' -f1 /proc/uptime) ${n:-0}"
}

# rate TID SECONDS: prints the samples per second, measured over this time.
rate()
{
	a=$(samples "$1")
	sleep "$2"
	echo "$a $(samples "$1")" | awk '{ printf "%.1f\n", ($4 - $2) / ($3 - $1) }'
}

# watched TID: checks that the thread is observed often enough, by looks. The emulated CPU of a busy host stands still
# for a part of the time.
watched()
{
	[ "$(awk '{ print $39 }' "/proc/$1/stat")" = 1 ] || fail "the miner is not on CPU 1" || return 1
	before=$(looks)
	hz=$(rate "$1" 10)
	now=$(looks)
	echo "# $hz samples a second, $((now - before)) looks in 10 s"
	[ "$now" -gt "$before" ] || fail "nobody looked" || return 1
	awk -v hz="$hz" -v slowness="${RW_SLOWNESS:-1}" 'BEGIN { exit hz < 10 / slowness }' ||
		fail "only $hz samples a second"
}

# The miner has one thread, the first that it started.
miner_thread()
{
	find "/proc/$1/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx "$1"
}

# finds THREADS SCHEDULING…: checks that a miner on CPU 1 with this scheduling (options of chrt) is
# accused, and observed all the time.
finds()
{
	# shellcheck disable=SC2086 # words
	taskset -p 2 "$spawner" && chrt $2 -p ${3:-0} "$spawner" && spawn "$1" || return 1
	chrt -o -p 0 "$spawner"
	accused "$pid" 60 && watched "$(miner_thread "$pid")"
	status=$?
	end "$pid" && return $status
}

# unthrottled COMMAND...: runs it while real-time tasks may keep a CPU for good.
unthrottled()
{
	echo -1 >/proc/sys/kernel/sched_rt_runtime_us || return 1
	"$@"
	status=$?
	echo 950000 >/proc/sys/kernel/sched_rt_runtime_us
	return $status
}

# No thread of the kernel runs on CPU 1 meanwhile.
loads_beside_spinner()
{
	start chrt -f 50 taskset 2 "$bin/load" nearest 40
	spinner=$pid
	rm -f /tmp/done
	(unload && load && unload && load && echo >/tmp/done) &
	await 20 [ -e /tmp/done ]
	status=$?
	stop "$spinner"
	wait $!
	return $status
}

# tests/vm/rider.sh has the same on a CPU with a tick.
finds_rider()
{
	taskset -p 1 $$ && start taskset -c 1 "$bin/load" ride 120 || return 1
	await 40 has_row VERDICT=randomx PID="$pid"
	status=$?
	rows PID="$pid" | sed 's/^/# /'
	stop "$pid"
	taskset -p 3 $$
	return $status
}

# Observations without a floor.
sees_less_without()
{
	unload && load floor_hz=0 && taskset -p 2 "$spawner" && spawn 1 || return 1
	hz=$(rate "$(miner_thread "$pid")" 10)
	verdict=$(rows PID="$pid" TID=- | awk '{ print $1, "evidence", $2 }')
	echo "# $hz samples a second; after 10 s: ${verdict:-no tally}"
	end "$pid"
	[ "$(looks)" = 0 ] || fail "$(looks) looks" || return 1
	awk -v hz="$hz" 'BEGIN { exit hz >= 10 }' || fail "CPU 1 is not left alone: this proves nothing"
}

# Prints KIND CPU COUNT of all interrupts and of other signs that a CPU woke up.
wakeups()
{
	awk 'NR == 1 { for (n = 0; n < NF; n++) cpu[n + 1] = substr($(n + 1), 4); next }
		{
			for (i = 1; i <= n; i++)
				if ($(i + 1) ~ /^[0-9]+$/) {
					all[i] += $(i + 1)
					if ($1 ~ /^(LOC|CAL|RES):$/)
						print substr($1, 1, 3), cpu[i], $(i + 1)
				}
		}
		END { for (i = 1; i <= n; i++) print "all", cpu[i], all[i] }' /proc/interrupts
	for idle in /sys/devices/system/cpu/cpu[0-9]*/cpuidle; do
		[ -d "$idle" ] || continue
		cpu=${idle#*/cpu/cpu}
		cat "$idle"/state*/usage | awk -v cpu="${cpu%/cpuidle}" '{ n += $1 } END { print "idle", cpu, n }'
	done
	# These counters need to be switched on.
	awk '/^cpu[0-9]/ { print "sched", substr($1, 4), $4 }' /proc/schedstat
}

# idle FILE: adds to FILE what wakes the CPUs during 10 idle seconds.
idle()
{
	sleep 2
	wakeups >/tmp/wakeups
	sleep 10
	wakeups | awk 'NR == FNR { was[$1, $2] = $3; next } { print $1, $2, $3 - was[$1, $2] }' /tmp/wakeups - >>"$1"
}

# Looking at an idle CPU would wake it 200 times more in each attempt. A CPU that is not isolated has varying
# work of its own: its counts differ by a hundred between attempts.
compare_wakeups()
{
	awk -v isolated="$(cat /sys/devices/system/cpu/isolated)" '
		{
			k = $1 " " $2
			with = FILENAME ~ /after$/
			if (!((k, with) in least) || $3 < least[k, with])
				least[k, with] = $3
			kind[k] = $1
			cpu_of[k] = $2
		}
		END {
			for (k in kind) {
				cpu = cpu_of[k]
				rise = least[k, 1] - least[k, 0]
				line[cpu] = line[cpu] sprintf("  %s %d %d", kind[k], least[k, 0], least[k, 1])
				if (rise > (cpu == isolated "" ? 20 : 100)) {
					printf "# CPU %d: %s rose by %d\n", cpu, kind[k], rise
					bad = 1
				}
			}
			for (cpu in line)
				printf "# CPU %d:%s\n", cpu, line[cpu]
			exit bad
		}' /tmp/idle.before /tmp/idle.after
}

# By turns, as what else the host does changes within a minute: the least of three attempts, and of up to six
# if it seems to rise.
costs_idle_nothing()
{
	echo 1 >/proc/sys/kernel/sched_schedstats
	rm -f /tmp/idle.before /tmp/idle.after
	looked=0
	for attempt in 1 2 3 4 5 6; do
		! is_loaded || unload || return 1
		idle /tmp/idle.before
		load || return 1
		before=$(looks)
		idle /tmp/idle.after
		looked=$((looked + $(looks) - before))
		[ $attempt -ge 3 ] || continue
		echo "# in 10 s, without and with (the least of $attempt; $looked looks in all)"
		! compare_wakeups || return 0
	done
	return 1
}

# The miner runs while its CPU is switched off repeatedly, and moves to another one.
survives_hotplug()
{
	unload && load && taskset -p 2 "$spawner" && spawn 1 || return 1
	for _ in 1 2 3; do
		echo 0 >"$cpu1" && sleep 0.5 && echo 1 >"$cpu1" && sleep 0.5 &&
			taskset -p -a 2 "$pid" || return 1
	done
	watched "$(miner_thread "$pid")"
	status=$?
	end "$pid" && [ $status = 0 ] && finds 1 -o
}

# Unload and load while CPU 1 is off; it comes back later.
loads_without_cpu()
{
	echo 0 >"$cpu1" || return 1
	a=$(date +%s%N)
	unload
	status=$?
	ms=$((($(date +%s%N) - a) / 1000000))
	echo "# rmmod took $ms ms"
	load || status=1
	echo 1 >"$cpu1" || return 1
	[ $status = 0 ] || fail "rmmod or insmod without CPU 1" || return 1
	[ "$ms" -lt 1000 ] || fail "too long" || return 1
	finds 1 -o
}

takes_largest_table()
{
	unload && load max_tasks=1048576 || return 1
	start "$bin/load" up 30
	await 60 has_row COMM=up TID="$pid" VERDICT=rounding
	status=$?
	stop "$pid"
	unload && return $status
}

# Prints the KiB of memory that a module can use: slabs and large kmalloc()s, vmalloc(), per-CPU.
kernel_kib()
{
	awk '/^(SUnreclaim|VmallocUsed|Percpu):/ { n += $2 } END { print n }' /proc/meminfo
}

# Measures how much the kernel's memory grows when the module is loaded: the median of 5 attempts,
# without the module's code and static data. kmalloc() rounds large requests up to a power of two
# pages.
is_small()
{
	for _ in 1 2 3 4 5; do
		before=$(kernel_kib)
		load || return 1
		echo "$(($(kernel_kib) - before)) $(awk '$1 == "roundwatch" { print int($2 / 1024) }' /proc/modules)"
		unload || return 1
	done | sort -n >/tmp/grown
	# shellcheck disable=SC2046 # words
	set -- $(sed -n 3p /tmp/grown)
	echo "# $1 KiB, of them $2 code and static data; from $(head -n 1 /tmp/grown | cut -d' ' -f1) to $(tail -n 1 /tmp/grown | cut -d' ' -f1)"
	[ "$(($1 - $2))" -le 1024 ] || fail "$(($1 - $2)) KiB allocated, above 1 MiB"
}

load
test_case "idle CPUs are not woken" costs_idle_nothing
if [ "$(cat /sys/devices/system/cpu/isolated)" = 1 ]; then
	test_case "fills a cache" fill_cache
	test_case "detects a miner alone on a CPU (SCHED_OTHER)" finds 1 -o
	test_case "detects a miner alone on a CPU (SCHED_FIFO 50)" finds 1 -f 50
	test_case "detects a miner that lets nothing else run on its CPU" unthrottled finds 1 -f 50
	test_case "loads and unloads beside a task that lets nothing else run" \
		unthrottled loads_beside_spinner
	test_case "detects a miner that sleeps before it can be preempted" finds 1n -o
	test_case "detects one that is in RN at each tick, which its CPU does not have" finds_rider
	test_case "observes the miner less without a floor" sees_less_without
	test_case "CPUs are switched off and on" survives_hotplug
	test_case "loads and unloads while a CPU is off" loads_without_cpu
	kill "$spawner"
	wait "$spawner" 2>/dev/null
	test_case "takes the largest table" takes_largest_table
	test_case "the default table is small" is_small
else
	unload
fi
finish
