#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the samples of one program after the other, as they would count: what the module observed of each
# thread of it, RW_SAMPLES (600) times or for RW_SECONDS (120) at most. See scripts/samples.

# shellcheck source=tests/vm/lib.sh
. "$RW_TOP/tests/vm/lib.sh"
tracing=/sys/kernel/tracing
wanted=${RW_SAMPLES:-600}
seconds=${RW_SECONDS:-120}

case $(uname -m) in
x86_64) arch=amd64 columns=mxcsr,fcw ;;
aarch64) arch=arm64 columns=fpcr ;;
esac

# Reads the kernel's trace: CPU time is what sched_stat_runtime adds up, and the task that is switched out
# is blocked or not by its state, which sched_switch tells at the same moment.
to_csv()
{
	awk -v columns="$columns" -v wanted="$wanted" -v gap_us=10000 '
		function value(name,	rest) {
			rest = $0
			if (!sub(".* " name "=", "", rest))
				return ""
			sub(" .*", "", rest)
			return rest
		}
		function hex(name) {
			name = value(name)
			return name ~ /^0x/ ? substr(name, 3) : name
		}
		# As the module does, ignore a thread until it leaves RN.
		function take(pid, state) {
			if (cpu[pid] < due[pid] || (!taken[pid] && pending ~ /^(0|1f..,37f)$/))
				return
			due[pid] = cpu[pid] + gap_us
			if (!(pid in index_of))
				index_of[pid] = threads++
			print index_of[pid] "," pending_us "," int(cpu[pid]) "," state "," pending
			fflush()
			if (++taken[pid] == wanted)
				exit
		}
		BEGIN { print "thr,t_us,cpu_us,st," columns }
		/: sched_stat_runtime: / { cpu[value("pid")] += value("runtime") / 1000 }
		/: observation: / {
			for (i = 1; i < NF && $i !~ /^[0-9]+\.[0-9]+:$/; i++)
				;
			if (!began)
				began = $i + 0
			pending_us = int(($i - began) * 1000000)
			# FPCR is called so, too.
			pending = hex("mxcsr")
			if (columns ~ /fcw/)
				pending = pending "," hex("fcw")
			pending_pid = value("pid")
			if (value("look") == 1)
				take(pending_pid, "R")
		}
		/: sched_switch: / && value("prev_pid") == pending_pid {
			take(pending_pid, value("prev_state") ~ /^R/ ? "R" : "S")
			pending_pid = ""
		}'
}

# record KIND NAME COMMAND...: the thread that is sampled most ends it.
record()
{
	echo "== $1_$arch-$2"
	shift 2
	echo >$tracing/trace
	start sh -c 'echo $$ >/sys/kernel/tracing/set_event_pid; exec "$@"' sh "$@"
	timeout "$(within "$seconds")" cat $tracing/trace_pipe | to_csv
	stop "$pid"
	sed 's/^/# /' "/tmp/out.$pid" >&2
}

load floor_hz=100 max_tasks=64 || exit 1
echo 1 >$tracing/options/event-fork
for event in roundwatch/observation sched/sched_stat_runtime sched/sched_switch; do
	echo 1 >$tracing/events/$event/enable || exit 1
done

record randomx jit "$bin/miner" --seconds 10000
record randomx jit-2thr "$bin/miner" --seconds 10000 --threads 2
record randomx interpreter "$bin/miner" --seconds 10000 --interpreter
if [ "${RW_XMRIG-}" ]; then
	libraries=$RW_XMRIG/usr/lib/$(uname -m)-linux-gnu
	record randomx xmrig "$RW_LOADER" --library-path "$libraries" "$RW_XMRIG/usr/bin/xmrig" \
		--no-color --threads=2 --randomx-mode=light --donate-level=0 --bench=1M --algo=rx/0
fi
for kind in interval emulator stochastic fenv cycle; do
	record other "$kind" "$bin/load" $kind 10000
	record other "$kind-256MiB" "$bin/load" $kind 10000 1 256
done
for kind in suite walk fma fmal; do
	record other "libm-$kind" "$bin/innocents/libm" $kind
done
for kind in default std transcendental; do
	record other "boost-$kind" "$bin/innocents/boost" $kind
done
for kind in hull delaunay interval; do
	record other "cgal-$kind" "$bin/innocents/cgal" $kind
done
