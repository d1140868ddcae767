# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # variables are for who reads this
# For tests of what a fleet runs, from the top of the source tree: TAP, a temporary directory, and programs of
# Debian 13, which are not installed.

# shellcheck source=tests/packages/lib.sh
. tests/packages/lib.sh
# shellcheck source=tests/limits.sh
. tests/limits.sh
build=build
modules=build/npm
servers=
trap 'end_servers; rm -rf "$tmp" "$tap_logs"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# foreign PROGRAM ARG...
foreign()
{
	program=$1
	shift
	scripts/foreign exec trixie "usr/bin/$program" "$@"
}

end_servers()
{
	# shellcheck disable=SC2086 # words
	[ ! "$servers" ] || kill $servers 2>/dev/null
	wait
	servers=
}

# start_server NAME COMMAND...: in the background, with its output in $tmp/NAME.log
start_server()
{
	name=$1
	shift
	"$@" >"$tmp/$name.log" 2>&1 &
	servers="$servers $!"
}

# The address that a server of Prometheus's family says it listens on.
address()
{
	sed -n 's/.*msg="Listening on" address=\([0-9.]*:[1-9][0-9]*\).*/\1/p' "$tmp/$1.log" | head -n 1 | grep .
}

has_answer()
{
	curl -fsS "$1" >/dev/null
}

# begin_server CONFIGURATION DATA: Prometheus; its address in $prometheus
begin_server()
{
	start_server prometheus scripts/foreign exec trixie usr/bin/prometheus --config.file "$1" \
		--storage.tsdb.path "$2" --web.listen-address 127.0.0.1:0
	wait_for 60 address prometheus || { cat "$tmp/prometheus.log"; return 1; }
	prometheus=http://$(address prometheus)
	wait_for 60 has_answer "$prometheus/-/ready" || { cat "$tmp/prometheus.log"; return 1; }
}

# start_prometheus DATA: with nothing to do but answer
start_prometheus()
{
	echo 'global: {}' >"$tmp/prometheus.yml"
	begin_server "$tmp/prometheus.yml" "$1"
}
