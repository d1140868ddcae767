#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Identity of processes and hidden processes on a live system: what the reporter says about
# processes that the module sees. Run by `scripts/vm run`. systemd does not run here, so the tests
# make control groups with the same names.

. "$RW_TOP/tests/vm/lib.sh"
reporter=$RW_BUILD/roundwatch
cgroups=/sys/fs/cgroup
id1=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
id2=fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210
uid=0b1fae31-5e7d-4d0c-9c0e-0f1a2b3c4d5e

# who PID COLUMNS: prints these columns of the process
who()
{
	"$reporter" --raw -n -o "PID,$2" | sed -n "s/^$1 //p"
}

# is PID COLUMNS WANTED
is()
{
	shown=$(who "$1" "$2")
	[ "$shown" = "$3" ] || fail "$1 has $2 '$shown', not '$3': $(cat "/proc/$1/cgroup")"
}

# rounding PROGRAM ARG...: starts the program as $pid, and waits until the module has seen it.
rounding()
{
	start "$@"
	await 60 has_row VERDICT=rounding PID="$pid" TID=- || { cat "/tmp/out.$pid"; return 1; }
}

# Moves the process into a control group, as a container runtime or systemd does.
enter()
{
	mkdir -p "$cgroups/$1" && echo "$pid" >"$cgroups/$1/cgroup.procs"
}

leave()
{
	echo "$pid" >"$cgroups/cgroup.procs"
}

# A library in every program, including the reporter: ls does not show the process, the reporter
# does.
hidden_by_library()
{
	[ -d "/proc/$pid" ] && is "$pid" FLAGS - || return 1
	echo "$pid" >/tmp/hide-pid
	echo "$bin/hide.so" >/etc/ld.so.preload
	listed=$(find /proc -maxdepth 1 -name "$pid")
	flags=$(who "$pid" FLAGS,EXE,PARENT)
	others=$("$reporter" --raw -n -o PID,FLAGS | grep -v "^$pid " | grep hidden)
	rm /etc/ld.so.preload
	[ ! "$listed" ] || fail "the library hides nothing: this proves nothing" || return 1
	[ "$flags" = "hidden $bin/load sh" ] || fail "shown: $flags" || return 1
	[ ! "$others" ] || fail "hidden too: $others" || return 1
	is "$pid" FLAGS -
}

# ps shows it as process 1; the reporter reads the directory below the mount.
covered()
{
	mount --bind /proc/1 "/proc/$pid" || return 1
	taken=$(tr '\0' ' ' <"/proc/$pid/cmdline")
	shown=$(who "$pid" FLAGS,EXE,CMDLINE)
	umount "/proc/$pid"
	case $taken in */load*) fail "nothing is covered: this proves nothing" || return 1 ;; esac
	[ "$shown" = "covered $bin/load $bin/load\\x20up\\x20600" ] || fail "shown: $shown" || return 1
	is "$pid" FLAGS -
}

