#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-monitor.sh BUILD_DIR: tests monitor, check and metrics with recordings, and with files or pipes
# in place of the device. Needs neither the module nor root. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

# await WHAT COMMAND...: wait until the command succeeds; this is a test of its own.
await()
{
	what=$1
	shift
	wait_for 20 "$@"
	set -- $?
	result "$1" "$what"
	[ "$1" != 0 ] || return 0
	sed 's/^/# out: /' out
	sed 's/^/# err: /' err
	return 1
}

# line N PATH: print the value at PATH of the Nth line of out
line() { sed -n "$1p" out | mk json "$2" 2>&1; }

# events: print the actions of all lines of out, which must be JSON
events()
{
	while read -r object; do
		printf '%s\n' "$object" | mk json event.action
	done < out | tr -d '"' | tr '\n' ' '
}

# begin ARG...: start the monitor in the background, as $monitor
begin()
{
	: > out
	"$build/roundwatch" monitor "$@" > out 2> err &
	monitor=$!
}

# finish_with SIGNAL: end the monitor; its exit status is in $rc
end_with()
{
	kill "-$1" "$monitor"
	rc=0
	wait "$monitor" || rc=$?
}

gone() { ! kill -0 "$1"; }

: > nobody

#
# Events
#

mk head info \
	tally flags=1 pid=42 tgid=42 uid=12345 comm=xmrig verdict=3 highest=3 evidence=2000 rd=7 \
	tally pid=43 tgid=42 uid=12345 comm=worker verdict=3 highest=3 evidence=1500 rd=9 ru=8 rz=7 \
	tally pid=50 tgid=50 comm=calm verdict=1 \
	tally pid=51 tgid=51 comm=past flags=3 verdict=3 highest=3 end \
	tally pid=43 tgid=42 comm=worker verdict=2 highest=3 time_ns=10001000000000 \
	tally flags=1 pid=42 tgid=42 comm=xmrig verdict=2 highest=3 time_ns=10002000000000 \
	tally pid=43 tgid=42 comm=worker verdict=1 highest=3 time_ns=10003000000000 \
	tally flags=1 pid=42 tgid=42 comm=xmrig verdict=1 highest=3 time_ns=10004000000000 \
	tally flags=1 pid=60 tgid=60 comm=new verdict=2 highest=2 time_ns=10005000000000 \
	unknown \
	tally flags=1 pid=60 tgid=60 comm=new verdict=3 highest=3 time_ns=10006000000000 \
	tally flags=3 pid=60 tgid=60 comm=new verdict=3 highest=3 time_ns=10007000000000 \
	tally flags=3 pid=70 tgid=70 comm=quick verdict=3 highest=3 time_ns=10008000000000 \
	tally flags=1 pid=80 tgid=80 comm=calm verdict=1 > all

run monitor --input all --allow nobody
expect "replay" 0
same "replay: events" "$(events)" "verdict-present verdict-fell verdict-fell verdict-rose \
verdict-ended verdict-rose verdict-ended "
same "present: kind" "$(line 1 event.kind)" '"alert"'
same "present: category" "$(line 1 event.category)" '["malware"]'
same "present: severity" "$(line 1 event.severity)" 73
same "present: time" "$(line 1 @timestamp)" '"2023-11-14T22:13:20.000000+00:00"'
same "present: process" "$(line 1 process.pid) $(line 1 process.name)" '42 "xmrig"'
same "present: user" "$(line 1 user.id)" '"12345"'
same "present: start" "$(line 1 process.start)" '"2023-11-14T19:28:20.000000+00:00"'
same "present: technique" "$(line 1 threat.technique.id)" '["T1496"]'
same "present: rule" "$(line 1 rule.ruleset)" '"roundwatch"'
same "present: ECS" "$(line 1 ecs.version)" '"8.11.0"'
same "present: verdict" "$(line 1 roundwatch.verdict)" '"randomx"'
same "present: evidence" "$(line 1 roundwatch.evidence)" 2000
same "present: counts are the threads'" \
	"$(line 1 roundwatch.count.rd) $(line 1 roundwatch.count.rz)" "9 7"
same "present: not allowed" "$(line 1 roundwatch.allowed)" false
same "the process is what its worst tally is" \
	"$(line 2 roundwatch.previous) $(line 2 roundwatch.verdict) $(line 2 @timestamp)" \
	'"randomx" "suspect" "2023-11-14T22:13:22.000000+00:00"'
same "a fall is no alert" "$(line 3 event.kind) $(line 3 event.type) $(line 3 roundwatch.verdict)" \
	'"event" ["change"] "rounding"'
same "a rise: previous" "$(line 4 roundwatch.previous)" '"suspect"'
same "an end" "$(line 5 event.kind) $(line 5 event.type)" '"event" ["end"]'
same "risen and ended between two looks: both" "$(line 6 process.pid) $(line 7 process.pid)" "70 70"
same "ids: one for each event" "$(i=0
	while [ $i -lt 7 ]; do
		i=$((i + 1))
		line $i event.id
	done | sort -u | wc -l)" 7
first=$(line 1 event.id)
run monitor --input all --allow nobody
same "ids: the same when read again" "$(line 1 event.id)" "$first"
same "entity: the same while it lives" "$(line 1 process.entity_id)" "$(line 3 process.entity_id)"
# The process's own tally ends before that of its thread. A tally left by exec comes last.
mk head info tally flags=1 pid=42 tgid=42 verdict=3 tally pid=43 tgid=42 verdict=3 \
	tally flags=1 pid=50 tgid=50 verdict=3 tally flags=3 pid=50 tgid=50 verdict=3 first_ns=5 end \
	tally flags=3 pid=42 tgid=42 verdict=3 tally pid=43 tgid=42 flags=2 verdict=3 > order
run monitor --input order --allow nobody
same "two ends: one event" "$(events)" "verdict-present verdict-present verdict-ended "
same "two ends: whose" "$(line 3 process.pid)" 42
# The end of a process is the end of its threads, in whatever order the module says so.
mk head info end tally flags=1 pid=42 tgid=42 verdict=3 tally pid=43 tgid=42 verdict=2 \
	tally flags=3 pid=42 tgid=42 verdict=3 tally flags=2 pid=43 tgid=42 verdict=2 > lower
run monitor --input lower --allow nobody
same "a thread ends last, with a lower verdict" "$(events)" "verdict-rose verdict-ended "
same "... the end has the verdict that was reported" "$(line 2 roundwatch.verdict)" '"randomx"'
mk head info end tally flags=2 pid=43 tgid=42 verdict=3 tally flags=3 pid=42 tgid=42 verdict=3 \
	tally flags=2 pid=44 tgid=42 verdict=3 > late
