#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# test-reporter.sh BUILD_DIR
#
# Tests BUILD_DIR/roundwatch on recordings that BUILD_DIR/mkrecord makes. Needs
# neither the module nor root. Prints TAP; exits 0 if all is well.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

echo "# reporter: $("$build/roundwatch" --version)"

#
# Recordings
#

# A miner of four threads and its process; an interval program; one that exited.
mk head info \
	tally pid=500 tgid=500 uid=1000 comm=interval verdict=1 highest=1 rn=50 ru=40 changes=30 \
	tally flags=1 pid=4242 tgid=4242 uid=1001 comm=xmrig verdict=3 highest=3 evidence=2000 \
		rn=7 rd=7 ru=7 rz=7 changes=7 samples=7 \
	tally pid=4243 tgid=4242 uid=1001 comm=worker0 verdict=3 highest=3 evidence=1100 \
		rn=1 rd=10 ru=100 rz=1000 changes=1 samples=2 first_ns=5000000000000 \
	tally pid=4244 tgid=4242 uid=1001 comm=worker1 verdict=2 highest=3 evidence=900 \
		rn=2 rd=20 ru=200 rz=2000 changes=2 samples=2 last_ns=9999000000000 \
		mode=3 mxcsr=0xff80 fcw=0xf7f cpu_ns=1500000000 flags=4 \
	tally pid=4245 tgid=4242 uid=1001 comm=worker2 verdict=2 highest=2 evidence=800 \
		rn=3 rd=30 ru=300 rz=3000 changes=3 samples=2 first_ns=0 cpu_ns=1000000 flags=8 \
	tally pid=4246 tgid=4242 uid=1001 comm=worker3 verdict=1 highest=2 evidence=700 \
		rn=4 rd=40 ru=400 rz=4000 changes=4 samples=2 flags=2 \
	tally pid=600 tgid=600 comm=gone verdict=2 highest=3 evidence=400 flags=2 rz=9 \
	tally pid=700 tgid=700 comm=calm rn=9 \
	end > all
status=$?
same "mkrecord works" "$status" 0

mk head info end > none
mk head info tally pid=5 tgid=5 comm=one verdict=3 highest=3 evidence=1500 uid=42 end > one
mk info tally pid=5 tgid=5 comm=one verdict=3 highest=3 evidence=1500 uid=42 end > one.device

#
# Screens
#

for cmd in list status trace record; do
	run $cmd --help
	expect "$cmd --help" 0
	cp out first
	run help $cmd
	expect "help $cmd" 0
	same "help $cmd is $cmd --help" "$(cat out)" "$(cat first)"
	run $cmd -h
	same "$cmd -h is $cmd --help" "$rc $(cat out)" "0 $(cat first)"
	same "$cmd --help fits a screen" \
		"$(fits 80 24)" "yes"
	run $cmd --version
	same "$cmd --version" "$rc $(cut -d ' ' -f 1 out)" "0 roundwatch"
done
run --help
expect "--help" 0
same "--help fits a screen" \
	"$(fits 80 24)" "yes"
says "--help" out list status trace record help
cp out first
run help
same "help is --help" "$rc $(cat out)" "0 $(cat first)"
run -h
same "-h is --help" "$rc $(cat out)" "0 $(cat first)"
run -V
same "-V" "$rc $(cut -d ' ' -f 1,3,4 out)" "0 roundwatch (ABI 1)"
if ldd "$build/roundwatch" 2> /dev/null | grep -q libseccomp; then
	says "-V: filter" out " +seccomp"
else
	says "-V: no filter" out " -seccomp"
fi

#
# Wrong usage: the message says what is wrong and what is allowed
#

run frobnicate
expect "unknown subcommand" 2
says "unknown subcommand" err "'frobnicate'" list status trace record help
run help frobnicate
expect "help for an unknown subcommand" 2
says "help for an unknown subcommand" err "'frobnicate'" list status record
run list --frobnicate
expect "unknown option" 2
says "unknown option" err "'--frobnicate'" --threads --output --input
run -z
expect "unknown letter" 2
says "unknown letter" err "'-z'" --threads
run list --json -zn
expect "unknown letter before another" 2
says "unknown letter before another" err "unknown option '-z'"
run status -nz
expect "an option of another subcommand" 2
says "an option of another subcommand" err "status: unknown option '-n'" --json
run list --input
expect "option without its argument" 2
says "option without its argument" err "'--input' needs an argument"
run list -o
expect "letter without its argument" 2
says "letter without its argument" err "'-o' needs an argument"
run list --json=yes
expect "argument to an option that takes none" 2
says "argument to an option that takes none" err "'--json=yes' takes no argument"
run list --input one --output verdict,colour
expect "unknown column" 2
says "unknown column" err "'colour'" VERDICT CMDLINE
run list --input one --output verdict,
expect "empty column" 2
run list --input one --output PI
expect "beginning of a column's name" 2
run list --json --raw --input one
expect "--json with --raw" 2
run list --input one --device one
expect "--input with --device" 2
run list one
expect "argument to list" 2
says "argument to list" err "'one'"
run --raw status
expect "options before the subcommand" 2
run status one
expect "argument to status" 2
run record --input one
expect "record without a file" 2
run record --input one a b
expect "record with two files" 2
says "record with two files" err "'b'"
same "wrong usage prints nothing" "$(cat out)" ""

#
# No module
#