# A /proc without the process, as a rootkit in the kernel makes it.
denied()
{
	mkdir -p /tmp/denied/self/ns && : >/tmp/denied/self/ns/pid
	shown=$(unshare --mount sh -c '
		mount --bind /proc/self/ns/pid /tmp/denied/self/ns/pid
		mount --rbind /tmp/denied /proc
		"$1" --raw -n -o PID,FLAGS' sh "$reporter" | sed -n "s/^$pid //p")
	[ "$shown" = hidden ] || fail "shown: $shown"
}

not_a_file()
{
	cp "$bin/load" /tmp/gone
	rounding /tmp/gone up 600 && rm /tmp/gone || return 1
	is "$pid" FLAGS,EXE 'deleted /tmp/gone\x20(deleted)' && stop "$pid" || return 1
	# memfd_create() and execve(), without a file in any directory
	rounding perl -e '
		$name = "payload";
		$fd = syscall(319, $name, 0);
		open($from, "<", shift) or die;
		open($to, ">&=", $fd) or die;
		select($to);
		$| = 1;
		print(<$from>);
		exec {"/proc/self/fd/$fd"} "payload", "up", "600" or die' "$bin/load" || return 1
	is "$pid" FLAGS,EXE 'memfd memfd:payload'
	status=$?
	stop "$pid"
	return $status
}

# Names of kubelet and containerd with the systemd driver and with the cgroupfs driver.
in_pod()
{
	mkdir -p "/var/log/pods/shop_web-7f_$uid/app" /var/log/containers
	: >"/var/log/containers/web-7f_shop_app-$id1.log"
	enter "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod$(echo $uid |
		tr - _).slice/cri-containerd-$id1.scope" &&
		is "$pid" RUNTIME,CONTAINER,CONTAINER_NAME,POD,NAMESPACE,POD_UID \
			"containerd $id1 app web-7f shop $uid" || return 1
	enter "kubepods/besteffort/pod$uid/$id1" &&
		is "$pid" CONTAINER,POD,NAMESPACE "$id1 web-7f shop" || return 1
	shown=$("$reporter" --raw -n --by pod -o POD,PROCESSES,PID | grep -v '^-')
	[ "$shown" = "web-7f 1 $pid" ] || fail "by pod: $shown" || return 1

	# Read from another control group namespace.
	mkdir -p "$cgroups/kubepods/besteffort/podx/$id2"
	shown=$(sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec unshare --cgroup "$@"' sh \
		"$cgroups/kubepods/besteffort/podx/$id2" \
		"$reporter" --raw -n -o PID,CONTAINER,POD_UID | sed -n "s/^$pid //p")
	[ "$shown" = "$id1 $uid" ] || fail "from a namespace: $shown" || return 1
	enter "kubepods/besteffort/pod$uid/$id1/docker/$id2" &&
		is "$pid" CONTAINER,INNER,POD "$id1 $id2 web-7f" && leave
}

in_unit()
{
	enter system.slice/cron.service && is "$pid" UNIT,CONTAINER,WHERE "cron.service - cron.service" ||
		return 1
	enter user.slice/user-1000.slice/session-3.scope && is "$pid" UNIT session-3.scope || return 1
	leave && is "$pid" UNIT -
}

# Version 1 beside version 2, as in systemd's hybrid layout.
in_version_1()
{
	mkdir -p /tmp/systemd && mount -t cgroup -o none,name=systemd cgroup /tmp/systemd || return 1
	mkdir -p "/tmp/systemd/docker/$id1"
	echo "$pid" >"/tmp/systemd/docker/$id1/cgroup.procs"
	is "$pid" RUNTIME,CONTAINER "docker $id1"
	status=$?
	echo "$pid" >/tmp/systemd/cgroup.procs
	rmdir "/tmp/systemd/docker/$id1" /tmp/systemd/docker
	umount /tmp/systemd
	return $status
}

# bundle DIR: makes a root file system that contains load
bundle()
{
	mkdir -p "$1/rootfs/proc" "$1/rootfs/dev" "$1/rootfs/sys" "$1/rootfs/tmp" "$1/rootfs/etc"
	copy_program "$bin/load" "$1/rootfs"
}

# in_crun CGROUP COLUMNS WANTED: checks a container with its own namespaces in this control group.
in_crun()
{
	(
		cd /tmp/bundle && rm -f config.json && crun spec || exit 1
		sed -i "
			s|\"terminal\": true|\"terminal\": false|
			s|\"sh\"\$|\"/load\", \"up\", \"600\"|
			s|\"linux\": {|&\"cgroupsPath\": \"$1\",|" config.json
	) || return 1
	start crun --cgroup-manager=cgroupfs run --bundle /tmp/bundle "$id1"
	crun=$pid
	await 60 running || { cat "/tmp/out.$crun"; return 1; }
	await 60 has_row VERDICT=rounding PID="$pid" TID=- && is "$pid" "$2,EXE" "$3 /load" &&
		[ "$(readlink "/proc/$pid/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]
	status=$?
	crun kill "$id1" KILL
	wait "$crun"
	return $status
}

running()
{
	pid=$(crun state "$id1" | sed -n 's/.*"pid": *\([1-9][0-9]*\).*/\1/p')
	[ "$pid" ]
}

in_crun_as_podman()
{
	in_crun "/machine.slice/libpod-$id1.scope" RUNTIME,CONTAINER,UNIT \
		"podman $id1 libpod-$id1.scope"
}

in_crun_as_crio()
{
	in_crun "/kubepods.slice/kubepods-pod$(echo $uid | tr - _).slice/crio-$id1.scope" \
		RUNTIME,CONTAINER,POD "cri-o $id1 web-7f"
}

load
rounding "$bin/load" up 600 || exit 1
test_case "hidden by a library: hidden" hidden_by_library
test_case "covered by a mount: covered, and the process below is shown" covered
test_case "missing in /proc: hidden" denied
test_case "in kubelet's control groups, and Docker's in a pod" in_pod
test_case "in systemd's control groups" in_unit
test_case "in control groups of version 1" in_version_1
stop "$pid"
test_case "a deleted executable, and one that was never a file" not_a_file
bundle /tmp/bundle
test_case "in a container of crun with names of Podman" in_crun_as_podman
test_case "in a container of crun with names of CRI-O" in_crun_as_crio
finish
