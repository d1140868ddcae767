#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak.sh MINUTES SEED: miners that come and go at random beside innocent programs. Run by scripts/soak.

. "$RW_TOP/tests/vm/lib.sh"

minutes=$1
seed=$2
state=$seed
reporter=$RW_TOP/build/roundwatch
innocents=$bin/innocents
events=/tmp/events
log=/tmp/minutes
miners=0
found=0
running=

# random LIMIT: sets $number, from 0 to LIMIT - 1; not in a subshell, which would lose the state.
random()
{
	state=$(((state * 1103515245 + 12345) % 2147483648))
	number=$((state / 65536 % $1))
}

die()
{
	echo "soak: $*"
	[ ! -s /tmp/monitor.err ] || sed 's/^/monitor: /' /tmp/monitor.err
	exit 2
}

uptime()
{
	cut -d ' ' -f 1 /proc/uptime
}

# count NAME: a counter of /proc/roundwatch's first line
count()
{
	sed -n "1s/.* $1=\([0-9]*\).*/\1/p" /proc/roundwatch
}

# memory PID: KiB of the module, of the monitor, of the kernel's slabs that cannot be reclaimed; open files
# of the monitor
memory()
{
	awk '/roundwatch/ { n += $2 } END { printf "%d ", n / 1024 }' /proc/vmallocinfo
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status" | tr '\n' ' '
	sed -n 's/^SUnreclaim:[^0-9]*\([0-9]*\).*/\1/p' /proc/meminfo | tr '\n' ' '
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

# Each is a line; they all leave RN.
programs()
{
	cat <<-END
	$innocents/cgal hull
	$innocents/boost std
	$innocents/libm suite
	$innocents/cgal delaunay
	$innocents/boost transcendental
	$innocents/libm fmal
	$innocents/ppl
	python3 tests/vm/innocents/fesetround.py
	$innocents/libm walk
	$bin/load interval 1000
	$innocents/boost default
	$bin/load emulator 1000
	$innocents/cgal interval
	END
}

# Two programs at random, and a compiler. Those of the last minute end.
change_programs()
{
	# shellcheck disable=SC2086 # PIDs
	[ ! "$running" ] || stop $running
	running=
	for _ in 1 2; do
		random "$(programs | wc -l)"
		# shellcheck disable=SC2046 # words
		start nice -n 10 $(programs | sed -n "$((number + 1))p")
		running="$running $pid"
	done
	start nice -n 10 gcc -O2 -c -o /dev/null /tmp/source.i
	running="$running $pid"
}

has_risen()
{
	grep -F '"action":"verdict-rose"' "$events" | grep -F "\"pid\":$pid,\"entity_id\"" |
		grep '"verdict":"randomx"'
}

# Starts a miner, waits until the monitor reports it, and lets it mine on.
mine()
{
	random 2
	threads=$((number + 1))
	random 4
	[ $number -gt 0 ] || threads=${threads}n
	spawn $threads >/dev/null || die "a miner does not start"
	miners=$((miners + 1))
	echo "$pid" >>/tmp/miners
	first=$(sed -n 's/first-hash //p' "/tmp/out.$pid")
	if await 60 has_risen >/dev/null; then
		found=$((found + 1))
		awk -v first="$first" '{ printf "%.1f\n", $1 - first }' /proc/uptime >>/tmp/seconds
	else
		echo "# missed: miner $pid, $threads threads, after $(uptime) s of the machine"
		rows TID=- | sed 's/^/# /'
	fi
	random 8
	sleep $number
	end "$pid" >/dev/null || die "a miner does not end"
	rm "/tmp/out.$pid"
	random 8
	sleep $number
}

summary()
{
	memory "$monitor" >/tmp/memory
	read -r module_kib monitor_kib slab_kib files </tmp/memory
	lost=$(($(count evicted) + $(count dropped) + $(count lost)))
	echo "$module_kib $monitor_kib $slab_kib $files $(($(count live) + $(count exited)))" >>$log
	echo "minute $1: $miners starts, $found found, longest $(sort -n /tmp/seconds | tail -n 1) s;" \
		"$(count observations) observations, $(count live) live, $(count exited) exited, $lost lost;" \
		"module $module_kib KiB, monitor $monitor_kib KiB, $files files, slab $slab_kib KiB"
}

all_found()
{
	sort -n /tmp/seconds | awk '{ t[NR] = $1 } END {
		if (NR)
			printf "# until the event, s: median %.1f, longest %.1f\n", t[int((NR + 1) / 2)], t[NR] }'
	[ $miners -ge "$minutes" ] || fail "only $miners starts" || return 1
	[ $found = $miners ] || fail "$((miners - found)) of $miners were missed"
}

