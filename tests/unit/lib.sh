# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # variables are for who reads this
# For tests of the reporter. They are run with BUILD_DIR, which contains roundwatch and mkrecord.
# Provides TAP, a temporary directory and common checks.

LC_ALL=C
TZ=UTC
# Memory from malloc() must not be zero by chance.
MALLOC_PERTURB_=165
export LC_ALL TZ MALLOC_PERTURB_
unset NO_COLOR TERM COLUMNS

# A sanitizer's report must not look like an exit status of the reporter.
ASAN_OPTIONS=abort_on_error=1:detect_leaks=1
UBSAN_OPTIONS=abort_on_error=1:halt_on_error=1
export ASAN_OPTIONS UBSAN_OPTIONS

if [ $# -ne 1 ] || [ ! -x "$1/roundwatch" ] || [ ! -x "$1/mkrecord" ]; then
	echo "Usage: $0 BUILD_DIR (with roundwatch and mkrecord in it)" >&2
	exit 2
fi
build=$(cd "$1" && pwd) || exit 2
source=$(cd "$(dirname "$0")/../../userspace" && pwd) || exit 2
# shellcheck source=tests/limits.sh
. "$(dirname "$0")/../limits.sh"
tmp=$(mktemp -d) || exit 2
# Every program that the test starts has this in its environment.
RW_CASE=$$
export RW_CASE
trap 'end_test; rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
cd "$tmp" || exit 2

count=0
failed=0

mk() { "$build/mkrecord" "$@"; }

# run ARG... - run the reporter; output in the files out and err, exit status in $rc
run()
{
	rc=0
	"$build/roundwatch" "$@" > out 2> err < /dev/null || rc=$?
}

# Ends what the test has left running.
end_test()
{
	# shellcheck disable=SC2046 # words
	set -- $(unset RW_CASE && grep -lsxz "RW_CASE=$$" /proc/[0-9]*/environ | cut -d/ -f3)
	[ $# = 0 ] || kill -KILL "$@" 2> /dev/null
}

result()	# passed? what
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		printf '%s\n' "ok $count - $2"
	else
		printf '%s\n' "not ok $count - $2"
		failed=$((failed + 1))
	fi
}

skip()	# what why
{
	count=$((count + 1))
	printf '%s\n' "ok $count - $1 # SKIP $2"
}

same()	# what got expected
{
	[ "$2" = "$3" ]
	set -- $? "$@"
	result "$1" "$2"
	if [ "$1" != 0 ]; then
		printf '%s\n' "got:" "$3" "expected:" "$4" | sed 's/^/# /'
	fi
}

# expect WHAT STATUS - check the exit status of the last run, and that errors have a message
expect()
{
	same "$1: exit status" "$rc" "$2"
	case $2 in
	0)	same "$1: nothing on stderr" "$(cat err)" "" ;;
	*)	same "$1: message" "$(head -n 1 err | cut -c 1-12)" "roundwatch: " ;;
	esac
}

# says WHAT FILE TEXT... - check that FILE contains each TEXT
says()
{
	what=$1
	file=$2
	shift 2
	for text; do
		grep -qF -e "$text" "$file"
		set -- $?
		result "$1" "$what: says '$text'"
		[ "$1" = 0 ] || sed 's/^/# /' "$file"
	done
}

# fits COLUMNS LINES - print yes if the file out fits and is not empty
fits()
{
	awk -v columns="$1" -v lines="$2" '
		length > columns { wide++ }
		END {
			fit = NR && NR <= lines && !wide
			print fit ? "yes" : NR " lines, " wide + 0 " too long"
		}' out
}

# json PATH - print the value at PATH of the JSON in the file out
json() { mk json "$1" < out; }

# raw FILE COLUMNS OPTION... - list the recording FILE as raw words without headings
raw()
{
	file=$1
	columns=$2
	shift 2
	run list --input "$file" --raw --noheadings --output "$columns" "$@"
	cat out
}

finish()
{
	echo "1..$count"
	[ $failed = 0 ] || {
		echo "# $failed of $count failed"
		exit 1
	}
}