run monitor --input late --allow nobody
same "first seen at its end: one rise, one end" "$(events)" "verdict-rose verdict-ended "
mk head info end tally id=7 pid=42 tgid=42 verdict=3 first_ns=9000000000000 \
	tally id=7 flags=2 pid=42 tgid=42 verdict=3 first_ns=8999880000000 > moved
run monitor --input moved --allow nobody
same "an end is one, whatever its times" "$(events)" "verdict-rose verdict-ended "
mk head info tally flags=1 pid=42 tgid=42 process_start_ns=9 verdict=3 end > reused
run monitor --input all --allow nobody
first=$(line 1 process.entity_id)
run monitor --input reused --allow nobody
[ "$(line 1 process.entity_id)" != "$first" ]
result $? "entity: another with a reused PID"

#
# What is held back
#

# at SECONDS VERDICT [WORD...]: words for mkrecord, of process 9
at()
{
	seconds=$1
	verdict=$2
	shift 2
	echo "tally flags=1 pid=9 tgid=9 comm=nine highest=3 verdict=$verdict time_ns=$((10000 + seconds))000000000 $*"
}
# shellcheck disable=SC2046 # words
held()	# WHAT WANTED TALLY...: the actions, verdicts and changes held back of each event
{
	what=$1
	wanted=$2
	shift 2
	# shellcheck disable=SC2048,SC2086 # words
	mk head info end $* > held
	run monitor --input held --allow nobody
	same "held: $what" "$(i=0
		while [ $i -lt "$(wc -l < out)" ]; do
			i=$((i + 1))
			line $i event.action
			line $i roundwatch.verdict
			line $i roundwatch.held_back | grep -v 'no such'
			line $i event.severity
		done | tr -d '"' | sed 's/verdict-//' | tr '\n' ' ')" "$wanted"
}
held "a suspect alone" "rose suspect 47 " "$(at 1 2)"
held "suspect and randomx together" "rose randomx 73 " "$(at 1 2)" "$(at 5 3)"
held "suspect and randomx apart" "rose suspect 47 rose randomx 73 " "$(at 1 2)" "$(at 7 3)"
held "suspect for a moment" "" "$(at 1 2)" "$(at 3 1)"
held "suspect for a moment, and again" "rose suspect 2 47 " "$(at 1 2)" "$(at 3 1)" "$(at 20 2)" "$(at 40 2)"
held "suspect for a while" "rose suspect 47 fell rounding 21 " "$(at 1 2)" "$(at 8 1)"
held "suspect until it ends" "rose suspect 47 ended suspect 21 " "$(at 1 2)" "$(at 3 2 flags=3)"
ups="rose randomx 73 fell rounding 21 rose randomx 73 fell rounding 21 rose randomx 73 "
held "up and down" "${ups}fell rounding 21 " \
	"$(at 1 3)" "$(at 20 1)" "$(at 40 3)" "$(at 60 1)" "$(at 80 3)" "$(at 100 1)"
held "up and down, too often" "${ups}fell rounding 21 rose randomx 2 73 " \
	"$(at 1 3)" "$(at 20 1)" "$(at 40 3)" "$(at 60 1)" "$(at 80 3)" "$(at 100 1)" \
	"$(at 120 3)" "$(at 140 1)" "$(at 160 3)"
held "too often, and later again" "${ups}fell rounding 21 fell rounding 1 21 rose randomx 73 " \
	"$(at 1 3)" "$(at 20 1)" "$(at 40 3)" "$(at 60 1)" "$(at 80 3)" "$(at 100 1)" \
	"$(at 120 3)" "$(at 140 1)" "$(at 700 3)"
held "too often, until it ends" "${ups}fell rounding 21 ended randomx 1 21 " \
	"$(at 1 3)" "$(at 20 1)" "$(at 40 3)" "$(at 60 1)" "$(at 80 3)" "$(at 100 1)" \
	"$(at 120 3)" "$(at 121 3 flags=3)"
says "held: in words" out "1 earlier change of its verdict was not reported"
suspects="$(at 1 2) $(at 10 1) $(at 20 2) $(at 30 1) $(at 40 2) $(at 50 1)"
ups="rose suspect 47 fell rounding 21 rose suspect 47 fell rounding 21 rose suspect 47 fell rounding 21 "
held "too often a suspect, and then randomx" "${ups}rose randomx 1 73 " "$suspects" "$(at 60 2)" "$(at 70 1)" "$(at 80 3)"

run monitor --input all --format text --allow nobody
expect "text" 0
same "text: a line" "$(sed -n 2p out)" "2023-11-14T22:13:22.000000+00:00 xmrig[42] became suspect, \
was randomx (evidence 0; user 12345, nothing more is known about it)"
run monitor --input all --format text --allow nobody --color always
red=$(printf '\033[1;31m')
yellow=$(printf '\033[33m')
plain=$(printf '\033[0m')
says "color: an alert is red" out "+00:00 ${red}xmrig[42] is randomx" "explain 42$plain"
same "color: a fall has none" "$(grep "became suspect, was randomx" out | grep -cF "$plain")" 0
mk head info end tally flags=1 pid=9 tgid=9 comm=nine verdict=2 highest=2 >rises
run monitor --input rises --format text --allow nobody --color always
says "color: a suspect is yellow" out "+00:00 ${yellow}nine[9] became suspect" "explain 9$plain"
if command -v script >/dev/null; then
	TERM=xterm script -qec "'$build/roundwatch' monitor --input rises --format text --allow nobody" \
		/dev/null </dev/null >out
	says "color: auto: on a terminal" out "$yellow"
else
	skip "color: auto: on a terminal" "no script(1)"
fi
run monitor --input all --format text --allow nobody --color auto
mk escapes <out
result $? "color: auto: none in a file"
run monitor --input all --format json --allow nobody --color always
mk escapes <out
result $? "color: none in JSON"
run monitor --input all --color sometimes
expect "color: sometimes" 2
mk head info tally flags=1 pid=9 tgid=9 comm="$(printf 'a\033[2Jb\377')" verdict=3 end > nasty
run monitor --input nasty --format text --allow nobody
mk escapes < out
result $? "text: nothing that a terminal acts upon"
run monitor --input nasty --allow nobody
mk json process.name < out > name
result $? "JSON: strict, whatever a name holds"

mk head info end lost lost=7 > lost.rw
run monitor --input lost.rw
same "lost: status" $rc 0
same "lost: event" "$(events)" "records-lost "
says "lost" err "7 records were lost"
mk head info flags=1 end > blind
run monitor --input blind
expect "blind" 4
same "blind: an alert" "$(events)$(line 1 event.kind)" 'module-blind "alert"'
mk head info tally > cut.rw
run monitor --input cut.rw
expect "cut off" 1

