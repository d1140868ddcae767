#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tests monitor, check and metrics with the module and real miners. Run by `scripts/vm run`.

. "$RW_TOP/tests/vm/lib.sh"
rest='--rest 1'
reporter=$RW_BUILD/roundwatch
mkrecord=$RW_BUILD/mkrecord
events=/tmp/events

# event ACTION PID PATH: prints the value at PATH of the last such event of the process.
event()
{
	grep -F "\"action\":\"$1\"" "$events" | grep -F "\"pid\":$2,\"entity_id\"" | tail -n 1 |
		"$mkrecord" json "$3"
}

# Succeeds if the process has an event with this action and, if given, this verdict.
has_event()
{
	[ "$(event "$1" "$2" roundwatch.verdict)" = "\"${3-randomx}\"" ]
}

# Starts the monitor in the background as $monitor, and waits until it has opened the device.
begin_monitor()
{
	: >"$events"
	"$reporter" monitor "$@" >>"$events" 2>/tmp/monitor.err &
	monitor=$!
	await 20 has_device "$monitor"
}

has_device()
{
	find "/proc/$1/fd" -lname /dev/roundwatch | grep .
}

end_monitor()
{
	kill "$monitor"
	wait "$monitor" || fail "the monitor ended with $?: $(cat /tmp/monitor.err)" || return 1
	! grep 'filter' /tmp/monitor.err
}

# has_filter PID MODE: 2: it has one; 0: it has none
has_filter()
{
	[ "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$1/status")" = "$2" ] ||
		fail "$(grep -e Seccomp -e NoNewPrivs "/proc/$1/status")"
}

# has_capabilities PID MASK: CAP_DAC_OVERRIDE is 2, CAP_DAC_READ_SEARCH 4, CAP_KILL 20, CAP_SYS_PTRACE 80000
has_capabilities()
{
	[ "$(sed -n 's/^Cap\(Prm\|Eff\):\t0*//p' "/proc/$1/status" | sort -u)" = "$2" ] ||
		fail "$(grep Cap "/proc/$1/status")"
}

# is_limited PID MASK
is_limited()
{
	has_filter "$1" 2 && has_capabilities "$1" "$2" && grep -x 'NoNewPrivs:.1' "/proc/$1/status"
}

# A command of --exec may do anything, so nothing is given up then.
gives_up()
{
	begin_monitor && is_limited "$monitor" 80004 && end_monitor &&
		begin_monitor --action stop && is_limited "$monitor" 80024 && end_monitor &&
		begin_monitor --exec true && has_filter "$monitor" 0 &&
		has_capabilities "$monitor" "$(sed -n 's/^CapEff:\t0*//p' "/proc/$$/status")" &&
		end_monitor || return 1
	: >/tmp/filtered
	"$reporter" record --follow /tmp/filtered 2>/tmp/record.err &
	recorder=$!
	await 20 has_device "$recorder" && await 20 test -s /tmp/filtered &&
		is_limited "$recorder" 80006 && kill "$recorder" && wait "$recorder" || return 1
	[ ! -s /tmp/record.err ] || fail "record: $(cat /tmp/record.err)"
}

# It sees below a mount over /proc/PID, although that was forbidden when the process began.
serves()
{
	"$reporter" metrics --listen 127.0.0.1:0 2>/tmp/serve.err &
	server=$!
	await 20 grep listening /tmp/serve.err && await 20 is_limited "$server" 80004 || return 1
	port=$(sed -n 's,.*127.0.0.1:\([0-9]*\)/metrics$,\1,p' /tmp/serve.err)
	spawn 1 && accused "$pid" 60 && mount --bind /proc/1 "/proc/$pid" || return 1
	scrape "$port" /metrics
	umount "/proc/$pid"
	grep "^roundwatch_process_evidence{pid=\"$pid\",comm=\"miner\",user=\"root\",.*randomx\"}" /tmp/scrape ||
		{ cat /tmp/scrape; return 1; }
	kill "$server"
	wait "$server" || fail "status $?: $(cat /tmp/serve.err)" || return 1
	[ "$(grep -vc listening /tmp/serve.err)" = 0 ] || fail "$(cat /tmp/serve.err)"
}

