#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tests/packages/hosts.sh KVER: a host that installs from the repositories of scripts/repo over HTTP, as root in a
# chroot that will be discarded, with headers of that kernel. DKMS builds each version. /rw is the project.

set -u
exec </dev/null
mkdir -p /tmp/tree/build
cd /tmp/tree || exit 2
tar -C /rw --exclude=./build --exclude=./.git -cf - . | tar -xf - || exit 2
cp -R /rw/build/deb /rw/build/rpm build/
# shellcheck source=tests/packages/lib.sh
. tests/packages/lib.sh
kver=$1
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
export DEBIAN_FRONTEND=noninteractive ANSIBLE_ROLES_PATH=/tmp/tree/packaging/ansible/roles

# has VERSION: of reporter and module
has()
{
	found=$(modinfo -k "$kver" -F version roundwatch)
	[ "$found" = "$1" ] || fail "the module is of version $found, not $1" || return 1
	roundwatch --version | grep -F "$1" || fail "$(roundwatch --version), not $1"
}

has_none()
{
	! modprobe -S "$kver" -n roundwatch 2>/dev/null && [ ! -e /usr/sbin/roundwatch ]
}

publish()
{
	REPO_URL=$url scripts/repo -o "$tmp/repo" "$key" "$1"
}

# Only this repository, so that no mirror is asked.
add_source()
{
	mkdir -p /etc/apt/keyrings
	rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
	cp "$tmp/repo/roundwatch.sources" /etc/apt/sources.list.d/
	echo 'Acquire::http::Proxy::127.0.0.1 "DIRECT";' >/etc/apt/apt.conf.d/loopback
}

apt_without_key()
{
	make_key test && publish 0.0.9 && add_source || return 1
	! apt-get update >"$tmp/out" 2>&1 || fail 'apt takes it' || return 1
	cat "$tmp/out"
	grep 'NO_PUBKEY\|sqv' "$tmp/out"
}

apt_install()
{
	cp "$tmp/repo/roundwatch.asc" /etc/apt/keyrings && apt-get update &&
		apt-get -y install roundwatch roundwatch-dkms && has 0.0.9
}

apt_upgrade()
{
	echo '# mine' >>/etc/roundwatch/allow
	publish "$version" && apt-get update && apt-get -y upgrade && has "$version" && grep '# mine' /etc/roundwatch/allow
}

apt_roll_back()
{
	apt-get -y --allow-downgrades install roundwatch=0.0.9 roundwatch-dkms=0.0.9 && has 0.0.9 &&
		[ ! -e "/usr/src/roundwatch-$version" ]
}

apt_hold()
{
	apt-mark hold roundwatch roundwatch-dkms && apt-get -y upgrade >"$tmp/out" && grep 'kept back' "$tmp/out" &&
		has 0.0.9 && apt-mark unhold roundwatch roundwatch-dkms && apt-get -sy upgrade | grep "^Inst roundwatch-dkms"
}

apt_remove()
{
	apt-get -y purge roundwatch roundwatch-dkms && has_none && userdel roundwatch
}

# Of Debian's packages rpm knows nothing: an empty one stands for what ours need.
stand_in()
{
	find build/rpm/RPMS -name '*.rpm' -exec rpm -qp --requires {} + | grep -v '^rpmlib\|^config' | sort -u >"$tmp/requires"
	{
		printf '%s\n' 'Name: debian' 'Version: 1' 'Release: 1' 'Summary: stands for packages of Debian' 'License: none' \
			'BuildArch: noarch'
		sed 's/^/Provides: /' "$tmp/requires"
		printf '%s\n' '%description' 'none' '%files'
	} >"$tmp/debian.spec"
	rpmbuild --define "_topdir $tmp/stand-in" -bb "$tmp/debian.spec" && rpm -U "$tmp/stand-in/RPMS/noarch/debian-1-1.noarch.rpm"
}

dnf_add()
{
	stand_in && mkdir -p /etc/yum.repos.d && cp "$tmp/repo/roundwatch.repo" /etc/yum.repos.d
}

# Debian has no package from which dnf could know its release.
dnf()
{
	command dnf -y --releasever 1 "$@"
}

dnf_install()
{
	dnf_add && dnf install roundwatch-0.0.9 roundwatch-dkms-0.0.9 && has 0.0.9
}

dnf_upgrade()
{
	dnf upgrade && has "$version"
}

dnf_roll_back()
{
	dnf downgrade roundwatch-0.0.9 roundwatch-dkms-0.0.9 && has 0.0.9
}

dnf_hold()
{
	dnf --setopt=roundwatch.includepkgs='roundwatch-0.0.9-*,roundwatch-dkms-0.0.9-*' upgrade && has 0.0.9
}

dnf_refuses()
{
	cp -R "$tmp/repo/rpm" "$tmp/kept"
	sed -i 's/<revision>/&1/' "$tmp/repo/rpm/repodata/repomd.xml"
	! dnf --setopt=skip_if_unavailable=0 --refresh upgrade >"$tmp/out" 2>&1 || fail 'dnf takes a changed index' || return 1
	cat "$tmp/out"
	grep -i 'signature' "$tmp/out" && rm -r "$tmp/repo/rpm" && mv "$tmp/kept" "$tmp/repo/rpm" && has 0.0.9
}

