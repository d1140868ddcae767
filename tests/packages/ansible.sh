#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The role in packaging/ansible, without installing: tests/packages/hosts.sh does. On the host.

set -u
exec </dev/null
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/packages/lib.sh
. tests/packages/lib.sh
# Debian's ansible is for Debian's python3.
PATH=/usr/bin:/bin:/usr/sbin:/sbin
HOME=$tmp
export HOME

# It cannot reach what it would like to know of newer versions of itself.
lints()
{
	cp -R packaging/ansible "$tmp/role" || return 1
	(cd "$tmp/role" && ansible-lint --offline --strict --nocolor) >"$tmp/out" 2>&1 || { cat "$tmp/out"; return 1; }
	# All files, not only the playbook.
	sed -n 's/.* on \([0-9]*\) files.*/\1/p' "$tmp/out" >"$tmp/number"
	[ "$(cat "$tmp/number")" -ge "$(find packaging/ansible -type f | wc -l)" ] || { cat "$tmp/out"; return 1; }
}

# refuses TEXT VARIABLE=VALUE...: before anything is done
refuses()
{
	text=$1
	shift
	! ansible-playbook -c local -i localhost, --check -e ansible_become=false \
		-e "roundwatch_repository_url= roundwatch_repository_key= $*" packaging/ansible/roundwatch.yml >"$tmp/out" 2>&1 || return 1
	cat "$tmp/out"
	grep -F "$text" "$tmp/out" && ! grep 'Install with' "$tmp/out"
}

test_case 'ansible-lint finds nothing' lints
test_case 'a repository without its key is refused' refuses 'is not the text of roundwatch.asc' \
	roundwatch_repository_url=http://localhost roundwatch_repository_key=key
test_case 'metrics for everybody are refused' refuses "is '0.0.0.0:9753': name one address" roundwatch_metrics_address=0.0.0.0:9753
finish
