#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# scripts/repo: what it makes of build/deb and build/rpm, and that apt and rpm refuse what was changed in it. On the
# host, without installing: tests/packages/hosts.sh does.

set -u
exec </dev/null
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/packages/lib.sh
. tests/packages/lib.sh
# shellcheck source=scripts/lib-apt
. scripts/lib-apt

needs_key()
{
	! env -u GPG_KEY scripts/repo -o "$tmp/none" >"$tmp/out" 2>&1 && grep 'gpg --quick-generate-key' "$tmp/out" || return 1
	! scripts/repo -o "$tmp/none" nobody@example.org >"$tmp/out" 2>&1 &&
		grep "no secret key 'nobody@example.org'" "$tmp/out" && [ ! -e "$tmp/none" ]
}

needs_packages()
{
	! scripts/repo -o "$tmp/none" "$key" 9.9.9 >"$tmp/out" 2>&1 && grep 'no packages of version 9.9.9' "$tmp/out" &&
		[ ! -e "$tmp/none" ]
}

publish()
{
	REPO_URL=file:$tmp/repo scripts/repo -o "$tmp/repo" "$key" "$1"
}

publishes()
{
	publish 0.0.9 && publish "$version" >"$tmp/out" || return 1
	cat "$tmp/out"
	grep "URIs: file:$tmp/repo/apt" "$tmp/out" && grep "baseurl=file:$tmp/repo/rpm" "$tmp/out" &&
		[ "$(find "$tmp/repo/apt/pool" -name '*.deb' | wc -l)" = 4 ] &&
		[ "$(find "$tmp/repo/rpm" -name '*.rpm' | wc -l)" = 4 ]
}

list_pool()
{
	find "$tmp/repo" -name '*.deb' -o -name '*.rpm' | sort | xargs sha256sum
}

repeats()
{
	list_pool >"$tmp/before" && publish "$version" && list_pool | diff "$tmp/before" - && use "$tmp/repo" && apt-get update
}

# use DIR [KEYS]: apt with this source only, as the file of the repository names it
use()
{
	rm -rf "$tmp/apt"
	apt_configure "$tmp/apt" </dev/null
	mkdir "$tmp/apt/etc/sources.list.d"
	sed "s|^Signed-By:.*|Signed-By: ${2:-$1/roundwatch.asc}|; s|$tmp/repo|$1|" "$tmp/repo/roundwatch.sources" \
		>"$tmp/apt/etc/sources.list.d/roundwatch.sources"
}

offers()
{
	use "$tmp/repo" && apt-get update || return 1
	for package in roundwatch roundwatch-dkms; do
		apt-cache madison "$package" | cut -d '|' -f 2 | tr -d ' ' >"$tmp/versions"
		printf '%s\n' "$version" 0.0.9 | diff - "$tmp/versions" || return 1
	done
	apt-cache policy roundwatch | grep "Candidate: $version"
}

downloads()
{
	mkdir "$tmp/download" && (cd "$tmp/download" && apt-get download roundwatch=0.0.9) &&
		cmp "build/deb/roundwatch_0.0.9_amd64.deb" "$tmp/download/roundwatch_0.0.9_amd64.deb"
}

# tampered FILE SCRIPT: a copy of the repository in which sed changed a file
tampered()
{
	rm -rf "$tmp/copy"
	cp -R "$tmp/repo" "$tmp/copy"
	sed -i "$2" "$tmp/copy/$1"
	! cmp -s "$tmp/repo/$1" "$tmp/copy/$1" || fail "$1 is as it was"
}

refuses_update()
{
	! apt-get update >"$tmp/out" 2>&1 || fail 'apt takes it' || return 1
	cat "$tmp/out"
	grep "$1" "$tmp/out"
}

refuses_other_key()
{
	ours=$key
	make_key other && gpg --batch --armor --export "$key" >"$tmp/other.asc" || return 1
	key=$ours
	use "$tmp/repo" "$tmp/other.asc" && refuses_update 'NO_PUBKEY\|sqv'
}

