#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# From the module to the pager: Prometheus, node_exporter and Alertmanager of Debian 13 with the rules and the
# configuration that docs/fleet.md shows, a miner in a pod, and a receiver of notifications. This host is watched
# in both ways: over HTTP (job roundwatch) and through the textfile collector (job node). Run by `scripts/vm run`.
#
# Times are shorter than in production: the rules' minutes last 6 seconds here, which is longer than the monitor's
# 15 seconds between two textfiles where it matters (5 minutes); scrapes and evaluations are 2 seconds apart.

. "$RW_TOP/tests/vm/lib.sh"
rest='--rest 1'

reporter=$RW_TOP/build/roundwatch
rules=$RW_TOP/packaging/prometheus/roundwatch.rules.yml
id=$(printf '%064d' 1)
uid=0b1fae31-5e7d-4d0c-9c0e-0f1a2b3c4d5e
pages=/tmp/pages
prometheus=127.0.0.1:9090

# engine PROGRAM ARG...: in the background, as $pid
engine()
{
	program=$1
	shift
	start "$RW_TOP/scripts/foreign" exec trixie "usr/bin/$program" "$@"
}

# example FILE: the block of docs/fleet.md that begins with this comment
example()
{
	awk -v first="# $1" '$0 == first { shown = 1 } /^```/ { shown = 0 } shown' "$RW_TOP/docs/fleet.md" | grep .
}

# The rules, with shorter times.
in_seconds()
{
	python3 -c '
import re, sys
unit = {"m": 6, "h": 360, "d": 8640}
text = re.sub(r"\b(\d+)([mhd])\b", lambda m: f"{int(m[1]) * unit[m[2]]}s", sys.stdin.read())
print(text.replace("> 300", "> 30"))'
}

configure()
{
	mkdir -p /tmp/engines /tmp/textfile && cd /tmp/engines && : >$pages && echo '# nobody' >/tmp/allow || return 1
	in_seconds <"$rules" >roundwatch.rules.yml && ! cmp -s "$rules" roundwatch.rules.yml || return 1
	{
		echo 'global: { scrape_interval: 2s, evaluation_interval: 2s }'
		echo 'alerting: { alertmanagers: [ static_configs: [{ targets: ["127.0.0.1:9093"] }] ] }'
		example prometheus.yml | sed "s/'host-1:9753', 'host-2:9753'/'127.0.0.1:9753'/"
	} >/tmp/engines/prometheus.yml || return 1
	grep -q 127.0.0.1:9753 prometheus.yml || fail "the example of prometheus.yml has no targets" || return 1
	sed -i "/^rule_files/i\\  - job_name: node\\n    honor_labels: true\\n    static_configs: [{ targets: ['127.0.0.1:9100'] }]" \
		prometheus.yml
	{
		example alertmanager.yml | sed 's/^route:/&\n  receiver: pager\n  group_wait: 1s\n  group_interval: 2s/'
		echo 'receivers: [{ name: pager, webhook_configs: [{ url: "http://127.0.0.1:9099/" }] }]'
	} >/tmp/engines/alertmanager.yml
	cat prometheus.yml alertmanager.yml
	"$RW_TOP/scripts/foreign" exec trixie usr/bin/promtool check config prometheus.yml
}

answers()
{
	curl -fsS "$1"
}

# ask QUERY: the values of the answer, a line each
ask()
{
	curl -fsS --data-urlencode "query=$1" "http://$prometheus/api/v1/query" |
		python3 -c 'import json, sys
for result in json.load(sys.stdin)["data"]["result"]: print(result["value"][1])'
}

# is_true QUERY: it has an answer
is_true()
{
	ask "$1" | grep .
}

both_see()
{
	[ "$(ask 'count(roundwatch_up == 1)')" = 2 ]
}

