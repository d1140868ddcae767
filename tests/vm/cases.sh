#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The cases of the module, in a kernel that runs it: what it must see, what it must not accuse,
# and that it comes and goes without a trace. Run by `scripts/vm run`. With RW_CASES=short, those that
# may come out differently from kernel to kernel; with RW_CASES=few, a handful of them.

. "$RW_TOP/tests/vm/lib.sh"
reporter=$RW_BUILD/roundwatch

# Where the self-test has to wait for somebody, a moment after it is loaded.
said_so()
{
	dmesg | grep 'roundwatch: .*version .* watches for RandomX'
}

loads()
{
	load || return 1
	head -n 1 /proc/roundwatch | grep -q '^# roundwatch 1 version=' || fail "no first line" || return 1
	[ "$(stat -c %a /proc/roundwatch)" = 400 ] || fail "mode of /proc/roundwatch" || return 1
	[ -c /dev/roundwatch ] || fail "no device" || return 1
	[ "$(stat -c %a /dev/roundwatch)" = 440 ] || fail "mode of /dev/roundwatch" || return 1
	await 20 said_so || fail "no word in the kernel log"
}

# Observations must go up by themselves: at least as many as this shell switches.
observes()
{
	a=$(sed -n '1s/.*observations=\([0-9]*\).*/\1/p' /proc/roundwatch)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		/bin/true
	done
	b=$(sed -n '1s/.*observations=\([0-9]*\).*/\1/p' /proc/roundwatch)
	[ "$((b - a))" -ge 10 ] || fail "observations: $a, then $b"
}

detects()
{
	start_miner "$@" || return 1
	accused "$pid" 60 && await 60 has_row VERDICT=randomx PID="$pid" COMM=miner && nobody_else miner
	status=$?
	stop "$pid"
	return $status
}

# Debian 13's, as in tests/vm/xmrig.sh, with its own libraries; scripts/matrix unpacks it.
detects_xmrig()
{
	root=$RW_TOP/build/foreign/trixie-arm64/root
	start "$root/lib/ld-linux-aarch64.so.1" --library-path "$root/usr/lib/aarch64-linux-gnu" \
		"$root/usr/bin/xmrig" --no-color --threads=2 --randomx-mode=light --donate-level=0 \
		--bench=1M --algo=rx/0 --log-file=/tmp/xmrig.log
	begins_with ' READY ' /tmp/xmrig.log 120 || { cat "/tmp/out.$pid"; stop "$pid"; return 1; }
	accused "$pid" 60 && has_row VERDICT=randomx PID="$pid" TID=-
	status=$?
	stop "$pid"
	# shellcheck disable=SC2119 # no parameters
	unload && load && return $status
}

# Another name after each hash, as root of the process too: told by what it is, a PID.
detects_renaming()
{
	start_miner --rename --name '[kworker/0:1]' --threads 2 || return 1
	accused "$pid" 60 && await 60 has_row VERDICT=randomx PID="$pid" TID=- || return 1
	others=$({ rows VERDICT=suspect; rows VERDICT=randomx; } | awk -v pid="$pid" '$3 != pid')
	stop "$pid"
	[ -z "$others" ] || fail "accused: $others"
}

# A process for each hash: the accused process is a child with the same name.
detects_forks()
{
	start_miner --lifetime 1 --fork || return 1
	await 60 has_row VERDICT=randomx COMM=miner && nobody_else miner
	status=$?
	stop "$pid"
	return $status
}

does_not_accuse()
{
	unload && load || return 1
	start "$bin/load" interval 25
	interval=$pid
	start "$bin/load" emulator 25
	emulator=$pid
	start "$bin/load" fenv 25
	fenv=$pid
	start sh -c 'while :; do gzip -9c "$RW_KO" >/dev/null; done'
	gzip=$pid
	await 20 has_row COMM=interval PID="$interval" && await 20 has_row COMM=emulator PID="$emulator" &&
		await 20 has_row COMM=fenv PID="$fenv"
	status=$?
	wait "$interval" "$emulator" "$fenv"
	stop "$gzip"
	# Without x87, nothing but its memory says of fenv that it does not mine: it may be suspect.
	spared=
	[ "$(uname -m)" = x86_64 ] || spared=fenv
	nobody_else "$spared" && [ -z "$(rows VERDICT=randomx)" ] && [ $status = 0 ] && [ -z "$(rows COMM=gzip)" ] || return 1
	samples=$(rows COMM=fenv PID="$fenv" | awk '$4 != "-" { print $11 }')
	[ "$samples" -ge 30 ] || fail "only $samples samples of fenv: proves nothing"
}

