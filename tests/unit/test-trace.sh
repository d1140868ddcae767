#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-trace.sh BUILD_DIR: tests roundwatch trace with text in the format of trace_pipe, and
# roundwatch record --follow. tests/vm/trace.sh tests the parts that need the module. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

# observation COMM PID TGID MXCSR MODE GUEST LOOK
observation()
{
	printf '%16s-%-7d [001] d..2.  1234.567890: observation: comm=%s pid=%d tgid=%d mxcsr=%s fcw=0x37f mode=%s guest=%d look=%d\n' \
		"$1" "$2" "$1" "$2" "$3" "$4" "$5" "$6" "$7"
}

verdict()	# COMM PID PROCESS EVIDENCE FROM VERDICT
{
	printf '%16s-%-7d [000] d..2.     5.000001: verdict: comm=%s pid=%d tgid=10 process=%d evidence=%d from=%s verdict=%s\n' \
		"$1" "$2" "$1" "$2" "$3" "$4" "$5" "$6"
}

{
	observation miner 11 10 0xdfc0 RU 0 0
	observation 'two words' 20 20 0x1f80 RN 0 1
	echo 'CPU:1 [LOST 23 EVENTS]'
	observation qemu 31 30 0x7f80 RZ 1 1
	verdict miner 11 0 71 rounding suspect
	verdict miner 10 1 104 suspect randomx
} >pipe

words() { sed 's/  */ /g; s/^ //; s/ $//' out; }

run trace --input pipe
same "observations: exit status" "$rc" 0
same "observations" "$(words)" "\
TIME PID TID MODE MXCSR FCW FLAGS COMMAND
1234.567890 10 11 RU 0xdfc0 0x37f - miner
1234.567890 20 20 RN 0x1f80 0x37f look two words
1234.567890 30 31 RZ 0x7f80 0x37f guest,look qemu"
says "lost events" err "23 events of CPU 1 were lost here"
run trace --input pipe --verdicts
same "verdicts" "$rc $(words)" "0 \
TIME PID TID EVIDENCE FROM VERDICT COMMAND
5.000001 10 11 71 rounding suspect miner
5.000001 10 - 104 suspect randomx miner"
rc=0
"$build/roundwatch" trace --input - <pipe >out 2>err || rc=$?
same "standard input" "$rc $(wc -l <out | tr -d ' ')" "0 4"

run trace --json --input pipe
same "JSON: objects" "$rc $(wc -l <out | tr -d ' ')" "0 4"
same "JSON: lost events are not on standard error" "$(cat err)" ""
object() { sed -n "$1p" out | mk json "$2"; }
for member in event:'"observation"' time:null boottime:1234.567890 cpu:1 pid:10 tid:11 \
	command:'"miner"' mode:'"RU"' mxcsr:57280 fcw:895 guest:false look:false; do
	same "JSON: ${member%%:*}" "$(object 1 "${member%%:*}")" "${member#*:}"
done
same "JSON: lost" "$(sed -n 3p out)" '{"event":"lost","cpu":1,"lost":23}'
echo 'CPU:0 [LOST EVENTS]' >uncounted
run trace --json --input uncounted
same "JSON: lost, not known how many" "$rc $(cat out)" '0 {"event":"lost","cpu":0,"lost":null}'
run trace --json --verdicts --input pipe
same "JSON: a verdict on a process" "$(sed -n 3p out)" \
	'{"event":"verdict","time":null,"boottime":5.000001,"cpu":0,"pid":10,"tid":null,"command":"miner","evidence":104,"from":"suspect","verdict":"randomx"}'

# only OPTION...: print the TIDs of the shown lines
only()
{
	run trace --json --input pipe "$@"
	sed '/lost/d' out | while read -r line; do echo "$line" | mk json tid; done | tr '\n' ' '
}
same "--pid of a process" "$(only --pid 10)" "11 "
same "--pid of threads" "$(only -p 31,20)" "20 31 "
same "--comm" "$(only --comm 'two words')" "20 "
same "--comm is the whole name" "$(only --comm two)" ""
same "--mode" "$(only --mode ru,RZ)" "11 31 "
same "--mode and --pid" "$(only --mode RU,RZ --pid 30)" "31 "
same "--count" "$(only --count 2)" "11 20 "
same "--verdicts and --pid" "$(only --verdicts --pid 11)" "11 "

# Names that look like other fields, and a trace truncated at every place.
{
	observation 'a
b pid=1 tgid=' 41 40 0x3f80 RD 0 0
	observation ' pid=1' 42 40 0x3f80 RD 0 0
	observation '' 43 40 0x3f80 RD 0 0
	observation 'CPU:1 [LOST 9' 44 40 0x3f80 RD 0 0
} >strange
run trace --json --input strange
same "strange names" "$rc $(cut -d, -f 5-7 out | tr '\n' ' ')" "0 \
\"pid\":40,\"tid\":41,\"command\":\"a\\nb pid=1 tgid=\" \
\"pid\":40,\"tid\":42,\"command\":\" pid=1\" \
\"pid\":40,\"tid\":43,\"command\":\"\" \
\"pid\":40,\"tid\":44,\"command\":\"CPU:1 [LOST 9\" "
run trace --input strange
mk escapes <out
same "strange names are harmless" $? 0
size=$(wc -c <strange | tr -d ' ')
bad=
i=0
while [ "$i" -lt "$size" ]; do
	rc=0
	head -c "$i" strange | "$build/roundwatch" trace --json --input - >out 2>err || rc=$?
	# Truncation at the end of an event is not an error.
	whole=$(head -c "$i" strange | tr '\n' '~' | grep -o 'look=0~' | wc -l | tr -d ' ')
	case $rc:$(wc -l <out | tr -d ' ') in
	0:"$whole" | 1:"$whole") ;;
	*) bad="$bad $i:$rc" ;;
	esac
	i=$((i + 1))