rc=0
"$build/roundwatch" monitor --input all > /dev/full 2> err || rc=$?
expect "a full disk" 1

#
# Allowed
#

allowed()	# WHAT LINE EXPECTED...: check which of two miners a list with this line allows
{
	printf '%s\n' "$2" > list
	run monitor --input two --sysroot host --allow list
	same "allow: $1" "$(line 1 roundwatch.allowed) $(line 2 roundwatch.allowed)" "$3 $4"
}

id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
mkdir -p host/proc/42 host/proc/43 host/etc host/proc/sys/kernel/random
stat='S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 10000 0'
echo "42 (monerod) $stat" > host/proc/42/stat
echo "43 (monerod) $stat" > host/proc/43/stat
echo '0::/system.slice/monerod.service' > host/proc/42/cgroup
echo "0::/system.slice/docker-$id.scope" > host/proc/43/cgroup
ln -s /usr/bin/monerod host/proc/42/exe
ln -s '/usr/bin/monerod (deleted)' host/proc/43/exe
echo monerod > host/proc/42/comm
echo monerod > host/proc/43/comm
printf '/usr/bin/monerod\0--prune\0' > host/proc/42/cmdline
printf '%s\n' root:x:0:0::/:/bin/sh monero:x:990:990::/:/bin/false > host/etc/passwd
echo 00000000-1111-2222-3333-444444444444 > host/proc/sys/kernel/random/boot_id
echo cafe > host/etc/machine-id
mk head info \
	tally flags=1 pid=43 tgid=43 uid=0 comm=monerod verdict=3 highest=3 \
	tally flags=1 pid=42 tgid=42 uid=990 comm=monerod verdict=3 highest=3 end > two

allowed "nobody by nothing" "# exe /usr/bin/monerod" false false
same "sysroot: executable" "$(line 1 process.executable) $(line 1 process.command_line)" \
	'"/usr/bin/monerod" "/usr/bin/monerod --prune"'
same "sysroot: arguments" "$(line 1 process.args)" '["/usr/bin/monerod","--prune"]'
same "sysroot: user" "$(line 1 user.name) $(line 1 user.id)" '"monero" "990"'
same "sysroot: unit" "$(line 1 roundwatch.unit)" '"monerod.service"'
same "sysroot: container" "$(line 2 container.id) $(line 2 container.runtime)" "\"$id\" \"docker\""
same "sysroot: entity" "$(line 1 process.entity_id)" \
	'"00000000-1111-2222-3333-444444444444-42-100000000000"'
same "sysroot: host" "$(line 1 host.id)" '"cafe"'
same "sysroot: deleted" "$(line 2 roundwatch.flags)" '["process","deleted"]'
allowed "by executable" "exe /usr/bin/monerod" true false
same "allowed: kind" "$(line 1 event.kind) $(line 2 event.kind)" '"event" "alert"'
same "allowed: by which line" "$(line 1 roundwatch.allowed_by)" '"line 1: exe /usr/bin/monerod"'
allowed "a pattern" "exe /usr/*/monero?" true false
allowed "no pattern passes a slash" "exe /*/monerod" false false
allowed "by unit" "unit monero*.service # the node" true false
allowed "by user's name" "user monero" true false
allowed "by user's number" "user 990" true false
allowed "by container" "container ${id%cdef}*" false true
allowed "all of a line" "exe /usr/bin/monerod user root" false false
allowed "no image is known" "image *" false false
mkdir -p host/var/lib/docker/containers/$id host/var/lib/containers/storage/overlay-containers \
	host/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id
echo '{"Config":{"Image":"monero/node:1"}}' > host/var/lib/docker/containers/$id/config.v2.json
allowed "by image (docker)" "image monero/*:?" false true
same "image" "$(line 2 container.image.name)" '"monero/node:1"'
echo '{"Config":{"Image":"monero/node:1"},"Name":"/node"}' > host/var/lib/docker/containers/$id/config.v2.json
allowed "by container's name" "container node" false true
same "container's name" "$(line 2 container.name)" '"node"'
echo '{"Config":{"Image":[]}}' > host/var/lib/docker/containers/$id/config.v2.json
allowed "an image that is no text" "image *" false false
echo nonsense > host/var/lib/docker/containers/$id/config.v2.json
echo '{"annotations":{"io.kubernetes.cri.image-name":"k/node:2"}}' \
	> host/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id/config.json
allowed "by image (containerd)" "image k/node:2" false true
rm -r host/run
printf '[{"id":"x","metadata":"{}"},{"id":"%s","metadata":"{\\"image-name\\":\\"r/node:3\\"}"}]' $id \
	> host/var/lib/containers/storage/overlay-containers/containers.json
allowed "by image (CRI-O, Podman)" "image r/*" false true
allowed "all of a line" "exe /usr/bin/monerod   user monero" true false
printf '\n# a node\nuser root\nuser monero\n' > list
run check --input two --sysroot host --allow list
expect "check: all are allowed" 0
says "check: all are allowed" out "ROUNDWATCH OK - no process is randomx" \
	"allowed: monerod[42] (monero, monerod.service), monerod[43]" "allowed=2"

bad()	# LINE MESSAGE
{
	printf 'user monero\n%s\n' "$1" > list
	run monitor --input two --sysroot host --allow list
	says "bad list" err "list: line 2: $2"
	same "bad list: the other lines count" "$(line 1 roundwatch.allowed)" true
	run check --input two --sysroot host --allow list
	expect "check: bad list" 3
}
bad "exec /usr/bin/x" "'exec' is none of exe, unit, user, container, image and pod"
bad "exe" "there is nothing after 'exe'"
bad "exe monerod" "exe 'monerod' does not begin with /"
bad "user a user b" "'user' twice"
bad "pod web" "pod 'web' is not NAMESPACE/NAME"

# What systemd escapes in the name of a unit.
printf '%s\n' '0::/machine.slice/machine-node\x2d1.scope' > host/proc/42/cgroup
allowed "by unit, escaped" 'unit machine-node\x2d1.scope' true false
allowed "by unit, another escape" 'unit machine-node\x2d2.scope' false false
allowed "by unit, a pattern and an escape" 'unit machine-*\x2d?.scope' true false
allowed "by unit, a star that is none" 'unit machine-\*.scope' false false
echo '0::/system.slice/monerod.service' > host/proc/42/cgroup

