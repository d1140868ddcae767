#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tests the module's tracepoints with `roundwatch trace`, tracefs, perf and trace-cmd. Run by
# `scripts/vm run`.

. "$RW_TOP/tests/vm/lib.sh"
rest='--rest 1'
reporter=$RW_BUILD/roundwatch
mkrecord=$RW_BUILD/mkrecord
instances=/sys/kernel/tracing/instances

nothing_left()
{
	left=$(ls $instances)
	[ -z "$left" ] || fail "left behind: $left"
}

# trace SECONDS ARG...: runs a trace until it ends itself; output in out, messages in err.
trace()
{
	limit=$1
	shift
	timeout "$(within "$limit")" "$reporter" trace "$@" >/tmp/trace.out 2>/tmp/trace.err
	status=$?
	[ $status = 0 ] || { cat /tmp/trace.out /tmp/trace.err; fail "trace $*: status $status"; }
	! grep filter /tmp/trace.err
}

# member NAME: prints the different values of this member in all lines of JSON.
member()
{
	while read -r line; do
		echo "$line" | "$mkrecord" json "$1" || return 1
	done </tmp/trace.out | sort -u | tr '\n' ' '
}

is()
{
	[ "$1" = "$2" ] || fail "got '$1' instead of '$2'"
}

# in_background ARG...: starts a trace as $tracer, and waits until it runs.
in_background()
{
	"$reporter" trace "$@" >/tmp/trace.out 2>/tmp/trace.err &
	tracer=$!
	await 60 grep -q '[1X]' "$instances/roundwatch-$tracer/events/roundwatch/enable" ||
		{ stop "$tracer"; return 1; }
	await 20 grep -qx 'Seccomp:.2' "/proc/$tracer/status"
}

shows_one()
{
	trace 60 -p "$up" -n 5 --json && cat /tmp/trace.err || return 1
	is "$(wc -l </tmp/trace.out)" 5 && is "$(member pid)" "$up " && is "$(member tid)" "$up " &&
		is "$(member command)" '"up" ' && is "$(member mode)" '"RU" ' &&
		is "$(member event)" '"observation" ' && is "$(member guest)" "false " || return 1
	now=$(date +%Y-%m-%dT%H)
	member time | grep -q "\"$now" || fail "times: $(member time) at $now" || return 1
	nothing_left
}

# Two of three programs, selected by mode and by name.
filters()
{
	trace 60 -m ru,RZ -n 40 --json || return 1
	is "$(member mode)" '"RU" "RZ" ' || return 1
	trace 60 -c zero -n 5 && awk 'NR > 1 && ($4 != "RZ" || $NF != "zero")' /tmp/trace.out |
		grep . && fail "not zero's alone"
	is "$(wc -l </tmp/trace.out)" 6 && nothing_left
}

shows_all()
{
	trace 30 -s 3 || return 1
	for mode in RN RU RZ; do
		awk -v mode=$mode '$4 == mode { found = 1 } END { exit !found }' /tmp/trace.out ||
			fail "nothing in $mode" || return 1
	done
	echo "# $(wc -l </tmp/trace.out) lines in 3 s"
	! grep -q ' roundwatch$' /tmp/trace.out || fail "shows itself" || return 1
	nothing_left
}

says_nothing_came()
{
	trace 30 -s 1 -m RD --json || return 1
	is "$(wc -c </tmp/trace.out)" 0 || return 1
	grep -qE 'no such event; the module made [1-9][0-9]* observations' /tmp/trace.err ||
		fail "says: $(cat /tmp/trace.err)"
}

shows_verdicts()
{
	in_background --verdicts -c miner --json -n 2 || return 1
	start_miner || return 1
	wait "$tracer" || fail "trace: status $?" || return 1
	stop "$pid"
	cat /tmp/trace.out
	is "$(member event)" '"verdict" ' && is "$(member pid)" "$pid " &&
		is "$(member command)" '"miner" ' || return 1
	nothing_left
}

# ends_after SIGNAL: checks that it ends with status 0, prints its output, and leaves nothing
# behind.
ends_after()
{
	in_background -p "$up" || return 1
	await 30 grep -q ' up$' /tmp/trace.out || return 1
	kill -"$1" "$tracer"
	wait "$tracer" || fail "status $?: $(cat /tmp/trace.err)" || return 1
	nothing_left
}

