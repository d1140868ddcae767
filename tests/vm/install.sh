#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside the virtual machine: make install with DKMS for the booted kernel. The chroots of
# tests/packages cannot load a module. Run by
# `scripts/vm run --init 'exec /lib/systemd/systemd --unit=basic.target'`.

set -u
until systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do
	sleep 0.2
done
cd "$RW_TOP" || exit 2
# shellcheck source=tests/vm/lib.sh
. tests/vm/lib.sh
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

installs()
{
	make install || return 1
	[ "$(cat /sys/module/roundwatch/version)" = "$version" ] ||
		fail 'another version is loaded' || return 1
	[ "$(stat -c '%U:%G %a' /dev/roundwatch)" = 'root:roundwatch 440' ] ||
		fail "the device is $(stat -c '%U:%G %a' /dev/roundwatch)"
}

# modprobe finds the module that DKMS built, and the module can see.
watches()
{
	modinfo -F filename roundwatch | grep -E '/(updates|extra)/' || return 1
	rmmod roundwatch && modprobe roundwatch && /usr/local/sbin/roundwatch status
}

# A loaded module of another version is replaced, although the monitor runs.
replaces()
{
	rmmod roundwatch && sed 's/"'"$version"'"/"0.0.8"/' module/roundwatch.h >/tmp/roundwatch.h &&
		cp -R module /tmp/older && cp /tmp/roundwatch.h /tmp/older &&
		make -s -C "/lib/modules/$RW_KVER/build" M=/tmp/older CONFIG_DEBUG_INFO_BTF_MODULES= modules &&
		insmod /tmp/older/roundwatch.ko && systemctl start roundwatch-monitor || return 1
	packaging/module load 2>&1 | grep -F 'replace the loaded version 0.0.8' &&
		[ "$(cat /sys/module/roundwatch/version)" = "$version" ] &&
		systemctl is-active roundwatch-monitor
}

uninstalls()
{
	make uninstall || return 1
	! systemctl is-active roundwatch-monitor || fail 'the monitor runs' || return 1
	[ ! -e /sys/module/roundwatch ] || fail 'still loaded' || return 1
	! modprobe -n roundwatch 2>/dev/null || fail 'modprobe still finds one' || return 1
	left=$(find "/lib/modules/$RW_KVER/" /usr/src /var/lib/dkms /usr/local /etc -name '*roundwatch*')
	[ ! "$left" ] || fail "left: $left"
}

test_case 'make install builds the module and loads it' installs
test_case 'modprobe loads the module that DKMS built, and it can see' watches
test_case 'a loaded module of another version is replaced' replaces
test_case 'make uninstall leaves nothing' uninstalls
finish