# What could not be looked up.
doubt()	# WHAT LINE WANTED
{
	printf '%s\n' "$2" > list
	run check --input two --sysroot host --allow list
	same "doubt: $1" "$(sed '1d; s/: not looked up//' out)" "$3"
}
rm -r host/var
doubt "an image" "image r/*" \
	"monerod[43]: line 1: image r/*: no runtime's state names the image of this container"
doubt "a name" "container node" \
	"monerod[43]: line 1: container node: no runtime's state names this container"
mv host/proc/43/exe exe
doubt "an executable" "exe /usr/bin/x user root" \
	"monerod[43]: line 1: exe /usr/bin/x user root: the executable cannot be read"
run check --input two --sysroot host --allow list
same "doubt: of what is not the user's there is none" "$(grep -c 'monerod.42.*not looked up' out)" 0
mv exe host/proc/43/exe
mv host/proc/43/cgroup cgroup
doubt "a control group" "unit x" "monerod[43]: line 1: unit x: the control group cannot be read"
echo "0::/user.slice/user-0.slice/user@0.service/docker-$id.scope" > host/proc/43/cgroup
doubt "a group that its user named" "container $id" "monerod[43]: line 1: container $id: \
the container is a user's own, and its runtime is not root's"
mv cgroup host/proc/43/cgroup
run check --input two --allow list
says "doubt: a recording alone" out "monerod[43]: not looked up: line 1: container" "--sysroot names"
echo "image r/*" > list
run metrics --input two --sysroot host --allow list
says "doubt: metrics" err "monerod[43]: not looked up: line 1: image r/*"
says "doubt: metrics: a label" out 'pid="43"' 'allowed="unknown"'
same "doubt: metrics: not allowed, and no doubt" \
	"$(grep -c '^roundwatch_process_evidence{pid="42".*allowed="false"' out)" 1
why="not looked up: line 1: image r/*: no runtime's state names the image of this container"
run list --input two --sysroot host --allow list -o PID,NOTE,NOT_LOOKED_UP
same "doubt: list" "$(awk '$1 == 43' out | sed 's/  */ /g; s/^ *//')" \
	"43 $why ${why#not looked up: }"
run list --input two --sysroot host --allow list --by user -o NOTE
says "doubt: list: of a group" out "$why"
run explain --input two --sysroot host --allow list --verbose 43
same "doubt: explain" "$(tr '\n' ' ' <out | sed 's/  */ /g' | grep -cF "allowed $why")" 1
run explain --input two --sysroot host --allow list 43
says "doubt: explain: the reason" out "  allowed not looked up: line 1: image r/"
same "doubt: explain: fits" "$(fits 80 23)" yes
run explain --input two --sysroot host --allow list --json 43
same "doubt: explain: JSON" "$(json explain.0.not_looked_up)" "\"${why#not looked up: }\""
run explain --input two --sysroot host --allow list --json 42
same "doubt: explain: JSON, none" "$(json explain.0.not_looked_up)" null
run status --input two --sysroot host --allow list
same "doubt: status" "$(tr '\n' ' ' <out | sed 's/  */ /g' | grep -cF "In doubt: monerod[43]: $why ")" 1
run status --input two --sysroot host --allow list --json
same "doubt: status: JSON" "$(json status.not_looked_up)" "[\"monerod[43]: $why\"]"
run monitor --input two --sysroot host --allow list --format text
says "doubt: monitor" out "; $why; see roundwatch explain 43"
cp "$source/../packaging/etc/roundwatch/allow" list
run check --input two --sysroot host --allow list
same "the list that is shipped allows nobody" "$rc $(cat err)" "2 "
sed -n 's/^#\([a-z]\)/\1/p' list > examples
run check --input two --sysroot host --allow examples
same "its examples are right" "$rc $(cat err) $(wc -l < examples)" "2  5"
run monitor --input two --allow none
expect "a list that is not there" 1

#
# The length of a line
#

cp -r host long
long=$(head -c 4000 /dev/zero | tr '\0' '\001')
ln -sfn "/$long" long/proc/42/exe
head -c 60000 /dev/urandom > long/proc/42/cmdline
head -c 5000 /dev/zero | tr '\0' x | sed 's,^,0::/a/,' > long/proc/42/cgroup
i=0
while [ $i -lt 9000 ]; do
	i=$((i + 1))
	printf '%d\0' $i
done > long/proc/43/cmdline
mkdir -p long/var/lib/docker/containers/$id
printf '{"Config":{"Image":"%s"}}' "$(head -c 100000 /dev/zero | tr '\0' i)" \
	> long/var/lib/docker/containers/$id/config.v2.json
printf 'image i%s\n' "$(head -c 20000 /dev/zero | tr '\0' '*')" > list
for format in json text; do
	run monitor --input two --sysroot long --allow list --format $format
	same "long: $format: lines" "$(wc -l < out)" 2
	same "long: $format: below 8 KiB" "$(awk 'length >= 8000 { print length }' out)" ""
done
same "long: text: a mark" "$(grep -c 'image iii*\[cut\]$' out)" 1
run monitor --input two --sysroot long --allow list --exec 'cat > hook.$$'
for i in 1 2; do
	line $i process.pid > pid
	same "long: still JSON" "$(cat pid)" $((41 + i))
done
same "long: values" "$(line 1 process.executable | grep -c '\[cut\]"$') $(line 2 process.args |
	grep -c ',"[0-9]*","\[cut\]"\]$')" "1 1"
same "long: what is short is whole" "$(line 2 host.id) $(line 2 roundwatch.verdict)" '"cafe" "randomx"'
sort out > sorted
cat hook.* | sort | cmp -s - sorted
result $? "long: commands get the same"

#
# The journal
#

mk head info tally flags=1 pid=5 tgid=5 comm=five verdict=3 tally flags=1 pid=6 tgid=6 comm=six verdict=2 end \
	tally flags=1 pid=5 tgid=5 comm=five verdict=1 time_ns=10020000000000 > levels
# journal ARG...: as systemd runs it with its standard output connected to the journal
journal()
{
	: > out
	stream=$(stat -c %d:%i out)
	JOURNAL_STREAM=$stream "$build/roundwatch" monitor --input levels --allow nobody "$@" > out 2> err
}
journal --format text
same "journal: priorities of lines" "$(cut -c 1-3 out | tr '\n' ' ')" "<2> <4> <5> "
journal --format text --color always
mk escapes <out
result $? "journal: no color"
journal --format json
same "journal: JSON after the priority" "$(sed -n 's/^<2>//p' out | mk json process.pid)" 5
JOURNAL_STREAM=1:1 "$build/roundwatch" monitor --input levels --allow nobody > out
same "journal: another stream's" "$(cut -c 1 out | sort -u)" "{"
if ! ldd "$build/roundwatch" 2> /dev/null | grep -q libsystemd; then
	skip "journal: entries" "built without libsystemd"
