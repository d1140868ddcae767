#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What the other tests rely on: that a run in the virtual machine, its output and its results are
# what scripts/vm, scripts/tap and tests/tap.sh say they are. Run it at the top of the tree.

# shellcheck source=tests/tap.sh
. tests/tap.sh
# shellcheck source=tests/limits.sh
. tests/limits.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$tap_logs"' EXIT

show_case()
{
	[ "$1" ] || sed 's/^/# | /' "$2"
}

# An emulator that boots nothing: $FAKE is its guest, a piece of shell in which output, console and
# last FILE are what a guest writes to.
export tmp
mkdir "$tmp/bin"
cat >"$tmp/bin/qemu-system-x86_64" <<'END'
#!/bin/sh
[ "$1" != --version ] || { echo "QEMU emulator version 99.0"; exit; }
for arg; do
	case $arg in
	*path=*/output) output=${arg##*path=} ;;
	*path=*/status) status=${arg##*path=} ;;
	file:*) console=${arg#file:} ;;
	*RW_NONCE=*) nonce=${arg##*RW_NONCE=}; nonce=${nonce%% *} ;;
	esac
done
# ends STATUS: as tests/vm/init.c does
ends()
{
	echo "roundwatch-vm: status=$1 output=$(cksum <"$output" | tr ' ' :) nonce=$nonce" >"$status"
}
eval "$FAKE"
END
chmod +x "$tmp/bin/qemu-system-x86_64"

# fake GUEST STATUS MESSAGE: how scripts/vm takes such a guest; standard output in $tmp/out
fake()
{
	FAKE=$1 PATH=$tmp/bin:$PATH scripts/vm run --name lab-fake -- true >"$tmp/out" 2>"$tmp/err"
	status=$?
	cat "$tmp/err"
	[ "$status" = "$2" ] || fail "status $status, not $2" || return 1
	[ ! "$3" ] || grep -qF -e "$3" "$tmp/err"
}

passes_on()
{
	fake 'printf "one\ntwo" >"$output"; ends 3' 3 '' && [ "$(cat "$tmp/out")" = "one
two" ]
}

misses_a_line()
{
	fake 'seq 9 >"$output"; ends 0; sed -i 5d "$output"' 125 "of 18 bytes of the command's output 16 arrived"
}

sees_another_byte()
{
	fake 'seq 9 >"$output"; ends 0; sed -i s/5/6/ "$output"' 125 "of 18 bytes of the command's output 18 arrived"
}

wants_the_last_line()
{
	fake 'seq 9 >"$output"' 125 'the machine ended before the command did' &&
		fake 'seq 9 >"$output"; nonce=0; ends 0' 125 'the machine ended before the command did'
}

sees_trouble()
{
	fake 'echo "[ 1.0] WARNING: CPU: 0" >"$console"; ends 0' 125 'it began with: [ 1.0] WARNING: CPU: 0'
}

# The virtual machine is gone before the first byte is read. Through a pipe, QEMU would have lost all
# but the first 64 KiB: it drops what it cannot write when the machine is switched off.
waits_for_its_reader()
{
	{
		scripts/vm run --name lab-late -- seq 60000
		echo "status $?"
	} 2>"$tmp/err" | {
		wait_for 120 has_ended
		cat >"$tmp/out"
	}
	cat "$tmp/err"
	{ seq 60000; echo "status 0"; } | cmp - "$tmp/out"
}

has_ended()
{
	grep -qs 'output=1151633447:348894 ' build/vm/.run.*/status
}

# tapped TEXT PASSED FAILED MESSAGE: what scripts/tap makes of a program that prints the text
tapped()
{
	rm -f "$tmp/totals"
	printf '%b' "$1" >"$tmp/program"
	scripts/tap "$tmp/totals" unit/it cat "$tmp/program" >"$tmp/out"
	cat "$tmp/totals" "$tmp/out"
	[ "$(cat "$tmp/totals")" = "$2 $3" ] && grep -qF -e "$4" "$tmp/out"
}

# The guest's clock, which counts the time-stamp counter, beside the emulator's real-time clock
keeps_time()
{
	spinners=
	for _ in 1 2 3 4 5 6; do
		(while :; do :; done) &
		spinners="$spinners $!"
	done
	# shellcheck disable=SC2016 # for the guest
	scripts/vm run --name lab-clock -- sh -c '
		second() { cat /sys/class/rtc/rtc0/since_epoch; }
		next() { was=$(second); while [ "$(second)" = "$was" ]; do :; done; cut -d" " -f1 /proc/uptime; }
		from=$(next); start=$(second); now=$(next); while [ $(($(second) - start)) -lt 5 ]; do now=$(next); done
		echo "$from $now $(($(second) - start))"' >"$tmp/clock"
	status=$?
	# shellcheck disable=SC2086 # words
	kill $spinners
	cat "$tmp/clock"
	[ $status = 0 ] && awk '{ rate = ($2 - $1) / $3; exit rate < 0.7 || rate > 1.4 }' "$tmp/clock"
}

counts()
{
	tapped 'ok 1 - a\nnot ok 2 - b\n# why\n1..2\n' 1 1 '# why' &&
		tapped '1..2\nok 1 - a\nok 2 - b\n' 2 0 '2 passed, 0 failed'
}

counts_skipped_as_failed()
{
	tapped 'ok 1 - a # SKIP no b\n1..1\n' 0 1 'not ok 1 - a # SKIP no b' &&
		tapped '1..0 # SKIP nothing here\n' 0 1 'SKIP nothing here'
}

misses_results()
{
	tapped 'ok 1 - a\nok 3 - c\n1..3\n' 2 2 'test 3 follows test 1' &&
		tapped 'ok 1 - a\n1..2\n' 1 1 'ran 1 of 2 tests' &&
		tapped 'ok 1 - a\n' 1 1 'ended without a plan' &&
		tapped '1..0\n' 0 1 'has no tests'
}

# A script of two cases: the first leaves processes running, in a session of their own too.
cat >"$tmp/cases" <<'END'
. tests/tap.sh
show_case() { :; }
leaves()
{
	sleep 1000 &
	echo $! >"$tmp/child"
	setsid sh -c 'sh -c "sleep 1000 & echo \$! >$tmp/orphan"'
	return "$1"
}
test_case one leaves "$1"
test_case two true
rm -rf "$tap_logs"
finish
END

runs()
{
	grep -qs '^State:.[^Z]' "/proc/$(cat "$tmp/$1")/status"
}

ends_what_failed()
{
	sh "$tmp/cases" 1
	! runs child && ! runs orphan
}

leaves_what_passed()
{
	sh "$tmp/cases" 0
	runs child && runs orphan
	status=$?
	kill "$(cat "$tmp/child")" "$(cat "$tmp/orphan")"
	return $status
}

# A tree whose suites do nothing: $tmp/tree/scripts/check is the real one. Every tool prints its arguments;
# $BAD fails, and $SLOW never ends.
make_tree()
{
	tree=$tmp/tree
	mkdir -p "$tree/scripts" "$tree/tests/packages" "$tree/tests/fuzz" "$tree/tests/prove" \
		"$tree/tests/unit" "$tree/tests/fleet" "$tree/build/tools"
	cp scripts/check scripts/tap "$tree/scripts"
	cat >"$tree/tool" <<-'END'
	#!/bin/sh
	case "${0##*/} $*" in
	"$BAD") exit 1 ;;
	"$SLOW") echo $$ >slow; exec sleep 1000 ;;
	"kernel list bullseye") echo 5.10.0-1-amd64 ;;
	"kernel list trixie") echo 6.12.1+deb13-amd64 ;;
	"kernel default") echo 6.1.0-1-amd64 ;;
	"kernel default arm64") echo 6.1.0-1-arm64 ;;
	"cross arm64 root" | "foreign bookworm qemu-user-static") echo build ;;
	*) printf 'ok 1 - %s\n1..1\n' "${0##*/} $*" ;;
	esac
	END
	chmod +x "$tree/tool"
	for tool in scripts/cross scripts/deps scripts/kernel scripts/vm scripts/foreign scripts/lint \
		scripts/matrix scripts/testmod tests/fuzz/run tests/prove/run tests/lab.sh \
		tests/packages/build.sh tests/packages/repo.sh tests/packages/ansible.sh \
		tests/fleet/dashboard.sh tests/fleet/kubernetes.sh tests/fleet/image tests/fleet/bundles \
		tests/unit/test-arm64.sh build/tools/npm; do
		ln -sf "$tree/tool" "$tree/$tool"
	done
	printf 'programs:\n' >"$tree/Makefile"
	printf 'all:\n' >"$tree/tests/fuzz/Makefile"
	printf 'list:\n\t@echo one tests/fuzz/run\n\t@echo two tests/fuzz/run\n' >"$tree/tests/unit/Makefile"
	: >"$tree/scripts/lib-apt"
	: >"$tree/tests/fleet/package.json"
}

