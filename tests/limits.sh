# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced by the test libraries: how long to wait. Limits are given in seconds for a quiet machine.
# They stretch with $slowness, which is measured once, and again when a limit has passed.

# Prints how many times slower than a quiet machine this one is now, 1 to 10. It is the largest of the load
# for each CPU, of the time that counting and starting programs take, where $quiet_ms is what they take
# on a quiet machine, and of $slowness.
measure_slowness()
(
	began=$(date +%s%N)
	i=0
	while [ $i -lt 2000 ]; do
		i=$((i + 1))
	done
	for i in 1 2 3 4 5; do
		/bin/true
	done
	awk -v cpus="$(nproc)" -v ms="$((($(date +%s%N) - began) / 1000000))" \
		-v quiet="${quiet_ms:-10}" -v before="$slowness" '{
			n = ($1 + 1) / cpus
			n = n < ms / quiet ? ms / quiet : n
			n = n > 10 ? 10 : n
			n = int(n) + (n > int(n))
			print n < before + 0 ? before : n
		}' /proc/loadavg
)

# within SECONDS: prints the limit that these seconds become here.
within()
{
	echo $(($1 * slowness))
}

# wait_for SECONDS COMMAND...: until the command succeeds. For what no event announces.
wait_for()
{
	wait_limit=$1
	shift
	wait_since=$(date +%s)
	until "$@" >/dev/null 2>&1; do
		if [ $(($(date +%s) - wait_since)) -ge "$(within "$wait_limit")" ]; then
			wait_slowness=$slowness
			slowness=$(measure_slowness)
			[ "$slowness" -gt "$wait_slowness" ] || return 1
		fi
		sleep 0.1
	done
}

slowness=${RW_SLOWNESS:-1}
slowness=$(measure_slowness)
