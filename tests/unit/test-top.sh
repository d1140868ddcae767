#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-top.sh BUILD_DIR: tests roundwatch top on several kinds of terminals, made by tmux, with
# recordings, and with files in place of the device. Needs neither the module nor root. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

# start COLUMNS LINES SETTING... -- OPTION...: start top on a terminal of this size
start()
{
	columns=$1
	lines=$2
	shift 2
	settings=
	while [ "$1" != -- ]; do
		settings="$settings $1"
		shift
	done
	shift
	echo "trap : INT; env $settings '$build/roundwatch' top $*; echo \"status \$?\"; cat" >script
	stop
	session=$((session + 1))
	on_tmux -f /dev/null new-session -d -x "$columns" -y "$lines" 'sh script' \; \
		set -g remain-on-exit on || {
		echo "Bail out! tmux does not start"
		exit 1
	}
}

# A new server for each test, because an ending server may linger
on_tmux() { LC_ALL=C.UTF-8 TMUX_TMPDIR=$tmp tmux -L "$session" "$@"; }

stop() { on_tmux kill-server 2>/dev/null || :; }

keys() { on_tmux send-keys "$@"; }

# screen: print the contents of the screen; with -e including colours
screen() { on_tmux capture-pane -p "$@"; }

# await COMMAND...: wait until it succeeds
await()
{
	wait_for 20 "$@"
}

has() { screen | grep -qF -e "$1"; }

lacks() { ! has "$1"; }

# shows WHAT TEXT...: wait until all of the texts are on the screen
shows()
{
	what=$1
	shift
	for text; do
		await has "$text"
		set -- $?
		result "$1" "$what: shows '$text'"
		[ "$1" = 0 ] || screen | sed 's/^/# /'
	done
}

hides()	# what text
{
	await lacks "$2"
	result $? "$1: does not show '$2'"
}

quits()	# what status
{
	keys q
	shows "$1: quits" "status $2"
}

# order PID PID: succeeds if the first row is above the second
above() { screen | awk -v a="$1" -v b="$2" '$1 == a { x = NR } $1 == b { y = NR } END { exit !(x && x < y) }'; }

run top --input /nonexistent
expect "no terminal" 2
says "no terminal" err "roundwatch list"
run top --delay 0
expect "no delay" 2
run top --help
expect "help" 0
same "help: fits" "$(fits 80 24)" yes

if ! command -v tmux >/dev/null; then
	skip "terminals" "tmux is not installed; scripts/deps check"
	finish
	exit
fi
session=0
trap 'stop; end_test; rm -rf "$tmp"' EXIT

evil=$(printf 'e\033[31mvil')
mk head info live=41 exited=3 \
	tally pid=4711 tgid=4711 comm=digger verdict=3 highest=3 evidence=1423 \
		rn=2500 rd=2400 ru=2600 rz=2450 changes=7300 start_ns=5 process_start_ns=5 \
	tally pid=4712 tgid=4711 comm=digger-w verdict=3 highest=3 evidence=1300 \
		rn=2500 rd=2400 ru=2600 rz=2450 changes=7300 start_ns=6 process_start_ns=5 \
	tally pid=800 tgid=800 comm=half verdict=2 highest=2 evidence=420 rn=900 rd=30 ru=60 rz=10 \
	tally pid=900 tgid=900 comm=interval verdict=1 highest=1 evidence=12 rn=1000 ru=900 \
	tally pid=901 tgid=901 comm="$evil" verdict=1 highest=1 rn=5 rz=1 flags=2 \
	tally pid=902 tgid=902 comm=calm rn=100 end >all.rec

start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --input all.rec
shows "80x24" "watching" "recording all.rec" "41 live, 3 exited, of 4096" \
	"1 randomx  1 suspect  1 rounding  1 clear" "1423/1000" digger half interval \
	"░░░▒▒▒▓▓▓███" "█ ░" 'e\x1b[31mvil' Quit