# check BAD FAILED TEXT...: how many tests have failed for scripts/check if BAD fails, and what it prints
check()
{
	BAD=$1 "$tmp/tree/scripts/check" >"$tmp/out" 2>&1 </dev/null
	status=$?
	if [ $status != $(($2 > 0)) ] || ! tail -n 1 "$tmp/out" | grep -x "[1-9][0-9]* passed, $2 failed"; then
		cat "$tmp/out"
		fail "$1 fails: not $2 failed, status $status"
		return
	fi
	shift 2
	for text; do
		grep -F -e "$text" "$tmp/out" || return
	done
}

checks()
{
	make_tree
	check none 0 'lint: 1 passed' 'packages/build: 1 passed' 'vm/lab: 1 passed' 'vm/cases: 1 passed' \
		'packages/repo: 1 passed' 'packages/ansible: 1 passed' 'unit/test-arm64: 1 passed' \
		'matrix --tap --few bookworm/6.1.0-1-arm64' 'unit/two: 1 passed' 'fuzz: 1 passed' 'prove: 1 passed' 'vm/identity: 1 passed' \
		'fleet/dashboard: 1 passed' 'fleet/kubernetes: 1 passed' 'vm/pod: 1 passed' \
		'matrix --tap bullseye/5.10.0-1-amd64 bookworm/6.1.0-1-rt-amd64 trixie/6.12.1+deb13-amd64'
}