# fork inherits MXCSR: parent and child are two. exec resets it, and begins anew.
follows_fork_and_exec()
{
	start "$bin/load" inherit
	await 20 has_row COMM=inherit-parent PID="$pid" TID="$pid" || return 1
	await 20 has_row COMM=inherit-child || return 1
	child=$(rows COMM=inherit-child | awk '$4 != "-" { print $4 }')
	[ "$child" != "$pid" ] || fail "parent and child share a tally" || return 1
	await 20 grep -qx nearest "/proc/$child/comm" || return 1
	await 20 has_row COMM=inherit-child TID="$child" FLAGS=-e-- || return 1
	stop "$pid" "$child"
	# What came after exec never left RN.
	[ -z "$(rows COMM=nearest)" ] || fail "the new program inherited: $(rows COMM=nearest)"
}

exits()
{
	start "$bin/load" up 60
	await 20 has_row COMM=up TID="$pid" FLAGS=---- || return 1
	stop "$pid"
	has_row COMM=up TID="$pid" FLAGS=-e-- && has_row COMM=up PID="$pid" TID=- FLAGS=pe--
}

# The next task with the same PID is another task.
pid_reused()
{
	start "$bin/load" up 60
	old=$pid
	await 20 has_row COMM=up TID="$old" || return 1
	stop "$old"
	# The kernel hands out the PID after this one next.
	echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
	"$bin/load" zero 60 &
	[ "$!" = "$old" ] || { stop $!; fail "no PID was reused: $! for $old"; return 1; }
	await 20 has_row COMM=zero TID="$old" FLAGS=---- || return 1
	row=$(rows COMM=zero TID="$old")
	stop "$old"
	# RU is column 8; the predecessor's row is still there, and still ended.
	[ "$(echo "$row" | awk '{ print $8 }')" = 0 ] && has_row COMM=up TID="$old" FLAGS=-e--
}

# 12 decoys, each good for two tallies, fight for 16 from the moment the module is there.
overflows()
{
	unload
	start_miner --threads 2 || return 1
	miner=$pid
	start "$bin/load" up 150 12
	decoys=$pid
	load max_tasks=16 && accused "$miner" 110
	status=$?
	dropped=$(sed -n '1s/.*dropped=\([0-9]*\).*/\1/p' /proc/roundwatch)
	stop "$miner" "$decoys"
	[ $status = 0 ] || return 1
	[ "$dropped" -ge 10 ] || fail "only $dropped were dropped: no overflow" || return 1
	nobody_else miner
}

# in_use MORE...: the module is not unloaded, as readers have the device open; all goes on.
in_use()
{
	! rmmod roundwatch 2>/tmp/rmmod.err || fail "unloaded while the device is open" || return 1
	grep -q 'in use' /tmp/rmmod.err || fail "rmmod says: $(cat /tmp/rmmod.err)" || return 1
	if [ ! -e /proc/roundwatch ] || [ ! -c /dev/roundwatch ]; then
		fail "half unloaded"
	fi
}

# Switched out a few times a second at most: the observations are looks.
detects_alone()
{
	looks=$(sed -n '1s/.*looks=\([0-9]*\).*/\1/p' /proc/roundwatch)
	start taskset -c 2 "$bin/miner" --seconds "$(within 120)"
	await 120 grep -q first-hash "/tmp/out.$pid" && accused "$pid" 60 && nobody_else miner
	status=$?
	echo "# $(($(sed -n '1s/.*looks=\([0-9]*\).*/\1/p' /proc/roundwatch) - looks)) looks"
	stop "$pid"
	return $status
}

