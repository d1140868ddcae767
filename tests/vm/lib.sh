# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# For scripts that run inside the virtual machine: TAP, ways to wait, the module, miners.

bin=$RW_BUILD/tests

# shellcheck source=tests/tap.sh
. "$RW_TOP/tests/tap.sh"
quiet_ms=300
# shellcheck source=tests/limits.sh
. "$RW_TOP/tests/limits.sh"

# Prints what the case remarked. If it failed: all of its output, the module's table, the end of the kernel log
# and, if systemd runs, of the journal.
show_case()
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

set_up()
{
	is_loaded && was_loaded=1 || was_loaded=
}

# If the case has loaded or unloaded the module, the next one finds it as this one found it. The spawner's
# miners are the spawner's processes, not of the case that asked for them.
clean_up()
{
	if [ "${spawned_in-}" = "$RW_CASE" ] && kill -KILL "$spawned" 2>/dev/null; then
		await 20 gone "$spawned"
	fi
	if [ "${touched_in-}" = "$RW_CASE" ]; then
		! is_loaded || await 20 unload || return 1
		! grep -q '^blinder ' /proc/modules || rmmod blinder || return 1
		[ ! "$was_loaded" ] || load
	fi
}

# await SECONDS COMMAND...: until it succeeds. The limit stretches, see tests/limits.sh.
await()
{
	wait_for "$@" || {
		shift
		fail "did not happen: $*"
	}
}

is_loaded()
{
	grep -q '^roundwatch ' /proc/modules
}

# load PARAMETER=VALUE...: loads the module, anew if it was loaded.
load()
{
	! is_loaded || unload || return 1
	touched_in=$RW_CASE
	insmod "$RW_KO" "$@"
}

unload()
{
	touched_in=$RW_CASE
	rmmod roundwatch
}

# reload_during PID: loads and unloads the module until the process has ended. It must not be loaded before, as the
# process may have the device open.
reload_during()
{
	reloads=0
	while kill -0 "$1" 2>/dev/null; do
		load max_tasks=64 && "$bin/storm" unload || return 1
		reloads=$((reloads + 1))
	done
	echo "# loaded and unloaded $reloads times"
	[ "$reloads" -ge 2 ] || fail "only $reloads times"
}

# start PROGRAM ARG...: in the background, as $pid, with its output in /tmp/out.$pid.
start()
{
	{
		"$@" &
		pid=$!
	} >/tmp/out 2>&1
	mv /tmp/out "/tmp/out.$pid"
}

# Starts a miner and waits for its first hash. $rest is set to its option --rest where its speed does not matter.
start_miner()
{
	# shellcheck disable=SC2086 # words
	start "$bin/miner" ${rest-} --seconds "$(within 120)" "$@"
	await 60 grep -q first-hash "/tmp/out.$pid"
}

# begins_with LINE FILE SECONDS: waits for the LINE, FILE's last, with which $pid begins to hash, if
# it cannot print the time itself: the clock is this kernel's.
begins_with()
{
	await "$3" grep -q -e "$1" "$2" || { cat "$2"; return 1; }
	awk -v wrote="$(stat -c %.Y "$2")" -v now="$(date +%s.%N)" \
		'{ printf "first-hash %.3f\n", wrote - (now - $1) }' /proc/uptime >>"/tmp/out.$pid"
}

orders=/tmp/orders
spawner_out=/tmp/out.spawner

# fill_cache [SECONDS]: starts $spawner, which makes miners that hash for so long. They share one cache, as
# it takes long to fill. See tests/vm/miner.c.
fill_cache()
{
	mkfifo "$orders"
	# shellcheck disable=SC2086 # words
	"$bin/miner" ${rest-} --spawn --seconds "$(within "${1:-120}")" <"$orders" >>"$spawner_out" 2>&1 &
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
	spawned=$pid
	spawned_in=$RW_CASE
	cp "$spawner_out" "/tmp/out.$pid"
}

# copy_program PROGRAM DIRECTORY [NAME]: with its libraries, as /NAME of a root file system there
copy_program()
{
	mkdir -p "$2"
	ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$2${library%/*}" && cp -L "$library" "$2$library" || return
	done && cp "$1" "$2/${3:-${1##*/}}"
}

# scrape PORT PATH: what a server answers, in /tmp/scrape
scrape()
{
	perl -MIO::Socket::INET -e '
		$s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die $@;
		print $s "GET $ARGV[1] HTTP/1.1\r\nHost: x\r\n\r\n"; print <$s>;' "$1" "$2" >/tmp/scrape
}

# make_pod UID CONTAINER: the control group $pod is a container of the pod web-7f, according to kubelet's directories
make_pod()
{
	mount -t tmpfs tmpfs /var/log && mkdir -p "/var/log/pods/shop_web-7f_$1/app" /var/log/containers &&
		: >"/var/log/containers/web-7f_shop_app-$2.log" || return 1
	pod=/sys/fs/cgroup/kubepods/burstable/pod$1/$2
	mkdir -p "$pod"
}

gone()
{
	! [ -d "/proc/$1" ]
}

# end PID: ends a process that is not this shell's child.
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

# accused PID SECONDS: until the kernel log accuses the process. Prints how long after the first hash;
# what the log says from before that is about an earlier process.
accused()
{
	first=$(sed -n 's/first-hash //p' "/tmp/out.$1")
	lag=$(log_lag)
	await "$2" accusation "$1" || return 1
	echo "# verdict $(accusation "$1") s after the first hash"
}

accusation()
{
	logged "[$1] uid"
}

# logged TEXT: how long after $first the kernel log, which is $lag behind, has this text.
logged()
{
	dmesg | grep -F "$1" | sed 's/^\[ *\([0-9.]*\)\].*/\1/' |
		awk -v first="$first" -v lag="$lag" '
			$1 + lag >= first { printf "%.1f\n", $1 + lag - first; found = 1; exit }
			END { exit !found }'
}

# rows FIELD=VALUE...: prints the rows of /proc/roundwatch that have these values. Headings name the fields.
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

# No process is above rounding, except those named $1 (empty: none at all).
nobody_else()
{
	others=$({ rows VERDICT=suspect; rows VERDICT=randomx; } |
		awk -v ours="$1" 'ours == "" || $NF != ours')
	[ -z "$others" ] || fail "accused: $others"
}