done
same "cut off at each of $size bytes" "$bad" ""

# Lines that are not events of the module are counted.
for line in 'nothing of ours' "$(observation x 1 1 0x1f80 RN 0 0) more" \
	"$(observation x 1 1 1f80 RN 0 0)" "$(observation x 1 1 0x100001f80 RN 0 0)" \
	"$(observation x 1 1 0x1f80 RX 0 0)" "$(observation x 1 1 0x1f80 RN 2 0)" \
	"$(observation 'more than fifteen' 1 1 0x1f80 RN 0 0)" \
	"$(verdict x 1 0 1 clear guilty)"; do
	{
		observation before 1 1 0x1f80 RN 0 0
		echo "$line"
		observation after 2 2 0x1f80 RN 0 0
	} >odd
	run trace --json --input odd
	same "not an event: $line" "$rc $(wc -l <out | tr -d ' ')" "1 2"
	says "not an event" err "are no events"
done
run trace --input missing
expect "no such file" 1
run trace --input .
expect "a directory" 1

# Wrong usage.
for value in '' x 0 1,x -1 2147483648; do
	run trace --pid "$value" --input pipe
	expect "--pid '$value'" 2
done
run trace --pid "$(seq 65 | tr '\n' ,)" --input pipe
expect "65 PIDs" 2
says "65 PIDs" err "'65'" "at most 64"
run trace --comm sixteen-letters- --input pipe
expect "a name that is too long" 2
run trace --mode RU,UP --input pipe
expect "no such mode" 2
says "no such mode" err "'UP'" "RN, RD, RU and RZ"
run trace --verdicts --mode RU --input pipe
expect "verdicts in a mode" 2
for option in count seconds; do
	run trace --$option 0 --input pipe
	expect "--$option 0" 2
	says "--$option 0" err "not a number from 1"
done
run trace --device missing
expect "no module" 3
run trace --pid 2147483647 --device missing
expect "no such process" 1
says "no such process" err "--pid 2147483647: no such process"

# A device, but a kernel without tracing.
mk info end >device
mkdir -p host/proc host/sys/kernel
run trace --device device --sysroot host
expect "a kernel without tracing" 1
says "a kernel without tracing" err "CONFIG_EVENT_TRACING"
mkdir -p host/sys/kernel/tracing
run trace --device device --sysroot host
expect "tracefs not mounted" 1
says "tracefs not mounted" err "mount -t tracefs nodev"
: >host/sys/kernel/tracing/trace_pipe
run trace --device device --sysroot host
expect "no instances" 1
says "no instances" err "has no instances"
mkdir host/sys/kernel/tracing/instances
run trace --device device --sysroot host
expect "no tracepoints" 1
says "no tracepoints" err "events/roundwatch/observation" "did not take the module's tracepoints"
mkdir -p host/sys/kernel/tracing/events/roundwatch/observation
run trace --device device --sysroot host
expect "not the kernel's tracefs" 1
same "what was begun is undone" "$(ls host/sys/kernel/tracing/instances)" ""

#
# record --follow
#

mk head info tally tgid=1 pid=1 highest=1 end >state
{ cat state; mk tally tgid=1 pid=1 verdict=3 highest=3; } >one
{ cat one; mk lost lost=2 unknown tally tgid=1 pid=1 verdict=1 highest=3; } >changes
run record --input changes copy
cmp state copy
same "without --follow: the state" "$rc $?" "0 0"
run record --follow --input changes copy
expect "--follow" 0
cmp changes copy
same "--follow keeps every byte" $? 0
run record --count 1 --input changes copy
cmp one copy
same "--count 1: the state and a change" "$rc $?" "0 0"
run list --input copy --raw -n -o PID,VERDICT
same "it can be read" "$rc $(cat out)" "0 1 clear"
head -c $(($(wc -c <one) + 30)) changes >shortened
run record --follow --input shortened copy
expect "cut off after the state" 1
says "cut off after the state" err "truncated"
head -c "$(wc -c <copy)" changes | cmp - copy
same "what came before the cut is kept" "$? $(($(wc -c <copy) >= $(wc -c <one)))" "0 1"
run record --follow --input changes /dev/full
expect "a full disk" 1
says "a full disk" err "the recording is not complete"
for option in count seconds; do
	run record --$option x --input changes copy
	expect "record --$option x" 2
done

# A device that stays open and returns more records later.
mkfifo fifo
mk info end >first
mk tally tgid=9 pid=9 verdict=3 highest=3 >second
mk head info end >state
{ cat state second; } >whole
"$build/roundwatch" record --follow --device fifo copy 2>err &
recorder=$!
exec 3>fifo
cat first >&3
kept()	# FILE: wait until the copy equals FILE
{
	wait_for 20 cmp "$1" copy
}
kept state
same "the state is kept at once" $? 0
cat second >&3
kept whole
same "a change is kept at once" $? 0
kill -INT "$recorder"
wait "$recorder"
same "interrupted: exit status" "$? $(cat err)" "0 "
exec 3>&-
"$build/roundwatch" record --follow --device fifo copy 2>err &
recorder=$!
cat first second >fifo
wait "$recorder"
same "the module goes" "$?" 3
says "the module goes" err "the module was unloaded; copy has what it told"
cmp whole copy
same "the module goes: what it told is kept" $? 0
"$build/roundwatch" record --seconds 1 --device fifo copy 2>err &
recorder=$!
exec 3>fifo
cat first >&3
wait "$recorder"
same "--seconds" "$? $(cat err)" "0 "
exec 3>&-

finish
