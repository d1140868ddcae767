#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Measures the hash rate of ways to hide, run by scripts/evasion-costs: tests/vm/evasion-costs.sh SECONDS.
# Prints "row|HASHES A SECOND|SECONDS UNTIL THE VERDICT|WHAT" for each.

. "$RW_TOP/tests/vm/lib.sh"
seconds=$1

# How long after the first hash the kernel log accused any process; "never" if it did not.
until_verdict()
{
	first=$(sed -n 's/first-hash //p' /tmp/miner)
	lag=$(log_lag)
	logged "roundwatch: randomx: " || echo never
}

# cost WHAT COMMAND...: the command runs the miner
cost()
{
	what=$1
	shift
	if ! load || ! dmesg -C || ! "$@" >/tmp/miner 2>&1; then
		cat /tmp/miner
		exit 1
	fi
	ended=$(cut -d' ' -f1 /proc/uptime)
	# A hash that began in time ends later.
	awk -v ended="$ended" -v verdict="$(until_verdict)" -v what="$what" '
		/^first-hash/ { began = $2 }
		/^hashes/ { printf "row|%.2f|%s|%s\n", $2 / (ended - began), verdict, what }' /tmp/miner
	unload
}

miner()
{
	"$bin/miner" --seconds "$seconds" "$@"
}

# beside_busy COMMAND...: with another program on the same processor
beside_busy()
{
	start "$bin/load" nearest 3600
	"$@"
	status=$?
	stop "$pid"
	return $status
}

# limited PERCENT COMMAND...: in a control group that has so much of a processor
limited()
{
	group=/sys/fs/cgroup/limited
	mkdir -p "$group" && echo "$(($1 * 1000)) 100000" >"$group/cpu.max" || return 1
	shift
	(echo 0 >"$group/cgroup.procs" && "$@")
}

[ -e /sys/fs/cgroup/cgroup.controllers ] || mount -t cgroup2 none /sys/fs/cgroup || exit 1
echo +cpu >/sys/fs/cgroup/cgroup.subtree_control || exit 1

cost "does not hide" miner
cost "sleeps after each hash, in RN" miner --evade
cost "sleeps every 5 ms amid a hash" miner --naps
cost "a thread for each hash" miner --lifetime 1
cost "a child process for each hash" miner --lifetime 1 --fork
cost "32 processes at once, a new one for each hash" miner --threads 32 --lifetime 1 --fork
cost "nice 19 beside a busy program" beside_busy nice -n 19 "$bin/miner" --seconds "$seconds"
cost "the same, not nice" beside_busy miner
cost "20 % of a processor (cpu.max)" limited 20 miner