elif unshare -Urm sh -c 'mount -t tmpfs none /run' 2> /dev/null; then
	export build source
	# shellcheck disable=SC2016 # for sh
	unshare -Urm sh -c '
		. "$source/../tests/limits.sh"
		mount -t tmpfs none /run && mkdir -p /run/systemd/journal
		"$build/mkrecord" listen /run/systemd/journal/socket > entries &
		wait_for 20 test -S /run/systemd/journal/socket
		: > out
		JOURNAL_STREAM=$(stat -c %d:%i out) "$build/roundwatch" monitor --input levels \
			--allow nobody > out
		three() { [ "$(grep -c ^MESSAGE= entries)" = 3 ]; }
		wait_for 20 three
		kill $!'
	same "journal: nothing on standard output" "$(wc -c < out)" 0
	same "journal: priorities" "$(grep ^PRIORITY= entries | tr '\n' ' ')" "PRIORITY=2 PRIORITY=4 PRIORITY=5 "
	same "journal: sentences" "$(sed -n 's/^MESSAGE=\([^(]*\) (.*/\1/p' entries | tr '\n' ,)" \
		"five[5] is randomx,six[6] is suspect,five[5] became rounding, was randomx,"
	says "journal: fields" entries PROCESS_PID=5 ROUNDWATCH_VERDICT=randomx EVENT_ACTION=verdict-present \
		THREAT_TECHNIQUE_ID=T1496 SYSLOG_IDENTIFIER=roundwatch
	same "journal: no name that the journal would refuse" "$(grep -c '^[^=]*[^A-Z0-9_=]\|^_' entries)" 0
else
	skip "journal: entries" "user namespaces are not allowed"
fi

#
# --exec
#

run monitor --input all --allow nobody --exec 'cat > event.$$; echo said'
same "exec: status" $rc 0
same "exec: once for each event" "$(cat event.* | wc -l) $(grep -c said err)" "7 7"
sort out > sorted
cat event.* | sort | cmp -s - sorted
result $? "exec: gets what is printed"
run monitor --input reused --allow nobody --exec 'exit 7'
says "exec fails" err "failed with status 7"
same "exec fails: status" $rc 0
run monitor --input reused --allow nobody --exec-timeout 1 --exec 'sleep 300 & echo $! > child; wait'
same "exec hangs: status" $rc 0
says "exec hangs" err "was killed as it took longer than 1 s"
await "exec hangs: so is its child" gone "$(cat child)"
set -- head info
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	set -- "$@" tally flags=1 pid=$i tgid=$i comm=miner verdict=3
done
mk "$@" end > twenty
run monitor --input twenty --allow nobody \
	--exec 'echo > run.$$; ls run.* | wc -l >> together; sleep 0.3; rm run.$$'
same "exec: all have their turn" "$(wc -l < together)" 20
most=$(sort -n together | tail -n 1)
[ "$most" -le 8 ] && [ "$most" -ge 2 ]
result $? "exec: at most 8 at once (were $most)"

run monitor --exec-timeout 0
expect "exec-timeout 0" 2
run monitor --format xml
expect "format xml" 2
says "format xml" err "'xml' is none of json, text and syslog"
run monitor --action maim
expect "action maim" 2
run monitor --action kill --input all
expect "action with a recording" 2

#
# A device: a file or a pipe
#

run monitor --device none
expect "no device" 3
# of PID: print words for mkrecord
of() { echo "flags=1 pid=$1 tgid=$1 uid=$(id -u) start_ns=$(mk start "$1") process_start_ns=$(mk start "$1")"; }

# shellcheck disable=SC2046 # words
device()	# WORD...: replace the device
{
	mk info "$@" end > device.new
	mv device.new device
}

sleep 300 &
victim=$!
sleep 300 &
other=$!

# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=sleep verdict=3 highest=3
begin --device device --allow nobody
await "reload: interrupted" grep -q monitoring-interrupted out
same "live: executable" "$(line 1 process.executable)" "\"$(readlink /proc/$victim/exe)\""
same "live: command" "$(line 1 process.command_line)" '"sleep 300"'
same "live: parent" "$(line 1 process.parent.pid)" $$
same "live: host" "$(line 1 host.name)" "\"$(uname -n)\""
same "live: entity" "$(line 1 process.entity_id)" \
	"\"$(cat /proc/sys/kernel/random/boot_id)-$victim-$(mk start $victim)\""
# shellcheck disable=SC2046 # words
device tally $(of $other) comm=sleep verdict=2 highest=2
await "reload: resumed" grep -q '"suspect"' out
end_with TERM
same "TERM: status" $rc 0
same "reload: events" "$(events | cut -d' ' -f1-4)" \
	"verdict-present monitoring-interrupted monitoring-resumed verdict-present"
says "reload" err "the module is gone" "the module is there"

rm device
begin --device device --wait --allow nobody
await "wait: says so" grep -q "waiting for the module" err
device
await "wait: resumed" grep -q monitoring-resumed out
end_with INT
same "INT: status" $rc 0

device flags=1
run monitor --device device --exit-blind
expect "exit-blind" 4

# acts WHAT EXPECTED OPTION...: check what is reported about the action against $victim
acts()
{
	what=$1
	expected=$2
	shift 2
	begin --device device "$@"
	await "$what: told" grep -q monitoring-interrupted out
	same "$what" "$(line 1 roundwatch.response.action) $(line 1 roundwatch.response.outcome)" \
		"$expected"
	end_with TERM
}

# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=sleep verdict=3 highest=3
acts "no action" "mkrecord: response: no such member mkrecord: response: no such member" --allow nobody
exe=$(readlink /proc/$victim/exe)
echo "exe $exe" > list
acts "an allowed one is spared" "mkrecord: response: no such member mkrecord: response: no such member" \
	--action kill --allow list
same "an allowed one" "$(line 1 roundwatch.allowed)" true
echo "exec $exe" > list
acts "with a bad list" '"kill" "refused"' --action kill --allow list
if [ "$(id -u)" = 0 ]; then
	: > list
	chmod 666 list
	acts "with a list that anybody may write" '"kill" "refused"' --action kill --allow list
	says "with a list that anybody may write" err "others than root may write it"
else
	skip "a list that anybody may write" "not root"
fi
# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=sleep verdict=2 highest=2
acts "a suspect" "mkrecord: response: no such member mkrecord: response: no such member" \
	--action kill --allow nobody
# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=sleep verdict=3 flags=5
acts "a virtual machine" '"kill" "refused"' --action kill --allow nobody
device tally flags=1 pid=$victim tgid=$victim start_ns=5 process_start_ns=5 verdict=3
acts "another that has the PID" '"kill" "refused"' --action kill --allow nobody
says "another that has the PID" out "is gone, or cannot be told from another"
# shellcheck disable=SC2046 # words
device tally $(of 1) comm=init verdict=3
acts "process 1" '"kill" "refused"' --action kill --allow nobody
kill -0 $victim
result $? "all these were spared"
# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=sleep verdict=3 highest=3
acts "stop" '"stop" "done"' --action stop --allow nobody
await "stopped" grep -q '^State:.T' /proc/$victim/status
acts "kill" '"kill" "done"' --action kill --allow nobody
rc=0
wait $victim || rc=$?
same "killed" $rc 137

# Evidence first, then the action and the command. alert PATH: of the event that tells about it
alert() { grep -m 1 -e '"archive":' -e '"not_collected":' out | mk json "$1" 2>&1; }
# shellcheck disable=SC2317 # called by await
collected() { [ "$(alert roundwatch.response.outcome)" = '"done"' ] && [ -s hooked ]; }
cp "$(command -v sleep)" miner
./miner 300 &
victim=$!
mkdir evidence
# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=miner verdict=3 highest=3
# shellcheck disable=SC2016 # for sh
begin --device device --allow nobody --collect evidence --action kill \
	--exec '[ "$ROUNDWATCH_ARCHIVE" ] && [ -f "$ROUNDWATCH_ARCHIVE" ] && echo "$ROUNDWATCH_ARCHIVE" > hooked; :'
await "collect: the action and the command come" collected
end_with TERM
rc=0
wait $victim || rc=$?
same "collect: killed" $rc 137
archive=$(alert roundwatch.archive | tr -d '"')
same "collect: one archive, that of the event" "$(ls evidence/*)" "$archive"
same "collect: and that of the command" "$(cat hooked)" "$archive"
same "collect: its name" "$(echo "$archive" | sed 's/[0-9]/9/g; s/Z-.*//')" "evidence/99999999T999999"
same "collect: the process in its name" "${archive#*Z-}" "$(alert process.entity_id | tr -d '"').tar.gz"
same "collect: mode" "$(stat -c %a "$archive")" 600
mkdir got
tar -xzf "$archive" -C got --strip-components=1
same "collect: it was alive" "$(mk json alive_at_end < got/manifest.json)" true
same "collect: the executable" "$(sha256sum < got/exe)" "$(sha256sum < miner)"
same "collect: all answered" "$(grep -c 'no answer\|refused' got/manifest.json err)" "got/manifest.json:0
err:0"
says "collect: the sentence" out "; collected in $archive; kill done; see roundwatch explain $victim"

# What keeps it from being collected does not keep it from being killed. --collect alone: see the filter.
./miner 300 &
victim=$!
# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=miner verdict=3 highest=3
begin --device device --allow nobody --collect evidence --collect-max 1K --action kill
await "collect: full" grep -q '"not_collected":"evidence is full, with 1 files' out
end_with TERM
rc=0
wait $victim || rc=$?
same "collect: full: killed" $rc 137
same "collect: full: nothing more" "$(ls evidence/*)" "$archive"
./miner 300 &
victim=$!
# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=miner verdict=3 highest=3
begin --device device --allow nobody --collect evidence
await "collect: without an action" grep -q '"archive":"evidence/[^"]*-'$victim- out
end_with TERM
kill -0 $victim
result $? "collect: without an action: spared"
same "collect: nothing is refused by the filter" "$(grep -c refused err)" 0
same "collect: two archives" "$(find evidence -type f | wc -l)" 2
echo "user $(id -u)" > list
begin --device device --allow list --collect evidence --format text
await "collect: allowed" grep -q "allowed by line 1" out
end_with TERM
same "collect: not of what is allowed" "$(find evidence -type f | wc -l)" 2
kill $victim
for wrong in "--collect none" "--collect miner"; do
	# shellcheck disable=SC2086 # words
	run monitor --device device $wrong
	expect "collect: wrong: $wrong" 1
done
for wrong in "--input two --collect evidence" "--sysroot host --collect evidence" "--collect-max 0" "--collect-max x"; do
	# shellcheck disable=SC2086 # words
	run monitor $wrong
	expect "collect: wrong: $wrong" 2
done

sleep 300 &
victim=$!
# shellcheck disable=SC2046 # words
device tally $(of $victim) comm=vm verdict=3 flags=5
acts "a virtual machine, if told" '"kill" "done"' --action kill --action-guests --allow nobody
rc=0
wait $victim || rc=$?
same "killed a virtual machine" $rc 137

# A pipe that stays open.
rm device
mkfifo device
exec 3<> device
: > list
begin --device device --allow list --format text
# shellcheck disable=SC2046 # words
mk info tally $(of $other) comm=sleep verdict=3 highest=3 end >&3
await "pipe: present" grep -q "is randomx" out
# shellcheck disable=SC2046 # words
mk tally $(of $other) comm=sleep verdict=2 highest=3 > change
head -c 100 change >&3
tail -c +101 change >&3
await "pipe: a record in two parts" grep -q "became suspect, was randomx" out
mk lost lost=3 >&3
await "pipe: lost" grep -q "3 records were lost" out
mk info tally flags=1 pid=77 tgid=77 comm=quick flags=3 verdict=3 last_ns=10003000000000 \
	tally flags=1 pid=78 tgid=78 comm=old flags=3 verdict=3 last_ns=9003000000000 end >&3
await "pipe: a process that the present state does not have is no suspect" grep -q "rounding, was suspect" out
await "pipe: who rose and ended meanwhile" grep -q "quick\[77\] ended, was randomx" out
! grep -q 'old\[78\]' out
result $? "pipe: but not who ended before"
# shellcheck disable=SC2046 # words
mk tally $(of $other) comm=sleep verdict=3 highest=3 >&3
await "pipe: rises again" grep -q "sleep.* became randomx" out
echo "user $(id -u)" > list
kill -HUP "$monitor"
await "HUP: the list is read again" grep -q "is randomx.*allowed by line 1: user" out
end_with TERM
same "pipe: status" $rc 0
exec 3<&-

# The reader goes away: the monitor ends without waiting for another event.
mkfifo pipe
exec 3<> device
mk info end >&3
"$build/roundwatch" monitor --device device > pipe 2> err &
monitor=$!
head -c 0 < pipe > /dev/null
rc=0
wait "$monitor" || rc=$?
expect "its reader is gone" 1
exec 3<&-

