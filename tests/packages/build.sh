#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The packages build, and lintian and rpmlint find nothing in them. On the host.

set -u
exec </dev/null
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/packages/lib.sh
. tests/packages/lib.sh

one_version()
{
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
	echo "dkms.conf: $version"
	grep "define ROUNDWATCH_VERSION.*\"$version\"" module/roundwatch.h &&
		grep "^VERSION.*?= $version\$" userspace/Makefile &&
		head -n 1 packaging/deb/changelog | grep -F "($version)" &&
		grep "^Version: *$version\$" packaging/rpm/roundwatch.spec
}

# None forgotten, none invented.
all_sources()
{
	make -s --no-print-directory -C packaging sources | sort >"$tmp/named"
	git ls-files dkms.conf LICENSE module | sort | diff - "$tmp/named"
}

debs()
{
	rm -rf build/deb
	scripts/package deb && scripts/package deb 0.0.9
}

lint_debs()
{
	found=$(lintian --allow-root --fail-on error,warning build/deb/*_"$version"_*.deb 2>&1) ||
		fail "$found"
}

rpms()
{
	rm -rf build/rpm
	scripts/package rpm && scripts/package rpm 0.0.9 &&
		[ "$(find build/rpm -name '*.rpm' | wc -l)" = 6 ]
}

lint_rpms()
{
	find build/rpm -name "*-$version-*.rpm" -exec rpmlint -c packaging/rpm/rpmlint.toml \
		packaging/rpm/roundwatch.spec {} +
}

rpm_has()
{
	for file in /usr/sbin/roundwatch /usr/share/man/man8/roundwatch.8 /etc/roundwatch/allow \
		/usr/lib/systemd/system/roundwatch-monitor.service /usr/lib/systemd/system/roundwatch-metrics.socket "/usr/src/roundwatch-$version/dkms.conf" \
		/usr/lib/modules-load.d/roundwatch.conf /usr/lib/udev/rules.d/60-roundwatch.rules \
		/usr/lib/sysusers.d/roundwatch.conf /usr/libexec/roundwatch/host \
		/usr/libexec/roundwatch/module; do
		find build/rpm/RPMS -name '*.rpm' -exec rpm -qlp {} + 2>/dev/null | grep -F "$file" ||
			fail "not in the packages: $file" || return 1
	done
}

# has_documentation LIST: the file LIST names those of a package, which may be compressed.
has_documentation()
{
	for file in README.md SECURITY.md $(git ls-files docs) roundwatch.rules.yml roundwatch.json; do
		grep -q "/usr/share/doc/.*/$file\(\.gz\)\?$" "$1" || fail "not in the package: $file" ||
			return 1
	done
}

deb_documents()
{
	dpkg-deb -c "build/deb/roundwatch_${version}_amd64.deb" >"$tmp/files" &&
		has_documentation "$tmp/files"
}

rpm_documents()
{
	rpm -qlp build/rpm/RPMS/x86_64/"roundwatch-$version-"*.rpm >"$tmp/files" 2>/dev/null &&
		has_documentation "$tmp/files"
}

# Alert rules, and that the reporter prints every metric that they name.
alert_rules()
{
	rules=packaging/prometheus/roundwatch.rules.yml
	promtool check rules "$rules" && promtool test rules tests/packages/rules.yml || return 1
	mkdir -p "$tmp/host/proc"
	build/mkrecord head info tally tgid=1 pid=1 verdict=3 highest=3 evidence=100 end >"$tmp/recording"
	build/roundwatch metrics --input "$tmp/recording" --sysroot "$tmp/host" >"$tmp/metrics"
	sed 's/#.*//' "$rules" | grep -o 'roundwatch_[a-z_]*[a-z]' | sort -u >"$tmp/named"
	while read -r metric; do
		grep "^${metric}[ {]" "$tmp/metrics" || fail "no such metric: $metric" || return 1
	done <"$tmp/named"
}

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
test_case 'every file says the same version' one_version
test_case 'what DKMS gets is what git has' all_sources
test_case 'make deb' debs
test_case 'lintian finds nothing' lint_debs
test_case 'make rpm' rpms
test_case 'rpmlint finds nothing' lint_rpms
test_case 'the rpms have what they should, where it belongs' rpm_has
test_case 'the documentation is in the deb package' deb_documents
test_case 'the documentation is in the rpm package' rpm_documents
test_case 'Prometheus: a miner has one alert, an allowed process has none' alert_rules
finish