hides "80x24" calm
above 4711 800
result $? "80x24: the worst first"
keys a
shows "a" calm
keys a
hides "a again" calm
keys r
await above 800 4711
result $? "r: the worst last"
keys r
await above 4711 800
result $? "r again: the worst first"
keys '<' '<' '<'
shows "<" "PID+"
await above 800 4711
result $? "<: by PID"
keys '>' '>' '>'
shows ">" "VERDICT+"
keys F6
shows "F6" "EVIDENCE+"
keys P
shows "P" "PID+"
await above 800 4711
result $? "P: by PID"
keys V
shows "V" "VERDICT+"
await above 4711 800
result $? "V: by verdict"
keys H
shows "H" TID digger-w
keys H
hides "H again" digger-w
keys / INTER
hides "filter" half
shows "filter" interval "Filter: INTER"
keys Enter
hides "filter: Enter" "keep it"
hides "filter: Enter" half
keys / Escape
shows "filter: Esc" half
keys F4 zzz
shows "filter: nobody" "No process matches"
keys BSpace BSpace BSpace Enter
shows "filter: BSpace" half
keys b b b b
shows "b: by user" USER PROC
keys b b H
shows "b, H: threads" TID digger-w
keys b
hides "b: no threads" TID
keys b b b b b
shows "b: by process" PID
keys h
shows "h" "Keys" "quit"
keys q
shows "h, q" digger
keys Home Enter
shows "Enter" "Explain" "sure" "WHAT TO DO NEXT"
keys Escape
shows "Enter, Esc" half
keys F1
shows "F1" "reverse the order"
keys F10
shows "F1, F10" half
on_tmux resize-window -x 60 -y 10
shows "smaller" "VERDICT"
hides "smaller" "LAST MINUTE"
on_tmux resize-window -x 200 -y 50
shows "larger" "LAST MINUTE" "COMMAND LINE"
quits "larger" 0
has digger
same "the screen from before is back" $? 1

start 60 10 TERM=screen LC_ALL=C.UTF-8 -- --threads --all --input all.rec
shows "60x10" "1423/1000" digger half Help
keys End
shows "60x10: End" calm
hides "60x10: End" 1423
quits "60x10" 0

start 200 50 TERM=screen LC_ALL=C.UTF-8 -- --input all.rec
shows "200x50" "COMMAND LINE" USER SEEN digger
quits "200x50" 0

for size in "12 3" "8 2" "3 1"; do
	# shellcheck disable=SC2086 # two numbers
	start $size TERM=screen LC_ALL=C -- --input all.rec
	await [ "$(screen | wc -c)" -gt 0 ]
	keys h j q j e q q
	on_tmux resize-window -x 80 -y 24
	shows "$size" "status 0"
done

# Without colours, and in ASCII only
start 80 24 TERM=screen LC_ALL=C -- --input all.rec
shows "ASCII" digger "nRNdRDuRUzRZ" "nnndddu"
screen | mk escapes
result $? "ASCII: nothing else"
screen -e | grep -q "$(printf '\033')\[.*3[0-7]"
result $? "ASCII: in colours"
quits "ASCII" 0
for setting in NO_COLOR=1 TERM=vt100; do
	start 80 24 TERM=screen LC_ALL=C.UTF-8 $setting -- --input all.rec
	shows "$setting" digger "1423/1000"
	screen -e | grep -q "$(printf '\033')\[[0-9;]*[34][0-7]m"
	same "$setting: no colours" $? 1
	quits "$setting" 0
done
# color WHAT WANTED SETTING... -- OPTION...: whether there are colours; WANTED is as of grep
color()
{
	name=$1
	wanted=$2
	shift 2
	start 80 24 LC_ALL=C.UTF-8 "$@" --input all.rec
	shows "$name" digger "1423/1000"
	screen -e | grep -q "$(printf '\033')\[[0-9;]*[34][0-7]m"
	same "$name" $? "$wanted"
	quits "$name" 0
}
color "--color never" 1 TERM=screen -- --color never
color "--color always, in spite of NO_COLOR" 0 TERM=screen NO_COLOR=1 -- --color always
color "--color always, on a terminal without" 1 TERM=vt100 -- --color always
run top --input all.rec --color sometimes
expect "--color sometimes" 2
says "--color sometimes" err "auto, always and never"
for term in nonsense dumb; do
	start 80 24 TERM=$term LC_ALL=C -- --input all.rec
	shows "TERM=$term" "TERM '$term'" "roundwatch list" "status 1"
done

# What is, apart from what was, and what may be
mk head info tally pid=1 tgid=1 comm=past verdict=3 highest=3 evidence=900 flags=2 last_ns=7199000000000 \
		time_ns=7200000000000 \
	tally pid=2 tgid=2 comm=mine verdict=3 highest=3 evidence=1100 uid=4242 \
	tally pid=3 tgid=3 comm=other verdict=3 highest=3 evidence=1200 uid=4243 end >states.rec
