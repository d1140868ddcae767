# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# For scripts that run inside the virtual machine: TAP, and ways to wait.

bin=$RW_TOP/build/tests

# shellcheck source=tests/tap.sh
. "$RW_TOP/tests/tap.sh"

# Its remarks; if it failed all of it, and what the module, the kernel and, if it runs, systemd say.
told_of()
{
	if [ "$1" ]; then
		grep '^# ' "$2"
	else
		sed 's/^/# | /' "$2"
		sed 's/^/# proc | /' /proc/roundwatch 2>/dev/null | head -n 20
		dmesg | tail -n 5 | sed 's/^/# dmesg | /'
		[ ! -d /run/systemd/system ] ||
			journalctl -n 40 -o short-monotonic | sed 's/^/# journal | /'
	fi
}

# await SECONDS COMMAND...: until it succeeds. Only for what the kernel does not announce.
await()
{
	end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$end" ] || fail "in vain: $*" || return 1
		sleep 0.1
	done
}

load()
{
	insmod "$RW_KO" "$@"
}

unload()
{
	rmmod roundwatch
}

# start PROGRAM ARG...: in the background, as $pid, with its output in /tmp/out.$pid.
start()
{
	: >/tmp/out
	"$@" >>/tmp/out 2>&1 &
	pid=$!
	mv /tmp/out "/tmp/out.$pid"
}

# Starts a miner and waits for its first hash.
start_miner()
{
	start "$bin/miner" --seconds 120 "$@"
	await 60 grep -q first-hash "/tmp/out.$pid"
}

# begins_with LINE FILE SECONDS: waits for the LINE, FILE's last, with which $pid begins to hash, if
# it cannot tell the time itself: the clock is this kernel's.
begins_with()
{
	await "$3" grep -q -e "$1" "$2" || { cat "$2"; return 1; }
	awk -v wrote="$(stat -c %.Y "$2")" -v now="$(date +%s.%N)" \
		'{ printf "first-hash %.3f\n", wrote - (now - $1) }' /proc/uptime >>"/tmp/out.$pid"
}

orders=/tmp/orders
spawner_out=/tmp/out.spawner

# One cache for many miners, as it takes long to fill; $spawner makes them. See tests/vm/miner.c.
fill_cache()
{
	mkfifo "$orders"
	"$bin/miner" --spawn --seconds "${1:-120}" <"$orders" >>"$spawner_out" 2>&1 &
	spawner=$!
	exec 3>"$orders"
	await 120 grep -q ready "$spawner_out"
}

# spawn THREADS[n]: $pid begins to hash, where and how the spawner may run; with n it naps.
spawn()
{
	: >"$spawner_out"
	echo "$1" >&3
	await 60 grep -q first-hash "$spawner_out" || return 1
	pid=$(sed -n 's/^pid //p' "$spawner_out")
	cp "$spawner_out" "/tmp/out.$pid"
}

gone()
{
	! [ -d "/proc/$1" ]
}

# end PID: of what is not this shell's child.
end()
{
	kill "$1"
	await 20 gone "$1"
}

stop()
{
	kill "$@" 2>/dev/null
	wait "$@" 2>/dev/null
	return 0
}

# By how many seconds CLOCK_BOOTTIME is ahead of the kernel log's clock.
log_lag()
{
	echo "roundwatch-test: what is the time" >/dev/kmsg
	dmesg | sed -n 's/^\[ *\([0-9.]*\)\] roundwatch-test: what.*/\1/p' | tail -n 1 |
		awk '{ getline now <"/proc/uptime"; print now - $1 }'
}

# accused PID SECONDS: until the kernel log accuses the process. Says how long after the first hash;
# what was said of it before that is about an earlier one.
accused()
{
	first=$(sed -n 's/first-hash //p' "/tmp/out.$1")
	lag=$(log_lag)
	lines=0
	after=-1
	while [ "${after%%[.0-9]*}" = - ]; do
		lines=$((lines + 1))
		at=$(timeout "$2" grep -m $lines -F "[$1] uid" /dev/kmsg | sed -n "${lines}p" | cut -d, -f3)
		[ "$at" ] || fail "$1 not accused in $2 s" || return 1
		after=$(awk -v at="$at" -v first="$first" -v lag="$lag" \
			'BEGIN { printf "%.1f", at / 1e6 + lag - first }')
	done
	echo "# verdict $after s after the first hash"
}

# rows FIELD=VALUE...: the rows of /proc/roundwatch that have these values. Fields by their headings.
rows()
{
	awk -v want="$*" '
		/^#/ { next }
		!head { head = 1; for (i = 1; i <= NF; i++) col[$i] = i; n = split(want, w); next }
		{
			for (i = 1; i <= n; i++) {
				split(w[i], kv, "=")
				if ($col[kv[1]] != kv[2])
					next
			}
			print
		}' /proc/roundwatch
}

has_row()
{
	[ -n "$(rows "$@")" ]
}

# Nobody is above rounding, but for processes named $1 (empty: nobody at all).
nobody_else()
{
	others=$({ rows VERDICT=suspect; rows VERDICT=randomx; } |
		awk -v ours="$1" 'ours == "" || $NF != ours')
	[ -z "$others" ] || fail "accused: $others"
}