# Ended processes keep their tallies, so what is accused now was not all.
only_miners()
{
	nobody_else miner || return 1
	grep -E '"action":"verdict-rose"' "$events" | grep -E '"verdict":"(suspect|randomx)"' |
		sed 's/.*"pid":\([0-9]*\),"entity_id".*/\1/' | sort -u >/tmp/accused
	sort -u /tmp/miners >/tmp/ours
	[ -s /tmp/accused ] || fail "the monitor reported nothing" || return 1
	others=$(comm -23 /tmp/accused /tmp/ours)
	[ ! "$others" ] || fail "accused: $others" || return 1
	echo "# observed as well: $("$reporter" list --all --raw -n -o COMMAND |
		sort -u | grep -vx miner | tr '\n' ' ')"
}

# flat COLUMN SLACK PERCENT: the last third is not above the first one's most by more than that.
flat()
{
	awk -v column="$1" -v slack="$2" -v percent="$3" '
		{ v[NR] = $column }
		END {
			third = int((NR + 2) / 3)
			for (i = 1; i <= third; i++)
				most = v[i] > most ? v[i] : most
			least = v[NR]
			for (i = NR - third + 1; i <= NR; i++)
				least = v[i] < least ? v[i] : least
			limit = most * (1 + percent / 100) + slack
			printf "# at most %d in the first third, at least %d in the last\n", most, least
			exit least > limit
		}' $log
}

nothing_lost()
{
	for name in dropped lost; do
		[ "$(count $name)" = 0 ] || fail "$name: $(count $name)" || return 1
	done
	! grep -E '"action":"(events-lost|monitoring-blind)"' "$events"
}

silent()
{
	kill "$monitor" && wait "$monitor" || fail "the monitor ended with status $?" || return 1
	cat /tmp/monitor.err
	[ ! -s /tmp/monitor.err ]
}

nothing_left()
{
	unload || return 1
	! grep -i roundwatch /proc/vmallocinfo /proc/interrupts /proc/timer_list /proc/modules
}

echo "# seed $seed, $minutes minutes, $(nproc) CPUs, Linux $RW_KVER"
load || die "does not load"
: >$events
: >/tmp/seconds
"$reporter" monitor >>$events 2>/tmp/monitor.err &
monitor=$!
gcc -E -o /tmp/source.i "$RW_TOP/tests/vm/miner.c" || die "gcc does not work"
fill_cache 600 || die "no miner"
RW_CASE=
for minute in $(seq "$minutes"); do
	until=$(($(date +%s) + 60))
	change_programs
	while [ "$(date +%s)" -lt $until ]; do
		mine
	done
	summary "$minute"
done
# shellcheck disable=SC2086 # PIDs
stop $running

test_case "each of $miners miners was found" all_found
test_case "nothing else was accused" only_miners
test_case "nothing was lost" nothing_lost
test_case "the module's memory did not grow" flat 1 0 0
test_case "the monitor's memory did not grow" flat 2 256 5
test_case "the kernel's memory did not grow" flat 3 8192 10
test_case "the monitor's open files did not become more" flat 4 2 0
test_case "the monitor had nothing to complain about" silent
stop "$spawner"
test_case "nothing is left" nothing_left
finish