mkdir -p where/proc where/etc
printf 'alice:x:4242:1::/:\n' >where/etc/passwd
echo 'user alice' >allow
start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --input states.rec --allow allow --sysroot where
shows "states" "1 randomx  0 suspect  0 rounding  1 allowed  1 ended  0 clear" past
for row in "1.*ended" "2.*alice.*allowed" "3.*randomx"; do
	screen | grep -q "^ *$row"
	result $? "states: a row with '$row'"
done
above 3 1 && above 2 1
result $? "states: what has ended is last"
on_tmux resize-window -x 160 -y 24
shows "states, 160 columns" NOTE "was randomx, ended" "allowed by"
quits "states" 0
# What is said of the selected line, where the columns have no room for it
echo 'image r/*' >images
start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --input states.rec --allow images
shows "doubt" "2 randomx  0 suspect  0 rounding  2 in doubt  1 ended  0 clear" \
	"randomx?" "other[3]: not looked up: line 1: image r/*: the host is not at hand (--sysroot n"
hides "doubt: no room" NOTE
keys End
shows "what has ended" "past[1]: was randomx, ended 46m ago"
quits "doubt" 0
start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --input states.rec --allow allow --sysroot where
shows "allowed" other
keys Down
shows "allowed" "mine[2]: allowed by line 1: user alice"
quits "allowed" 0
# What a recording knows of an accused process
mk head info tally pid=5 tgid=5 uid=1000 comm=five verdict=3 highest=3 evidence=1200 \
	dossier tgid=5 text='{"identity":{"found":true,"user":"alice","cmdline":"/opt/mine -x",
		"unit":"mine.service","container":"4f1c88d2","pod":"web-1","pod_namespace":"shop"}}' \
	end >kept.rec
start 160 24 TERM=screen LC_ALL=C.UTF-8 -- --input kept.rec
shows "kept" alice "pod shop/web-1" "/opt/mine -x"
keys b
shows "kept: by container" CONTAINER 4f1c88d2
keys b
shows "kept: by pod" shop/web-1
keys b
shows "kept: by unit" mine.service
keys b
shows "kept: by user" alice
keys Enter
shows "kept: explain" "alice" "/opt/mine -x"
keys q
quits "kept" 0
start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --by user --input states.rec --allow allow --sysroot where
shows "--by user" USER PROC alice 4243 allowed
keys '>' '>' '>' '>' '>' '>' '>'
shows "--by user: sorted" "+"
keys Home Enter
shows "--by user: explain" Explain
keys q
quits "--by user" 0
run top --by nothing --input states.rec
expect "--by nothing" 2
run top --by user --threads --input states.rec
expect "--by and --threads" 2

# A device that changes, disappears and comes back
device()	# WORD...: another state, in its place
{
	mk info "$@" end >device.new
	mv device.new device
}
mkdir -p host/proc
device observations=1000 tally pid=7 tgid=7 comm=digger verdict=3 highest=3 evidence=1100 changes=10
start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --device device --sysroot host
shows "device" watching digger
quits "device" 0

# Two seconds later on the clock of the records. A pause ends with an update.
device observations=1000 tally pid=7 tgid=7 comm=digger verdict=3 highest=3 evidence=1100 changes=10
start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --delay 600 --device device --sysroot host
shows "rates" 1100/1000
device observations=6000 time_ns=10002000000000 \
	tally pid=7 tgid=7 comm=digger verdict=3 highest=3 evidence=300 changes=510
keys p
shows "p" PAUSED
keys p
shows "rates" 300/1000 2500/s 250.0
quits "rates" 0

start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --device device --sysroot host
shows "device" 300/1000
rm device
shows "gone" "NOT LOADED" "modprobe" digger
device flags=1
shows "blind" "BLIND" "because the module sees nothing"
quits "blind" 4
device
start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --device device --sysroot host
shows "nobody" "No process left round-to-nearest"
rm device
shows "gone" "NOT LOADED"
on_tmux send-keys C-c
shows "interrupted while it is gone" "status 3" "not loaded"
start 80 24 TERM=screen LC_ALL=C.UTF-8 -- --device device
shows "never there" "status 3" "not loaded"

finish