tells()
{
	begin_monitor || return 1
	"$mkrecord" listen /dev/log >/tmp/syslog 2>&1 &
	listener=$!
	await 20 test -S /dev/log || return 1
	"$reporter" monitor --format syslog 2>/tmp/syslog.err &
	logger=$!
	await 20 has_device "$logger" && spawn 1 && await 60 has_event verdict-rose "$pid" || return 1
	awk -v first="$(sed -n 's/first-hash //p' "/tmp/out.$pid")" \
		'{ printf "# event at most %.1f s after the first hash\n", $1 - first }' /proc/uptime
	entity=$(cat /proc/sys/kernel/random/boot_id)-$pid-
	case $(event verdict-rose "$pid" process.entity_id) in
	"\"$entity"*) ;;
	*) fail "entity $(event verdict-rose "$pid" process.entity_id)" || return 1 ;;
	esac
	[ "$(event verdict-rose "$pid" process.executable)" = "\"$(readlink -f "$bin/miner")\"" ] ||
		fail "executable $(event verdict-rose "$pid" process.executable)" || return 1
	[ "$(event verdict-rose "$pid" event.kind)" = '"alert"' ] || fail "no alert" || return 1
	# Facility daemon, priority crit.
	await 20 grep "^<26>.*roundwatch\[$logger\]: miner\[$pid\] became randomx" /tmp/syslog || return 1
	kill "$logger"
	wait "$logger" || fail "syslog: status $?: $(cat /tmp/syslog.err)" || return 1
	kill "$listener"
}

checks()
{
	"$reporter" check >/tmp/check
	status=$?
	cat /tmp/check
	[ $status = 2 ] || fail "check: status $status" || return 1
	grep "^ROUNDWATCH CRITICAL - 1 randomx, 0 suspect: miner\[$pid\] (root.* | randomx=1;" /tmp/check
}

measures()
{
	"$reporter" metrics --textfile /tmp/m.prom || fail "metrics: status $?" || return 1
	grep "^roundwatch_process_evidence{pid=\"$pid\",comm=\"miner\",user=\"root\",.*randomx\"} [0-9]" \
		/tmp/m.prom && grep -x 'roundwatch_up 1' /tmp/m.prom &&
		grep -x 'roundwatch_processes{verdict="randomx"} 1' /tmp/m.prom
}

# counted VERDICT: how many processes reached it
counted()
{
	sed -n "s/^roundwatch_verdicts_total{verdict=\"$1\"} //p" /tmp/m.prom
}

# Two threads of one process are one miner. It is gone before the metrics are read again.
counts_ended()
{
	"$reporter" metrics --textfile /tmp/m.prom || return 1
	before=$(counted randomx)
	lasting=$pid
	spawn 2 && accused "$pid" 60 && end "$pid"
	status=$?
	ended=$pid
	pid=$lasting
	[ $status = 0 ] && "$reporter" metrics --textfile /tmp/m.prom || return 1
	! grep "pid=\"$ended\"" /tmp/m.prom || fail "it is listed" || return 1
	grep '^roundwatch_verdict' /tmp/m.prom
	[ "$(counted randomx)" = $((before + 1)) ] || fail "counted $before, then $(counted randomx)" || return 1
	grep -q " reached_randomx=$((before + 1))$" /proc/roundwatch || fail "not in /proc/roundwatch" || return 1
	now=$(date +%s)
	last=$(sed -n 's/^roundwatch_verdict_last_timestamp_seconds{verdict="randomx"} //p' /tmp/m.prom)
	[ $((now - ${last%.*})) -ge 0 ] || fail "last at $last, now $now" || return 1
	[ $((now - ${last%.*})) -lt 60 ] || fail "last at $last, now $now"
}

# A monitor holds the module. One that began without the module reports the miner that runs all the time.
waits()
{
	entity=$(event verdict-rose "$pid" process.entity_id)
	refused=$(unload 2>&1) && fail "the module was unloaded under the monitor" && return 1
	echo "$refused" | grep 'in use' && end_monitor && unload || return 1
	"$reporter" check
	[ $? = 3 ] || fail "check without the module is not UNKNOWN" || return 1
	"$reporter" metrics --textfile /tmp/m.prom
	[ $? = 3 ] || fail "metrics without the module: status" || return 1
	grep -x 'roundwatch_up 0' /tmp/m.prom || return 1
	"$reporter" monitor --wait >"$events" 2>/tmp/monitor.err &
	monitor=$!
	await 20 grep 'waiting for the module' /tmp/monitor.err || return 1
	# shellcheck disable=SC2119 # no parameters
	load && await 20 grep -F '"action":"monitoring-resumed"' "$events" || return 1
	await 60 reported || return 1
	[ "$(event verdict-rose "$pid" process.entity_id)" = "$entity" ] || fail "another entity"
}

reported()
{
	grep -F '"action":"verdict-rose"' "$events" | grep '"verdict":"randomx"'
}

ends()
{
	end "$pid" && await 20 has_event verdict-ended "$pid" && end_monitor
}

