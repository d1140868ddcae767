#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# How long from a miner's first hash to its verdict in the kernel log: many times over, in one virtual
# machine. Each time the module is loaded anew and the miner is another process. Run by scripts/latency.

. "$RW_TOP/tests/vm/lib.sh"
cpus=$(nproc)

usage()
{
	cat <<-END
	usage: tests/vm/latency.sh RUNS [-t THREADS] [-b JOB] [-w SECONDS]

	  -t THREADS   of the miner, one or more numbers (1 and as many as there are CPUs)
	  -b JOB       beside what: idle, compile (both)
	  -w SECONDS   how long to wait for a verdict (60)

	Exit status: 0 if every miner was accused, 1 if not, 2 if that could not be measured.
	END
}

die()
{
	echo "latency: $*" >&2
	exit 2
}

# run THREADS: prints the seconds, or "missed".
run()
{
	! grep -q '^roundwatch ' /proc/modules || unload || die "does not unload"
	# shellcheck disable=SC2119 # no parameters
	load || die "does not load"
	spawn "$1" || die "no first hash"
	accused "$pid" "$wait" | sed -n 's/^# verdict \([0-9.]*\) s .*/\1/p' | grep . || echo missed
	end "$pid" || die "the miner does not end"
}

# As many compilers as CPUs, which compile over and over.
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

# Those whose group the shell of each leads.
stop_compiling()
{
	for group in $compilers; do
		kill -- "-$group"
		wait "$group" 2>/dev/null
	done
	[ -s /tmp/compiled ] || die "nothing was compiled"
	echo "compiled $(wc -l </tmp/compiled) times meanwhile"
}

# The least value that so many per cent of the runs did not exceed. What was missed took for ever.
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
	[ "$job" = idle ] || compile
	for n in $threads; do
		for _ in $(seq "$runs"); do
			run "$n" || exit
		done >/tmp/seconds
		[ "$(wc -l </tmp/seconds)" = "$runs" ] || die "not all runs were made"
		echo "$n threads, beside $job: $(tr '\n' ' ' </tmp/seconds)"
		summary "$n" "$job" </tmp/seconds >>/tmp/table
		! grep -q missed /tmp/seconds || missed=1
	done
	[ "$job" = idle ] || stop_compiling
done
unload
echo
echo "Seconds from the first hash to the verdict, $cpus CPUs, Linux $RW_KVER"
echo
echo "threads  beside    runs  missed    min    p50    p90    p99    max  within 5"
cat /tmp/table
exit "${missed:-0}"
