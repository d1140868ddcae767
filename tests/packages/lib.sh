# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# TAP for the tests of packages.

count=0
failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# test_case NAME COMMAND...: one line of TAP; the command's output is shown if it fails.
test_case()
{
	title=$1
	shift
	count=$((count + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $count - $title"
	else
		failed=$((failed + 1))
		echo "not ok $count - $title"
		tail -n 60 "$tmp/log" | sed 's/^/# | /'
	fi
	return 0
}

finish()
{
	echo "1..$count"
	[ "$failed" = 0 ]
}

fail()
{
	echo "$*"
	return 1
}
