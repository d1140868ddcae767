#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-history.sh BUILD_DIR: history with journals that systemd-journal-remote makes from text, and
# with files of events. Needs neither the module nor root. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

top=$source/..
"$top/scripts/foreign" bookworm systemd-journal-remote >foreign 2>&1 || { cat foreign; exit 2; }

boot1=11111111222233334444555555555555
boot2=66666666777788889999aaaaaaaaaaaa
origin1=11111111-2222-3333-4444-555555555555
origin2=66666666-7777-8888-9999-aaaaaaaaaaaa
host=web1
writer=0
machine=cafecafecafecafecafecafecafecafe
day=1795651200	# 2026-11-26T00:00:00Z

# boot N: of the entries from here on; it began at this second of the day
boot()
{
	case $1 in
	1) boot=$boot1 origin=$origin1 ;;
	2) boot=$boot2 origin=$origin2 ;;
	esac
	began=$2
}

# entry SECOND FIELD=VALUE...: an entry of the journal, as text
entry()
{
	echo "__REALTIME_TIMESTAMP=$((day + $1))000000"
	echo "__MONOTONIC_TIMESTAMP=$(($1 - began))000000"
	echo "_BOOT_ID=$boot"
	echo "_MACHINE_ID=$machine"
	shift
	printf '%s\n' _HOSTNAME="$host" "$@" ''
}

# unit SECOND ID: what systemd says of the unit
unit()
{
	entry "$1" _PID=1 _UID=0 UNIT=roundwatch-monitor.service "MESSAGE_ID=$2" MESSAGE=unit
}
starts() { unit "$1" 39f53479d3a045ac8e11786248231fbf; }
stops() { unit "$1" 9d1aaa27d60140bd96365438aad20286; }

# at SECOND: in ISO 8601, as in an event
at() { date -u -d "@$((day + $1))" +%Y-%m-%dT%H:%M:%S.000000+00:00; }

# event SECOND ACTION PID VERDICT [FIELD=VALUE...]: an entry of the monitor about a process
event()
{
	second=$1
	id=$origin-$(printf %x $(((second - began) * 1000000000)))-1
	action=$2
	pid=$3
	verdict=$4
	shift 4
	entry "$second" "_UID=${writer}" _PID=77 EVENT_DATASET=roundwatch.monitor EVENT_ID="$id" \
		EVENT_ACTION="verdict-$action" PROCESS_PID="$pid" PROCESS_NAME=miner USER_ID=1001 \
		USER_NAME=alice PROCESS_ENTITY_ID="$origin-$pid-${start-100000000000}" \
		ROUNDWATCH_VERDICT="$verdict" ROUNDWATCH_CGROUP=/ "$@"
}

# told SECOND ACTION: an entry of the monitor about itself
told()
{
	entry "$1" _UID=0 EVENT_DATASET=roundwatch.monitor EVENT_ID="$origin-1-1" EVENT_ACTION="$2"
}

# any SECOND: an entry of another program
any() { entry "$1" _UID=0 MESSAGE=hello; }

# journal NAME: makes a journal of what comes, in a directory of that name
journal()
{
	mkdir -p "$1"
	cat >"$1.export"
	"$top/scripts/foreign" exec bookworm lib/systemd/systemd-journal-remote -o "$1/system.journal" \
		"$1.export" >remote 2>&1 || { cat remote; exit 2; }
}

# words NAME COLUMNS OPTION...: history of that journal as words
words()
{
	name=$1
	columns=$2
	shift 2
	run history --directory "$name" --raw --noheadings -o "$columns" "$@"
	cat out
}

#
# Episodes
#

