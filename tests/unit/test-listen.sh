#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-listen.sh BUILD_DIR: tests metrics --listen, over the loopback interface. Prints TAP.

client=$(cd "$(dirname "$0")" && pwd)/http-client.py
# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

# await WHAT COMMAND...
await()
{
	what=$1
	shift
	wait_for 20 "$@"
	result $? "$what"
}

port_of() { sed -n 's,^roundwatch: listening on http://.*:\([1-9][0-9]*\)/metrics$,\1,p' err | sed -n "${1:-1}p"; }

announced() { [ "$(port_of "${1:-1}")" ]; }

# serve ARG...: begins to listen, as $server on $port.
serve()
{
	# Not what the last one announced.
	: > err
	# It keeps ignoring what it was started to ignore, as nohup does.
	env --default-signal=HUP "$build/roundwatch" metrics "$@" > out 2>> err < /dev/null &
	server=$!
	wait_for 20 announced || { cat err; result 1 "listens: $*"; }
	port=$(port_of)
}

# end_with SIGNAL WHAT
end_with()
{
	kill -"$1" "$server"
	rc=0
	wait "$server" || rc=$?
	same "$2" "$rc" 0
	same "$2: nothing was refused by the filter" "$(grep -c "refused by its own filter" err)" 0
}

get() { python3 "$client" "$port" "${2:-GET}" "$1" > got 2> get.err || cat get.err; }

mk head info tally pid=43 tgid=43 comm='a"b\c' verdict=3 highest=3 evidence=1234 end > one
mk head info reached_randomx=7 end > other
mkdir nowhere
mkdir nowhere/proc
: > nobody

cp one now
serve --listen 127.0.0.1:0 --input now --sysroot nowhere --allow nobody
"$build/roundwatch" metrics --input one --sysroot nowhere --allow nobody > shown
get /metrics
same "metrics: status and type" "$(head -n 1 got)" "200 text/plain; version=0.0.4; charset=utf-8 -"
sed 1d got | cmp -s - shown
result $? "metrics: what metrics prints"
case $("$build/roundwatch" --version) in
*+seccomp) same "it has a filter" "$(sed -n 's/^Seccomp:.//p' "/proc/$server/status")" 2 ;;
esac
same "no new privileges" "$(sed -n 's/^NoNewPrivs:.//p' "/proc/$server/status")" 1
cp other now
get /metrics
says "metrics: read anew" got 'roundwatch_verdicts_total{verdict="randomx"} 7'
get '/metrics?name[]=x'
same "metrics: with a query" "$(head -n 1 got | cut -d' ' -f1)" 200
get /metrics HEAD
same "metrics: HEAD" "$(cat got)" "200 text/plain; version=0.0.4; charset=utf-8 -"
get /-/healthy
same "healthy" "$(sed 's/ -$//' got)" "200 text/plain; charset=utf-8
roundwatch is healthy."
get /
same "landing page" "$(head -n 1 got)" "200 text/html; charset=utf-8 -"
says "landing page: names the metrics" got 'href="/metrics"'
for path in /metrics/ //metrics /metrics2 /METRICS /-/ready /../metrics /etc/passwd /favicon.ico '*'; do
	get "$path"
	same "not found: $path" "$(head -n 1 got)" "404 text/plain; charset=utf-8 -"
done
for method in POST PUT DELETE OPTIONS PATCH TRACE BREW; do
	get /metrics $method
	same "$method is refused" "$(head -n 1 got)" "405 text/plain; charset=utf-8 GET, HEAD"
done
python3 "$client" "$port" rubbish
result $? "rubbish"
same "slow clients are cut off, and a scrape waits for no longer" \
	"$(python3 "$client" "$port" hold 16 2> held)" "answered 16"
took=$(cut -d. -f1 held)
[ "$took" -ge 4 ]
result $? "not before five seconds ($(cat held))"
get /-/healthy
same "healthy afterwards" "$(head -n 1 got | cut -d' ' -f1)" 200
# Those that are refused a port now can use it afterwards.
run metrics --listen "127.0.0.1:$port" --input one
same "a port that is taken" "$rc" 1
says "a port that is taken" err "Address already in use; ss -ltnp"
end_with TERM "SIGTERM"

serve --listen "127.0.0.1:$port" --device none
get /metrics
same "without the module: an answer" "$(head -n 1 got | cut -d' ' -f1)" 200
says "without the module: up is 0" got "roundwatch_up 0" "roundwatch_build_info"
get /metrics
same "without the module: said once" "$(grep -c 'the module is not loaded' err)" 1
end_with INT "SIGINT"
serve --listen 0 --device none
same "a port alone" "$(grep -c 'listening on http://127.0.0.1:' err)" 1
end_with HUP "SIGHUP"
serve --listen localhost:0 --device none
same "localhost" "$(grep -c 'listening on http://127.0.0.1:' err)" 1
end_with TERM "localhost: SIGTERM"
if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
	serve --listen '[::1]:0' --device none
	same "IPv6" "$(grep -c 'listening on http://\[::1\]:[1-9]' err)" 1
	end_with TERM "IPv6: SIGTERM"
fi

for any in 0.0.0.0:0 '[::]:0' '*:0' 0:0 '[::ffff:0.0.0.0]:0'; do
	run metrics --listen "$any" --device none
	same "$any is refused" "$rc $(grep -c 'add --any-address' err)" "2 1"
done
serve --listen 0.0.0.0:0 --any-address --device none
get /-/healthy
same "--any-address" "$(head -n 1 got | cut -d' ' -f1)" 200
end_with TERM "--any-address: SIGTERM"
for wrong in '' : 127.0.0.1 127.0.0.1: 127.0.0.1:65536 127.0.0.1:-1 127.0.0.1:http ::1:9753 '[::1]' example.org:9753 '[127.0.0.1:1'; do
	run metrics --listen "$wrong" --device none
	same "'$wrong' is no address" "$rc $(grep -c 'such as 127.0.0.1:9753' err)" "2 1"
done
run metrics --listen 192.0.2.1:9753 --device none
same "an address of another host" "$rc $(grep -c 'this host has no such address' err)" "1 1"
run metrics --listen 0 --input -
same "standard input" "$rc $(grep -c 'name a file' err)" "2 1"
run metrics --listen 0 --textfile m.prom
same "--textfile" "$rc $(grep -c 'exclude each other' err)" "2 1"

run metrics --listen systemd
same "systemd passed nothing" "$rc $(grep -c 'start roundwatch-metrics.socket' err)" "2 1"
if ldd "$build/roundwatch" 2> /dev/null | grep -q libsystemd; then
	"$build/mkrecord" listen "$tmp/notify" > told &
	listener=$!
	await "systemd: a socket" test -S notify
	NOTIFY_SOCKET=$tmp/notify WATCHDOG_USEC=200000 python3 "$client" pass 2 "$build/roundwatch" metrics \
		--listen systemd --input one > out 2> err &
	server=$!
	await "systemd: READY" grep -qx READY=1 told
	# shellcheck disable=SC2016 # for sh
	await "systemd: WATCHDOG, again and again" sh -c '[ $(grep -cx WATCHDOG=1 told) -ge 3 ]'
	for n in 1 2; do
		port=$(port_of $n)
		get /metrics
		says "systemd: socket $n" got "roundwatch_up 1"
	done
	end_with TERM "systemd: SIGTERM"
	await "systemd: STOPPING" grep -qx STOPPING=1 told
	kill $listener
else
	skip "systemd" "built without libsystemd"
fi
finish
