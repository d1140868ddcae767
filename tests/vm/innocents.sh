#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Real programs that leave round-to-nearest but do not mine, several at a time for RW_SECONDS (60):
# none may ever have been above rounding. Then monerod: first honest, then mining. Run by
# `scripts/vm run -m 3G -t 600 --name innocents -- sh tests/vm/innocents.sh`, which takes five or
# six minutes; with RW_SECONDS=20, two or three.

# shellcheck source=tests/vm/lib.sh
. "$RW_TOP/tests/vm/lib.sh"
reporter=$RW_BUILD/roundwatch
innocents=$bin/innocents
seconds=${RW_SECONDS:-60}
group=

# The emulated processor has FMA. Disable it, so that fma() is computed as on older processors.
soft=GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4

# A light RandomX hash takes 15 ms of CPU time on hardware, which is one or two samples. Here it
# takes about 0.4 s, which would be forty samples: a short time of mining. Make the gap between
# samples longer by the same factor, so that a block is one or two samples again.
honest_gap_us=400000
# Monero has a block every 120 s. Decay is not scaled with the slower machine.
block_seconds=5

# program "MODE…" NAME COMMAND…: starts one of a group; it must be seen in these modes. It is niced,
# because this shell would rarely run beside five of them.
program()
{
	modes=$1 called=$2
	shift 2
	start nice -n 10 "$@"
	group="$group $pid"
	echo "$pid/$modes/$called" >>/tmp/group
}

# Reads all tallies into files: of threads, of processes, and the highest evidence so far.
look()
{
	"$reporter" list --all --threads --raw -n -o HIGHEST,PID,SAMPLES,RN,RD,RU,RZ,MXCSR,FCW,COMMAND \
		>/tmp/threads
	"$reporter" list --all --raw -n -o HIGHEST,PID,COMMAND >/tmp/processes
}

# watch SECONDS: waits, and records the evidence.
watch()
{
	until=$(($(date +%s) + $1))
	while [ "$(date +%s)" -lt "$until" ]; do
		cat /proc/roundwatch >>/tmp/evidence
		sleep 1
	done
	look
}

# seen PID SAMPLES EACH MODE…: checks that the process was observed at least EACH times in each
# mode, and was never above rounding.
seen()
{
	kill -0 "$1" || fail "it has ended" || return 1
	awk -v pid="$1" '$3 == pid && $2 > most { most = $2 } END { print most + 0 }' /tmp/evidence \
		>/tmp/most
	cat /tmp/processes /tmp/threads |
		awk -v pid="$1" -v least="$2" -v each="$3" -v modes="$4" -v most="$(cat /tmp/most)" '
			$2 != pid { next }
			$1 == "suspect" || $1 == "randomx" { print "accused:", $0; bad = 1 }
			NF < 10 { next }
			{
				samples += $3
				for (i = 4; i <= 7; i++)
					n[substr("RNRDRURZ", 2 * i - 7, 2)] += $i
			}
			END {
				printf "# %d samples, RN %d RD %d RU %d RZ %d, evidence up to %d\n",
					samples, n["RN"], n["RD"], n["RU"], n["RZ"], most
				if (samples < least) {
					print "too few samples: proves nothing"
					bad = 1
				}
				for (k = split(modes, want, " "); k; k--)
					if (n[want[k]] < each) {
						print "hardly seen in", want[k] ": proves nothing"
						bad = 1
					}
				exit bad
			}'
}

# innocent …: waits until the process is seen as required. Some take half a minute to start.
innocent()
{
	give_up=$(($(date +%s) + $(within 60)))
	until seen "$@" >/tmp/seen; do
		if [ "$(date +%s)" -ge "$give_up" ] || ! kill -0 "$1"; then
			break
		fi
		watch 3
	done
	cat /tmp/seen
	seen "$@" >/dev/null
}

run_group()
{
	watch "$seconds"
	while IFS=/ read -r pid modes called; do
		test_case "$called" innocent "$pid" "$((2 * seconds))" 5 "$modes"
	done </tmp/group
	# shellcheck disable=SC2086 # PIDs
	stop $group
	group=
	rm /tmp/group
}

# This includes ended tasks, tallies of processes, and this shell.
nobody_ever()
{
	look
	! awk '$1 == "suspect" || $1 == "randomx"' /tmp/processes /tmp/threads | grep .
}

rpc()
{
	curl -sf -m "$(within 60)" "http://127.0.0.1:28081/$1" -d "$2" && echo
}