if ldd "$build/roundwatch" 2> /dev/null | grep -q libsystemd; then
	"$build/mkrecord" listen "$tmp/notify" > told &
	listener=$!
	await "systemd: a socket" test -S notify
	exec 3<> device
	mk info tally pid=1 tgid=1 comm=x verdict=3 end >&3
	NOTIFY_SOCKET=$tmp/notify WATCHDOG_USEC=200000 "$build/roundwatch" monitor --device device \
		--allow nobody > out 2> err &
	monitor=$!
	await "systemd: READY" grep -qx READY=1 told
	await "systemd: STATUS" grep -qx "STATUS=Watching: 1 randomx, 0 suspect" told
	# shellcheck disable=SC2016 # for sh
	await "systemd: WATCHDOG, again and again" sh -c '[ $(grep -cx WATCHDOG=1 told) -ge 3 ]'
	end_with TERM
	await "systemd: STOPPING" grep -qx STOPPING=1 told
	kill $listener
	exec 3<&-
else
	skip "systemd" "built without libsystemd"
fi
rm device

#
# check
#

state()	# WHAT STATUS LINE ARG...
{
	what=$1
	status=$2
	text=$3
	shift 3
	run check "$@"
	same "check: $what: status" $rc "$status"
	same "check: $what: one line" "$(wc -l < out)" 1
	same "check: $what" "$(cut -d'|' -f1 out | cut -c 1-${#text})" "$text"
}

mk head info tally pid=5 tgid=5 comm='a|b' verdict=2 end > suspect
mk head info tally pid=5 tgid=5 comm=x verdict=3 flags=2 end > over
state "randomx" 2 "ROUNDWATCH CRITICAL - 1 randomx, 0 suspect: xmrig[42] (12345)" \
	--input all --allow nobody
data='randomx=1;;0;0 suspect=0;0;;0 allowed=0;;;0 rounding=[0-9]*;;;0 observations=1234567c '
grep -qx "[^|]* | ${data}looks=4321c evicted=0c dropped=0c" out
result $? "check: performance data"
state "a suspect" 1 "ROUNDWATCH WARNING - 0 randomx, 1 suspect: a!b[5]" --input suspect
state "a suspect is critical" 2 "ROUNDWATCH CRITICAL" --input suspect --suspect critical
state "a suspect is ok" 0 "ROUNDWATCH OK - 0 randomx, 1 suspect" --input suspect --suspect ok
state "one that is over" 0 "ROUNDWATCH OK - no process" --input over
state "twenty" 2 "ROUNDWATCH CRITICAL - 20 randomx" --input twenty --allow nobody
same "check: twenty: nothing of its own is escaped" "$(grep -c '\\x' out) $(grep -c ', \.\.\.; see roundwatch explain [0-9]* |' out)" "0 1"
mk head info tally pid=5 tgid=5 comm="$(printf 'a\033|\303\251')" verdict=3 end > odd
state "an odd name" 2 'ROUNDWATCH CRITICAL - 1 randomx, 0 suspect: a\x1b!\xc3\xa9[5]' --input odd
state "twenty, again" 2 "ROUNDWATCH CRITICAL - 20 randomx" --input twenty --allow nobody
same "check: twenty: names five" "$(grep -o 'miner\[' out | wc -l)" 5
state "blind" 3 "ROUNDWATCH UNKNOWN - the module is BLIND" --input blind
state "no module" 3 "ROUNDWATCH UNKNOWN - the module is not loaded" --device none
state "damaged" 3 "ROUNDWATCH UNKNOWN - the records" --input cut.rw
device
state "nothing is observed" 3 "ROUNDWATCH UNKNOWN - the module observes nothing" --device device
(
	i=2000000
	while :; do
		i=$((i + 1))
		device observations=$i
	done
) &
module=$!
state "all is well" 0 "ROUNDWATCH OK - no process is randomx or suspect" --device device
kill $module
wait $module 2> /dev/null
rm -f device
# usage MESSAGE ARG...: a plugin says on standard output what is wrong with its command line
usage()
{
	text=$1
	shift
	run check "$@"
	expect "check: usage: $*" 3
	same "check: usage: $*: standard output" "$(cat out)" \
		"ROUNDWATCH UNKNOWN - $text; see roundwatch check --help"
}
usage "--suspect 'maybe' is none of ok, warning and critical" --suspect maybe
usage "unknown or ambiguous option '--nonsense'" --nonsense
usage "option '--allow' needs an argument" --allow
usage "option '--help=x' takes no argument" --help=x
usage "unexpected argument 'ex!tra'; a subcommand comes before all options" 'ex|tra'
usage "--input and --device exclude each other; use one of them" --input all --device all
for option in --help --version; do
	run check $option
	same "check: $option" "$rc $(grep -c UNKNOWN out)$(cat err)" \
		"0 $([ $option = --help ] && echo 1 || echo 0)"
done
rc=0
"$build/roundwatch" check --input over > /dev/full 2> err || rc=$?
expect "check: a full disk" 3

#
# metrics
#

version=$("$build/roundwatch" --version | sed 's/roundwatch \([^ ]*\).*/\1/')

mk head info observations=12 looks=3 live=4 exited=5 evicted=6 dropped=7 lost=8 reached_suspect=10 \
	reached_randomx=9 suspect_ns=9999500000000 \
	tally flags=1 pid=43 tgid=43 comm='a"b\c' verdict=3 evidence=1234 \
	tally pid=60 tgid=60 comm=gone verdict=3 flags=2 \
	tally pid=61 tgid=61 comm=calm verdict=1 end > metrics
run metrics --input metrics --sysroot host --allow nobody
expect "metrics" 0
says "metrics" out 'roundwatch_up 1' 'roundwatch_blind 0' 'roundwatch_module_info{version="1.2.3",abi="1"} 1' \
	"roundwatch_build_info{version=\"$version\",abi=\"1\"} 1" \
	'roundwatch_observations_total 12' 'roundwatch_looks_total 3' \
	'roundwatch_tallies{state="live"} 4' 'roundwatch_tallies{state="exited"} 5' \
	'roundwatch_tallies_evicted_total 6' 'roundwatch_observations_dropped_total 7' \
	'roundwatch_records_lost_total 8' 'roundwatch_module_loaded_timestamp_seconds 1699992800.000' \
	'roundwatch_verdicts_total{verdict="suspect"} 10' 'roundwatch_verdicts_total{verdict="randomx"} 9' \
	'roundwatch_verdict_last_timestamp_seconds{verdict="suspect"} 1699999999.500' \
	'roundwatch_verdict_last_timestamp_seconds{verdict="randomx"} 0.000' \
	'roundwatch_evidence_threshold{verdict="suspect"} 300' \
	'roundwatch_evidence_threshold{verdict="randomx"} 1000' 'roundwatch_processes_omitted 0' \
	'roundwatch_processes{verdict="randomx"} 1' 'roundwatch_processes{verdict="rounding"} 1' \
	"roundwatch_process_evidence{pid=\"43\",comm=\"a\\\"b\\\\c\",user=\"root\",container_id=\"$id\","
