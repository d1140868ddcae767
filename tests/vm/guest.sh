#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Virtual machines inside the virtual machine: a miner in KVM is reported as the process that runs
# it. Needs an AMD processor with SVM (QEMU's -cpu max) and 2 GiB. Run by `scripts/vm run -m 3G`.

. "$RW_TOP/tests/vm/lib.sh"
. "$RW_TOP/tests/vm/guest-lib.sh"
reporter=$RW_BUILD/roundwatch

# verdict PID WANTED: checks the reporter's verdict on the process, and its flag guest.
verdict()
{
	line=$("$reporter" --raw -n -o VERDICT,PID,FLAGS,COMMAND | grep "^[a-z]* $1 ")
	case $line in
	"$2 $1 "*guest*" qemu-system-x86") ;;
	*) fail "process $1 is '$line', not $2 and guest" ;;
	esac
}

# Interval arithmetic in a guest is not accused either.
sees_innocent_guest()
{
	pack "$bin/load" && boot load "interval 600" || return 1
	innocent=$pid
	await 120 has_row PID="$innocent" TID=- VERDICT=rounding || { cat /tmp/console.load; return 1; }
	verdict "$innocent" rounding
}

accuses_guest()
{
	pack "$bin/miner" && boot miner "--threads 1 --seconds 600" || return 1
	miner=$pid
	began=$(cut -d. -f1 /proc/uptime)
	begins_with first-hash /tmp/console.miner 180 || return 1
	sed -n "s/first-hash \([0-9]*\).*/\1 $began/p" "/tmp/out.$miner" |
		awk '{ printf "# first hash %d s after the machine began\n", $1 - $2 }'
	accused "$miner" 180 && verdict "$miner" randomx
}

# Both virtual machines are still running.
accuses_nobody_else()
{
	verdict "$innocent" rounding || return 1
	others=$({ rows VERDICT=suspect; rows VERDICT=randomx; } | awk -v pid="$miner" '$3 != pid')
	[ -z "$others" ] || fail "accused: $others" || return 1
	samples=$(rows PID="$innocent" TID=- | awk '{ print $11 }')
	echo "# the innocent machine gave $samples samples"
	[ "$samples" -ge 30 ] || fail "only $samples samples of the innocent machine: proves nothing"
}

unloads()
{
	unload || return 1
	kill -0 "$innocent" "$miner"
}

innocent=
miner=
# shellcheck disable=SC2119 # no parameters
load
test_case "has KVM" has_kvm
test_case "sees interval arithmetic in a guest, and does not accuse it" sees_innocent_guest
test_case "accuses the virtual machine in which a miner runs" accuses_guest
test_case "accuses no other process" accuses_nobody_else
test_case "unloads while the guests run" unloads
stop "$innocent" "$miner"
finish
