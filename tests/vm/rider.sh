#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A miner that is in a mode of its choice at every tick, whose phase a program can read. On a busy
# host the emulator's timers are late, so that all happens at ticks; with a clock that counts
# instructions they never are: `scripts/vm run --icount=3 -- sh tests/vm/rider.sh`.

. "$RW_TOP/tests/vm/lib.sh"

# finds KIND [BESIDE]: kinds of tests/vm/load.c, on the same CPU. Nothing else runs: the monitor, which
# waits for the module, kills the miner.
finds()
{
	load || return 1
	"$RW_BUILD/roundwatch" monitor --action kill >/tmp/events &
	monitor=$!
	if [ "${2-}" ]; then
		start "$bin/load" "$2" 120
		beside=$pid
	fi
	start nice -n "${nice:-0}" "$bin/load" "$1" 40
	wait "$pid"
	status=$?
	rows PID="$pid" | sed 's/^/# /'
	kill "$monitor"
	wait "$monitor"
	[ ! "${2-}" ] || stop "$beside"
	unload || return 1
	[ $status = 137 ] || fail "it was not killed, but ended with $status"
}

# The other program preempts it whenever it wakes.
preempted()
{
	nice=19 finds "$1" preempt
}

test_case "finds one that is in RN at each tick" finds ride
test_case "finds one in RN if another of its programs runs at each tick" preempted ride
test_case "finds one in RN beside another busy program" finds ride nearest
test_case "finds one that is in RU at each tick" finds ride-up
test_case "finds one in RU if another of its programs runs at each tick" preempted ride-up
finish
