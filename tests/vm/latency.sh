#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Measures the time from a miner's first hash to its verdict in the kernel log, many times in one
# virtual machine. Each time the module is loaded again and the miner is a new process. Run by
# scripts/latency.

. "$RW_TOP/tests/vm/lib.sh"
. "$RW_TOP/tests/vm/guest-lib.sh"
cpus=$(nproc)

usage()
{
	cat <<-END
	usage: tests/vm/latency.sh RUNS [-t THREADS] [-b JOB] [-w SECONDS]

	  -t THREADS   of the miner, one or more numbers (1 and as many as there are CPUs)
	  -b JOB       beside what: idle, compile (both); or, if CPU 1 is isolated, one thread alone on
	               it: alone (scheduled as usual), fifo (SCHED_FIFO 50), vcpu (a guest's processor)
	  -w SECONDS   how long to wait for a verdict (60)

	Exit status: 0 if every miner was detected, 1 if not, 2 if the measurement failed.
	END
}

die()
{
	echo "latency: $*" >&2
	exit 2
}

# begin_hashing THREADS: starts a miner as $pid, with the time of its first hash in /tmp/out.$pid.
begin_hashing()
{
	if [ "$job" != vcpu ]; then
		spawn "$1"
		return
	fi
	pid=$guest
	rounds=$(($(grep -c first-hash /tmp/console.miner) + 1))
	await 60 has_begun "$rounds" && begins_with first-hash /tmp/console.miner 1 || return 1
	# Only the last round counts.
	sed -i '$!d' "/tmp/out.$pid"
}

# shellcheck disable=SC2317 # called by await
has_begun()
{
	[ "$(grep -c first-hash /tmp/console.miner)" -ge "$1" ]
}

# run THREADS: prints the time in seconds, or "missed".
run()
{
	! grep -q '^roundwatch ' /proc/modules || unload || die "does not unload"
	# shellcheck disable=SC2119 # no parameters
	load || die "does not load"
	begin_hashing "$1" || die "no first hash"
	accused "$pid" "$wait" | sed -n 's/^# verdict \([0-9.]*\) s .*/\1/p' | grep . || echo missed
	[ "$job" = vcpu ] || end "$pid" || die "the miner does not end"
	[ "$job" != vcpu ] || await 60 has_paused || die "the guest does not pause"
}

# shellcheck disable=SC2317 # called by await
has_paused()
{
	tail -n 1 /tmp/console.miner | grep -q '^hashes'
}

# Prepares the job: compilers, or the CPU on which the miners run.
prepare()
{
	case $job in
	idle) ;;
	compile) compile ;;
	alone) taskset -p 2 "$spawner" && chrt -o -p 0 "$spawner" ;;
	fifo) taskset -p 2 "$spawner" && chrt -f -p 50 "$spawner" ;;
	vcpu)
		wait=14
		has_kvm && pack "$bin/miner" &&
			boot miner "--threads 1 --rounds 100000 --seconds 15 --then 5" || return 1
		guest=$pid
		await 180 has_begun 1 && await 60 has_paused && taskset -p 2 "$(vcpu "$guest")"
		;;
	*) die "no such job: $job" ;;
	esac >/tmp/prepared
}

# As many compilers as CPUs, in an endless loop.
compile()
{
	gcc -E -o /tmp/source.i "$RW_TOP/tests/vm/miner.c" || die "gcc does not work"
	compilers=
	: >/tmp/compiled
	for _ in $(seq "$cpus"); do
		setsid sh -c 'while gcc -O2 -c -o /dev/null /tmp/source.i; do echo >>/tmp/compiled; done' 3>&- &
		compilers="$compilers $!"
	done
}

# Each compiler loop has its own process group.
stop_compiling()
{
	for group in $compilers; do
		kill -- "-$group"
		wait "$group" 2>/dev/null
	done
	[ -s /tmp/compiled ] || die "nothing was compiled"
	echo "compiled $(wc -l </tmp/compiled) times meanwhile"
}

# Prints a percentile of the runs. A missed run counts as infinite.
summary()
{
	sort -n | awk -v threads="$1" -v job="$2" '
		function percentile(p,  i) {
			i = int(p * n / 100)
			i += i < p * n / 100
			return i <= seen ? sprintf("%.1f", t[i]) : "-"
		}
		/missed/ { n++; next }
		{ n++; t[++seen] = $1; soon += $1 <= 5 }
		END {
			printf "%7d  %-8s %5d %7d %6s %6s %6s %6s %6s %9d\n", threads, job, n, n - seen,
				seen ? sprintf("%.1f", t[1]) : "-", percentile(50), percentile(90),
				percentile(99), percentile(100), soon
		}'
}

case ${1:--h} in
-h | --help | help)
	usage
	exit
	;;
*[!0-9]*)
	usage >&2
	exit 2
	;;
esac
runs=$1
shift
threads="1 $cpus"
jobs="idle compile"
wait=60
while getopts t:b:w: option; do
	case $option in
	t) threads=$OPTARG ;;
	b) jobs=$OPTARG ;;
	w) wait=$OPTARG ;;
	*)
		usage >&2
		exit 2
		;;
	esac
done

fill_cache 600 || die "no miner"
: >/tmp/table
for job in $jobs; do
	prepare || die "cannot prepare for $job"
	for n in $threads; do
		for _ in $(seq "$runs"); do
			run "$n" || exit
		done >/tmp/seconds
		[ "$(wc -l </tmp/seconds)" = "$runs" ] || die "not all runs were made"
		echo "$n threads, beside $job: $(tr '\n' ' ' </tmp/seconds)"
		summary "$n" "$job" </tmp/seconds >>/tmp/table
		! grep -q missed /tmp/seconds || missed=1
	done
	[ "$job" != compile ] || stop_compiling
done
unload
echo
echo "Seconds from the first hash to the verdict, $cpus CPUs, Linux $RW_KVER"
echo
echo "threads  beside    runs  missed    min    p50    p90    p99    max  within 5"
cat /tmp/table
exit "${missed:-0}"