for cmd in list status trace "record copy"; do
	# shellcheck disable=SC2086
	run $cmd --device "$tmp/missing"
	expect "$cmd without the module" 3
	says "$cmd without the module" err "not loaded" "modprobe roundwatch" "Secure Boot"
	[ "$cmd" = status ] || same "$cmd without the module: nothing on stdout" "$(cat out)" ""
done
same "record without the module makes no file" "$(ls copy 2> /dev/null)" ""
if [ -e /dev/roundwatch ]; then
	skip "the default device" "the module is loaded"
else
	run
	expect "the default device" 3
	says "the default device" err "/dev/roundwatch: the module is not loaded"
fi

cp one.device forbidden
chmod 000 forbidden
chmod 755 .
if [ "$(id -u)" != 0 ]; then
	run list --device forbidden
	expect "not allowed to read the device" 3
	says "not allowed to read the device" err "root"
elif setpriv --reuid=65534 --regid=65534 --clear-groups "$build/roundwatch" --version \
		> /dev/null 2>&1; then
	rc=0
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$build/roundwatch" list --device forbidden > out 2> err || rc=$?
	expect "not allowed to read the device" 3
	says "not allowed to read the device" err "root"
else
	skip "not allowed to read the device" "cannot become another user"
fi

head -c 300 one.device > cut.device
run list --device cut.device
expect "module unloaded while it was read" 3
says "module unloaded while it was read" err "unloaded"
run list --device /dev/null
expect "a device that has nothing to say" 3

#
# list
#

run list --input all
expect "list" 0
same "list" "$(sed 's/  */ /g; s/ $//' out)" "\
VERDICT EVIDENCE PID THREADS COMMAND USER SINCE RN RD RU RZ CHANGES FIRST LAST FLAGS NOTE
randomx 2000 4242 4 xmrig 1001 30m ago 10 100 1000 10.0k 10 1h ago 1s ago guest,x87
ended 400 600 1 gone 0 30m ago 0 0 0 9 0 1h ago 3s ago exited was randomx, ended 3s ago
rounding 0 500 1 interval 1000 30m ago 50 0 40 0 30 1h ago 3s ago"
cp out first
run --input all
same "list is the default" "$rc $(cat out)" "0 $(cat first)"
run -i - < /dev/null
expect "nothing on standard input" 1
rc=0
"$build/roundwatch" --input - < all > out 2> err || rc=$?
expect "standard input" 0
same "standard input" "$(cat out)" "$(cat first)"

same "--all shows those that are clear" "$(raw all PID,VERDICT --all)" "\
4242 randomx
600 ended
500 rounding
700 clear"
same "--threads" "$(raw all PID,TID,VERDICT,EVIDENCE,COMMAND,FLAGS --threads)" "\
4242 4243 randomx 1100 worker0 -
4242 4244 suspect 900 worker1 guest
4242 4245 suspect 800 worker2 x87
600 600 ended 400 gone exited
500 500 rounding 0 interval -
4242 4246 ended 700 worker3 exited"
first=2023-11-14T20:50:00.000000+00:00
same "what a process's tallies come to" \
	"$(raw all TID,HIGHEST,STATE,UID,SAMPLES,MODE,MXCSR,FCW,CPU,FIRST,LAST | head -n 1)" \
	"- randomx live 1001 8 RZ 0xff80 0xf7f 1.501 $first 2023-11-14T22:13:19.000000+00:00"
same "columns in any case and order" "$(raw one user,Pid,verdict)" "42 5 randomx"
same "a column asked for twice" "$(raw one pid,pid)" "5"
first=2023-11-14T21:13:20.000000+00:00
since=2023-11-14T21:43:20.000000+00:00
run list --input one --raw --output +UID,TID
same "--output +" "$(cat out)" "\
VERDICT EVIDENCE PID THREADS COMMAND USER WHERE SINCE RN RD RU RZ CHANGES FIRST LAST FLAGS NOTE UID TID
randomx 1500 5 1 one 42 - $since 0 0 0 0 0 $first 2023-11-14T22:13:17.000000+00:00 - - 42 -"
run list --input one --noheadings --output pid,command
same "--noheadings" "$(sed 's/^ *//' out)" "5 one"
run list --input one --threads --raw
same "--threads has TID" "$(cut -d ' ' -f 1-5 out)" "\
VERDICT EVIDENCE PID TID COMMAND
randomx 1500 5 5 one"

# Each of these must come before the next.
mk head info \
	tally tgid=1 pid=1 verdict=1 highest=3 evidence=900 \
	tally tgid=2 pid=2 verdict=2 highest=2 evidence=5 \
	tally tgid=3 pid=3 verdict=3 highest=3 evidence=4 \
	tally tgid=4 pid=4 verdict=3 highest=3 evidence=3 \
	tally tgid=5 pid=5 verdict=1 highest=2 evidence=900 \
	tally tgid=6 pid=6 verdict=1 highest=2 evidence=900 last_ns=9999000000000 \
	tally tgid=7 pid=7 verdict=0 highest=1 evidence=999 \
	end > order
same "worst first" "$(raw order PID | tr '\n' ' ')" "3 4 2 1 6 5 7 "

