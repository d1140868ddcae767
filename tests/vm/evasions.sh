#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Ways to hide that must not work, and the programs that a remedy could accuse wrongly:
# `scripts/vm run -- sh tests/vm/evasions.sh`. tests/vm/evader.c is no miner; it changes modes as one does.

. "$RW_TOP/tests/vm/lib.sh"

# A module that has seen nothing yet.
anew()
{
	[ ! -e /proc/roundwatch ] || unload || return 1
	load
}

evade()
{
	start "$bin/evader" "$@"
}

over()
{
	stop "$pid"
	pkill -KILL -x evader
	return 0
}

# finds SECONDS OPTION…: one of the evader's processes gets randomx.
finds()
{
	seconds=$1
	shift
	anew && evade "$@" "$((seconds + 20))" || return 1
	await "$seconds" has_row VERDICT=randomx COMM=evader
	status=$?
	over
	return $status
}

maps_too_little()
{
	anew && evade --memory 0 30 || return 1
	await 20 has_row VERDICT=suspect COMM=evader PID="$pid" || return 1
	wait "$pid"
	! has_row VERDICT=randomx COMM=evader || fail "randomx without the memory"
}

# x87 moves along: suspect, and not randomx until it has gone on for 45 s of CPU time.
mirrors_x87()
{
	anew && evade --x87 "$1" || return 1
	mirror=$pid
	await "$1" has_row VERDICT=suspect COMM=evader PID="$mirror" || return 1
	! has_row VERDICT=randomx COMM=evader || fail "randomx at once" || return 1
	pid=$mirror
	over
}

# 32 processes, 40 ms each in turns, so that only one CPU is used. Prints how long it took.
finds_turns()
{
	began=$(cut -d. -f1 /proc/uptime)
	finds 60 --spread 32 || return 1
	echo "# randomx after at most $(($(cut -d. -f1 /proc/uptime) - began)) s"
}

# In turns as well, but half of them do interval arithmetic, and the others truncate. The user has all
# modes, and no process has.
accuses_no_mixture()
{
	dmesg -C
	anew && evade --spread 16 --modes 012 --modes 03 60 || return 1
	wait "$pid" || return 1
	samples=$(rows COMM=evader TID=- | awk '{ n += $11 } END { print n + 0 }')
	echo "# $samples samples"
	[ "$samples" -ge 300 ] || fail "only $samples samples: proves nothing" || return 1
	! has_row VERDICT=randomx COMM=evader || fail "randomx" || return 1
	! dmesg | grep -F evader || fail "accused meanwhile"
}

test_case "finds one that mixes modes" finds 30
test_case "finds one that sleeps in RU every 10 ms" finds 60 --nap 2
test_case "finds one that sleeps in RN every 10 ms" finds 60 --nap 0
test_case "finds children of 30 ms" finds 60 --children fork
test_case "finds children of 30 ms of a subreaper" finds 60 --children subreaper
test_case "finds children of 30 ms of a pid namespace's init" finds 60 --children namespace
test_case "finds children of 30 ms by CLONE_PARENT" finds 60 --children clone-parent
test_case "finds children of 30 ms, forked twice" finds 60 --children twice
test_case "finds one that runs itself anew every 35 ms" finds 60 --exec 35
test_case "finds 32 processes that take turns on one CPU" finds_turns
test_case "interval arithmetic and truncation under one user: no randomx" accuses_no_mixture
test_case "too little memory: suspect, not randomx" maps_too_little
test_case "x87 moves along: suspect within 30 s" mirrors_x87 60
finish