boot 1 36000
{
	any 36000
	starts 36010
	event 40000 rose 42 suspect
	event 40020 rose 42 randomx ROUNDWATCH_PREVIOUS=suspect ROUNDWATCH_UNIT=web.service
	event 43600 ended 42 randomx ROUNDWATCH_UNIT=web.service
	event 44000 rose 43 randomx ROUNDWATCH_ALLOWED_BY='line 1: user alice'
	event 44010 fell 43 rounding ROUNDWATCH_PREVIOUS=randomx ROUNDWATCH_ALLOWED_BY='line 1: user alice'
	event 44100 rose 43 suspect
	event 44110 fell 43 rounding ROUNDWATCH_PREVIOUS=suspect
	event 50000 rose 44 randomx CONTAINER_ID=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef \
		CONTAINER_RUNTIME=docker
	any 60000
	boot 2 70000
	any 70000
	starts 70010
	event 70020 present 42 randomx "ROUNDWATCH_SINCE=$(at 70005)" \
		ROUNDWATCH_RESPONSE_ACTION=kill ROUNDWATCH_RESPONSE_OUTCOME=done
	event 70021 ended 42 randomx
	event 72000 rose 45 randomx
	any 73000
} | journal one
words one PID,VERDICT,FROM,UNTIL,FOR,END >got
expect "episodes" 0
same "episodes" "$(cat got)" "\
42 randomx $(at 40000) $(at 43600) 3600.000 ended
43 randomx $(at 44000) $(at 44010) 10.000 fell
43 suspect $(at 44100) $(at 44110) 10.000 fell
44 randomx $(at 50000) - 10000.000 host\\x20restarted
42 randomx $(at 70005) $(at 70021) 16.000 ended
45 randomx $(at 72000) - 1000.000 unknown"
same "where" "$(words one WHERE | sed 's/\\x20/ /g' | head -4 | tr '\n' ,)" \
	"web.service,cgroup /,cgroup /,docker 0123456789ab,"
same "allowed, response" "$(words one ALLOWED,RESPONSE | sed 's/\\x20/_/g' | tr '\n' ,)" \
	"- -,line_1:_user_alice -,- -,- -,- kill_done,- -,"
same "the longest first" "$(words one PID --sort for | head -1)" 44
run history --directory one --json
expect "JSON" 0
same "JSON: values" "$(json history.0.pid) $(json history.0.for) $(json history.0.end) $(json history.0.host)" \
	'42 3600.000 "ended" "web1"'
same "JSON: nothing was not watched" "$(json not_watched)" '[]'
run history --directory one --time iso
same "a table" "$(head -n 2 out | tr -s ' ')" "\
VERDICT PID COMMAND USER WHERE FROM FOR END
randomx 42 miner alice web.service $(at 40000) 1h ended"
run history --directory one --color always
says "a table: in words" out "fell, allowed" "ended, kill done"
says "a table: red, and dim what is allowed" out "$(printf '\033[31mrandomx')" "$(printf '\033[2m')"
same "a table: at least so long" "$(sed -n 's/.* \(>[^ ]*\) *host restarted.*/\1/p' out)" ">2h"

# What began before, goes on or ends in that time
same "since" "$(words one PID --since "$(at 43000)" --until "$(at 44000)" | tr '\n' ' ')" "42 43 "
expect "since" 0
same "since: of a host that was restarted later" \
	"$(words one PID --since "$(at 59000)" --until "$(at 60000)")" 44
same "since: what may go on" "$(words one PID --since "$(at 72500)" --until "$(at 73000)")" 45
run history --directory one --since "$(at 65000)" --until "$(at 65600)"
same "nobody: exit status" "$rc" 0
says "nobody" err "nobody was accused"
for wrong in "--since 25:99" "--until soon" "--since 9999-01-01" "--since $(at 9) --until $(at 8)" \
	"--time never" "--json --raw" "--input x --directory y" "-o NOTHING" "argument"; do
	# shellcheck disable=SC2086 # words
	run history $wrong
	expect "wrong: $wrong" 2
done
run list --input /dev/null --since 9999-01-01
same "a time that does not fit" "$rc" 1

#
# What was not watched
#

# gaps NAME OPTION...: from, until and why, and the exit status
gaps()
{
	run history --directory "$@" --json
	i=0
	while json "not_watched.$i.why" >why 2>/dev/null; do
		echo "$(json "not_watched.$i.from" | cut -c 13-20) $(json "not_watched.$i.until" |
			cut -c 13-20) $(tr -d '"' <why)"
		i=$((i + 1))
	done
	echo "$rc"
}

boot 1 0
{
	any 0
	starts 10
	event 100 rose 42 randomx
	stops 3600
	any 5000
	starts 7200
	told 8000 monitoring-interrupted
	told 9000 monitoring-resumed
	told 10000 module-blind
	event 10010 fell 9 rounding
	told 11000 module-sees
	any 12000
} | journal gaps
same "gaps" "$(gaps gaps)" "\
01:00:00 02:00:00 the monitor did not run
02:13:20 02:30:00 the module was not loaded
02:46:40 03:03:20 the module was blind
4"
says "gaps: in words" err "to Nov 26 02:00: the monitor did not run"
same "it was not accused when the monitor came back" "$(words gaps PID,END,LAST | head -n 1)" \
	"42 unknown $(at 3600)"
