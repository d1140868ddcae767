#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The unit roundwatch-monitor.service in its sandbox, the group that may read the device, and upgrades
# of the module under a running monitor. Run by
# `scripts/vm run --init 'exec /lib/systemd/systemd --unit=basic.target'`.

# systemd clears /tmp when it starts. "degraded" is because of the host's own units.
until systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do
	sleep 0.2
done
. "$RW_TOP/tests/vm/lib.sh"
rest='--rest 1'
unit=roundwatch-monitor
module=$RW_TOP/packaging/module
modules=/lib/modules/$RW_KVER
dropins=/etc/systemd/system/$unit.service.d
version=$(modinfo -F version "$RW_KO")

# A directory with no other module, as depmod would take minutes for all of this kernel's.
lay_out_modules()
{
	mkdir /tmp/modules && cp "$modules/modules.order" "$modules"/modules.builtin* /tmp/modules &&
		mount --bind /tmp/modules "$modules"
}

# install_version VERSION DIGIT: the module, claiming that version and other sources, as DKMS
# would install it.
install_version()
{
	mkdir -p "$modules/updates"
	LC_ALL=C sed -e "s/version=$version\x00/version=$1\x00/" \
		-e "s/srcversion=..../srcversion=$2$2$2$2/" "$RW_KO" >"$modules/updates/roundwatch.ko" && depmod "$RW_KVER" &&
		[ "$(modinfo -F version roundwatch)" = "$1" ]
}

has_version()
{
	[ "$(cat /sys/module/roundwatch/version)" = "$1" ] ||
		fail "version $(cat /sys/module/roundwatch/version) is loaded, not $1"
}

device_is()
{
	[ "$(stat -c '%U:%G %a' /dev/roundwatch)" = "$1" ]
}

# The device is there before the group.
install_all()
{
	lay_out_modules && install_version 0.0.8 8 && "$module" load &&
		device_is 'root:root 440' || return 1
	make -s -C "$RW_TOP/packaging" install-module install-host &&
		cp "$RW_BUILD/roundwatch" /usr/local/sbin &&
		/usr/local/libexec/roundwatch/host || return 1
	device_is 'root:roundwatch 440' || fail "the device is $(stat -c '%U:%G %a' /dev/roundwatch)"
}

main_pid()
{
	systemctl show -P MainPID $unit
}

# has_logged PATTERN...: an entry of the journal by the running monitor, with its fields
has_logged()
{
	journalctl -o json --all _SYSTEMD_UNIT=$unit.service _PID="$(main_pid)" >/tmp/journal || return 1
	for pattern; do
		grep -F "$pattern" /tmp/journal >/tmp/some || return 1
		mv /tmp/some /tmp/journal
	done
}

reports_miner()
{
	await 60 has_logged '"ROUNDWATCH_VERDICT":"randomx"' "\"PROCESS_PID\":\"$pid\"" \
		'"PRIORITY":"2"' "\"PROCESS_EXECUTABLE\":\"$(readlink -f "$bin/miner")\"" "$@"
}

reports()
{
	systemctl start $unit && spawn 1 && reports_miner || return 1
	[ "$(stat -c %U "/proc/$(main_pid)")" = roundwatch ] || fail "it does not run as roundwatch"
}

# is_confined [UNIT]: bits 2 and 19.
is_confined()
{
	set -- "${1-$unit}"
	status=/proc/$(systemctl show -P MainPID "$1")/status
	sed -n 's/^Cap\(Eff\|Bnd\|Amb\):/\1/p' "$status"
	[ "$(sed -n 's/^Cap\(Eff\|Bnd\|Amb\):\t0*//p' "$status" | sort -u)" = 80004 ] ||
		fail "it has other capabilities" || return 1
	systemd-analyze security --no-pager "$1" >/tmp/security
	sed -n 's/^.*Overall exposure level.*: \([0-9.]*\).*/# systemd-analyze security: \1 of 10/p' \
		/tmp/security
	systemd-analyze security --threshold=20 "$1" >/dev/null || { cat /tmp/security; return 1; }
}

names_miner()
{
	scrape 9753 /metrics && grep "^roundwatch_process_evidence{pid=\"$pid\",comm=\"miner\",user=\"root\",.*verdict=\"randomx\"}" \
		/tmp/scrape
}

# The first scrape starts the service, which has no network of its own.
answers()
{
	systemctl start roundwatch-metrics.socket && ! systemctl is-active roundwatch-metrics.service || return 1
	await 60 names_miner || { cat /tmp/scrape; return 1; }
	grep -x 'roundwatch_up 1' /tmp/scrape && scrape 9753 /-/healthy && grep '^HTTP/1.1 200 OK' /tmp/scrape || return 1
	[ "$(stat -c %U "/proc/$(systemctl show -P MainPID roundwatch-metrics)")" = roundwatch ] ||
		fail "it does not run as roundwatch" || return 1
	! journalctl -o cat _SYSTEMD_UNIT=roundwatch-metrics.service | grep -e filter -e 'are kept' || return 1
	is_confined roundwatch-metrics
}