# Several readers at once: the state, then each change. While they read, the module stays.
streams()
{
	unload && load || return 1
	start "$bin/follow"
	one=$pid
	start "$bin/follow"
	two=$pid
	"$bin/follow" --nonblock | tail -n 2 | tr '\n' ' ' | grep -qx 'END EAGAIN ' ||
		fail "O_NONBLOCK waits" || return 1
	await 20 grep -qx END "/tmp/out.$one" || return 1
	! grep -q 'verdict=[23]' "/tmp/out.$one" || fail "accused before the miner ran" || return 1
	start_miner || return 1
	miner=$pid
	for reader in "$one" "$two"; do
		await 60 grep -q "^TALLY $miner $miner verdict=3 flags=1 miner" "/tmp/out.$reader" ||
			return 1
	done
	stop "$miner"
	await 20 grep -q "^TALLY $miner $miner verdict=3 flags=3 miner" "/tmp/out.$one" || return 1
	in_use || return 1
	kill -0 "$one" "$two" || fail "a reader failed" || return 1
	stop "$one"
	in_use || return 1
	stop "$two"
	unload
}

changes_of()
{
	sed '1,/^END$/d' "/tmp/out.$1" | grep -c '^TALLY'
}

lost_by()
{
	awk '$1 == "LOST" { n += $2 } END { print n + 0 }' "/tmp/out.$1"
}

caught_up()
{
	[ $(($(changes_of "$slow") + $(lost_by "$slow"))) = "$(changes_of "$quick")" ] &&
		[ "$(changes_of "$shared")" = "$(changes_of "$quick")" ]
}

# Far more changes than the module keeps for a reader that does not read: what it gets, and what it
# learns that it lost, add up to what another reader got.
loses()
{
	! grep -q '^roundwatch ' /proc/modules || unload
	load decay=0 gap_us=100 suspect_evidence=1 randomx_evidence=40 || return 1
	mkfifo /tmp/hold
	start sh -c 'exec "$0" --hold <>/tmp/hold' "$bin/follow"
	slow=$pid
	start "$bin/follow"
	quick=$pid
	start "$bin/follow" --share
	shared=$pid
	for reader in "$slow" "$quick" "$shared"; do
		await 20 grep -qx END "/tmp/out.$reader" || return 1
	done
	for _ in 1 2 3 4 5 6 7 8 9; do
		"$bin/load" walk 3 24 || return 1
		all=$(changes_of "$quick")
		[ "$all" -lt 600 ] || break
	done
	[ "$all" -ge 600 ] || fail "only $all changes: proves nothing" || return 1
	echo >/tmp/hold
	await 20 grep -q LOST "/tmp/out.$slow" && await 20 caught_up || return 1
	counted=$(sed -n '1s/.* lost=\([0-9]*\).*/\1/p' /proc/roundwatch)
	stop "$slow" "$quick" "$shared"
	lost=$(lost_by "$slow")
	echo "# of $(changes_of "$quick") changes the slow reader got $(changes_of "$slow") and lost $lost"
	! grep -q LOST "/tmp/out.$quick" "/tmp/out.$shared" || fail "the quick ones lost some too" || return 1
	! grep BAD "/tmp/out.$shared" || return 1
	[ "$counted" = "$lost" ] || fail "the module counts $counted" || return 1
	[ "$lost" -gt 0 ] && caught_up && unload
}

accused_walkers()
{
	rows COMM=walk TID=- VERDICT=randomx | awk '{ print $3 }'
}

walker_lines()
{
	dmesg | sed -n 's/.*: walk\[\([0-9]*\)\] uid .*/\1/p'
}

all_logged()
{
	accused_walkers | sort >/tmp/accused
	walker_lines | sort -u | comm -23 /tmp/accused - >/tmp/unlogged
	[ ! -s /tmp/unlogged ]
}