same "metrics: only the accused that live" "$(grep -c '^roundwatch_process_evidence{' out)" 1
same "metrics: each has help and type" "$(grep -v '^#' out | sed 's/[{ ].*//' | sort -u | tr '\n' ' ')" \
	"$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' out | sort | tr '\n' ' ')"
if command -v promtool > /dev/null 2>&1; then
	promtool check metrics < out > lint 2>&1
	result $? "metrics: promtool"
	same "metrics: promtool has nothing to say" "$(cat lint)" ""
else
	skip "metrics: promtool" "not installed"
fi
# At most 64, those that are not allowed before those that are, the oldest first, each with a PID of its own.
set --
for n in $(seq 100); do
	set -- "$@" tally pid="$n" tgid="$n" uid="$((n % 2 * 7))" verdict=3 highest=3 evidence="$n" \
		process_start_ns="$((1000 - n))"
done
mk head info "$@" tally pid=100 tgid=100 comm=twin verdict=3 process_start_ns=5000 end > crowd
mkdir -p nowhere/proc
run metrics --input crowd --sysroot nowhere --allow nobody
expect "metrics: a crowd" 0
says "metrics: a crowd" out 'roundwatch_processes{verdict="randomx"} 101' 'roundwatch_processes_omitted 37'
same "metrics: a crowd: the oldest" "$(sed -n 's/^roundwatch_process_evidence{pid="\([0-9]*\)".*/\1/p' out | tr '\n' ' ')" \
	"$(seq -s ' ' 100 -1 37) "
echo "user 7" > odd
run metrics --input crowd --sysroot nowhere --allow odd
same "metrics: a crowd: not allowed first" "$(grep -c 'allowed="false"' out) $(grep -c 'allowed="true"' out)" "50 14"
says "metrics: a crowd: not allowed first" out 'roundwatch_processes_allowed{verdict="randomx"} 50'
# Labels are UTF-8 in any locale; three characters alone are escaped.
mk head info tally pid=5 tgid=5 comm="$(printf 'x\303\251\351\n\t"\134')" verdict=3 end > label
bytes=$(printf 'comm="x\303\251\357\277\275\\n\t\\"\\\\",')user
for charset in C C.UTF-8 de_DE.ISO-8859-1 ja_JP.SJIS; do
	case $charset in
	*_*)
		mkdir -p locales
		localedef -i "${charset%.*}" -f "$(echo "${charset#*.}" | sed s/^SJIS/SHIFT_JIS/)" \
			--no-archive "locales/$charset" > /dev/null 2>&1
		;;
	esac
	LOCPATH=$tmp/locales LC_ALL=$charset "$build/roundwatch" metrics --input label > label.out 2> err
	grep -qF "$bytes" label.out
	result $? "metrics: label in $charset"
done
run metrics --input metrics --sysroot host --allow nobody
cp out shown
run metrics --input metrics --sysroot host --allow nobody --textfile m.prom
expect "textfile" 0
cmp -s shown m.prom
result $? "textfile: the same"
same "textfile: mode" "$(stat -c %a m.prom)" 644
run metrics --device none --textfile m.prom
expect "textfile without a module" 3
same "textfile without a module: up" "$(grep -v '^#' m.prom)" "roundwatch_up 0
roundwatch_build_info{version=\"$version\",abi=\"1\"} 1"
cp m.prom m3.prom
run metrics --input blind --textfile m.prom
expect "textfile, blind" 4
says "textfile, blind" m.prom "roundwatch_up 1" "roundwatch_blind 1"
same "textfile: nothing left beside it" "$(ls m.prom*)" m.prom
run metrics --input metrics --textfile none/m.prom
expect "textfile that cannot be" 1
mkdir beside
: > beside/target
ln -s target beside/link
mkfifo beside/pipe
mkdir beside/directory
for name in link pipe directory; do
	kind=$(stat -c '%F %i' beside/$name)
	run metrics --input metrics --textfile beside/$name
	expect "textfile over a $name" 1
	same "textfile over a $name: still there" "$(stat -c '%F %i' beside/$name)" "$kind"
done
same "textfile: nothing else changed" "$(ls beside) $(wc -c < beside/target)" "directory
link
pipe
target 0"

# monitor --textfile: at the start, when the list is read again, and every 15 seconds (vm/service).
newer() { [ "$(stat -c %i m2.prom)" != "$1" ]; }
"$build/roundwatch" monitor --device none --wait --allow nobody --textfile m2.prom > out 2> err &
monitor=$!
await "monitor --textfile: at the start" test -e m2.prom
same "monitor --textfile: what metrics says" "$(cat m2.prom)" "$(cat m3.prom)"
await "monitor --textfile: it waits" grep -q 'waiting for the module' err
before=$(stat -c %i m2.prom)
kill -HUP $monitor
await "monitor --textfile: after SIGHUP" newer "$before"
same "monitor --textfile: a message once" "$(grep -c 'the module is not loaded' err)" 1
rm m2.prom
mkfifo m2.prom
kill -HUP $monitor
await "monitor --textfile: a pipe came" grep -q 'm2.prom: not a regular file' err
[ -p m2.prom ]
result $? "monitor --textfile: a pipe stays"
end_with TERM
run monitor --device none --wait --textfile m2.prom
same "monitor --textfile: not over a pipe" "$rc $(grep -c 'not a regular file' err)" "1 1"
run monitor --input two --textfile m4.prom
same "monitor --textfile: not of a recording" "$rc $(ls m4.prom 2> /dev/null)" "2 "

#
# Help, manual and completion
#

for cmd in monitor check metrics; do
	run $cmd --help
	same "$cmd --help: fits" "$(fits 80 24)" yes
	bad=
	# shellcheck disable=SC2013 # words
	for option in $(grep -o -e '--[a-z][a-z-]*' out); do
		grep -q -e "Fl Fl ${option#--}" "$source/man/roundwatch.8" || bad="$bad man:$option"
		grep -q -e "$option" "$source/completion/roundwatch" ||
			bad="$bad completion:$option"
	done
	same "$cmd: each option is in the manual and the completion" "$bad" ""
done

kill $other
finish
