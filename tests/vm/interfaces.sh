#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The module's files under attack: by root, by a member of the device's group, by others, from namespaces and a
# container. The kernel should not clear memory that it allocates and should mark what is free, so that what
# leaks is seen: `scripts/vm run -a 'init_on_alloc=0 init_on_free=0 slub_debug=PZ' -- sh tests/vm/interfaces.sh`.

. "$RW_TOP/tests/vm/lib.sh"

attack=$bin/attack
group=12345
seconds=${RW_ATTACK_SECONDS:-20}

prepare()
{
	load || return 1
	chgrp $group /dev/roundwatch
}

as_member()
{
	setpriv --reuid 65534 --regid 65534 --groups $group "$@"
}

# By root, and by a member of the group.
attacked()
{
	prepare && "$attack" "$1" && as_member "$attack" "$1"
}

# What waits in the ring when the process ends must not keep the module.
ring_ends()
{
	attacked ring && await 20 unload
}

# Tallies of living and ended tasks, and changes that come while it reads.
tells_no_secrets()
{
	load max_tasks=256 && chgrp $group /dev/roundwatch || return 1
	start "$bin/load" walk 60 6
	walkers=$pid
	"$bin/load" up 1 2
	await 20 has_row COMM=walk || return 1
	for _ in 1 2 3; do
		as_member "$attack" records || return 1
	done
	cat /proc/roundwatch /sys/module/roundwatch/parameters/* >/tmp/text || return 1
	! grep -E 'ffff[0-9a-f]{12}' /tmp/text || fail "an address of the kernel" || return 1
	dmesg | grep roundwatch >/tmp/log
	! grep -E '[^0-9a-f]ffff[0-9a-f]{12}' /tmp/log || fail "an address in the kernel's log" || return 1
	stop "$walkers"
}

# Parameters can be read by all and changed by nobody.
parameters_are_fixed()
{
	load || return 1
	for file in /sys/module/roundwatch/parameters/*; do
		[ "$(stat -c %a "$file")" = 444 ] || fail "$file: $(stat -c %a "$file")" || return 1
		was=$(cat "$file")
		! sh -c "echo 50 >$file" 2>/dev/null || fail "$file can be written" || return 1
		[ "$(cat "$file")" = "$was" ] || fail "$file changed" || return 1
	done
}

# Root in a container that has the device and all capabilities, but a pid namespace of its own; its tools are
# the host's.
in_container()
{
	prepare || return 1
	mkdir -p /tmp/bundle/rootfs
	mount --bind / /tmp/bundle/rootfs
	(
		cd /tmp/bundle && crun spec || exit 1
		sed -i '
			s|"terminal": true|"terminal": false|
			s|"readonly": true|"readonly": false|
			s|"sh"$|"dd", "if=/dev/rw-device", "of=/dev/null", "bs=64k", "count=1"|
			s|"CAP_KILL"|&, "CAP_MKNOD", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"|
			s|"linux": {|&"devices": [{"path": "/dev/rw-device", "type": "c", "major": MAJOR, "minor": MINOR, "fileMode": 438, "uid": 0, "gid": 0}],|' config.json
		# shellcheck disable=SC2046 # words
		set -- $(stat -c '0x%t 0x%T' /dev/roundwatch)
		sed -i "s/MAJOR/$(($1))/; s/MINOR/$(($2))/; s/\"allow\": false/\"allow\": true/" config.json
	) || return 1
	! crun --cgroup-manager=disabled run --bundle /tmp/bundle attacked >/tmp/crun 2>&1 ||
		fail "a container reads the device" || return 1
	cat /tmp/crun
	grep -q 'Operation not permitted' /tmp/crun || fail "it was not the module that refused"
}

hands_on()
{
	prepare && "$attack" hand
}

# While the module comes and goes.
at_random()
{
	! is_loaded || unload || return 1
	start "$attack" random "$(within "$seconds")" "${RW_SEED:-$(date +%s)}"
	attacker=$pid
	reload_during "$attacker" || return 1
	wait "$attacker"
	status=$?
	cat "/tmp/out.$attacker"
	[ $status = 0 ] && load
}

# On a kernel that tells which of the module's code a call has reached.
guided()
{
	load max_tasks=256 || return 1
	start "$bin/load" walk "$(within $((2 * seconds)))" 6
	"$attack" guided "$seconds" "${RW_SEED:-$(date +%s)}"
}

test_case "every ioctl number, and bad addresses" attacked ioctls
test_case "every size of a read" attacked reads
test_case "calls that the files do not have" attacked calls
test_case "an open device that is handed on can be read, and not opened anew" hands_on
test_case "an open device is shared by a child, and waited for with epoll" attacked shared
test_case "io_uring reads it and waits, and ends with its process" ring_ends
test_case "no address, no memory that was never written, in any record" tells_no_secrets
test_case "parameters are fixed" parameters_are_fixed
test_case "a container with the device and root's capabilities is refused" in_container
test_case "calls at random, while it loads and unloads" at_random
[ ! -e /sys/kernel/debug/kcov ] || test_case "calls chosen by the code that they reach" guided
finish
