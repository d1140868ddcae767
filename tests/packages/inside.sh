#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tests/packages/inside.sh KVER KVER2: installs, upgrades and removes, as root in a chroot that will
# be discarded, with headers of two kernels. /rw is the project, /debs holds those of KVER2. No module
# is loaded here: the running kernel is another.

set -u
exec </dev/null
# A copy: what is built in here is for this release, not for the host's.
mkdir -p /tmp/tree/build
cd /tmp/tree || exit 2
tar -C /rw --exclude=./build --exclude=./.git -cf - . | tar -xf - || exit 2
cp -R /rw/build/deb /rw/build/rpm build/
# shellcheck source=tests/packages/lib.sh
. tests/packages/lib.sh
kver=$1
kver2=$2
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

# As dkms places them, whatever the release.
modules()
{
	find "/lib/modules/$1" -name 'roundwatch.ko*' 2>/dev/null
}

# has KVER VERSION: exactly one module for the kernel, of that version, and modprobe would take it.
has()
{
	[ "$(modules "$1" | wc -l)" = 1 ] || fail "not one module for $1: $(modules "$1")" || return 1
	found=$(modinfo -k "$1" -F version roundwatch)
	[ "$found" = "$2" ] || fail "$1 has version $found, not $2" || return 1
	modinfo -k "$1" -F vermagic roundwatch | grep -F "$1 "
}

has_none()
{
	[ ! "$(modules "$1")" ] || fail "left for $1: $(modules "$1")" || return 1
	! modprobe -S "$1" -n roundwatch 2>/dev/null || fail "modprobe finds one for $1"
}

