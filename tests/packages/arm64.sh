#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The packages of the reporter for arm64, built on another machine: what they say they need, and that the
# reporter in them runs, in user-mode emulation. On the host.

set -u
exec </dev/null
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/packages/lib.sh
. tests/packages/lib.sh
export ARCH=arm64

# runs DIR: the reporter of a package that is unpacked there
runs()
{
	"$qemu" -L "$root" "$1/usr/sbin/roundwatch" --version | grep "^roundwatch $version "
}

deb()
{
	rm -f build/deb/*_arm64.deb
	scripts/package deb && dpkg-deb -x "$deb" "$tmp/deb" && runs "$tmp/deb"
}

# All that the reporter for amd64 depends on, except what only that needs.
deb_depends()
{
	[ "$(dpkg-deb -f "$deb" Architecture)" = arm64 ] || fail "of another architecture" || return 1
	dpkg-deb -f "$deb" Depends | tr ',' '\n' >"$tmp/depends"
	for library in libarchive13 libc6 libjson-c5 libmicrohttpd12 libncursesw6 libseccomp2 libsmartcols1 libsystemd0; do
		grep -q "^ *$library\( \|$\)" "$tmp/depends" || fail "does not depend on $library: $(cat "$tmp/depends")" ||
			return 1
	done
}

deb_lint()
{
	found=$(lintian --allow-root --fail-on error,warning "$deb" 2>&1) || fail "$found"
}

rpm_runs()
{
	rm -rf build/rpm/RPMS/aarch64
	scripts/package rpm || return 1
	rpm=$(find build/rpm/RPMS/aarch64 -name '*.rpm')
	mkdir "$tmp/rpm" && rpm2cpio "$rpm" | (cd "$tmp/rpm" && cpio -id --quiet) && runs "$tmp/rpm"
}

rpm_requires()
{
	[ "$(rpm -qp --qf '%{ARCH}' "$rpm" 2>/dev/null)" = aarch64 ] || fail "of another architecture" || return 1
	rpm -qp --requires "$rpm" 2>/dev/null >"$tmp/requires"
	for library in archive c json-c microhttpd ncursesw seccomp smartcols systemd; do
		grep -q "^lib$library\.so\." "$tmp/requires" || fail "does not require lib$library" || return 1
	done
}

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
deb=build/deb/roundwatch_${version}_arm64.deb
root=$(scripts/cross arm64 root) && qemu=$(scripts/foreign bookworm qemu-user-static) || exit 2
qemu=$qemu/usr/bin/qemu-aarch64-static
test_case 'arm64: make deb' deb
test_case 'arm64: the deb depends on its libraries' deb_depends
test_case 'arm64: lintian finds nothing' deb_lint
test_case 'arm64: make rpm' rpm_runs
test_case 'arm64: the rpm requires its libraries' rpm_requires
finish