# Only the process's own tally is left. Its counts are not those of the threads.
mk head info \
	tally flags=1 tgid=1 pid=1 comm=alone verdict=3 highest=3 evidence=9 rn=1 rd=2 ru=3 rz=4 \
		changes=5 \
	tally flags=1 tgid=2 pid=2 comm=whole verdict=2 highest=2 evidence=8 rn=9 changes=9 \
	tally tgid=2 pid=3 comm=part verdict=1 highest=1 evidence=4 rz=1 \
	tally tgid=3 pid=4 comm=low verdict=1 highest=1 evidence=1 rz=1 \
	tally tgid=3 pid=5 comm=high verdict=1 highest=1 evidence=2 rz=1 \
	tally tgid=4 pid=6 comm=thread verdict=1 highest=1 evidence=1 \
	tally tgid=4 pid=4 comm=main verdict=1 highest=1 rz=1 \
	end > whole
same "a verdict of the process, a name for it" \
	"$(raw whole PID,THREADS,VERDICT,COMMAND,FLAGS,RN,RZ,CHANGES)" "\
1 0 randomx alone process 1 4 5
2 1 suspect whole process 0 1 0
3 2 rounding high - 0 2 0
4 2 rounding main - 0 1 0"

# A process is exited only if all its tallies are.
mk head info \
	tally tgid=1 pid=1 verdict=1 highest=1 flags=2 \
	tally tgid=1 pid=2 verdict=1 highest=1 flags=2 \
	tally tgid=2 pid=2 verdict=1 highest=1 flags=2 \
	tally tgid=2 pid=3 verdict=1 highest=2 \
	tally tgid=3 pid=3 verdict=1 highest=1 flags=1 \
	tally tgid=3 pid=4 verdict=1 highest=1 flags=2 \
	tally tgid=4 pid=4 verdict=1 highest=1 flags=3 \
	tally tgid=4 pid=5 verdict=1 highest=1 flags=2 \
	end > ended
same "exited" "$(raw ended PID,STATE,HIGHEST)" "\
2 live suspect
3 live rounding
1 exited rounding
4 exited rounding"

# What is, apart from what was: a thread that ended outvotes none that lives.
mk head info \
	tally flags=1 tgid=1 pid=1 comm=stopped verdict=1 highest=3 evidence=5 verdict_ns=9990000000000 \
	tally tgid=1 pid=2 verdict=3 highest=3 evidence=2000 flags=2 \
	tally tgid=1 pid=3 verdict=1 highest=1 evidence=7 verdict_ns=9995000000000 \
	tally tgid=2 pid=2 comm=gone verdict=2 highest=3 evidence=30 flags=2 last_ns=9700000000000 \
	tally tgid=2 pid=3 comm=gone verdict=3 highest=3 evidence=1500 flags=2 last_ns=9600000000000 \
	tally tgid=3 pid=3 comm=quiet verdict=1 highest=1 \
	tally tgid=4 pid=4 comm=done verdict=1 highest=1 flags=2 \
	tally tgid=5 pid=5 comm=less verdict=2 highest=3 \
	end > past
since=2023-11-14T22:13:10.000000+00:00
same "what is, and what was" "$(raw past PID,VERDICT,EVIDENCE,HIGHEST,ENDED,NOTE)" "\
5 suspect 0 randomx - was\x20randomx
2 ended 1500 randomx 2023-11-14T22:08:20.000000+00:00 was\x20randomx,\x20ended\x202023-11-14T22:08:20.000000+00:00
1 rounding 7 randomx - was\x20randomx
3 rounding 0 rounding - -
4 ended 0 rounding 2023-11-14T22:13:17.000000+00:00 was\x20rounding,\x20ended\x202023-11-14T22:13:17.000000+00:00"
same "since when, of what lives" "$(raw past PID,SINCE | sed -n 's/^1 //p')" "$since"
same "JSON: ended" "$("$build/roundwatch" --json -i past | mk json roundwatch.1.verdict)" '"ended"'
"$build/roundwatch" metrics -i past > out 2> err
same "metrics: present processes" "$(sed -n 's/^roundwatch_processes{verdict="//p' out | tr -d '"}' | tr '\n' ',')" \
	"clear 0,rounding 2,suspect 1,randomx 0,"
same "check: present processes" "$("$build/roundwatch" check -i past | sed 's/.*| //; s/ allowed.*//')" \
	"randomx=0;;0;0 suspect=1;0;;0"

# The allow list.
printf 'user 42\nuser 7\n' > allow
chmod 644 allow
mk head info tally tgid=1 pid=1 uid=42 verdict=3 highest=3 tally tgid=2 pid=2 uid=5 verdict=2 highest=2 \
	tally tgid=3 pid=3 uid=7 verdict=1 highest=1 tally tgid=4 pid=4 uid=7 verdict=1 highest=3 \
	end > known
same "allowed" "$(raw known PID,VERDICT,ALLOWED,NOTE --allow allow)" "\
1 randomx line\x201:\x20user\x2042 allowed\x20by\x20line\x201:\x20user\x2042
2 suspect - -
4 rounding line\x202:\x20user\x207 was\x20randomx,\x20allowed\x20by\x20line\x202:\x20user\x207
3 rounding - -"
same "a group is allowed if all are" "$(raw known USER,VERDICT,ALLOWED --allow allow --by user)" "\
42 randomx line\x201:\x20user\x2042
5 suspect -
7 rounding line\x202:\x20user\x207"