# More processes at once than the log takes lines a second: each has its line, if later.
logs_each()
{
	unload && load decay=0 gap_us=100 suspect_evidence=1 randomx_evidence=40 || return 1
	dmesg -C
	"$bin/load" walk 10 25 || return 1
	n=$(accused_walkers | wc -l)
	[ "$n" -ge 15 ] || fail "only $n accused: proves nothing" || return 1
	await 60 all_logged || fail "no line for $(tr '\n' ' ' </tmp/unlogged)" || return 1
	[ "$(walker_lines | wc -l)" = "$(walker_lines | sort -u | wc -l)" ] ||
		fail "two lines for one" || return 1
	unload
}

# What cannot be copied to the reader stays to be read; threads that share a descriptor get each
# record once.
reads_on()
{
	load || return 1
	"$bin/follow" --edge | tee /tmp/edge
	grep -qx OK /tmp/edge
}

# process_is VERDICT PID FILE: the last that follow wrote there of the process, ROUNDWATCH_… of the verdict
process_is()
{
	grep "^TALLY $2 $2 verdict=[0-9] flags=1 " "$3" | tail -n 1 | grep -q " verdict=$1 "
}

# A process that was accused falls back when it mines no more. Its thread may do so before, while both rise.
falls()
{
	load || return 1
	start "$bin/follow"
	reader=$pid
	start "$bin/miner" --seconds 12 --then 60
	miner=$pid
	await 90 process_is 3 "$miner" "/tmp/out.$reader" &&
		await 90 grep '^hashes' "/tmp/out.$miner" &&
		await 90 process_is 1 "$miner" "/tmp/out.$reader" &&
		has_row VERDICT=rounding PID="$miner" TID=- COMM=miner
	status=$?
	stop "$miner" "$reader"
	return $status
}

# What the probes of all CPUs read has cache lines to itself. Sizes are from the file, addresses from the
# kernel.
hot_data_alone()
{
	nm -S "$RW_KO" | awk 'NF == 4 && $3 ~ /[bdBD]/ { print "size", $4, $2 }' >/tmp/symbols
	awk '$4 == "[roundwatch]" && $2 ~ /[bdBD]/ { print "at", $3, $1 }' /proc/kallsyms >>/tmp/symbols
	awk '
		# Without the top of the address, which is the same for all.
		function number(hex, i, n)
		{
			for (i = length(hex) > 9 ? length(hex) - 8 : 1; i <= length(hex); i++)
				n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
			return n
		}
		$1 == "size" { size[$2] = number($3) }
		$1 == "at" && size[$2] { at[$2] = number($3) }
		END {
			n = split("tally_table tally_filter rule", hot)
			# They are read as much, or never written.
			split("tally_table tally_filter rule self workqueue period", good)
			for (i in good)
				quiet[good[i]] = 1
			for (i = 1; i <= n; i++) {
				if (!(hot[i] in at))
					print "no " hot[i]
				from = int(at[hot[i]] / 64)
				to = int((at[hot[i]] + size[hot[i]] - 1) / 64)
				for (name in at)
					if (!(name in quiet) && int(at[name] / 64) <= to &&
					    int((at[name] + size[name] - 1) / 64) >= from)
						print hot[i] " shares a cache line with " name
			}
		}' /tmp/symbols >/tmp/shared
	cat /tmp/shared
	[ ! -s /tmp/shared ]
}

# Our own tracepoints, read as anybody would.
traces()
{
	load || return 1
	tracing=/sys/kernel/tracing
	echo 1 >$tracing/events/roundwatch/enable || return 1
	start "$bin/load" up 4
	up=$pid
	start_miner || return 1
	accused "$pid" 60 >/dev/null || return 1
	stop "$pid" "$up"
	echo 0 >$tracing/events/roundwatch/enable
	grep -q "observation: comm=up pid=$up tgid=$up mxcsr=0x5f.0 fcw=0x37f mode=RU guest=0" \
		$tracing/trace || fail "no observation" || return 1
	grep -q "verdict: comm=miner .*verdict=randomx" $tracing/trace || fail "no verdict"
}

sees()
{
	await 20 sees_now && ! dmesg | grep BLIND
}

