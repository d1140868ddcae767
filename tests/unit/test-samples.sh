#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Applies the rule to recorded programs: the verdict of build/judge on each file
# must be the expected one. Those of arm64 are in tests/unit/samples, by scripts/samples; those
# of x86-64 are not part of the tree. test-verdict uses synthetic samples.
#
#	test-samples.sh JUDGE DIR...
#
# The prefix of a name is the kind of program: randomx_, monerod_, xmrig_, other_, model_. After it,
# arm64- is for samples of FPCR.
set -u

judge=$1
shift
# shellcheck disable=SC2086 # a list of folders
[ -z "${RW_TRACES-}" ] || set -- $RW_TRACES
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

# A miner: every thread that mines, and the process.
mines() { # file name
	out=$("$judge" "$1")
	# A thread that sets up the dataset has a dozen samples; the others mine.
	echo "$out" | awk '
		{ split($3, n, "="); found += / verdict=randomx / }
		n[2] >= 500 && !/ verdict=randomx / { bad = 1 }
		END { exit bad || !found }'
	result $? "$2: every thread that mines is randomx" "$out"
	quick "$1"
	result $? "$2: in 45 samples (99 %: 100) from anywhere" "$("$judge" --starts 2000 "$1")"
}

# x87 moves along, and the process has the memory. As if it had run for minutes.
mines_slowly() { # file name
	out=$("$judge" "$1")
	echo "$out" | awk '
		{ split($6, ms, "="); split($3, n, "=") }
		/ verdict=(suspect|randomx) / { found++ }
		n[2] >= 500 && (!/ verdict=(suspect|randomx) / || / verdict=suspect / && ms[2] > 30000) {
			bad = 1
		}
		END { exit bad || !found }'
	result $? "$2: suspect within 30 s of CPU time" "$out"
	out=$("$judge" --repeat 20 "$1")
	echo "$out" | awk '
		{ split($6, ms, "="); split($3, n, "=") }
		n[2] >= 500 * 20 && (!/ verdict=randomx / || ms[2] > 300000) { bad = 1 }
		/ verdict=randomx / { found++ }
		END { exit bad || !found }'
	result $? "$2: randomx within 5 minutes of CPU time, if it goes on" "$out"
}

# On arm64, where RandomX's constants are in the registers: the compiler's code. The emulated processor is
# slow, so that a program of RandomX that does not change modes lasts for several samples.
mines_on_arm64() { # file name
	out=$("$judge" --constants "$1")
	! echo "$out" | grep -v ' verdict=randomx ' >/dev/null
	result $? "$2: with the constants, every thread is randomx" "$out"
	out=$("$judge" --constants --starts 2000 "$1")
	echo "$out" | awk '{ for (i = 1; i <= NF; i++) if ($i == "counted") break
		if (!/ missed=0 / || substr($(i + 3), 5) > 300) bad = 1 } END { exit bad || !NR }'
	result $? "$2: with the constants, in 300 samples (99 %) from anywhere" "$out"
}

# Without, as that of the interpreter, or of a compiler that hides them.
mines_quietly_on_arm64() { # file name
	out=$("$judge" "$1")
	! echo "$out" | grep -v ' verdict=suspect ' >/dev/null
	result $? "$2: without the constants, every thread is suspect at first" "$out"
	out=$("$judge" --repeat 20 "$1")
	echo "$out" | awk '{ split($6, ms, "="); if (!/ verdict=randomx / || ms[2] > 60000) bad = 1 }
		END { exit bad || !NR }'
	result $? "$2: and randomx within a minute of CPU time, if it goes on" "$out"
}

# At least this verdict, on one thread or more.
reaches() { # verdicts file name what
	out=$("$judge" "$2")
	echo "$out" | grep -E " thr=[0-9]+ .* verdict=($1) " >/dev/null
	result $? "$3: $4" "$out"
}

# However long it goes on, neither a thread nor the process gets one of these.
never() { # verdicts file name what [option...]
	verdicts=$1 of=$2 called=$3 what=$4
	shift 4
	out=$("$judge" "$@" --repeat 10 "$of")
	! echo "$out" | grep -E " verdict=($verdicts) " >/dev/null
	result $? "$called: $what" "$out"
}

found=
for dir; do
	for file in "$dir"/*.csv; do
		[ ! -e "$file" ] || found=1
	done
done
if [ -z "$found" ]; then
	echo "1..0 # SKIP no recordings in $*"
	exit 0
fi
miners=0
for file in $(for dir; do ls "$dir"/*.csv; done); do
	name=${file##*/}
	[ "$name" != mapped.csv ] || continue
	if ! "$judge" "$file" >/dev/null; then
		result 1 "$name: judge reads it"
		continue
	fi
	case $name in
	randomx_limit-1.5pct*)
		reaches 'suspect|randomx' "$file" "$name" "1.5 % of a CPU: suspect"
		;;
	randomx_limit-*)
		reaches randomx "$file" "$name" "a share of a CPU: randomx"
		;;
	randomx_arm64-*)
		miners=$((miners + 1))
		mines_quietly_on_arm64 "$file" "$name"
		case $name in *interpreter*) ;; *) mines_on_arm64 "$file" "$name" ;; esac
		;;
	other_arm64-fenv-256MiB*|other_arm64-cycle-256MiB*)
		# If it goes on for longer, it cannot be told from RandomX.
		out=$("$judge" "$file")
		! echo "$out" | grep ' verdict=randomx ' >/dev/null
		result $? "$name: at most suspect for some seconds of CPU time" "$out"
		;;
	other_arm64-fenv*|other_arm64-cycle*|other_arm64-libm-suite*|other_arm64-libm-walk*)
		never randomx "$file" "$name" "without the memory, at most suspect"
		;;
	other_arm64-*)
		never 'suspect|randomx' "$file" "$name" "at most rounding"
		never 'suspect|randomx' "$file" "$name" "at most rounding, whatever memory it uses" --mapped /dev/null
		;;
	randomx_*fesetround*|randomx_*fldcw*)
		miners=$((miners + 1))
		mines_slowly "$file" "$name"
		;;
	randomx_*|monerod_regtest-mining*|model_miner*)
		miners=$((miners + 1))
		mines "$file" "$name"
		;;
	monerod_*)
		out=$("$judge" "$file")
		! echo "$out" | grep -E ' verdict=(suspect|randomx) ' >/dev/null
		result $? "$name: at most rounding" "$out"
		never randomx "$file" "$name" "never randomx"
		;;
	other_wine-*|other_dolphin-*)
		# All modes, by MXCSR alone, in any order, in a large program: that is
		# what RandomX does.
		result 0 "$name: cannot be told from RandomX" "$("$judge" "$file")"
		;;
	other_csrcyc-sse-only*|other_stochastic-*|other_proptest-*|other_sbcl-*)
		never randomx "$file" "$name" "at most suspect"
		;;
	other_python-ctypes*)
		# It maps no one knows how much, and mixes at random for as long as it runs.
		out=$("$judge" "$file")
		! echo "$out" | grep -E ' verdict=(suspect|randomx) ' >/dev/null
		result $? "$name: at most rounding" "$out"
		;;
	*)
		never 'suspect|randomx' "$file" "$name" "at most rounding"
		;;
	esac
done
[ "$miners" -gt 0 ]
result $? "there were miners among them: $miners"
echo "1..$run"
[ "$failed" = 0 ]