begin_all()
{
	load && configure || return 1
	# Alertmanager looks for its templates here.
	[ -e /usr/share/prometheus ] || ln -s "$RW_TOP/build/foreign/trixie/root/usr/share/prometheus" /usr/share || return 1
	start python3 "$RW_TOP/tests/fleet/webhook.py" serve 9099 $pages
	engine prometheus-alertmanager --config.file alertmanager.yml --storage.path /tmp/engines/am \
		--web.listen-address 127.0.0.1:9093 --cluster.listen-address=
	engine prometheus-node-exporter --collector.disable-defaults --collector.textfile \
		--collector.textfile.directory /tmp/textfile --web.listen-address 127.0.0.1:9100
	start "$reporter" monitor --textfile /tmp/textfile/roundwatch.prom --allow /tmp/allow
	monitor=$pid
	start "$reporter" metrics --listen 9753 --allow /tmp/allow
	server=$pid
	if ! { await 60 answers http://127.0.0.1:9093/-/ready && await 60 answers http://127.0.0.1:9100/metrics; }; then
		tail -n 5 /tmp/out.*
		return 1
	fi
	engine prometheus --config.file prometheus.yml --storage.tsdb.path /tmp/engines/data \
		--web.listen-address $prometheus
	await 120 both_see || { tail -n 5 /tmp/out.*; return 1; }
}

count()
{
	python3 "$RW_TOP/tests/fleet/webhook.py" count $pages "$@"
}

# notified N STATUS NAME [LABEL=VALUE...]: so many notifications have said so
notified()
{
	n=$1
	shift
	[ "$(count "$@")" = "$n" ]
}

# How often Prometheus has evaluated the rules.
iterations()
{
	curl -fsS "http://$prometheus/metrics" | sed -n 's/^prometheus_rule_group_iterations_total{.*} //p'
}

has_evaluated()
{
	[ "$(iterations)" -ge "$1" ]
}

# For so many evaluations from now.
evaluate()
{
	await 60 has_evaluated $(($(iterations) + $1))
}

silent()
{
	evaluate 3 || return 1
	[ ! -s $pages ] || fail "$(cat $pages)"
}

jobs='roundwatch node'
port_of()
{
	case $1 in roundwatch) echo 9753 ;; node) echo 9100 ;; esac
}

# paged STATUS: about the miner, once for each way
paged()
{
	for job in $jobs; do
		notified 1 "$1" RandomXMiner job="$job" instance="127.0.0.1:$(port_of "$job")" pid="$pid" pod=web-7f \
			namespace=shop user=root severity=critical .description="Pod: shop/web-7f" \
			.description="roundwatch explain $pid" || return 1
	done
}

# A container of the pod web-7f, according to its control group and to kubelet.
pages_for_a_miner()
{
	make_pod $uid "$id" && fill_cache 600 && echo "$spawner" >"$pod/cgroup.procs" && spawn 2 || return 1
	await 120 paged firing || fail "$(cat $pages)"
}

# With two threads, as time passes.
pages_once()
{
	first=$(grep -c . $pages)
	evaluate 5 || return 1
	[ "$(grep -c . $pages)" = "$first" ] || fail "$(cat $pages)" || return 1
	told=$(python3 "$RW_TOP/tests/fleet/webhook.py" alerts $pages firing RandomXMiner)
	[ "$told" = 1 ] || fail "$told alerts in a notification"
}

resolves()
{
	end "$pid" && await 120 paged resolved || fail "$(cat $pages)" || return 1
	[ "$(count firing RandomXMinerEnded)" = 0 ] || fail "$(cat $pages)"
}

spares_the_allowed()
{
	before=$(grep -c . $pages)
	echo "exe $(readlink -f "$bin/miner")" >/tmp/allow
	kill -HUP "$monitor"
	spawn 1 && await 60 is_true 'count(roundwatch_process_evidence{verdict="randomx",allowed="true"}) == 2' &&
		evaluate 5 || return 1
	[ "$(grep -c . $pages)" = "$before" ] || fail "$(tail -n 1 $pages)" || return 1
	end "$pid"
}

# Without the monitor, its file grows old; a host without the module is blind.
pages_for_the_dead()
{
	kill -KILL "$monitor" && await 20 unload || return 1
	await 180 notified 1 firing RoundwatchStale job=node severity=critical || fail "stale: $(cat $pages)" || return 1
	await 120 notified 1 firing RoundwatchBlind job=roundwatch severity=critical || fail "blind: $(cat $pages)" || return 1
	kill -KILL "$server"
	await 180 notified 1 firing RoundwatchStale job=roundwatch || fail "$(cat $pages)"
}

test_case "Prometheus, Alertmanager and node_exporter run as docs/fleet.md says, and see both ways" begin_all
test_case "a quiet host pages nobody" silent
test_case "a miner in a pod pages, and the page names host, pod and process" pages_for_a_miner
test_case "one page for each host, whatever its threads and the time" pages_once
test_case "it resolves when the miner is gone" resolves
test_case "an allowed miner pages nobody" spares_the_allowed
test_case "a monitor that was killed, a module that is gone and a server that was killed page" pages_for_the_dead
finish