same "gaps: before and after the record" \
	"$(gaps gaps --since "$(at -3600)" --until "$(at 1000)" | head -n 1)" \
	"23:00:00 00:00:00 there is no record"
same "gaps: between others" "$(gaps gaps --since "$(at 7300)" --until "$(at 7900)")" 0
same "gaps: a second is none" "$(gaps gaps --since "$(at 3590)" --until "$(at 3610)")" 0

boot 1 0
{
	any 0
	any 9000
	boot 2 10000
	any 10000
	event 11000 rose 42 randomx
	event 12000 ended 42 randomx
	any 20000
} | journal hand
same "started by hand: until when is not known" "$(gaps hand --since "$(at 0)")" "\
00:00:00 03:03:20 the monitor did not run
03:20:00 05:33:20 nothing says whether the monitor ran
4"
boot 1 0
{ any 0; any 9000; } | journal nothing
run history --directory nothing
expect "nothing" 4
says "nothing" err "nothing of the monitor: it has never run"
{ any 0; entry 5 _UID=0 SYSLOG_IDENTIFIER=roundwatch 'MESSAGE=miner[42] became randomx'; } | journal text
run history --directory text
expect "text" 4
says "text" err "none is an event" "--format text"
run history --directory text --json
same "nothing, as JSON" "$rc $(json history)" "4 []"

# Any user can write into the journal
writer=1000
{
	any 0
	starts 10
	event 20 rose 666 randomx
	event 30 rose 667 randomx _SYSTEMD_UNIT=roundwatch-monitor.service
	entry 40 _UID=1000 _PID=99 UNIT=roundwatch-monitor.service \
		MESSAGE_ID=9d1aaa27d60140bd96365438aad20286
	any 1000
} | journal forged
writer=0
same "forged: left out" "$(words forged PID)" 667
says "forged" err "1 event left out, as user 1000 wrote it"
same "forged: asked for" "$(words forged PID --untrusted | tr '\n' ' ')" "666 667 "
same "forged: that it stopped" "$(gaps forged)" 0

# Several hosts, files that were rotated, files that are none
{ boot 1 0; any 0; starts 1; event 20 rose 1 randomx; any 90; } | journal both
web=$machine
machine=feedfeedfeedfeedfeedfeedfeedfeed
host=db1
{ boot 2 0; any 0; starts 1; event 30 rose 2 randomx; any 90; } | journal other
machine=$web
host=web1
mkdir both/$machine
mv other/system.journal both/$machine/system@rotated.journal
same "several hosts" "$(words both PID,HOST | tr '\n' ' ')" "1 web1 2 db1 "
run history --directory both
same "several hosts: a column" "$(head -n 1 out | cut -c 1-12)" "VERDICT HOST"
head -c 5000 one/system.journal >both/system@cut.journal
echo nonsense >both/nonsense.journal~
run history --directory both
expect "damaged" 4
says "damaged" err "nonsense.journal~: " "its entries are missing"
same "damaged: the others" "$(grep -c randomx out)" 2
run history --directory missing
expect "no directory" 1
mkdir empty
run history --directory empty
expect "no journal" 1
says "no journal" err "no files of a journal"
mkdir -p denied
cp one/system.journal denied
chmod 0 denied/system.journal
chmod 755 "$tmp"
rc=0
if [ "$(id -u)" = 0 ]; then
	cp "$build/roundwatch" roundwatch
	setpriv --reuid 12345 --regid 12345 --clear-groups ./roundwatch history --directory denied >out 2>err || rc=$?
else
	run history --directory denied
fi
expect "denied" 1
says "denied" err "1 file is not readable" "systemd-journal or adm"

#
# This host
#