# Which lines, in which order.
same "--verdict" "$(raw past PID --verdict suspect,ended | tr '\n' ' ')" "5 2 4 "
same "--verdict clear needs no --all" "$(raw all PID --verdict clear)" 700
run list -i past --verdict randomx,mad
expect "--verdict: unknown" 2
says "--verdict: unknown" err "'mad'" rounding ended
run list -i past --verdict randomx
same "--verdict: none" "$rc $(cat out err)" "0 roundwatch: none of 5 lines is as asked for"
same "--live" "$(raw past PID --live | tr '\n' ' ')" "5 1 3 "
same "a PID" "$(raw all PID,VERDICT 600)" "600 ended"
same "PIDs" "$(raw all PID 700 4242 | tr '\n' ' ')" "4242 700 "
same "a TID" "$(raw all PID,THREADS 4244)" "4242 4"
same "a PID that is also a TID" "$(raw past PID 2)" 2
run 600 --input all --raw --noheadings --output PID
same "roundwatch PID" "$rc $(cat out)" "0 600"
run list --input all 600 99
expect "a PID without a tally" 1
says "a PID without a tally" err "99: no tally" "explain 99"
says "a PID without a tally, and one with" out gone
run list --input all 6x
expect "no PID" 2
same "--sort: numbers" "$(raw all PID --sort pid | tr '\n' ' ')" "4242 600 500 "
same "--sort: text" "$(raw all COMMAND --sort COMMAND | tr '\n' ' ')" "gone interval xmrig "
same "--sort: verdicts" "$(raw past PID --sort VERDICT | tr '\n' ' ')" "5 1 3 2 4 "
same "--sort: times, none last" "$(raw past PID --sort ENDED | tr '\n' ' ')" "4 2 5 1 3 "
run list --input all --sort none
expect "--sort: unknown" 2
run list --input past --noheadings --time iso --output PID,SINCE,NOTE 5 4
same "--time=iso" "$(sed 's/  */ /g; s/^ //; s/ $//' out)" \
	"5 2023-11-14T21:43:20.000000+00:00 was randomx
4 2023-11-14T21:43:20.000000+00:00 was rounding, ended 2023-11-14T22:13:17.000000+00:00"
same "--time=age" "$("$build/roundwatch" -i past --raw -n --time age -o SINCE 5)" "2023-11-14T21:43:20.000000+00:00"
run list --input past --time soon
expect "--time: unknown" 2

# The recording was made on 2023-11-14 at 22:13:20, and this is what came about later than...
since()
{
	same "--since $1" "$(raw past PID --since "$1" | tr '\n' ' ')" "$2"
}
since 5s "4 "
since 10s "1 4 "
since 5m "2 1 4 "
since 299s "1 4 "
since 1h "5 2 1 3 4 "
since 2023-11-14T22:13:10.000000+00:00 "1 4 "
since 2023-11-14T23:13:10+01:00 "1 4 "
since 2023-11-14T22:13:10Z "1 4 "
since "2023-11-14 22:08" "2 1 4 "
since 2023-11-15 ""
since 22:13 "1 4 "
since 22:14 "5 2 1 3 4 "
for time in 5x x 10 2023-13-01 25:00 10mm ''; do
	run list --input past --since "$time"
	expect "--since '$time'" 2
done
TZ=CET-1
since 23:13 "1 4 "
TZ=UTC

# A PID used by two processes in turn, and a process that ran exec.
mk head info \
	tally tgid=9 pid=9 comm=old verdict=3 highest=3 evidence=9 flags=2 process_start_ns=1000 \
	tally tgid=9 pid=9 comm=new verdict=1 highest=1 process_start_ns=2000 \
	tally tgid=9 pid=10 comm=old verdict=1 highest=1 flags=2 process_start_ns=1000 \
	tally tgid=9 pid=11 comm=new verdict=1 highest=1 process_start_ns=2000 \
	tally tgid=8 pid=8 comm=before verdict=2 highest=2 flags=2 evidence=5 \
	tally tgid=8 pid=8 comm=after verdict=1 highest=1 \
	end > reuse
same "a PID used again is another process" "$(raw reuse PID,THREADS,COMMAND,VERDICT,STATE)" "\
9 2 old ended exited
8 2 after rounding live
9 2 new rounding live"

# Numbers are shortened in a table only.
mk head info tally tgid=1 pid=1 highest=1 rn=9999 rd=10000 ru=999999 rz=1000000 \
	changes=18446744073709551615 samples=123456789 end > large
run list --input large --noheadings --output RN,RD,RU,RZ,CHANGES,SAMPLES
same "large numbers in a table" "$(sed 's/  */ /g' out)" "9999 10.0k 999k 1.0M 18.4E 123M"
same "large numbers in raw words" "$(raw large RN,RD,RU,RZ,CHANGES,SAMPLES)" \
	"9999 10000 999999 1000000 18446744073709551615 123456789"

mk head info tally tgid=1 pid=1 highest=1 last_ns=9940000000001 first_ns=6400000000001 \
	verdict_ns=6400000000000 process_start_ns=10000500000000 \
	tally tgid=2 pid=2 highest=1 last_ns=9940000000000 end > ages
run list --input ages --noheadings --output LAST,FIRST,SINCE,START
same "ages" "$(head -n 1 out | sed 's/  */ /g; s/^ //')" "59s ago 59m ago 1h ago 0s ago"

mk head info tally tgid=1 pid=1 verdict=9 highest=200 mode=7 end > future
same "numbers of a newer module" "$(raw future VERDICT,HIGHEST,MODE)" "unknown unknown unknown"

#
# JSON
#

run list --input all --json
expect "--json" 0
mk json < out
same "--json is JSON" $? 0
if command -v python3 > /dev/null 2>&1; then
	python3 -c 'import json, sys; json.load(sys.stdin)' < out 2> err
	same "--json is JSON for another parser" $? 0
