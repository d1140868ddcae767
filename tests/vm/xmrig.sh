#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The real thing: Debian 13's xmrig, under its own name and another, with each algorithm that its
# benchmark offers, and with one that is not RandomX. No pool, but for one in here; no network.
# Wants `scripts/foreign trixie xmrig` before. Run by `scripts/vm run`.

. "$RW_TOP/tests/vm/lib.sh"
reporter=$RW_TOP/build/roundwatch
root=$RW_TOP/build/foreign/trixie/root
log=/tmp/xmrig.log

prepare()
{
	[ -x "$root/usr/bin/xmrig" ] || fail "no xmrig: scripts/foreign trixie xmrig" || return 1
	for dir in proc sys dev tmp; do
		mkdir -p "$root/$dir" && mount --rbind "/$dir" "$root/$dir" || return 1
	done
	cp "$root/usr/bin/xmrig" /tmp/kthreadd
	chroot "$root" /usr/bin/xmrig --version
}

# mine NAME FILE ARGUMENT...: FILE of the other Debian, by that name, until it has begun to hash.
# The module begins anew, so that whom it accuses is this one.
mine()
{
	called=$1
	file=$2
	shift 2
	rm -f "$log"
	# shellcheck disable=SC2119
	unload && load || return 1
	# Perl is what can give a program a name that is not its file's.
	# shellcheck disable=SC2016 # for perl
	start perl -e '($root, $name, $file, @arguments) = @ARGV;
		chroot $root and chdir "/" and exec { $file } $name, @arguments; die "$file: $!"' \
		"$root" "$called" "$file" --no-color --threads=2 --randomx-mode=light \
		--donate-level=0 --log-file="$log" "$@"
	begins_with ' READY ' "$log" 120 || { cat "/tmp/out.$pid"; stop "$pid"; return 1; }
}

# benchmark ALGORITHM NAME FILE: is accused as the process that it is.
benchmark()
{
	mine "$2" "$3" --bench=1M --algo="$1" || return 1
	comm=$(cat "/proc/$pid/comm")
	grep "start benchmark .* algo $1\$" "$log" && accused "$pid" 60 &&
		has_row VERDICT=randomx PID="$pid" TID=- COMM="$comm" && nobody_else "$comm" &&
		"$reporter" --raw -n -o VERDICT,PID,COMMAND | grep -x "randomx $pid ${3##*/}"
	status=$?
	stop "$pid"
	return $status
}

# leaves_in_peace ALGORITHM PORT: at a pool, as the benchmark would take rx/0 in its place.
leaves_in_peace()
{
	start "$RW_TOP/tests/vm/guest-pool" "$2" "$1"
	pool=$pid
	await 20 grep -q listening "/tmp/out.$pool" &&
		mine xmrig /usr/bin/xmrig --url="127.0.0.1:$2" --user=x --algo="$1" &&
		grep "new job from .* algo $1 " "$log" && sleep 10 && kill -0 "$pid" &&
		! rows PID="$pid" | grep -qv '^clear' && nobody_else ""
	status=$?
	stop "$pid" "$pool"
	return $status
}

# shellcheck disable=SC2119 # no parameters
load
test_case "has xmrig" prepare
for algorithm in rx/0 rx/wow rx/arq rx/graft rx/sfx rx/yada; do
	test_case "accuses xmrig ($algorithm)" benchmark $algorithm xmrig /usr/bin/xmrig
done
test_case "accuses xmrig by the name of a kernel thread" benchmark rx/0 '[kworker/1:2]' /tmp/kthreadd
test_case "leaves xmrig in peace (argon2/chukwa)" leaves_in_peace argon2/chukwa 3333
test_case "leaves xmrig in peace (cn-heavy/0)" leaves_in_peace cn-heavy/0 3334
unload
finish
