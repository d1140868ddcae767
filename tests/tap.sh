# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# TAP for scripts whose test cases are commands. The script that reads this file defines
# told_of PASSED FILE, which prints the output of a case in FILE. PASSED is empty if it failed.

count=0
failed=0
tap_logs=$(mktemp -d)

# test_case NAME COMMAND...: run a case and print one line of TAP
test_case()
{
	title=$1
	shift
	count=$((count + 1))
	if "$@" >"$tap_logs/$count" 2>&1; then
		echo "ok $count - $title"
		told_of 1 "$tap_logs/$count"
	else
		failed=$((failed + 1))
		echo "not ok $count - $title"
		told_of '' "$tap_logs/$count"
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