else
	skip "--json is JSON for another parser" "no python3"
fi
same "--json: processes" "$(json roundwatch.length)" 3
same "--json: text" "$(json roundwatch.0.verdict)" '"randomx"'
same "--json: number" "$(json roundwatch.0.pid)" 4242
same "--json: count" "$(json roundwatch.0.rz)" 10000
same "--json: time" "$(json roundwatch.0.last)" '"2023-11-14T22:13:19.000000+00:00"'
same "--json: list" "$(json roundwatch.0.flags)" '["guest","x87"]'
same "--json: empty list" "$(json roundwatch.2.flags)" '[]'
run list --input all --json --threads --output tid,mxcsr,cpu,exe
same "--json: thread" "$(json roundwatch.1)" '{"tid":4244,"mxcsr":65408,"cpu":1.500,"exe":null}'
run list --input none --json
expect "--json of nothing" 0
same "--json of nothing" "$(json roundwatch)" "[]"
run list --input large --json --output changes
same "--json: number beyond 63 bits" "$(json roundwatch.0.changes)" 9223372036854775807
TZ=IST-5:30 "$build/roundwatch" list --input one --json --output last > out
same "--json: time zone" "$(json roundwatch.0.last)" '"2023-11-15T03:43:17.000000+05:30"'
# A time before 1970, from a clock that was never set.
mk head info realtime_offset_ns=0xfffff6e7b18d6000 tally tgid=1 pid=1 highest=1 \
	last_ns=1500000 end > early
same "a time before 1970" "$(raw early LAST)" "1969-12-31T21:13:20.001500+00:00"

#
# Hostile names
#

escape=$(printf '\033')
name=$(printf 'a\033[2J\n"\\b\t\177\302\233\377')	# fills its 16 bytes less three
mk head info tally tgid=1 pid=1 verdict=3 highest=3 comm="$name" end > hostile
run list --input hostile --output COMMAND
expect "hostile name" 0
same "hostile name in a table" "$(tail -n 1 out)" 'a\x1b[2J\x0a"\b\x09\x7f\xc2\x9b\xff'
mk escapes < out
same "hostile name in a table: plain ASCII" $? 0
same "hostile name in raw words" "$(raw hostile COMMAND,PID)" \
	'a\x1b[2J\x0a"\x5cb\x09\x7f\xc2\x9b\xff 1'
run list --input hostile --json --output COMMAND
says "hostile name in JSON" out '"a\u001b[2J\n\"\\b\t\u007f\u009b\ufffd"'
mk escapes < out
same "hostile name in JSON: plain ASCII" $? 0
mk json < out
same "hostile name in JSON: strict JSON" $? 0
mk head info tally tgid=1 pid=1 verdict=3 highest=3 comm='\x41' end > hostile
run list --input hostile --noheadings --output COMMAND
same "a name that looks escaped" "$(cat out)" '\x5cx41'
mk head info tally tgid=1 pid=1 highest=1 comm=0123456789abcdef end > full
same "a name without its NUL" "$(raw full COMMAND,PID)" "0123456789abcdef 1"
mk head info tally tgid=1 pid=1 highest=1 comm= end > empty
same "an empty name is a word still" "$(raw empty COMMAND,PID)" "- 1"
mk head info version=0123456789abcdef0123456789abcdef end > full
run status --input full
says "a version without its NUL" out "roundwatch 0123456789abcdef0123456789abcdef, ABI 1"
mk head info "version=1${escape}[2J" end > hostile
run status --input hostile
mk escapes < out
same "hostile version" $? 0
for bytes in '\342\200\256' '\340\200\200' '\355\240\200' '\364\220\200\200' '\360\237\230' \
	'\363\240\200\201'; do
	# shellcheck disable=SC2059
	mk head info tally tgid=1 pid=1 highest=1 comm="x$(printf "$bytes")y" end > hostile
	run list --input hostile --json --output COMMAND
	mk escapes < out && mk json < out
	same "JSON of the bytes $bytes" "$rc $?" "0 0"
done
if [ "$(LC_ALL=C.UTF-8 locale charmap 2> /dev/null)" = UTF-8 ]; then
	mk head info tally tgid=1 pid=1 highest=1 \
		comm="$(printf '\303\251\342\200\256\302\233')" end > hostile
	LC_ALL=C.UTF-8 "$build/roundwatch" -i hostile -n -o COMMAND > out
	same "UTF-8: letters stay, controls do not" "$(cat out)" \
		"$(printf '\303\251')\\xe2\\x80\\xae\\xc2\\x9b"
else
	skip "UTF-8: letters stay, controls do not" "no C.UTF-8"
fi

#
# Empty lists, blind modules
#

run list --input none
same "nothing" "$rc $(cat out)" "0 "
says "nothing" err "no task has left round-to-nearest" "1234567 observations in 2h"
run list --input none --raw
same "nothing in raw words: headings alone" "$rc $(wc -l < out) $(cat err)" "0 1 "
mk head info claimed=7 end > past
run list --input past
says "nothing any more" err "no task is on record now" "7 tallies"
mk head info dropped=11 end > lost
run list --input lost
says "nothing, but the table is full" err "11 observations found no room" max_tasks
run list --input all --all --output TID
same "something: no such sentence" "$(cat err)" ""

mk head info flags=1 tally tgid=1 pid=1 verdict=3 highest=3 end > blind
for cmd in list "list --json" "list --raw" status "status --json" "record copy"; do
	# shellcheck disable=SC2086
	run $cmd --input blind
	expect "$cmd: blind" 4
	says "$cmd: blind" err BLIND
