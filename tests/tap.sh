# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# TAP for the scripts below this directory whose tests are commands. Such a script defines
#   show_case PASSED FILE   what to print about a case after its line; PASSED is empty if it failed, and
#                         FILE has the output of its command
# and may define
#   set_up                what to do before a case
#   clean_up              what to undo after a case that failed, besides ending its processes

count=0
failed=0
tap_titles="
"
tap_logs=$(mktemp -d)
# Every program that a case starts has this in its environment, however it was started.
RW_CASE=
export RW_CASE

# Prints the processes that the present case has started and that still run.
left_running()
{
	(
		mark=RW_CASE=$RW_CASE
		unset RW_CASE
		grep -lsxz "$mark" /proc/[0-9]*/environ | cut -d/ -f3
	)
}

# Ends them.
end_case()
{
	for _ in 1 2 3; do
		# shellcheck disable=SC2046 # words
		set -- $(left_running)
		[ $# -gt 0 ] || break
		kill -KILL "$@"
		wait "$@"
	done 2>/dev/null
}

# test_case NAME COMMAND...: one line of TAP. If the case fails, what it started is ended. A name that
# another case has fails: no log would say which of them it was.
test_case()
{
	title=$1
	shift
	case $tap_titles in
	*"
$title
"*) set -- fail "another case has this name" ;;
	esac
	tap_titles="$tap_titles$title
"
	count=$((count + 1))
	RW_CASE=$$.$count
	set_up
	if "$@" >"$tap_logs/$count" 2>&1; then
		echo "ok $count - $title"
		show_case 1 "$tap_logs/$count"
	else
		failed=$((failed + 1))
		echo "not ok $count - $title"
		show_case '' "$tap_logs/$count"
		end_case
		clean_up >"$tap_logs/clean" 2>&1 || sed 's/^/# clean up | /' "$tap_logs/clean"
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

set_up()
{
	:
}

clean_up()
{
	:
}