# A kernel that does not show what it should: scripts/testmod tests/vm/blinder. Then it must say so
# wherever anybody looks.
says_blind()
{
	unload
	dmesg -C
	insmod "$RW_TOP/build/module/$RW_KVER/blinder/blinder.ko" && load || return 1
	await 20 said_blind && head -n 1 /proc/roundwatch | grep ' blind=1 ' || return 1
	for command in list status; do
		"$reporter" $command >/tmp/blind 2>&1
		status=$?
		[ $status = 4 ] || fail "roundwatch $command: status $status" || return 1
		grep BLIND /tmp/blind || fail "roundwatch $command does not say so" || return 1
	done
	# It is not blind for good.
	unload && rmmod blinder && load && await 20 sees_now
}

# The kernel uses the FPU at the moment of the first three attempts of the self-test.
sees_beside_fpu_users()
{
	unload && insmod "$RW_TOP/build/module/$RW_KVER/blinder/blinder.ko" busy=3 && load || return 1
	await 20 sees_now || return 1
	[ "$(cat /sys/module/blinder/parameters/busy)" = 0 ] || fail "the FPU was not used"
	status=$?
	unload && rmmod blinder && load && return $status
}

said_blind()
{
	dmesg | grep 'BLIND: the kernel shows [A-Z]* 0x[0-9a-f]* where the register had 0x[0-9a-f]*;'
}

sees_now()
{
	head -n 1 /proc/roundwatch | grep ' blind=0 '
}

# Everything runs, a reader of /proc loops, another holds it open and does nothing. The device is in use
# until it is closed; from then on unloading takes $ms.
unload_once()
{
	load max_tasks=64 || return 1
	exec 3</dev/roundwatch 4</proc/roundwatch
	dd bs=4096 count=1 <&3 of=/dev/null 2>/dev/null
	await 20 has_row COMM=interval && in_use || return 1
	[ "$(dd bs=4096 count=1 <&3 2>/dev/null | wc -c)" -gt 0 ] ||
		fail "the device gives nothing after rmmod failed" || return 1
	exec 3<&-
	a=$(date +%s%N)
	rmmod roundwatch
	status=$?
	ms=$((($(date +%s%N) - a) / 1000000))
	cat <&4 >/dev/null 2>&1
	exec 4<&-
	[ $status = 0 ] || fail "rmmod failed" || return 1
	{ [ ! -e /proc/roundwatch ] && [ ! -e /dev/roundwatch ]; } || fail "left something"
}

# Under emulation it takes most of a second to start a program beside these, rmmod or any other; what
# counts is what unloading takes beyond that. The machine has its hiccups, too: the best of five. The second
# is for a host that was quiet when this machine began: where it was busy, unloading waits for tasks that wait for it.
unloads_busy()
{
	limit=$((1000 * ${RW_SLOWNESS:-1}))
	start_miner --threads 2 || return 1
	miner=$pid
	start "$bin/load" interval 1000 2
	loads=$pid
	start sh -c 'while :; do cat /proc/roundwatch; done'
	looper=$pid
	best=100000
	for _ in 1 2 3 4 5; do
		a=$(date +%s%N)
		rmmod --version >/dev/null
		start_ms=$((($(date +%s%N) - a) / 1000000))
		unload_once || return 1
		echo "# rmmod took $ms ms, where rmmod --version took $start_ms ms"
		ms=$((ms - start_ms))
		[ "$ms" -ge "$best" ] || best=$ms
		[ "$best" -ge $limit ] || break
	done
	stop "$miner" "$loads" "$looper"
	[ "$best" -lt $limit ] || fail "longer than $limit ms"
}

# Between two calls of the hammers the device is closed for a moment.
unload_at_last()
{
	rmmod roundwatch 2>/tmp/rmmod.err || { grep -q 'in use' /tmp/rmmod.err || cat /tmp/rmmod.err; false; }
}

