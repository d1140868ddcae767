#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tests with Debian 13's xmrig: under its own name and another, with each algorithm of its
# benchmark, and with algorithms other than RandomX, for which a pool runs in this machine. No
# network is used. Needs `scripts/foreign trixie xmrig` first. Run by `scripts/vm run`.

. "$RW_TOP/tests/vm/lib.sh"
reporter=$RW_BUILD/roundwatch
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

# mine NAME FILE ARGUMENT...: starts FILE of the other Debian under this name, and waits until it
# hashes. The module is loaded again first, so that an accusation is about this process.
mine()
{
	called=$1
	file=$2
	shift 2
	rm -f "$log"
	# shellcheck disable=SC2119
	unload && load || return 1
	# perl can start a program under a name that differs from its file.
	# shellcheck disable=SC2016 # for perl
	start perl -e '($root, $name, $file, @arguments) = @ARGV;
		chroot $root and chdir "/" and exec { $file } $name, @arguments; die "$file: $!"' \
		"$root" "$called" "$file" --no-color --threads=2 --randomx-mode=light \
		--donate-level=0 --log-file="$log" "$@"
	begins_with ' READY ' "$log" 120 || { cat "/tmp/out.$pid"; stop "$pid"; return 1; }
}

# benchmark ALGORITHM NAME FILE: checks that the process is accused.
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

# does_not_accuse ALGORITHM PORT: mines at a pool, because the benchmark would use rx/0 instead.
does_not_accuse()
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
test_case "accuses xmrig named like a kernel thread" benchmark rx/0 '[kworker/1:2]' /tmp/kthreadd
test_case "does not accuse xmrig (argon2/chukwa)" does_not_accuse argon2/chukwa 3333
test_case "does not accuse xmrig (cn-heavy/0)" does_not_accuse cn-heavy/0 3334
unload
finish