mkdir -p host/proc/sys/kernel/random host/proc/42 host/proc/43 host/var/log/journal/$machine host/etc
echo $origin1 >host/proc/sys/kernel/random/boot_id
echo '42 (miner) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 10000 0' >host/proc/42/stat
echo '43 (other) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99999 0' >host/proc/43/stat
{ any 0; starts 10; event 20 rose 42 randomx; event 30 rose 43 randomx; any 7200; } | journal live
cp live/system.journal host/var/log/journal/$machine
run history --sysroot host --raw -n -o PID,END,FOR
expect "this host" 0
same "this host: one runs, the PID of another is used again" "$(cat out)" "\
42 running 7180.000
43 unknown 7170.000"
{ any 0; starts 10; event 20 rose 42 randomx; stops 3000; starts 3010; any 7200; } | journal quiet
cp quiet/system.journal host/var/log/journal/$machine
run history --sysroot host --raw -n -o PID,END,FOR
same "this host: it runs, but the monitor came back and did not accuse it" "$(cat out)" "42 unknown 2980.000"
cp live/system.journal host/var/log/journal/$machine
echo $origin2 >host/proc/sys/kernel/random/boot_id
run history --sysroot host --raw -n -o PID,END
same "this host: restarted" "$(cut -d ' ' -f 2 out | sort -u)" 'host\x20restarted'

#
# Files of events
#

mk head info \
	tally flags=1 pid=42 tgid=42 uid=12345 comm=xmrig verdict=3 highest=3 evidence=2000 \
	verdict_ns=9940000000000 end \
	tally flags=1 pid=42 tgid=42 comm=xmrig verdict=1 highest=3 time_ns=10060000000000 \
	tally flags=1 pid=60 tgid=60 comm=new verdict=3 highest=3 verdict_ns=10070000000000 time_ns=10070000000000 \
	tally flags=3 pid=60 tgid=60 comm=new verdict=3 highest=3 time_ns=10075000000000 \
	tally flags=1 pid=70 tgid=70 comm=last verdict=3 highest=3 verdict_ns=10080000000000 time_ns=10080000000000 >recording
: >nobody
run monitor --input recording --allow nobody
cp out events
run history --input events --raw -n -o PID,COMMAND,VERDICT,FROM,UNTIL,FOR,END
expect "a file of monitor" 0
same "a file of monitor" "$(cat out)" "\
42 xmrig randomx 2023-11-14T22:12:20.000000+00:00 2023-11-14T22:14:20.000000+00:00 120.000 fell
60 new randomx 2023-11-14T22:14:30.000000+00:00 2023-11-14T22:14:35.000000+00:00 5.000 ended
70 last randomx 2023-11-14T22:14:40.000000+00:00 - 0.000 unknown"
cp out wanted
# A log daemon may write something before each, and files may overlap, in any order
{ sed 's/^/Nov 26 web1 roundwatch[7]: /' events | tac; echo '{"event":{"dataset":"other"}}'; cat events; } >mixed
"$build/roundwatch" history --input - --raw -n -o PID,COMMAND,VERDICT,FROM,UNTIL,FOR,END <mixed >out 2>err
same "standard input, overlapping, of several programs" "$(cat out)" "$(cat wanted)"
{ cat events; echo 'no JSON'; head -c 100 events; } >odd
run history --input odd
expect "a line cut off" 4
says "a line cut off" err "2 of 7 lines are no JSON"
run history --input events --since 2023-11-14T20:00Z --until 2023-11-14T22:00Z
expect "before the file" 4
says "before the file" err "there is no record"
run history --input recording
expect "a recording" 1
says "a recording" err "no events"
: >none
run history --input none
expect "an empty file" 4
printf '{"event":{"dataset":"roundwatch.monitor","action":"verdict-rose"},"@timestamp":"2026-01-01T00:00:00Z"}\n' >bare
run history --input bare
expect "an event without a process" 4
printf '{"event":{"dataset":"roundwatch.monitor","action":"verdict-rose"},"@timestamp":"2026-01-01T00:00:00Z","process":{"entity_id":"x-1-2","name":"a\\u001b[2Jb"},"roundwatch":{"verdict":"randomx"}}\n' >nasty
run history --input nasty
mk escapes <out
result $? "nothing that a terminal acts upon"

# Each line on a terminal
if command -v script >/dev/null; then
	script -qec "stty cols 80; '$build/roundwatch' history --directory one" /dev/null </dev/null |
		tr -d '\r' >out
	same "fits 80 columns" "$(fits 80 24)" yes
	says "fits: with all that matters" out "host restarted" "docker 0123" "randomx"
else
	skip "fits 80 columns" "no script(1)"
fi

finish
