#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-logs.sh BUILD_DIR: the snippets of packaging/logs/ with rsyslog, syslog-ng and
# systemd-journal-upload of Debian 12, on sockets in a directory and on loopback. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

top=$source/..
logs=$top/packaging/logs
# The first two exclude each other as installed packages.
for package in rsyslog syslog-ng-core systemd-journal-remote; do
	root=$top/$("$top/scripts/foreign" bookworm $package 2>foreign) || { cat foreign; exit 2; }
done

# foreign PROGRAM ARG...: as scripts/foreign does, with the libraries of syslog-ng
foreign()
{
	program=$1
	shift
	"$root/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/syslog-ng" \
		"$root/$program" "$@"
}

# The longest event that there is, one of a pod, and one that is no alert
id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
mkdir -p host/proc/42 host/proc/43 host/etc host/proc/sys/kernel/random
for pid in 42 43; do
	echo "$pid (miner) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 10000 0" >host/proc/$pid/stat
	ln -s /usr/bin/miner host/proc/$pid/exe
	printf '/usr/bin/miner\0-o\0pool "x" \\ \0' >host/proc/$pid/cmdline
done
uid=11111111-2222-3333-4444-555555555555
echo "0::/kubepods.slice/kubepods-pod$(echo $uid | tr - _).slice/cri-containerd-$id.scope" >host/proc/42/cgroup
mkdir -p host/var/log/pods/shop_web-7f_$uid/app
echo '0::/system.slice/web.service' >host/proc/43/cgroup
echo alice:x:1001:1001::/:/bin/sh >host/etc/passwd
echo $uid >host/proc/sys/kernel/random/boot_id
mk head info \
	tally flags=1 pid=43 tgid=43 uid=1001 comm=long verdict=3 highest=3 end \
	tally flags=1 pid=42 tgid=42 uid=1001 comm=miner verdict=3 highest=3 time_ns=10001000000000 \
	tally flags=1 pid=42 tgid=42 uid=1001 comm=miner verdict=1 highest=3 time_ns=10002000000000 >recording
: >nobody
# events LENGTH: with a command line of 43 that is so long; it is in an event twice
events()
{
	{ printf '/usr/bin/miner\0'; head -c "$1" /dev/zero | tr '\0' y; } >host/proc/43/cmdline
	run monitor --input recording --sysroot host --allow nobody
	cp out events
	longest=$(head -n 1 events | wc -c)
}
events 3000
events $((3000 + (8000 - longest) / 2))
same "events" "$(wc -l <events)" 3
[ "$longest" -ge 7998 ] && [ "$longest" -le 8000 ] && ! grep -q '\[cut\]' events
result $? "the longest has $longest bytes, and nothing is cut"