# It holds the module no longer than a scrape takes, and stays when that is gone.
answers_without_module()
{
	systemctl stop $unit && rmmod roundwatch && scrape 9753 /metrics || return 1
	grep -x 'roundwatch_up 0' /tmp/scrape || { cat /tmp/scrape; return 1; }
	modprobe roundwatch && await 60 names_miner || return 1
	systemctl stop roundwatch-metrics.socket roundwatch-metrics.service
	[ "$(systemctl show -P ExecMainStatus roundwatch-metrics.service)" = 0 ] || fail "it failed" || return 1
	systemctl start $unit
}

textfile=/var/lib/prometheus/node-exporter/roundwatch.prom

says_miner()
{
	grep "pid=\"$pid\".*verdict=\"randomx\"" $textfile
}

is_newer()
{
	[ "$(stat -c %Y $textfile)" -gt "$1" ]
}

# With the drop-in: soon after the verdict, and again although nothing changes.
writes_textfile()
{
	mkdir -p "${textfile%/*}" && with textfile.conf && await 60 says_miner || return 1
	[ "$(stat -c '%U %a' $textfile)" = 'roundwatch 644' ] || fail "$(stat -c '%U %a' $textfile)" || return 1
	is_confined || return 1
	written=$(stat -c %Y $textfile)
	await 40 is_newer "$written" || return 1
	ended=$pid
	end "$pid" && await 20 not_listed "$ended" || return 1
	[ "$(find "${textfile%/*}" -type f)" = $textfile ] || fail "$(ls "${textfile%/*}")" || return 1
	spawn 1 && await 60 says_miner || return 1
	rm -r $dropins
	systemctl daemon-reload
	systemctl restart $unit
}

not_listed()
{
	! grep "pid=\"$1\"" $textfile
}

filters()
{
	sed -n 's/^Seccomp_filters:\t//p' "/proc/$(main_pid)/status"
}

# The unit's filter refuses calls without a word. So with --exec, it has one filter less.
gives_up()
{
	own=$(filters)
	mkdir $dropins && printf '[Service]\nEnvironment="ROUNDWATCH_OPTIONS=--exec true"\n' >$dropins/exec.conf
	systemctl daemon-reload && systemctl restart $unit || return 1
	[ "$own" = $(($(filters) + 1)) ] || fail "$own filters, and $(filters) with --exec" || return 1
	rm -r $dropins
	systemctl daemon-reload && systemctl restart $unit && reports_miner || return 1
	! journalctl -o cat _SYSTEMD_UNIT=$unit.service | grep filter
}

reloads()
{
	systemctl reload $unit && systemctl is-active $unit
}

# A mount over /proc/PID makes the process look like process 1 to programs that do not look below it.
sees_through_mounts()
{
	end "$pid" && systemctl stop $unit && spawn 1 && mount --bind /proc/1 "/proc/$pid" || return 1
	systemctl start $unit && reports_miner covered || return 1
	umount "/proc/$pid"
}

# as GROUPS COMMAND...: as a user without privileges
as()
{
	groups=$1
	shift
	setpriv --reuid 12345 --regid 12345 "$groups" --inh-caps=-all --bounding-set=-all "$@"
}

group_reads()
{
	as "--groups=$(getent group roundwatch | cut -d: -f3)" /usr/local/sbin/roundwatch check
	[ $? = 2 ] || fail "a member of the group cannot check" || return 1
	as --clear-groups /usr/local/sbin/roundwatch check >/tmp/check 2>&1
	[ $? = 3 ] || fail "others can check" || return 1
	grep 'members of the group roundwatch' /tmp/check
}

# The miner that runs all the time is found by the new module, too.
upgrades()
{
	before=$(main_pid)
	install_version 0.0.9 9 && "$module" load || return 1
	has_version 0.0.9 && systemctl is-active $unit && [ "$(main_pid)" != "$before" ] && reports_miner
}

# The old module stays, and the monitor runs, while another process has the device open.
names_holder()
{
	tail -f /dev/null </dev/roundwatch &
	holder=$!
	install_version "$version" a
	"$module" load >/tmp/upgrade 2>&1 && fail "it claims success" && return 1
	cat /tmp/upgrade
	grep -F "    $holder (tail)" /tmp/upgrade && has_version 0.0.9 && systemctl is-active $unit ||
		return 1
	[ "$(grep -c '    [0-9]* (' /tmp/upgrade)" = 1 ] || fail "it names others" || return 1
	stop $holder
	"$module" load && has_version "$version" && systemctl is-active $unit
}

# A kernel that would refuse the new module, by a copy of /sys that claims lockdown.
keeps_old()
{
	before=$(main_pid)
	mkdir -p /tmp/sys/module /tmp/sys/kernel/security && install_version 0.0.7 7 &&
		cp -r /sys/module/roundwatch /tmp/sys/module 2>/dev/null
	echo 'none [integrity] confidentiality' >/tmp/sys/kernel/security/lockdown
	RW_SYS=/tmp/sys "$module" load >/tmp/upgrade 2>&1 && fail "it claims success" && return 1
	cat /tmp/upgrade
	grep "$version stays loaded: the kernel would refuse version 0.0.7, because it is not signed" \
		/tmp/upgrade && has_version "$version" && [ "$(main_pid)" = "$before" ]
}

# with FILE...: the drop-ins of these names, and no other
with()
{
	rm -rf $dropins
	mkdir $dropins
	for dropin; do
		cp "/usr/local/share/doc/roundwatch/examples/$dropin" $dropins || return 1
	done
	systemctl daemon-reload
	systemctl restart $unit
}

is_stopped()
{
	grep '^State:.T' "/proc/$pid/status"
}

# Not while other users can write the allow list.
acts()
{
	chmod 666 /etc/roundwatch/allow
	with action.conf && await 60 has_logged '"ROUNDWATCH_RESPONSE_OUTCOME":"refused"' \
		"\"PROCESS_PID\":\"$pid\"" || return 1
	! is_stopped || fail "stopped" || return 1
	chmod 644 /etc/roundwatch/allow
	systemctl restart $unit && await 60 is_stopped
}

# The unit may write there, and nobody else may read.
collects()
{
	kill -KILL "$pid" && await 20 gone "$pid" || return 1
	with action.conf collect.conf && spawn 1 && await 60 is_stopped || return 1
	archive=$(echo /var/lib/roundwatch/evidence/*-"$pid"-*.tar.gz)
	[ "$(stat -c '%U %a' "$archive" "${archive%/*}" | tr '\n' ' ')" = 'roundwatch 600 roundwatch 700 ' ] ||
		fail "$(ls -laR /var/lib/roundwatch)" || return 1
	await 20 has_logged "\"ROUNDWATCH_ARCHIVE\":\"$archive\"" "\"PROCESS_PID\":\"$pid\"" || return 1
	tar -xzOf "$archive" "roundwatch-$pid/manifest.json" >/tmp/manifest || return 1
	[ "$("$RW_BUILD/mkrecord" json complete </tmp/manifest)" = true ] || fail "$(grep -B 4 '"why":"' /tmp/manifest)" ||
		return 1
	! journalctl -o cat _SYSTEMD_UNIT=$unit.service | grep -e filter -e 'are kept'
}

# The hook writes a file, and talks to a server. All drop-ins work together.
runs_hook()
{
	cat >/etc/roundwatch/hook <<-'END'
		#!/bin/bash
		cat >/var/lib/roundwatch/event && ls "$ROUNDWATCH_ARCHIVE" >/var/lib/roundwatch/archive && exec 3<>/dev/tcp/127.0.0.1/7070 && echo hello >&3
	END
	chmod +x /etc/roundwatch/hook
	perl -MIO::Socket::INET -e '
		$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:7070", ReuseAddr => 1) or die $@;
		print "ready\n"; STDOUT->flush(); print $s->accept()->getline();' >/tmp/server 2>&1 &
	await 20 grep ready /tmp/server || { cat /tmp/server; return 1; }
	kill -KILL "$pid" && await 20 gone "$pid" && with collect.conf hook.conf action.conf textfile.conf logs/json.conf &&
		spawn 1 && await 60 grep hello /tmp/server || return 1
	grep '"action":' /var/lib/roundwatch/event && grep "evidence/.*-$pid-" /var/lib/roundwatch/archive &&
		await 60 is_stopped && await 60 says_miner || return 1
	journalctl -o cat _SYSTEMD_UNIT=$unit.service | grep '^{.*"pid":'"$pid"'\b' || fail "no JSON" || return 1
	rm -r $dropins
	systemctl daemon-reload
}

# Enabled, the unit starts when the module is loaded.
unloads()
{
	systemctl enable $unit && "$module" unload && ! [ -e /sys/module/roundwatch ] || return 1
	! systemctl is-active $unit || fail "the monitor runs without the module" || return 1
	modprobe roundwatch && await 20 systemctl is-active $unit && device_is 'root:roundwatch 440'
}

test_case "fills a cache" fill_cache 1000
test_case "files, group and device are installed" install_all
test_case "the service starts, and reports a miner" reports
test_case "it has two capabilities, and its exposure is low" is_confined
test_case "it filters its own system calls, too, and none that it needs" gives_up
test_case "it reloads" reloads
test_case "it sees a process that a mount covers" sees_through_mounts
test_case "members of the group can read the device, others cannot" group_reads
test_case "the module is upgraded under a running monitor" upgrades
test_case "a process that holds the module is named, and the old module stays" names_holder
test_case "the old module stays if the kernel would refuse the new one" keeps_old
test_case "the socket starts a service that answers scrapes" answers
test_case "it answers without the module, too" answers_without_module
test_case "with the drop-in, the monitor writes a textfile" writes_textfile
test_case "with the drop-in, it stops a miner" acts
test_case "with the drop-in, it collects, then stops" collects
test_case "with the drop-in, a hook writes a file and talks to a server" runs_hook
test_case "the module is unloaded, and the monitor starts when it is loaded again" unloads
finish