nothing_left()
{
	left=$(find / -xdev \( -path /proc -o -path /sys -o -path /rw -o -path /debs -o -path /tmp \) \
		-prune -o -name '*roundwatch*' -print)
	[ ! "$left" ] || fail "left: $left" || return 1
	! grep -rl roundwatch /lib/modules/*/modules.dep
}

add_kernel()
{
	dpkg -i /debs/linux-headers-"$kver2"_*.deb
}

# Debian's packages of kernels call this before their files go, modules.dep with them; here they stay.
remove_kernel()
{
	run-parts --arg="$kver2" /etc/kernel/prerm.d && depmod "$kver2"
}

# The group that may read the device, and the user that runs the monitor.
has_accounts()
{
	if ! getent group roundwatch || [ "$(id -gn roundwatch)" != roundwatch ] ||
		[ "$(id -u roundwatch)" -ge 1000 ]; then
		fail 'no group and user roundwatch'
	fi
}

install_debs()
{
	dpkg -i "build/deb/roundwatch_$1_amd64.deb" "build/deb/roundwatch-dkms_$1_all.deb"
}

deb_install()
{
	install_debs 0.0.9 && has "$kver" 0.0.9 && [ "$(roundwatch --version | grep -c 0.0.9)" = 1 ] &&
		[ -f /usr/share/bash-completion/completions/roundwatch ] &&
		[ -L /etc/systemd/system/dev-roundwatch.device.wants/roundwatch-monitor.service ] &&
		has_accounts
}

deb_upgrade()
{
	echo '# mine' >>/etc/roundwatch/allow
	install_debs "$version" && has "$kver" "$version" && [ ! -e /usr/src/roundwatch-0.0.9 ] &&
		[ ! -e /var/lib/dkms/roundwatch/0.0.9 ] && grep '# mine' /etc/roundwatch/allow
}

kernel_arrives()
{
	has_none "$kver2" && add_kernel && has "$kver2" "$version" && has "$kver" "$version"
}

kernel_goes()
{
	remove_kernel && has_none "$kver2" && has "$kver" "$version" && dpkg -P "linux-headers-$kver2"
}

# As when a kernel's interfaces have changed: it gets no module, and the older kernel keeps its own.
broken_kernel()
{
	echo '#error the kernel has changed' >>"/usr/src/roundwatch-$version/module/main.c"
	add_kernel
	has_none "$kver2" && has "$kver" "$version"
}

# No older build takes the place of a newer version that does not build.
broken_upgrade()
{
	install_debs 0.0.9 && has "$kver" 0.0.9 || return 1
	rm -rf /tmp/deb
	dpkg-deb -R "build/deb/roundwatch-dkms_${version}_all.deb" /tmp/deb
	echo '#error does not build' >>"/tmp/deb/usr/src/roundwatch-$version/module/main.c"
	dpkg-deb -b /tmp/deb /tmp/broken.deb
	dpkg -i /tmp/broken.deb && fail 'dpkg took it for a success' && return 1
	has_none "$kver" && has_none "$kver2"
}

deb_purge()
{
	dpkg -P roundwatch roundwatch-dkms && nothing_left
}

# Of what they depend on, Debian's rpm knows nothing.
install_rpms()
{
	rpm --nodeps -U "build/rpm/RPMS/x86_64/roundwatch-$1-1.x86_64.rpm" \
		"build/rpm/RPMS/noarch/roundwatch-dkms-$1-1.noarch.rpm"
}

rpm_install()
{
	userdel roundwatch
	install_rpms 0.0.9 && has_accounts && has "$kver" 0.0.9 && has "$kver2" 0.0.9 &&
		roundwatch --version | grep 0.0.9 && [ -f /usr/lib/modules-load.d/roundwatch.conf ]
}

rpm_upgrade()
{
	echo '# mine' >>/etc/roundwatch/allow
	install_rpms "$version" && has "$kver" "$version" && has "$kver2" "$version" &&
		[ ! -e /usr/src/roundwatch-0.0.9 ] && [ ! -e /var/lib/dkms/roundwatch/0.0.9 ] &&
		grep '# mine' /etc/roundwatch/allow
}

# What was edited in /etc stays, as is rpm's custom.
rpm_erase()
{
	rpm --nodeps -e roundwatch roundwatch-dkms && [ -f /etc/roundwatch/allow.rpmsave ] &&
		rm -r /etc/roundwatch && nothing_left
}

unfit_kernel()
{
	cp "$config" /tmp/config
	sed -i 's/^CONFIG_TRACEPOINTS=y/# CONFIG_TRACEPOINTS is not set/' "$config"
	make -s -C packaging install-source && dkms add -m roundwatch -v "$version" || return 1
	dkms build -m roundwatch -v "$version" -k "$kver" >/tmp/out 2>&1
	status=$?
	cp /tmp/config "$config"
	dkms remove -m roundwatch -v "$version" --all
	rm -rf "/usr/src/roundwatch-$version"
	cat /tmp/out
	[ "$status" != 0 ] && grep -q BUILD_EXCLUSIVE /tmp/out && has_none "$kver"
}

make_install()
{
	make install KVER="$kver" >/tmp/out 2>&1
	status=$?
	cat /tmp/out
	[ "$status" = 0 ] && has "$kver" "$version" && grep -q 'the running kernel is' /tmp/out &&
		has_accounts && /usr/local/sbin/roundwatch --version && [ -f /etc/modules-load.d/roundwatch.conf ]
}

# An older one, registered by hand and built for both kernels, leaves both.
make_upgrade()
{
	cp -R "/usr/src/roundwatch-$version" /usr/src/roundwatch-0.0.8
	sed -i "s/$version/0.0.8/" /usr/src/roundwatch-0.0.8/dkms.conf \
		/usr/src/roundwatch-0.0.8/module/roundwatch.h
	dkms remove -m roundwatch -v "$version" --all
	dkms install -m roundwatch -v 0.0.8 -k "$kver" && dkms install -m roundwatch -v 0.0.8 -k "$kver2" &&
		has "$kver2" 0.0.8 || return 1
	make_install && has "$kver2" "$version" && [ ! -e /usr/src/roundwatch-0.0.8 ]
}

says_what_is_missing()
{
	make install KVER=9.9.9 >/tmp/out 2>&1 && return 1
	cat /tmp/out
	grep -q linux-headers-9.9.9 /tmp/out && grep -q 'nothing was installed' /tmp/out
}

refuses_beside_package()
{
	make install KVER="$kver" >/tmp/out 2>&1 && return 1
	cat /tmp/out
	grep -q 'the package roundwatch-dkms is installed' /tmp/out
}

make_uninstall()
{
	make uninstall && nothing_left
}

secure_boot()
{
	efi=/tmp/sys/firmware/efi/efivars
	mkdir -p "$efi" /tmp/sys/kernel/security
	# shellcheck disable=SC2059 # a digit, as an octal number
	printf "\\006\\000\\000\\000\\00$1" >"$efi/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	echo "$2" >/tmp/sys/kernel/security/lockdown
	RW_SYS=/tmp/sys packaging/module advise 2>&1
}

advises()
{
	[ ! "$(secure_boot 0 '[none] integrity confidentiality')" ] || return 1
	secure_boot 1 'none [integrity] confidentiality' | grep -F 'Secure Boot: on, lockdown: integrity' &&
		secure_boot 1 '[none] integrity' | grep 'mokutil --import /var/lib/dkms/mok.pub' &&
		secure_boot 0 'none [integrity]' | grep 'Secure Boot: off, lockdown: integrity' || return 1
	rm -r /tmp/sys/firmware
	RW_SYS=/tmp/sys packaging/module advise 2>&1 | grep 'no key can be enrolled'
}

config=/usr/src/linux-headers-$kver/.config
# With the package that names the newest one.
dpkg -P linux-headers-cloud-amd64 "linux-headers-$kver2" >/dev/null 2>&1

test_case 'debs: install' deb_install
test_case 'debs: upgrade, what was edited in /etc stays' deb_upgrade
test_case 'make install leaves a package alone' refuses_beside_package
test_case 'a kernel arrives: the module is built for it' kernel_arrives
test_case 'a kernel goes, and its module' kernel_goes
test_case 'a kernel arrives for which it does not build: no module, not an old one' broken_kernel
test_case 'debs: purge leaves nothing' deb_purge
test_case 'debs: an upgrade that does not build fails, and leaves no older module' broken_upgrade
test_case 'debs: purge of the broken leaves nothing' deb_purge
test_case 'rpms: install, for all kernels that are there' rpm_install
test_case 'rpms: upgrade' rpm_upgrade
test_case 'rpms: erase leaves nothing but what was edited' rpm_erase
test_case 'a kernel without tracepoints is left out' unfit_kernel
test_case 'make install: missing headers are reported before anything is done' says_what_is_missing
test_case 'make install' make_install
test_case 'make install again' make_install
test_case 'make install over an older version of two kernels' make_upgrade
test_case 'make uninstall leaves nothing' make_uninstall
test_case 'make uninstall again' make_uninstall
test_case 'Secure Boot and lockdown: what to do is said' advises
finish
