#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The unit roundwatch-monitor.service, in its sandbox, with the module and real miners. Run by
# `scripts/vm run --init 'exec /lib/systemd/systemd --unit=basic.target'`.

# As it starts, systemd clears /tmp. "degraded" is of the host's own units.
until systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do
	sleep 0.2
done
. "$RW_TOP/tests/vm/lib.sh"
unit=roundwatch-monitor

install_unit()
{
	make -s -C "$RW_TOP/packaging" install-host && cp "$RW_TOP/build/roundwatch" /usr/local/sbin &&
		systemctl daemon-reload
}

# has_logged PATTERN...: an entry of the journal by the unit, with its fields
has_logged()
{
	journalctl -o json --all -u $unit >/tmp/journal || return 1
	for pattern; do
		grep -F "$pattern" /tmp/journal >/tmp/some || return 1
		mv /tmp/some /tmp/journal
	done
}

tells_of_miner()
{
	await 60 has_logged '"ROUNDWATCH_VERDICT":"randomx"' "\"PROCESS_PID\":\"$pid\"" \
		'"PRIORITY":"2"' "\"PROCESS_EXECUTABLE\":\"$(readlink -f "$bin/miner")\"" "$@"
}

tells()
{
	systemctl start $unit && spawn 1 && tells_of_miner
}

reloads()
{
	systemctl reload $unit && systemctl is-active $unit
}

# A mount over /proc/PID makes it look like process 1 to whoever does not look below.
sees_through_mounts()
{
	end "$pid" && systemctl stop $unit && spawn 1 && mount --bind /proc/1 "/proc/$pid" || return 1
	systemctl start $unit && tells_of_miner covered && umount "/proc/$pid"
}

# The end of the module is none of the service.
stays()
{
	unload && await 20 has_logged '"EVENT_ACTION":"monitoring-interrupted"' || return 1
	# shellcheck disable=SC2119 # no parameters
	load && await 20 has_logged '"EVENT_ACTION":"monitoring-resumed"' && systemctl is-active $unit &&
		[ "$(systemctl show -P NRestarts $unit)" = 0 ]
}

# shellcheck disable=SC2119 # no parameters
load
test_case "fills a cache" fill_cache
test_case "the unit is installed" install_unit
test_case "the service starts, and tells of a miner" tells
test_case "it reloads" reloads
test_case "it sees a process that a mount covers" sees_through_mounts
test_case "it stays as the module goes and comes" stays
finish
