#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Applies the rule to recorded programs: the verdict of build/judge on each file
# must be the expected one. The recordings are not part of the tree; without them
# there is nothing to check here. test-verdict uses synthetic samples.
#
#	test-samples.sh JUDGE DIR
#
# The prefix of a name is the kind of program: randomx_, monerod_, xmrig_, other_.
set -u

judge=$1
dir=${RW_TRACES:-$2}
run=0
failed=0

result() { # ok? what [more]
	run=$((run + 1))
	if [ "$1" = 0 ]; then
		echo "ok $run - $2"
	else
		echo "not ok $run - $2"
		failed=$((failed + 1))
	fi
	if [ -n "${3-}" ]; then
		echo "$3" | sed 's/^/# /'
	fi
}

# Median and 99th percentile over many starting points, for each thread that
# reaches a verdict.
quick() {
	"$judge" --starts 2000 "$1" | awk '
		{
			seen = 1
			p50 = p99 = "-"
			for (i = 1; i <= NF; i++) {
				if ($i == "counted") part = 1
				if ($i == "cpu_ms") part = 0
				if (part && $i ~ /^p50=/) p50 = substr($i, 5)
				if (part && $i ~ /^p99=/) p99 = substr($i, 5)
			}
			if (!/ verdict=randomx / || p50 == "-" || p99 == "-" ||
			    p50 + 0 > 45 || p99 + 0 > 100)
				bad = 1
		}
		END { exit !seen || bad }'
}

if [ ! -d "$dir" ] || ! ls "$dir"/*.csv >/dev/null 2>&1; then
	echo "1..0 # SKIP no recordings in $dir"
	exit 0
fi
miners=0
for file in "$dir"/*.csv; do
	name=${file##*/}
	if ! out=$("$judge" "$file"); then
		result 1 "$name: judge reads it"
		continue
	fi
	case $name in
	randomx_*|monerod_regtest-mining*)
		miners=$((miners + 1))
		# The thread that initializes the dataset has a dozen samples; the others mine.
		echo "$out" | awk '
			{ split($3, n, "="); found += / verdict=randomx / }
			n[2] >= 500 && !/ verdict=randomx / { bad = 1 }
			END { exit bad || !found }'
		result $? "$name: every thread that mines is randomx" "$out"
		quick "$file"
		result $? "$name: in 45 samples (99 %: 100) from anywhere" \
			"$("$judge" --starts 2000 "$file")"
		;;
	other_csrcyc-sse-only*)
		# All modes in any order, by MXCSR alone: the same as RandomX does.
		result 0 "$name: cannot be told from RandomX" "$out"
		;;
	*)
		! echo "$out" | grep -E ' verdict=(suspect|randomx) '
		result $? "$name: at most rounding"
		;;
	esac
done
[ "$miners" -gt 0 ]
result $? "there were miners among them: $miners"
echo "1..$run"
[ "$failed" = 0 ]