done
run list --input blind --raw --noheadings --output PID
same "blind: shows what there is" "$(cat out)" 1
run status --input blind
says "status: blind" out "State:         BLIND"
run status --input blind --json
same "status --json: blind" "$(json status.blind)" true
mk head info observations=0 end > silent
run list --input silent
expect "not one observation" 4
says "not one observation" err BLIND "not one observation in 2h"
same "not one observation: not called healthy" "$(grep -c 'no task has left' err)" 0
run status --input silent
expect "status: not one observation" 4
says "status: not one observation" out "State:         BLIND"
mk head info observations=0 loaded_ns=9990000000001 end > fresh
run list --input fresh
same "loaded a moment ago" "$rc" 0

#
# status
#

run status --input all
expect "status" 0
says "status" out "roundwatch 1.2.3, ABI 1" "watching" "2h ago, 2023-11-14 20:13:20" "1234567" \
	"1 randomx, 0 suspect, 1 rounding, 1 clear" "Ended:         1 that" "room for 4096" \
	"suspect from 300, randomx from 1000" "decay 2/s, gap 4000 us" "Looks:         4321 " \
	"Floor:         20 " "Architecture:  x86_64"
mk head info machine=183 tally verdict=3 mxcsr=0xc00000 fcw=0 end > arm64
run status --input arm64
says "status of arm64" out "Architecture:  aarch64"
run list --input arm64 --raw -n -o PID,VERDICT,MXCSR,FCW
same "FPCR of arm64" "$rc $(cat out)" "0 0 randomx 0xc00000 0x0"
mk head info machine=243 end > riscv
run status --input riscv
says "status of an architecture of tomorrow" out "Architecture:  unknown"
mk head info floor_hz=0 end > unfloored
run status --input unfloored
says "status without a floor" out "Floor:         off"
mk head info live=2 exited=3 claimed=5 evicted=7 dropped=11 contended=13 lost=23 looks=17 floor_hz=19 \
	reached_suspect=31 reached_randomx=29 suspect_ns=9990000000000 end > counters
run status --input counters --json
expect "status --json" 0
for member in version:'"1.2.3"' architecture:'"x86_64"' abi:1 blind:false uptime:7200.000 observations:1234567 live:2 \
	exited:3 claimed:5 evicted:7 dropped:11 contended:13 lost:23 max_tasks:4096 suspect_evidence:300 \
	randomx_evidence:1000 gap_us:4000 decay:2 looks:17 floor_hz:19 processes.randomx:0 \
	reached_suspect:31 reached_randomx:29 last_randomx:null \
	last_suspect:'"2023-11-14T22:13:10.000000+00:00"'; do
	same "status --json: ${member%%:*}" "$(json "status.${member%%:*}")" "${member#*:}"
done
same "status --json: time" "$(json status.time)" '"2023-11-14T22:13:20.000000+00:00"'
same "status --json: loaded" "$(json status.loaded)" '"2023-11-14T20:13:20.000000+00:00"'

#
# /proc and the user database: used only for this host and for the same process
#

start=$(mk start $$)
user=$(id -un)
proc()	# from process_start_ns
{
	mk tally tgid=$$ pid=$$ verdict=3 highest=3 uid="$(id -u)" process_start_ns="$2" > tallies
	{ [ "$1" = device ] || mk head; mk info; cat tallies; mk end; } > here
	set -- "$1"
	if [ "$1" = device ]; then set -- --device; else set -- --input; fi
	run list "$1" here --json --output PID,EXE,CMDLINE,USER
}

exe=$(readlink /proc/$$/exe)
proc device "$start"
expect "a process of this host" 0
same "its executable" "$(json roundwatch.0.exe)" "\"$exe\""
same "its command line" "$(json roundwatch.0.cmdline)" \
	"\"$(tr '\0' ' ' < /proc/$$/cmdline | sed 's/ $//')\""
same "its user" "$(json roundwatch.0.user)" "\"$user\""
proc device $((start + 10000000))
same "its start a tick later" "$(json roundwatch.0.exe)" "\"$exe\""
proc device $((start + 30000000))
same "another process with its PID, later" "$(json roundwatch.0)" \
	"{\"pid\":$$,\"exe\":null,\"cmdline\":null,\"user\":\"$user\"}"
proc device $((start - 20000000))
same "another process with its PID, before" "$(json roundwatch.0.exe)" null
proc recording "$start"
same "a recording: nothing of this host" "$(json roundwatch.0)" \
	"{\"pid\":$$,\"exe\":null,\"cmdline\":null,\"user\":\"$(id -u)\"}"
mk info tally tgid=1 pid=1 highest=1 uid=4000000001 end > stranger
run list --device stranger --noheadings --output USER
same "a user without a name" "$(cat out)" 4000000001

# A name may look like the rest of /proc/PID/stat. Use a copy, so that argv[0] does not matter.
if cp "$(command -v sleep)" ') S 1 1' 2> /dev/null; then
	'./) S 1 1' 60 &
	pid=$!
	wait_for 20 grep -qx ') S 1 1' "/proc/$pid/comm"
	mk info tally tgid=$pid pid=$pid highest=1 process_start_ns="$(mk start $pid)" end > here
	run list --device here --raw --noheadings --output CMDLINE
	same "a name with parentheses and blanks" "$(cat out)" './)\x20S\x201\x201\x2060'
	kill $pid
	wait $pid 2> /dev/null