# Signed by a key that the repository does not name, in an index that is signed by the right one.
dnf_refuses_package()
{
	ours=$key
	make_key other || return 1
	package=$tmp/repo/rpm/noarch/roundwatch-dkms-$version-1.noarch.rpm
	rpmsign --define "_gpg_name $key" --define "__gpg $(command -v gpg)" --addsign "$package" || return 1
	key=$ours
	publish "$version" || return 1
	! dnf --refresh upgrade >"$tmp/out" 2>&1 || fail 'dnf takes a package with another signature' || return 1
	cat "$tmp/out"
	grep -i 'key\|signature' "$tmp/out" && has 0.0.9 && rm "$package" && publish "$version"
}

# play TASKS [OPTION...]: some of the Ansible role's tasks, those that need neither systemd nor the loaded module. There
# are no packages of headers.
play()
{
	cat >"$tmp/play.yml" <<-END
	- hosts: all
	  gather_subset: ["!all"]
	  tasks:
	    # Debian's is apt, and from ansible-core 2.15 on the module dnf looks here.
	    - ansible.builtin.set_fact: {pkg_mgr: dnf, cacheable: true}
	      when: "'$1' == 'dnf'"
	    - ansible.builtin.include_role:
	        name: roundwatch
	        tasks_from: $1.yml
	      vars:
	        roundwatch_repository_url: $url
	        roundwatch_repository_key: "{{ lookup('ansible.builtin.file', '$tmp/repo/roundwatch.asc') }}"
	        roundwatch_headers: []
	END
	shift
	ansible-playbook -c local -i localhost, -e ansible_python_interpreter=/usr/bin/python3 "$@" "$tmp/play.yml" \
		>"$tmp/out" 2>&1
	status=$?
	cat "$tmp/out"
	return "$status"
}

# On a host that knows nothing of the repository, the role can foresee only a part.
role_foresees()
{
	apt_remove && rm -r /etc/apt/sources.list.d/roundwatch.sources /etc/apt/keyrings || return 1
	apt-get update && : >"$tmp/before" && play main --check && grep 'changed=3' "$tmp/out" || return 1
	left=$(find /etc /usr /var/lib -path /var/lib/rpm -prune -o -newer "$tmp/before" ! -path '*/__pycache__*' -type f -print)
	[ ! "$left" ] || fail "--check has changed $left"
}

apt_role()
{
	play apt && has "$version" && play apt -e roundwatch_version=0.0.9 && has 0.0.9 && apt-get -y upgrade && has 0.0.9 &&
		play apt -e roundwatch_version=0.0.9 && grep 'changed=0' "$tmp/out"
}

# No module can be loaded here.
role_verifies()
{
	! play verify && grep 'does not see' "$tmp/out" && grep 'ROUNDWATCH UNKNOWN' "$tmp/out"
}

dnf_role()
{
	rpm -e roundwatch roundwatch-dkms && rm /etc/yum.repos.d/roundwatch.repo && mkdir -p /etc/pki/rpm-gpg || return 1
	play dnf -e roundwatch_version=0.0.9 &&
		has 0.0.9 && dnf upgrade && has 0.0.9 && play dnf -e roundwatch_version=0.0.9 && grep 'changed=0' "$tmp/out" &&
		play dnf -e "roundwatch_version=$version" && has "$version"
}

dnf_remove()
{
	dnf remove roundwatch roundwatch-dkms && has_none
}

mkdir "$tmp/repo"
python3 -u -m http.server --bind 127.0.0.1 --directory "$tmp/repo" 0 >"$tmp/server" 2>&1 &
until url=$(sed -n 's/.* port \([0-9]*\) .*/http:\/\/127.0.0.1:\1/p' "$tmp/server") && [ "$url" ]; do
	kill -0 $! || { cat "$tmp/server"; exit 2; }
	sleep 0.1
done
# For the other kernel nothing is built here.
dpkg -P linux-headers-cloud-amd64 "linux-headers-$(echo "$kver" | sed 's/-amd64/-cloud-amd64/')" >/dev/null 2>&1

test_case 'apt: a host without the key refuses the repository' apt_without_key
test_case 'apt: install' apt_install
test_case 'apt: upgrade' apt_upgrade
test_case 'apt: roll back, the module too' apt_roll_back
test_case 'apt: a held version stays' apt_hold
test_case 'the Ansible role: with --check nothing changes' role_foresees
test_case 'apt: the Ansible role installs, rolls back, and keeps a version' apt_role
test_case 'the Ansible role says that a host does not see' role_verifies
test_case 'apt: purge' apt_remove
test_case 'dnf: install an earlier version' dnf_install
test_case 'dnf: upgrade' dnf_upgrade
test_case 'dnf: roll back, the module too' dnf_roll_back
test_case 'dnf: a version that the source names stays' dnf_hold
test_case 'dnf: a changed index is refused' dnf_refuses
test_case 'dnf: a package with the signature of another is refused' dnf_refuses_package
test_case 'dnf: the Ansible role installs a version, which stays, and another' dnf_role
test_case 'dnf: remove' dnf_remove
finish
