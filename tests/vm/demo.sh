#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The part of `make demo` that runs in the virtual machine.

. "$RW_TOP/tests/vm/lib.sh"

step()
{
	echo
	echo "== $*"
}

give_up()
{
	echo "demo FAILED: $*"
	cat /proc/roundwatch
	exit 1
}

step "insmod roundwatch.ko"
load || give_up "the module does not load"
dmesg | grep 'roundwatch: version'

step "Starting three programs that are no miners"
start "$bin/load" interval "$(within 300)"
interval=$pid
echo "interval[$interval]: interval arithmetic, in RN, RD and RU"
start "$bin/load" emulator "$(within 300)"
emulator=$pid
echo "emulator[$emulator]: like a console's emulator, in RZ and RN"
start sh -c 'while :; do gzip -9c "$RW_KO" >/dev/null; done'
gzip=$pid
echo "gzip[$gzip]: compresses, in RN"

step "Starting the RandomX library, mining nothing for nobody in two threads"
start "$bin/miner" --threads 2 --seconds "$(within 300)"
miner=$pid
echo "miner[$miner]: fills its cache of 256 MiB first ..."
await 120 grep -q first-hash "/tmp/out.$miner" || give_up "no first hash"
echo "miner[$miner]: first hash; waiting for the verdict ..."
verdict=$(accused "$miner" 120) || give_up "the miner was missed"
echo "miner[$miner]: accused ${verdict#\# verdict }"

step "Kernel log"
dmesg | grep 'roundwatch: randomx'

# Both must have been seen in other modes; otherwise it would mean nothing that they are not
# accused.
await 60 has_row COMM=interval PID="$interval" || give_up "interval was not observed"
await 60 has_row COMM=emulator PID="$emulator" || give_up "emulator was not observed"

step "roundwatch"
"$RW_BUILD/roundwatch" || give_up "the reporter failed"

step "cat /proc/roundwatch"
cat /proc/roundwatch

nobody_else miner || give_up "the innocent stand accused"
has_row VERDICT=randomx PID="$miner" || give_up "the verdict did not last"
stop "$miner" "$interval" "$emulator" "$gzip"

step "rmmod roundwatch"
unload || give_up "the module does not unload"
echo
echo "demo passed: miner is randomx, interval and emulator are rounding, gzip is clear"
