#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside the virtual machine: the whole role in packaging/ansible, twice, on a host with systemd and the module's
# headers, from a repository that make repo makes here. The chroots of tests/packages have neither systemd nor the
# loaded module. Needs build/deb. Run by `scripts/vm run --init 'exec /lib/systemd/systemd --unit=basic.target'`.

set -u
until systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do
	sleep 0.2
done
cd "$RW_TOP" || exit 2
# shellcheck source=tests/vm/lib.sh
. tests/vm/lib.sh
# Debian's ansible is for Debian's python3.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
HOME=/tmp
GNUPGHOME=/tmp/gnupg
export HOME GNUPGHOME
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
rest='--rest 1'
dropin=/etc/systemd/system/roundwatch-monitor.service.d/ansible.conf

# Only this repository, so that no mirror is asked; dpkg need not wait for each write. The headers of the booted kernel
# are there, without a package that dpkg knows of.
publishes()
{
	mkdir -m 0700 $GNUPGHOME && gpg --batch --quiet --passphrase '' --quick-generate-key test@example.org rsa2048 sign never &&
		REPO_URL=file:/tmp/repo scripts/repo -o /tmp/repo test@example.org || return 1
	rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
	echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/test
	! dpkg-query -W roundwatch roundwatch-dkms 2>/dev/null || fail 'the packages are installed'
}

# play [VARIABLES...]: the playbook that docs/fleet.md shows, with this repository. Its last words are in /tmp/play.
play()
{
	cat >/tmp/play.yml <<-END
	- hosts: all
	  become: true
	  gather_subset: ["!all"]
	  roles:
	    - role: roundwatch
	      vars:
	        roundwatch_repository_url: file:/tmp/repo
	        roundwatch_repository_key: "{{ lookup('ansible.builtin.file', '/tmp/repo/roundwatch.asc') }}"
	        roundwatch_headers: []
	        roundwatch_allow: [exe /usr/bin/monerod user monero]
	        roundwatch_metrics: true
	        roundwatch_monitor_collect: true
	        roundwatch_monitor_textfile: /var/lib/prometheus/node-exporter/roundwatch.prom
	        roundwatch_group_members: [nobody]
	END
	ANSIBLE_ROLES_PATH=$RW_TOP/packaging/ansible/roles ansible-playbook -c local -i localhost, \
		-e ansible_become=false -e ansible_python_interpreter=/usr/bin/python3 "$@" /tmp/play.yml >/tmp/play 2>&1
	status=$?
	cat /tmp/play
	return $status
}

# changed N: so many tasks of the last run have changed something, and none has failed.
changed()
{
	grep "ok=[0-9]* *changed=$1 .*failed=0" /tmp/play
}

installs()
{
	play && grep 'changed=[1-9]' /tmp/play && [ "$(dpkg-query -W -f '${Version} ' roundwatch roundwatch-dkms)" = "$version $version " ] ||
		return 1
	modinfo -F filename roundwatch | grep '/updates/' && [ "$(cat /sys/module/roundwatch/version)" = "$version" ] &&
		grep -x 'exe /usr/bin/monerod user monero' /etc/roundwatch/allow && id -nG nobody | grep -w roundwatch
}

enables()
{
	for unit in roundwatch-monitor.service roundwatch-metrics.socket; do
		systemctl is-enabled $unit && systemctl is-active $unit || return 1
	done
	tr '\0' ' ' <"/proc/$(systemctl show -P MainPID roundwatch-monitor)/cmdline" >/tmp/cmdline
	cat /tmp/cmdline
	grep -e '--collect /var/lib/roundwatch/evidence' /tmp/cmdline && grep -e '--textfile /var/lib/prometheus/' /tmp/cmdline &&
		scrape 9753 /metrics && grep -x 'roundwatch_up 1' /tmp/scrape && roundwatch check
}

main_pid()
{
	systemctl show -P MainPID roundwatch-monitor
}

changes_nothing()
{
	before=$(main_pid)
	play && changed 0 && [ "$(main_pid)" = "$before" ]
}

# One line of the list is one change, and the handler: the monitor reads it again and is not restarted.
changes_list()
{
	before=$(main_pid)
	play -e '{"roundwatch_allow": ["user monero"]}' && changed 2 && [ "$(main_pid)" = "$before" ] &&
		grep -x 'user monero' /etc/roundwatch/allow && ! grep exe /etc/roundwatch/allow
}

# A miner is no failure of the role, which shows it.
shows_miner()
{
	fill_cache 300 && spawn 1 && await 60 accusation "$pid" && play -e '{"roundwatch_allow": ["user monero"]}' && changed 0 &&
		grep 'ROUNDWATCH CRITICAL' /tmp/play
}

takes_back()
{
	play -e '{"roundwatch_allow": ["user monero"], "roundwatch_metrics": false, "roundwatch_monitor": false}' \
		-e '{"roundwatch_monitor_collect": false, "roundwatch_monitor_textfile": ""}' || return 1
	! systemctl is-active roundwatch-monitor && ! systemctl is-enabled roundwatch-metrics.socket &&
		! systemctl is-active roundwatch-metrics.socket && [ ! -e $dropin ]
}

first=0
lag=0
test_case 'make repo: a signed repository' publishes
test_case 'the role installs packages, module, allow list and group' installs
test_case 'monitor and metrics run with the options of the role, and check sees' enables
test_case 'a second run changes nothing' changes_nothing
test_case 'a changed allow list reloads the monitor' changes_list
test_case 'a miner is shown, and is no failure' shows_miner
test_case 'what is no longer wanted is stopped, and its drop-in removed' takes_back
finish