# Kills the miner, but not a process with the PID of an earlier miner whose tally is still there.
kills()
{
	has_row PID="$pid" TID=- FLAGS=pe-- VERDICT=randomx || fail "no tally of the dead one" || return 1
	old=$pid
	echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
	sleep 300 &
	heir=$!
	[ "$heir" = "$old" ] || { stop "$heir"; fail "no PID was reused: $heir for $old"; return 1; }
	begin_monitor --action kill && spawn 1 || return 1
	await 60 gone "$pid" && await 20 has_event verdict-ended "$pid" || return 1
	[ "$(event verdict-rose "$pid" roundwatch.response.outcome)" = '"done"' ] ||
		fail "not told: $(cat "$events")" || return 1
	kill -0 "$heir" || fail "killed the process that has its PID now" || return 1
	stop "$heir"
	end_monitor
}

# The evidence is there when the miner is killed, with all that only the module knows.
collects()
{
	mkdir -p /tmp/evidence && chmod 700 /tmp/evidence
	begin_monitor --collect /tmp/evidence --action kill && is_limited "$monitor" 80026 && spawn 1 || return 1
	await 90 gone "$pid" && await 20 has_event verdict-ended "$pid" || return 1
	archive=$(event verdict-rose "$pid" roundwatch.archive | tr -d '"')
	[ "$(event verdict-rose "$pid" roundwatch.response.outcome)" = '"done"' ] &&
		[ "$(stat -c %a "$archive")" = 600 ] || fail "$(cat "$events" /tmp/monitor.err)" || return 1
	[ "$(event verdict-rose "$pid" process.entity_id)" = "\"$(basename "${archive#*Z-}" .tar.gz)\"" ] ||
		fail "another name: $archive" || return 1
	end_monitor || return 1
	[ ! -s /tmp/monitor.err ] || fail "$(cat /tmp/monitor.err)" || return 1
	rm -rf /tmp/got && mkdir /tmp/got && tar -xzf "$archive" -C /tmp/got --strip-components=1 || return 1
	cmp /tmp/got/exe "$bin/miner" || return 1
	[ "$("$mkrecord" json complete </tmp/got/manifest.json)" = true ] ||
		fail "$(grep -B 4 '"why":"' /tmp/got/manifest.json)" || return 1
	[ "$("$mkrecord" json alive_at_end </tmp/got/manifest.json)" = true ] || fail "it had ended" || return 1
	[ "$("$mkrecord" json explain.0.verdict </tmp/got/explain.json)" = '"randomx"' ] || fail "no verdict" || return 1
	"$reporter" list --input /tmp/got/recording.roundwatch --raw --noheadings -o PID,VERDICT | grep -x "$pid randomx"
}

# An allowed process is reported and not killed. A process that only has the same path is killed.
spares()
{
	echo "exe $(readlink -f "$bin/miner")" >/tmp/allow
	begin_monitor --action kill --allow /tmp/allow && spawn 1 || return 1
	await 60 has_event verdict-rose "$pid" || return 1
	[ "$(event verdict-rose "$pid" roundwatch.allowed)" = true ] &&
		[ "$(event verdict-rose "$pid" event.kind)" = '"event"' ] || fail "not allowed" || return 1
	"$reporter" check --allow /tmp/allow || fail "check: status $?" || return 1
	kill -0 "$pid" || fail "killed" || return 1
	end "$pid" && end_monitor
}

suspects_disguise()
{
	echo "exe /usr/bin/true" >/tmp/allow
	# shellcheck disable=SC2016 # for sh
	start unshare -m sh -c 'mount --bind "$0" /usr/bin/true && exec /usr/bin/true --seconds "$1"' \
		"$bin/miner" "$(within 100)"
	await 60 grep -q first-hash "/tmp/out.$pid" &&
		[ "$(readlink "/proc/$pid/exe")" = /usr/bin/true ] || return 1
	begin_monitor --action kill --allow /tmp/allow || return 1
	await 60 gone_or_zombie "$pid" || return 1
	await 20 has_event verdict-ended "$pid" || return 1
	[ "$(event verdict-ended "$pid" roundwatch.allowed)" = false ] || fail "allowed" || return 1
	end_monitor
}

gone_or_zombie()
{
	! grep -v '^State:.Z' "/proc/$1/status" | grep '^State:'
}

# shellcheck disable=SC2119 # no parameters
load
test_case "fills a cache" fill_cache
test_case "monitor reports a miner" tells
test_case "check is critical" checks
test_case "metrics name it" measures
test_case "metrics count a miner that ends between two scrapes" counts_ended
test_case "the monitor holds the module, and waits for one that is not there" waits
test_case "monitor reports its end" ends
test_case "monitor kills a miner, but not a process with its PID" kills
test_case "monitor collects the evidence, then kills" collects
test_case "monitor spares an allowed process" spares
test_case "monitor does not spare a process with the same path" suspects_disguise
test_case "privileges and system calls are given up" gives_up
test_case "metrics --listen gives them up, too" serves
kill "$spawner"
unload
finish
