#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The Grafana dashboard: it fits Grafana's types, and a Prometheus that has the metrics of four hosts
# answers each of its queries. On the host.

set -u
exec </dev/null
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/fleet/lib.sh
. tests/fleet/lib.sh
dashboard=packaging/grafana/roundwatch.json

fits_types()
{
	node tests/fleet/dashboard.mjs types $dashboard >"$modules/dashboard.ts" &&
		(cd "$modules" && node_modules/.bin/tsc --noEmit --strict --skipLibCheck --module nodenext \
			--moduleResolution bundler --module esnext dashboard.ts)
}

# A copy in node_modules' directory finds the parser.
parses()
{
	cp tests/fleet/dashboard.mjs "$modules" && node "$modules/dashboard.mjs" parse $dashboard
}

# record VERDICTS WORD...: the metrics of a recording
record()
{
	verdicts=$1
	shift
	"$build/mkrecord" head info max_tasks=16384 live=3 claimed=5 "observations=$((verdicts * 90000))" \
		"looks=$((verdicts * 100))" "reached_suspect=$verdicts" "reached_randomx=$verdicts" \
		randomx_ns=9000000000000 "$@" end >"$tmp/recording"
	"$build/roundwatch" metrics --input "$tmp/recording" --sysroot "$tmp/host" --allow "$tmp/allow" ||
		[ $? = 4 ]
}

# at HOST TIME...: the samples on stdin, for each of the times
at()
{
	host=$1
	shift
	awk -v host="$host" -v times="$*" '/^#/ { next } {
			n = split(times, time, " ")
			if (!sub(/{/, "{job=\"node\",instance=\"" host "\","))
				sub(/ /, "{job=\"node\",instance=\"" host "\"} ")
			for (i = 1; i <= n; i++)
				print $0, time[i]
		}'
}

# Two hours of a host with a miner and a suspect, one without, one that is blind, and one that
# has been silent for an hour.
make_history()
{
	now=$(date +%s)
	mkdir -p "$tmp/host/proc" && : >"$tmp/allow" && chmod 644 "$tmp/allow"
	before=$(seq $((now - 7200)) 30 $((now - 3600)))
	after=$(seq $((now - 3570)) 30 "$now")
	{
		record 1 >"$tmp/quiet" && record 3 tally pid=10 tgid=10 verdict=3 evidence=120 comm=xmrig \
			tally pid=11 tgid=11 verdict=2 evidence=60 comm=octave >"$tmp/miner" &&
			record 2 flags=1 >"$tmp/blind" || return 1
		# shellcheck disable=SC2086 # words
		{
			at a $before <"$tmp/quiet"
			at a $after <"$tmp/miner"
			at b $before $after <"$tmp/quiet"
			at c $before $after <"$tmp/blind"
			at d $before <"$tmp/quiet"
		}
		echo '# EOF'
	} >"$tmp/history" &&
		foreign promtool tsdb create-blocks-from openmetrics "$tmp/history" "$tmp/data" &&
		start_prometheus "$tmp/data"
}

answers()
{
	node tests/fleet/dashboard.mjs ask $dashboard "$prometheus" >"$tmp/numbers" || { cat "$tmp/numbers"; return 1; }
	diff - "$tmp/numbers" <<-END
		Miners now: 1
		Suspects now: 1
		Reached randomx in this time: 2
		Hosts that see: 2
		Hosts that do not see: 1
		Hosts gone silent: 1
	END
}

test_case 'the dashboard fits the types of Grafana' fits_types
test_case 'the dashboard: each query parses' parses
test_case 'the dashboard is tied to no installation' node tests/fleet/dashboard.mjs fixed $dashboard
test_case 'Prometheus has the metrics of four hosts' make_history
test_case 'the dashboard: Prometheus answers each query, and each number is right' answers
finish