misses_what_does_not_run()
{
	check 'kernel fetch' 4 'not ok - scripts/kernel fetch: status 1' 'unit/two: 1 passed' &&
		check 'lint --tap' 1 'vm/cases: 1 passed' &&
		check 'kernel prepare 6.12.1+deb13-amd64 trixie' 1 'matrix: 1 passed' &&
		check 'kernel list trixie' 1 'matrix: no kernels were chosen' &&
		check 'npm install --silent --no-package-lock --no-audit --no-fund --prefix build/npm' 1 'lint: 1 passed' &&
		check 'foreign trixie promtool' 2 'lint: 1 passed'
}

ends_when_interrupted()
{
	rm -f "$tmp/tree/slow"
	SLOW='lint --tap' "$tmp/tree/scripts/check" >"$tmp/out" 2>&1 &
	wait_for 20 test -s "$tmp/tree/slow" && kill -TERM $!
	wait $!
	status=$?
	cat "$tmp/out"
	[ $status = 143 ] && tail -n 1 "$tmp/out" | grep ' passed, ' &&
		wait_for 20 has_ended_itself "$(cat "$tmp/tree/slow")"
}

has_ended_itself()
{
	! grep -qs '^State:.[^Z]' "/proc/$1/status"
}

stretches()
{
	[ "$(RW_SLOWNESS=7 sh -c '. tests/limits.sh; within 20')" -ge 140 ] && ! wait_for 1 false &&
		wait_for 1 true
}

test_case "the command's output and status are passed on" passes_on
test_case "a line that is lost is missed" misses_a_line
test_case "so is a byte that is another" sees_another_byte
test_case "a machine that ended early has not passed" wants_the_last_line
test_case "nor has one whose kernel was in trouble" sees_trouble
test_case "a reader that comes late gets all of the output" waits_for_its_reader
test_case "the clock is right, however busy the host is when it boots" keeps_time
test_case "results are counted" counts
test_case "a skipped test counts as failed" counts_skipped_as_failed
test_case "results that are missing are missed" misses_results
test_case "a case that failed ends what it started" ends_what_failed
test_case "a case that passed does not" leaves_what_passed
test_case "make check counts all suites" checks
test_case "make check misses what does not run" misses_what_does_not_run
test_case "make check ends all of it when it is interrupted" ends_when_interrupted
test_case "limits stretch" stretches
finish
