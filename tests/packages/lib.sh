# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# For the tests of packages: TAP, and a directory $tmp.

# shellcheck source=tests/tap.sh
. tests/tap.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$tap_logs"' EXIT

# The end of what a failed command said.
show_case()
{
	[ "$1" ] || tail -n 60 "$2" | sed 's/^/# | /'
}