# unloads_amid_calls TIMES: while others open, read and close the device and /proc/roundwatch.
unloads_amid_calls()
{
	start_miner || return 1
	miner=$pid
	start "$bin/follow" --hammer
	hammers=$pid
	start "$bin/follow" --hammer
	hammers="$hammers $pid"
	for i in $(seq "$1"); do
		load && await 60 unload_at_last || fail "round $i" || return 1
	done
	# shellcheck disable=SC2086 # words
	stop "$miner" $hammers
}

hundred_times()
{
	start_miner --rest 2 || return 1
	miner=$pid
	start "$bin/load" interval 60 2
	for i in $(seq 100); do
		load && unload || fail "round $i" || return 1
	done
	stop "$miner" "$pid"
}

# reads FILE COMMAND...: run by the COMMAND, dd reads FILE.
reads()
{
	file=$1
	shift
	"$@" dd if="$file" of=/dev/null bs=64k count=1 2>/tmp/dd.err && return
	cat /tmp/dd.err
	return 1
}

# refused WORDS FILE COMMAND...: it does not, and dd says why.
refused()
{
	words=$1
	shift
	! reads "$@" || fail "reads $*" || return 1
	grep -q "$words" /tmp/dd.err || fail "no '$words'"
}

# As udev's rule gives the device to a group. What a namespace's root may do, this must not depend on.
obeys_permissions()
{
	group=12345
	member="setpriv --reuid 65534 --regid 65534 --groups $group"
	stranger="setpriv --reuid 65534 --regid 65534 --clear-groups"
	chgrp $group /dev/roundwatch || return 1
	# shellcheck disable=SC2086 # words
	{
		reads /dev/roundwatch $member || fail "a member of the group cannot read" || return 1
		reads /dev/roundwatch setpriv --bounding-set -all || fail "root needs a capability" || return 1
		refused 'Permission denied' /proc/roundwatch $member || return 1
		refused 'Permission denied' /dev/roundwatch $stranger || return 1
		refused 'Permission denied' /proc/roundwatch $stranger || return 1
		refused 'Operation not permitted' /dev/roundwatch $member unshare -U || return 1
	}
	for file in /dev/roundwatch /proc/roundwatch; do
		for namespace in -U -Ur -pf -Urpf; do
			refused 'Operation not permitted' "$file" unshare "$namespace" || return 1
		done
	done
	chgrp 0 /dev/roundwatch
	# root's capabilities open a file whatever its mode is; another may not write.
	# shellcheck disable=SC2086 # words
	! $member sh -c 'echo x >/dev/roundwatch' || fail "the device can be written"
}

# wrong PARAMETER=VALUE WORDS: not loaded, and the kernel log says why.
wrong()
{
	dmesg -C
	! load "$1" || { unload; fail "loaded with $1"; return 1; }
	[ ! -e /proc/roundwatch ] && [ ! -e /dev/roundwatch ] || fail "half loaded" || return 1
	dmesg | grep -q "$2" || fail "dmesg does not say '$2' of $1: $(dmesg)"
}

# What a real miner looks like from outside: its cache, its compiler, its CPUs, its library.
explains()
{
	"$reporter" explain --verbose --watch 3 "$1" >/tmp/explained || return 1
	cat /tmp/explained
	head -n 1 /tmp/explained | grep -q "^randomx *miner \\[$1\\] behaves like RandomX" &&
		grep -q '^  over [3-9] s ' /tmp/explained &&
		grep -q '^  found  *cpu  *2 of' /tmp/explained &&
		grep -q '^  found  *memory .*as RandomX.s cache' /tmp/explained &&
		grep -q '^  found  *code  *' /tmp/explained &&
		grep -q '^  found  *words .*randomx' /tmp/explained &&
		grep -q '^  not found  *connections no TCP' /tmp/explained ||
		fail "explain $1" || return 1
	"$reporter" explain $$ | grep -q '^clear ' || fail "explain $$" || return 1
	! "$reporter" explain 4194303 || fail "explains nobody"
}