refuses_index()
{
	tampered apt/dists/stable/main/binary-amd64/Packages "s/^Version: $version/Version: 9.9.9/" &&
		rm "$tmp/copy/apt/dists/stable/main/binary-amd64/Packages.gz" && use "$tmp/copy" &&
		refuses_update 'Hash Sum mismatch\|unexpected size'
}

refuses_release()
{
	tampered apt/dists/stable/InRelease 's/^Suite: stable/Suite: stable2/' && use "$tmp/copy" && refuses_update 'BADSIG\|sqv'
}

refuses_unsigned()
{
	tampered apt/dists/stable/Release 's/^Suite: stable/Suite: stable2/' &&
		rm "$tmp/copy/apt/dists/stable/InRelease" "$tmp/copy/apt/dists/stable/Release.gpg" && use "$tmp/copy" &&
		refuses_update 'is not signed'
}

refuses_package()
{
	tampered "apt/pool/roundwatch_${version}_amd64.deb" '2s/debian/Debian/' && use "$tmp/copy" && apt-get update &&
		! (cd "$tmp" && apt-get download "roundwatch=$version") >"$tmp/out" 2>&1 || return 1
	cat "$tmp/out"
	grep 'Hash Sum mismatch' "$tmp/out"
}

check_rpm()
{
	rpmkeys --dbpath "$tmp/rpmdb" --define '_pkgverify_level signature' -K "$1"
}

# Of the signature, the payload, and the list that names both versions.
rpm_signed()
{
	rpmkeys --dbpath "$tmp/rpmdb" --import "$tmp/repo/roundwatch.asc" || return 1
	for file in "$tmp"/repo/rpm/*/*.rpm; do
		check_rpm "$file" || return 1
	done
	find build/rpm/RPMS -name "*-$version-*.rpm" >"$tmp/unsigned"
	while read -r file; do
		! check_rpm "$file" || fail "the packages in build/rpm were signed" || return 1
	done <"$tmp/unsigned"
	tampered "rpm/noarch/roundwatch-dkms-$version-1.noarch.rpm" "\$s/.\$/x/" &&
		! check_rpm "$tmp/copy/rpm/noarch/roundwatch-dkms-$version-1.noarch.rpm"
}

rpm_index()
{
	index=$tmp/repo/rpm/repodata
	gpg --batch --verify "$index/repomd.xml.asc" "$index/repomd.xml" || return 1
	primary=$(grep -o '[0-9a-f]*-primary.xml.gz' "$index/repomd.xml") &&
		echo "${primary%%-*}  $index/$primary" | sha256sum -c - &&
		[ "$(gzip -dc "$index/$primary" | grep -c '<package type="rpm">')" = 4 ] || return 1
	sed -i 's/<revision>/&1/' "$tmp/copy/rpm/repodata/repomd.xml"
	! gpg --batch --verify "$tmp/copy/rpm/repodata/repomd.xml.asc" "$tmp/copy/rpm/repodata/repomd.xml"
}

# What differs was perhaps built from other sources under the same version.
keeps_published()
{
	tampered "apt/pool/roundwatch_${version}_amd64.deb" '2s/debian/Debian/' &&
		! scripts/repo -o "$tmp/copy" "$key" >"$tmp/out" 2>&1 || return 1
	cat "$tmp/out"
	grep 'raise the version' "$tmp/out"
}

die()
{
	echo "$*"
	exit 1
}

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
APT_CONFIG=$tmp/apt/etc/apt.conf
export APT_CONFIG
test_case 'a key of the test' make_key test
test_case 'make repo: without a key it says how to make one' needs_key
test_case 'make repo: without packages it says so' needs_packages
test_case 'make repo: two versions' publishes
test_case 'make repo: the same again' repeats
test_case 'apt: both versions are offered' offers
test_case 'apt: the earlier one is downloaded' downloads
test_case 'apt: another key is refused' refuses_other_key
test_case 'apt: a changed index is refused' refuses_index
test_case 'apt: a changed Release is refused' refuses_release
test_case 'apt: what is not signed is refused' refuses_unsigned
test_case 'apt: a changed package is refused' refuses_package
test_case 'rpm: the packages are signed' rpm_signed
test_case 'rpm: the index is signed' rpm_index
test_case 'make repo: what is published never changes' keeps_published
finish