ends_as_its_reader_does()
{
	timeout "$(within 60)" "$reporter" trace 2>/tmp/trace.err | head -n 3 | grep -c . | grep -qx 3 || return 1
	await 20 nothing_left
}

# The next trace removes the instance of a killed one, but not that of a running one.
removes_what_is_stale()
{
	in_background -p "$up" || return 1
	kill -KILL "$tracer"
	wait "$tracer"
	[ -d "$instances/roundwatch-$tracer" ] || fail "nothing stale to remove" || return 1
	in_background -p "$up" || return 1
	trace 60 -p "$up" -n 1 || return 1
	is "$(ls $instances)" "roundwatch-$tracer" || return 1
	kill "$tracer"
	wait "$tracer" || return 1
	nothing_left
}

observations_above()
{
	[ "$(sed -n '1s/.*observations=\([0-9]*\).*/\1/p' /proc/roundwatch)" -gt "$1" ]
}

# The trace is stopped while more events are written than the smallest buffer holds.
tells_of_lost_events()
{
	in_background --json || return 1
	await 30 test -s /tmp/trace.out
	kill -STOP "$tracer"
	echo 4 >"$instances/roundwatch-$tracer/buffer_size_kb"
	before=$(sed -n '1s/.*observations=\([0-9]*\).*/\1/p' /proc/roundwatch)
	await 60 observations_above $((before + 1000)) || return 1
	kill -CONT "$tracer"
	await 60 grep -q '"event":"lost"' /tmp/trace.out || return 1
	kill -INT "$tracer"
	wait "$tracer" || return 1
	grep -m 1 '"event":"lost"' /tmp/trace.out | sed 's/^/# /'
	nothing_left
}

# A name that contains a line feed and the start of an event.
reads_strange_names()
{
	sh -c 'printf "a\nb pid=1 tg" >/proc/$$/comm; while :; do read -r _ </proc/uptime; done' &
	strange=$!
	trace 60 -p "$strange" -n 3 --json
	status=$?
	stop "$strange"
	[ $status = 0 ] && is "$(member command)" '"a\nb pid=1 tg" ' && is "$(member pid)" "$strange "
}

# A new instance starts with the global tracing options.
ignores_global_options()
{
	echo 1 >/sys/kernel/tracing/options/latency-format
	echo 1 >/sys/kernel/tracing/options/raw
	echo 1 >/sys/kernel/tracing/options/record-tgid
	trace 60 -p "$up" -n 3 --json
	status=$?
	for option in latency-format raw record-tgid; do
		echo 0 >/sys/kernel/tracing/options/$option
	done
	[ $status = 0 ] && is "$(member command)" '"up" '
}

reads_what_was_kept()
{
	mkdir $instances/kept && echo 1 >$instances/kept/events/roundwatch/enable || return 1
	await 30 grep -q 'mode=RU' $instances/kept/trace || return 1
	echo 0 >$instances/kept/events/roundwatch/enable
	timeout 2 cat $instances/kept/trace_pipe >/tmp/kept
	rmdir $instances/kept
	trace 10 --input /tmp/kept || return 1
	is "$(grep -c ' observation: ' /tmp/kept)" "$(($(wc -l </tmp/trace.out) - 1))"
}

# Its open device holds a reference to the module.
keeps_the_module_loaded()
{
	in_background || return 1
	! unload || fail "unloaded during a trace" || return 1
	kill -INT "$tracer"
	wait "$tracer" || fail "status $?: $(cat /tmp/trace.err)" || return 1
	nothing_left && await 20 unload && load
}

records_what_follows()
{
	timeout "$(within 120)" "$reporter" record --count 1 /tmp/recording &
	recorder=$!
	await 30 test -s /tmp/recording || return 1
	start_miner || return 1
	wait "$recorder" || fail "record: status $?" || return 1
	stop "$pid"
	"$reporter" list --input /tmp/recording >/tmp/trace.out
}

is_alive()
{
	"$reporter" status >/tmp/trace.out || return 1
	cat /tmp/trace.out
	grep -qE '^Alive: +[1-9][0-9]* observations in [0-9]+ ms$' /tmp/trace.out &&
		grep -qx "Kernel:        $(uname -r)" /tmp/trace.out
}