json_rpc()
{
	rpc json_rpc "{\"jsonrpc\":\"2.0\",\"id\":\"0\",\"method\":\"$1\",\"params\":$2}"
}

# A node on a private network. It mines in light mode, because a dataset takes too long to fill
# here.
wallet=42ey1afDFnn4886T7196doS9GPMzexD9gXpsZJDwVjeRVdFCSoHnv7KPbBeGpzJBzHRCAs9UxqeoyFQMYbqSWYTfJJQAWDm
start_node()
{
	start env MONERO_RANDOMX_UMASK=4 monerod --regtest --offline --fixed-difficulty 1 \
		--data-dir /tmp/node --rpc-bind-ip 127.0.0.1 --rpc-bind-port 28081 --rpc-ssl disabled \
		--no-zmq --no-igd --check-updates disabled --disable-dns-checkpoints \
		--non-interactive --max-concurrency 1
	node=$pid
}

height()
{
	json_rpc get_info '{}' | sed -n 's/^ *"height": \([0-9]*\),.*/\1/p'
}

# At difficulty 1 any hash is valid, so a template is a block that did not have to be mined. The
# node verifies it like any other block.
submit_block()
{
	blob=$(json_rpc get_block_template "{\"wallet_address\":\"$wallet\"}" |
		sed -n 's/.*"blocktemplate_blob": "\([0-9a-f]*\)".*/\1/p')
	json_rpc submit_block "[\"$blob\"]" | grep -q '"status": "OK"'
}

# The node answers requests all the time, and verifies a block occasionally.
honest_node()
{
	start nice -n 10 "$innocents/libm" walk
	others=$pid
	start nice -n 10 "$innocents/cgal" interval
	others="$others $pid"
	await 120 height || return 1
	submit_block || return 1	# the first block fills the cache
	before=$(height)
	until=$(($(date +%s) + seconds))
	: >/tmp/evidence
	while [ "$(date +%s)" -lt "$until" ]; do
		submit_block || return 1
		next=$(($(date +%s) + block_seconds))
		while [ "$(date +%s)" -lt "$next" ]; do
			height >/dev/null
			cat /proc/roundwatch >>/tmp/evidence
			sleep 0.5
		done
	done
	look
	# shellcheck disable=SC2086 # PIDs
	stop $others
	blocks=$(($(height) - before))
	echo "# $blocks blocks"
	[ "$blocks" -ge $((seconds / block_seconds / 3)) ] || fail "hardly a block: proves nothing" ||
		return 1
	seen "$node" "$blocks" 1 "RD RU RZ"
}

mining_node()
{
	begin=$(date +%s)
	rpc start_mining "{\"do_background_mining\":false,\"ignore_battery\":true,\
\"miner_address\":\"$wallet\",\"threads_count\":1}" || return 1
	await 90 has_row VERDICT=randomx PID="$node" || return 1
	echo "# verdict within $(($(date +%s) - begin)) s"
	nobody_else monerod
}

load || exit 1
start_node
# This one takes so long to start that it runs beside all groups.
start nice -n 10 valgrind -q --tool=none "$innocents/libm" suite
valgrind=$pid

program "RU" "CGAL: convex hull, exact constructions" "$innocents/cgal" hull
program "RD RU" "Boost interval: each bound in its mode" "$innocents/boost" std
program "RZ" "fma without hardware" env "$soft" "$innocents/libm" fma
program "RD RU RZ" "fesetround: a libm test suite" "$innocents/libm" suite
run_group
program "RU" "CGAL: Delaunay triangulation of a grid" "$innocents/cgal" delaunay
program "RD RU" "Boost interval: transcendental functions" "$innocents/boost" transcendental
program "RZ" "fmal" "$innocents/libm" fmal
program "RD RU RZ" "fesetround: as fast as it can" "$innocents/libm" walk
program "RZ" "an emulator" "$bin/load" emulator 1000
run_group
program "RU" "CGAL: intervals" "$innocents/cgal" interval
program "RU" "Boost interval: as it comes" "$innocents/boost" default
program "RU" "PPL: polyhedra" "$innocents/ppl"
program "RD RU RZ" "fesetround: from Python" python3 tests/vm/innocents/fesetround.py
program "RD RU" "interval arithmetic without a library" "$bin/load" interval 1000
echo "$valgrind/RZ/valgrind" >>/tmp/group
group="$group $valgrind"
run_group
test_case "no process was ever accused" nobody_ever

unload
load gap_us=$honest_gap_us
test_case "monerod verifies a block occasionally" honest_node
test_case "no other process was ever accused" nobody_ever
unload
load
test_case "monerod mines" mining_node
finish