else
	skip "a name with parentheses and blanks" "no sleep to copy"
fi

#
# record
#

mk head info unknown tally tgid=1 pid=1 highest=1 size=304 unknown size=16 end > odd
run record --input odd copy
expect "record" 0
cmp odd copy
same "record keeps every byte" $? 0
# shellcheck disable=SC2012
same "record: for its owner only" "$(ls -l copy | cut -c 1-10)" "-rw-------"
rc=0
"$build/roundwatch" record --input odd - > out 2> err || rc=$?
cmp odd out
same "record to standard output" "$rc $?" "0 0"
run record --device one.device copy
expect "record from a device" 0
cmp one copy
same "record puts its header before what the device gives" $? 0
run list --input copy --raw --noheadings --output PID
same "a recording can be read" "$rc $(cat out)" "0 5"
cat one.device > two.device
mk info >> two.device
run record --device two.device copy
cmp one copy
same "record ends with the present state" "$rc $?" "0 0"
run record --input one no/such/directory
expect "record to nowhere" 1
run record --input one /dev/full
expect "record to a full disk" 1
says "record to a full disk" err "/dev/full" "No space left"
run record --device cut.device unmade
same "a failure before the end leaves no file" "$rc $(ls unmade 2> /dev/null)" "3 "

#
# Output that fails
#

for cmd in list "list --json" "list --raw" status "status --json" --help --version; do
	case $cmd in
	--*) input= ;;
	*) input="--input all" ;;
	esac
	rc=0
	# shellcheck disable=SC2086
	"$build/roundwatch" $cmd $input > /dev/full 2> err || rc=$?
	expect "$cmd on a full disk" 1
done

#
# Bad input
#

run list --input missing
expect "no such file" 1
says "no such file" err "missing: No such file"
run list --input .
expect "a directory" 1
: > nothing
run list --input nothing
expect "an empty file" 1
says "an empty file" err "truncated"
echo "Now is the time for all good men" > prose
run list --input prose
expect "some text" 1
says "some text" err "not a recording"
run list --input one.device
expect "records without the header" 1
says "records without the header" err "not a recording"
mk head magic="roundwatch record 2
" info end > format2
run list --input format2
expect "a recording of another format" 1
says "a recording of another format" err "another format"

mk head info abi=2 end > foreign
for cmd in list status "record copy"; do
	# shellcheck disable=SC2086
	run $cmd --input foreign
	expect "$cmd: another ABI" 1
	says "$cmd: another ABI" err "speaks ABI 2" "speaks ABI 1"
done
mk head info tally abi=7 end > foreign
run list --input foreign
expect "another ABI later on" 1

for number in 0 8 15 17 20 4100 4104 4294967288; do
	mk head info unknown claim=$number size=4096 end > bad
	run list --input bad
	expect "a record of size $number" 1
	says "a record of size $number" err "damaged at byte 248"
done
mk head info unknown size=4096 unknown size=16 tally tgid=3 pid=3 highest=1 end > sizes
same "the longest and the shortest record" "$(raw sizes PID)" 3
mk head tally end > bad
run list --input bad
expect "no INFO first" 1
says "no INFO first" err "damaged at byte 32"
mk head end > bad
run list --input bad
expect "no INFO at all" 1
mk head info size=72 end > short
run list --input short
same "the shortest INFO" "$rc $(grep -c 'no task has left' err)" "0 1"
mk head info size=64 end > short
run list --input short
expect "an INFO that is too short" 1
mk head info tally tgid=1 pid=1 size=56 verdict=3 highest=3 evidence=77 comm=short rn=9 end > short
same "the shortest tally" "$(raw short PID,VERDICT,EVIDENCE,COMMAND,RN,LAST)" \
	"1 randomx 77 short 0 -"
mk head info tally tgid=1 pid=1 size=48 end > short
run list --input short
expect "a tally that is too short" 1
mk head info size=4096 tally tgid=1 pid=1 verdict=3 highest=3 comm=long rn=9 size=4096 end > long
same "records of a newer module" "$(raw long PID,VERDICT,COMMAND,RN)" "1 randomx long 9"
run status --input long --json
same "INFO of a newer module" "$rc $(json status.decay)" "0 2"
mk head info decay=3 floor_hz=9 size=144 end > old
run status --input old --json
same "INFO of a module without a floor" "$rc $(json status.decay) $(json status.floor_hz)" "0 3 0"

# Records lost after the snapshot do not concern list.
mk head info tally tgid=1 pid=1 verdict=3 highest=3 end lost lost=5 > after
run list --input after
expect "records lost after the snapshot" 0
mk head info tally tgid=1 pid=1 verdict=3 highest=3 lost lost=5 lost lost=6 end > within
for cmd in list "list --json" status; do
	# shellcheck disable=SC2086
	run $cmd --input within
	expect "$cmd: records lost within the snapshot" 1
	says "$cmd: records lost within the snapshot" err "11 records were lost"
done
run list --input within --raw --noheadings --output PID
same "records lost within the snapshot: shows what there is" "$(cat out)" 1
mk head info lost size=16 end > short
run list --input short
expect "a LOST that is too short" 1

# More records than fit into a buffer, split at arbitrary places.
set --
i=0
while [ $i -lt 3000 ]; do
	i=$((i + 1))
	set -- "$@" tally "tgid=$i" "pid=$i" highest=1