says_what_to_do()
{
	unload || return 1
	"$reporter" status >/tmp/trace.out 2>/tmp/trace.err
	is $? 3 || return 1
	cat /tmp/trace.out
	grep -q '^Next: ' /tmp/trace.out || return 1
	grep -q '^Kernel log:.* roundwatch: \|^  .* roundwatch: ' /tmp/trace.out ||
		fail "nothing of the kernel log" || return 1
	load
}

says_what_is_missing()
{
	"$reporter" trace -p 4000000 2>/tmp/trace.err
	is $? 1 && grep -q "no such process" /tmp/trace.err || return 1
	setpriv --reuid 65534 --regid 65534 --clear-groups "$reporter" trace 2>/tmp/trace.err
	is $? 3 && grep -q "try sudo" /tmp/trace.err || return 1
	umount /sys/kernel/tracing || return 1
	! mountpoint -q /sys/kernel/debug/tracing || umount /sys/kernel/debug/tracing || return 1
	! mountpoint -q /sys/kernel/debug || umount /sys/kernel/debug || return 1
	"$reporter" trace 2>/tmp/trace.err
	status=$?
	mount -t tracefs tracefs /sys/kernel/tracing
	is $status 1 && grep -q "mount -t tracefs" /tmp/trace.err
}

works_in_perf()
{
	command -v perf >/dev/null || fail "no perf: run scripts/deps trace" || return 1
	cd /tmp || return 1
	perf record -q -a -e 'roundwatch:*' -o /tmp/perf.data -- sleep 2 || return 1
	perf script -i /tmp/perf.data >/tmp/perf.out || return 1
	echo "# $(grep -c 'roundwatch:observation: comm=' /tmp/perf.out) observations in 2 s"
	grep -q "roundwatch:observation: comm=up pid=$up tgid=$up mxcsr=0x5f.0 .*mode=RU" /tmp/perf.out
}

works_in_perf_trace()
{
	perf trace -e roundwatch:observation -p "$up" -- sleep 2 >/tmp/perf.out 2>&1
	grep -m 1 -q 'roundwatch:observation' /tmp/perf.out || { head -n 5 /tmp/perf.out; return 1; }
}

works_in_trace_cmd()
{
	command -v trace-cmd >/dev/null || fail "no trace-cmd: run scripts/deps trace" || return 1
	cd /tmp || return 1
	trace-cmd record -q -e roundwatch -o /tmp/trace.dat sleep 2 >/dev/null || return 1
	trace-cmd report -i /tmp/trace.dat >/tmp/trace-cmd.out || return 1
	echo "# $(grep -c ' observation: ' /tmp/trace-cmd.out) observations in 2 s"
	grep -q " observation: .*comm=up pid=$up tgid=$up mxcsr=0x5f.0 .*mode=RU" /tmp/trace-cmd.out ||
		{ head -n 5 /tmp/trace-cmd.out; return 1; }
}

load || exit 1
[ -d $instances ] || mount -t tracefs tracefs /sys/kernel/tracing
start "$bin/load" up "$(within 1000)"
up=$pid
start "$bin/load" zero "$(within 1000)"
start sh -c 'while :; do gzip -1c "$RW_KO" >/dev/null; done'
test_case "shows the observations of one process" shows_one
test_case "shows only those in a mode, or with a name" filters
test_case "shows all" shows_all
test_case "says that there were no events" says_nothing_came
test_case "shows verdicts" shows_verdicts
test_case "ends by SIGINT" ends_after INT
test_case "ends by SIGTERM" ends_after TERM
test_case "ends when its reader is gone" ends_as_its_reader_does
test_case "removes stale instances" removes_what_is_stale
test_case "reports lost events" tells_of_lost_events
test_case "reads strange names" reads_strange_names
test_case "ignores global tracing options" ignores_global_options
test_case "reads a stored trace" reads_what_was_kept
test_case "keeps the module loaded while it runs" keeps_the_module_loaded
test_case "says what is missing" says_what_is_missing
test_case "record --follow records changes" records_what_follows
test_case "status: is alive" is_alive
test_case "status: says what to do without the module" says_what_to_do
test_case "perf record, perf script" works_in_perf
test_case "perf trace" works_in_perf_trace
test_case "trace-cmd" works_in_trace_cmd
kill "$up"
unload
finish