# listens SOCKET
listens() { [ -S "$1" ]; }
has_lines() { [ -f "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]; }

# send SOCKET: as the monitor's lines come from the journal
send()
{
	while read -r line; do
		printf '%s\n' "$line" | logger -u "$1" --tag roundwatch --size 16384 -p daemon.notice || return
	done <events
	logger -u "$1" --tag other 'not of roundwatch: {"event":{"kind":"alert"}}'
	logger -u "$1" --tag roundwatch 'not JSON'
}

# takes NAME: what became of them
takes()
{
	wait_for 20 listens "$1.socket"
	result $? "$1 listens" && [ -S "$1.socket" ] || return
	send "$1.socket"
	wait_for 20 has_lines "$1-alerts.log" 2 && wait_for 20 has_lines "$1.json" 3
	result $? "$1: both files are written"
	head -n 3 "$1.json" >"$1.got"
	same "$1: as long as it was" "$(head -n 1 "$1.got" | mk json process.command_line | wc -c)" \
		"$(head -n 1 events | mk json process.command_line | wc -c)"
	for path in @timestamp event.id event.severity process.pid process.args process.command_line \
		roundwatch.evidence orchestrator.resource.name; do
		for n in 1 2 3; do
			sed -n ${n}p "$1.got" | mk json $path 2>/dev/null
		done >left
		for n in 1 2 3; do
			sed -n ${n}p events | mk json $path 2>/dev/null
		done >right
		same "$1: $path" "$(cat left)" "$(cat right)"
	done
	same "$1: alerts only" "$(wc -l <"$1-alerts.log")" 2
	same "$1: an alert by its fields" "$(sed -n 2p "$1-alerts.log" | cut -d ' ' -f 1-7)" \
		"2023-11-14T22:13:21.000000+00:00 host= action=verdict-rose pid=42 user=alice container=$id pod=web-7f"
	run history --input "$1.json" --raw -n -o PID,END
	same "$1: history reads them" "$(tr '\n' , <out)" "43 unknown,42 fell,"
}

#
# rsyslog, with the lines of Debian's configuration before those in rsyslog.d
#

cat >rsyslogd.conf <<-EOF
	module(load="imuxsock" SysSock.Use="off")
	input(type="imuxsock" Socket="$tmp/rsyslog.socket" CreatePath="on")
	global(workDirectory="$tmp")
	include(file="$tmp/20-roundwatch.conf")
	*.* $tmp/rsyslog.rest
EOF
sed "s,/var/log/roundwatch,$tmp/rsyslog,g" "$logs/rsyslog.conf" >20-roundwatch.conf
modules=$root/usr/lib/x86_64-linux-gnu/rsyslog
foreign usr/sbin/rsyslogd -N 1 -f rsyslogd.conf -M "$modules" >check 2>&1
same "rsyslog: the configuration is good" "$?$(grep -ci 'error' check)" 00
[ ! -s check ] || sed 's/^/# /' check
foreign usr/sbin/rsyslogd -n -f rsyslogd.conf -i "$tmp/rsyslog.pid" -M "$modules" >rsyslog.log 2>&1 &
daemon=$!
takes rsyslog
wait_for 20 has_lines rsyslog.rest 2
same "rsyslog: others are left alone" "$(grep -c 'not of roundwatch\|not JSON' rsyslog.rest)" 2
kill "$daemon"
wait "$daemon" 2>/dev/null

#
# syslog-ng
#

plugins=$(cd "$root" && echo "$PWD"/usr/lib/syslog-ng/[0-9]*)
cat >syslog-ng.conf <<-EOF
	@version: 3.38
	options { create-dirs(yes); stats-freq(0); };
	source s_src { unix-dgram("$tmp/syslog-ng.socket"); };
	@include "$tmp/included.conf"
EOF
sed "s,/var/log/roundwatch,$tmp/syslog-ng,g" "$logs/syslog-ng.conf" >included.conf
set -- --module-path="$plugins" -f "$tmp/syslog-ng.conf" -R "$tmp/ng.persist" -p "$tmp/ng.pid" -c "$tmp/ng.ctl" --no-caps
foreign usr/sbin/syslog-ng --syntax-only "$@" >check 2>&1
same "syslog-ng: the configuration is good" "$?$(grep -ci 'error' check)" 00
[ ! -s check ] || sed 's/^/# /' check
foreign usr/sbin/syslog-ng -F "$@" >syslog-ng.log 2>&1 &
daemon=$!
takes syslog-ng
kill "$daemon"
wait "$daemon" 2>/dev/null

#
# systemd-journal-upload, to systemd-journal-remote. The events are those that json.conf leads to, and one in
# fields, as the monitor writes them otherwise.
#

n=0
# entry FIELD=VALUE...
entry()
{
	n=$((n + 1))
	printf '%s\n' "__REALTIME_TIMESTAMP=170000000${n}000000" "__MONOTONIC_TIMESTAMP=100$n" \
		_BOOT_ID=11111111222233334444555555555555 _MACHINE_ID=cafecafecafecafecafecafecafecafe \
		_HOSTNAME=web1 _UID=0 _SYSTEMD_UNIT=roundwatch-monitor.service SYSLOG_IDENTIFIER=roundwatch "$@" ''
}
{
	while read -r line; do
		entry "MESSAGE=$line"
	done <events
	entry _PID=77 MESSAGE=miner EVENT_DATASET=roundwatch.monitor EVENT_ID=$uid-3b9aca00-1 EVENT_ACTION=verdict-rose \
		PROCESS_PID=44 PROCESS_NAME=miner PROCESS_ENTITY_ID=$uid-44-5000000 USER_ID=1001 USER_NAME=alice \
		ROUNDWATCH_VERDICT=randomx ROUNDWATCH_PREVIOUS=suspect ROUNDWATCH_CGROUP=/
} >events.export
mkdir sent received
foreign lib/systemd/systemd-journal-remote -o sent/system.journal events.export >remote.log 2>&1
same "a journal" $? 0
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
foreign lib/systemd/systemd-journal-remote --listen-http="127.0.0.1:$port" -o "$tmp/received" >remote.log 2>&1 &
daemon=$!
# The snippet says where to, and this test that it is here, without TLS.
url=$(sed -n 's/^URL=//p' "$logs/journal-upload.conf")
same "the snippet names where to" "$url" https://logs.example.org:19532
url=http://127.0.0.1:$port
upload()
{
	foreign lib/systemd/systemd-journal-upload --url="$url" --directory="$tmp/sent" --follow=no \
		--save-state="$tmp/state" >upload.log 2>&1
}
wait_for 20 upload
result $? "journal-upload"
sed 's/^/# /' upload.log
kill "$daemon"
wait "$daemon" 2>/dev/null
run history --directory received --raw -n -o PID,HOST,END
same "history reads what came" "$(tr '\n' , <out)" "43 web1 unknown,42 web1 fell,44 web1 unknown,"
run history --directory received --raw -n -o PID,COMMAND,USER,VERDICT
same "... and the fields of the one that is not JSON" "$(grep '^44 ' out)" "44 miner alice randomx"

finish