done
mk head info "$@" end > many
same "many tallies" "$(raw many PID | sort -n | uniq | wc -l | tr -d ' ')" 3000
dd if=many bs=1001 2> /dev/null | "$build/roundwatch" --input - --raw --noheadings > out 2> err
same "many tallies through a pipe" "$(wc -l < out | tr -d ' ')" 3000

# Truncated at every place: always an error that says so.
size=$(wc -c < one | tr -d ' ')
bad=
i=0
while [ "$i" -lt "$size" ]; do
	rc=0
	head -c "$i" one | "$build/roundwatch" --input - > out 2> err || rc=$?
	if [ $rc != 1 ] || [ -s out ] || ! grep -q "truncated: ends at byte $i," err; then
		bad="$bad $i:$rc"
	fi
	i=$((i + 1))
done
same "cut off at each of $size bytes" "$bad" ""
run list --input one
expect "not cut off" 0

# One wrong byte at every place: no crash, no endless loop, and valid JSON.
bad=
i=0
while [ "$i" -lt "$size" ]; do
	rc=0
	mk invert $i < one | "$build/roundwatch" --input - --json \
		--output +HIGHEST,SINCE,START,CPU,MODE,MXCSR > out 2> err || rc=$?
	case $rc in
	0|4)	mk json < out || bad="$bad $i:$rc" ;;
	1)	[ -s err ] || bad="$bad $i:$rc" ;;
	*)	bad="$bad $i:$rc" ;;
	esac
	i=$((i + 1))
done
same "each of $size bytes inverted" "$bad" ""

#
# A terminal
#

if command -v script > /dev/null 2>&1 &&
   script -qec true /dev/null > /dev/null 2>&1 < /dev/null; then
	cp all "recording"
	screen()	# columns command
	{
		TERM=$term NO_COLOR=$3 \
			script -qec "stty cols $1; '$build/roundwatch' $2" /dev/null < /dev/null |
			tr -d '\r'
	}
	term=dumb
	for columns in 66 80 100 132; do
		screen $columns "--input recording" > out
		same "fits $columns columns" \
			"$(fits $columns 4)" "yes"
	done
	says "132 columns have them all" out THREADS USER RN CHANGES FIRST FLAGS
	screen 80 "--input recording" > out
	says "80 columns: since when, where and which" out VERDICT PID COMMAND USER SINCE NOTE
	says "80 columns: in words" out "was randomx, ended"
	same "80 columns: counts stay out" "$(grep -cwE 'RN|RD|RU|RZ|CHANGES|FIRST' out)" 0
	screen 40 "--input recording -o VERDICT,FIRST,SINCE,START,CHANGES,THREADS,RN,USER" > out
	says "columns asked for stay" out FIRST CHANGES THREADS RN USER
	term=xterm
	rc=$(screen 80 "--input recording" "" | grep -cF "${escape}[31mrandomx")
	same "colours on a terminal" "$rc" 1
	rc=$(screen 80 "--input recording" 1 | grep -cF "$escape")
	same "NO_COLOR" "$rc" 0
	rc=$(screen 80 "record --input recording -" | grep -c "not for a terminal")
	same "no recording on a terminal" "$rc" 1
else
	skip "a terminal" "no script(1)"
fi
same "no colours in a file" "$("$build/roundwatch" --input all | grep -cF "$escape")" 0

#
# The manual and the completion are complete
#

run list --help
columns=$(sed '1,/^Columns/d' out)
bad=
for column in $columns; do
	grep -q "^\.It Cm $column\$" "$source/man/roundwatch.8" || bad="$bad $column"
done
same "each column is in the manual" "$(echo "$columns" | wc -w | tr -d ' ')$bad" "46"
bad=
for cmd in list status trace record; do
	run $cmd --help
	# shellcheck disable=SC2013
	for option in $(grep -o -e '--[a-z]*' out); do
		grep -q -e "Fl Fl ${option#--}" "$source/man/roundwatch.8" || bad="$bad man:$option"
		grep -q -e "$option" "$source/completion/roundwatch" ||
			bad="$bad completion:$option"
	done
done
same "each option is in the manual and the completion" "$bad" ""

if command -v bash > /dev/null 2>&1; then
	# offers WORD... - print the completions of the last word
	offers()
	{
		bash -c '
			. "$1"
			shift
			COMP_WORDS=("$@")
			COMP_CWORD=$(($# - 1))
			COMPREPLY=()
			PATH=$0:$PATH
			_roundwatch "$1" "${@: -1}" "${@: -2:1}"
			printf "%s\n" "${COMPREPLY[@]}"' \
			"$build" "$source/completion/roundwatch" "$@" | sort | tr '\n' ' '
	}
	run help
	same "completion: subcommands" "$(offers roundwatch "")" \
		"$(sed -n '/^Subcommands/,/^$/s/^ \([a-z]*\) .*/\1/p' out | sort | tr '\n' ' ')"
	same "completion: of help" "$(offers roundwatch help s)" "status "
	same "completion: options of status" "$(offers roundwatch status --j)" "--json "
	same "completion: options without a subcommand" "$(offers roundwatch --th)" "--threads "
	same "completion: column" "$(offers roundwatch list -o PID,VER)" "PID,VERDICT "
	same "completion: column after +" "$(offers roundwatch list --output +HI)" "+HIGHEST "
	same "completion: columns are those of --help" \
		"$(offers roundwatch list -o "" | wc -w | tr -d ' ')" 46
	same "completion: file" "$(offers roundwatch list --input cut)" "cut.device "
else
	skip "completion" "no bash"
fi

finish