reports()
{
	start_miner --threads 2 || return 1
	accused "$pid" 60 >/dev/null || return 1
	"$reporter" || return 1
	"$reporter" --raw -n -o VERDICT,PID,COMMAND | grep -q "^randomx $pid miner$" ||
		fail "not in the table" || return 1
	explains "$pid" || return 1
	"$reporter" list --json | grep -q '"verdict": *"randomx"' || fail "not in the JSON" || return 1
	[ "$("$reporter" --threads --raw -n -o VERDICT,PID | grep -c " $pid$")" -ge 2 ] ||
		fail "threads are missing" || return 1
	stop "$pid"
	"$reporter" status || return 1
	unload
	"$reporter"
	[ $? = 3 ] || fail "status without the module"
}

in_full()
{
	[ "${RW_CASES-}" ] || "$@"
}

in_short()
{
	[ "${RW_CASES-}" = few ] || "$@"
}

in_full_or_arm64()
{
	if [ "$(uname -m)" = aarch64 ]; then
		"$@"
	else
		in_full "$@"
	fi
}

# Debian's kernels for arm64 do not name data: CONFIG_KALLSYMS_ALL is off.
named_data()
{
	[ "$(uname -m)" != x86_64 ] || "$@"
}

only_arm64()
{
	[ "$(uname -m)" != aarch64 ] || "$@"
}

# tests/vm/floor.sh has more.
isolated()
{
	! grep -q 'isolcpus=2 nohz_full=2' /proc/cmdline || "$@"
}

test_case "loads" loads
test_case "sees: the self-test" sees
test_case "observes" observes
named_data test_case "hot data shares no cache line" hot_data_alone
test_case "detects a miner (JIT, 2 threads)" detects --threads 2
in_short only_arm64 test_case "detects a miner (xmrig)" detects_xmrig
in_short in_full_or_arm64 test_case "detects a miner (interpreter)" detects --interpreter
in_full_or_arm64 isolated test_case "detects a miner alone on its CPU" detects_alone
in_full test_case "detects a miner that hides at system calls" detects --evade
in_full test_case "detects a miner of short-lived threads" detects --lifetime 1
in_full test_case "detects a miner of short-lived processes" detects_forks
test_case "does not accuse" does_not_accuse
in_full test_case "detects a miner that renames itself" detects_renaming
in_short test_case "follows fork and exec" follows_fork_and_exec
test_case "follows exit" exits
in_full test_case "a reused PID inherits nothing" pid_reused
in_short test_case "file permission decides, in the initial namespaces only" obeys_permissions
in_full test_case "keeps the miner when the table overflows" overflows
in_short test_case "streams changes to readers, and is in use meanwhile" streams
in_full test_case "tells a slow reader what it lost" loses
in_full test_case "keeps what a reader cannot take" reads_on
in_full test_case "logs each accused process, if later" logs_each
in_full test_case "a verdict falls" falls
in_full test_case "its tracepoints tell" traces
in_short test_case "says so if it is blind" says_blind
in_full test_case "sees although the kernel uses the FPU" sees_beside_fpu_users
unload
test_case "unloads under load, once the device is closed" unloads_busy
in_short test_case "unloads amid calls, 5 times" unloads_amid_calls 5
in_full test_case "loads and unloads 100 times" hundred_times
in_full test_case "max_tasks=100" wrong max_tasks=100 'max_tasks=100 is not a power of two, as 64 and 128 are'
in_full test_case "max_tasks=8" wrong max_tasks=8 'max_tasks=8 is out of range: 16 to 1048576'
in_full test_case "max_tasks=2097152" wrong max_tasks=2097152 'out of range'
in_full test_case "max_tasks=x" wrong max_tasks=x 'invalid for parameter'
in_full test_case "randomx_evidence=1" wrong randomx_evidence=1 'randomx_evidence=1 is out of range: 40 to 10000'
in_full test_case "suspect_evidence=101" wrong suspect_evidence=101 'suspect_evidence=101 is out of range: 1 to 100'
in_full test_case "decay=1001" wrong decay=1001 'decay=1001 is out of range: 0 to 1000'
in_full test_case "gap_us=1" wrong gap_us=1 'gap_us=1 is out of range: 100 to 1000000'
load
in_short test_case "the reporter tells" reports
finish
