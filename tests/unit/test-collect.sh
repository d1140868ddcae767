#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-collect.sh BUILD_DIR: collect with living processes, and with a copy of a host's files. Needs
# neither the module nor root. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

# started COMMAND...: runs it, as $pid, until it has begun
started()
{
	program=$1
	"$@" </dev/null >/dev/null 2>&1 &
	pid=$!
	wait_for 20 runs
}

runs() { [ "$(readlink "/proc/$pid/exe" | sed 's/ (deleted)$//')" = "$(readlink -f "$program")" ]; }

# unpack FILE: into the directory got
unpack()
{
	rm -rf got
	mkdir got
	tar -xzf "$1" -C got --strip-components=1
}

# manifest PATH: of the unpacked one
manifest() { mk json "$1" <got/manifest.json; }

# member NAME KEY: of its entry in the manifest, which has a line for each
member()
{
	awk -v name="\"name\":\"$1\"," -v key="\"$2\":" '
		$1 == name { found = 1 }
		found && index($1, key) == 1 { sub(/,$/, ""); print substr($1, length(key) + 1); exit }
		' got/manifest.json
}

cp "$(command -v sleep)" miner
started ./miner 1000
rm miner
SECRET=no1 run collect -o one.tar.gz "$pid"
expect "without the module" 4
says "without the module" err "explain.json: the module is not loaded"
says "one line says what was written" out "one.tar.gz: " " of process $pid, not all complete, sha256 "
same "its sum is that of the file" "$(sed 's/.*sha256 //' out)" "$(sha256sum <one.tar.gz | cut -d ' ' -f 1)"
same "only its owner may read it" "$(stat -c %a one.tar.gz)" 600
unpack one.tar.gz
result $? "it is a tar.gz"
same "the executable, although it is deleted" "$(sha256sum <got/exe)" "$(sha256sum <"$(command -v sleep)")"
same "its arguments" "$(tr '\0' ' ' <got/proc/cmdline)" "./miner 1000 "
same "the manifest: process" "$(manifest pid) $(manifest command) $(manifest alive_at_end)" "$pid \"miner\" true"
same "the manifest: not complete" "$(manifest complete) $(member recording.roundwatch complete)" "false false"
bad=
for file in $(cd got && find . -type f ! -name manifest.json | cut -c 3-); do
	[ "$(member "$file" sha256)" = "\"$(sha256sum <"got/$file" | cut -d ' ' -f 1)\"" ] || bad="$bad $file"
	[ "$(member "$file" size)" = "$(stat -c %s "got/$file")" ] || bad="$bad $file"
done
same "the manifest: sums and sizes of all files" "$bad" ""
for file in identity.json links descriptors threads host ancestors proc/maps proc/status proc/limits \
	proc/mountinfo proc/cgroup proc/net/tcp; do
	[ -s "got/$file" ]
	result $? "there is $file"
done
says "links" got/links "exe $tmp/miner (deleted)" "net net:["
says "descriptors" got/descriptors "0 /dev/null"
grep -qx PATH got/environment
result $? "environment: names"
same "environment: no values" "$(grep -c "$PATH" got/environment)" 0

# Nothing is overwritten, nothing followed
run collect -o one.tar.gz "$pid"
expect "the file exists" 1
says "the file exists" err "it exists; nothing is overwritten"
same "the file exists: it stays as it was" "$(sed 's/.*sha256 //' out)$(unpack one.tar.gz && manifest pid)" "$pid"
ln -s elsewhere link.tar.gz
run collect -o link.tar.gz "$pid"
expect "a link" 1
[ ! -e elsewhere ]
result $? "a link is not followed"
run collect -o nowhere/x.tar.gz "$pid"
expect "no directory" 1
same "nothing is left behind" "$(find . -name '.*.tar.gz*')" ""
"$build/roundwatch" collect -o - --environ "$pid" >out.tar.gz 2>err
same "standard output: status" $? 4
unpack out.tar.gz
tr '\0' '\n' <got/environment | grep -qxF "PATH=$PATH"
result $? "environment: values on demand"
mkdir here
(cd here && "$build/roundwatch" collect "$pid" >out 2>err)
same "a name by itself" "$(find here -name "roundwatch-*-$pid-*Z.tar.gz" | wc -l)" 1

# Bounded
run collect -o small.tar.gz --max-size 20K "$pid"
expect "small" 4
says "small" err "exe: larger than --max-size allows: cut after "
unpack small.tar.gz
same "small: the sum of all of the executable" "$(member exe sha256_of_all)" \
	"\"$(sha256sum <"$(command -v sleep)" | cut -d ' ' -f 1)\""
size=$(find got -type f ! -name manifest.json -exec cat {} + | wc -c)
[ "$size" -le 20480 ]
result $? "small: $size bytes are no more than 20480"

# A process that does not run now
kill -STOP "$pid"
wait_for 20 grep -q "^State:.T" "/proc/$pid/status"
run collect -o stopped.tar.gz "$pid"
unpack stopped.tar.gz
same "stopped" "$(sed -n 's/^State:\t\(.\).*/\1/p' got/proc/status) $(manifest alive_at_end)" "T true"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
run collect -o gone.tar.gz "$pid"
expect "gone" 1
[ ! -e gone.tar.gz ]
result $? "gone: no archive"

# A file that was never on disk
cat >memfd.py <<-'END'
	import ctypes, os, sys
	fd = os.memfd_create("x", 0)
	os.write(fd, open(sys.argv[1], "rb").read())
	os.execve(fd, ["kworker", "1000"], os.environ)
END
python3 memfd.py "$(command -v sleep)" &
pid=$!
wait_for 20 grep -qs '^kworker' "/proc/$pid/cmdline"
run collect -o memfd.tar.gz "$pid"
unpack memfd.tar.gz
same "memfd" "$(sha256sum <got/exe)" "$(sha256sum <"$(command -v sleep)")"
says "memfd" got/links "exe /memfd:x (deleted)"
kill -KILL "$pid"

# With the record of the module, and files of a host that do not answer or are no files
mkdir -p host/proc/42/fd host/proc/42/ns host/proc/42/task host/etc host/bin host/sys/fs/cgroup/job
echo '42 (miner) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 10000 0' >host/proc/42/stat
printf 'Tgid:\t42\nUid:\t0\n' >host/proc/42/status
printf 'miner\0' >host/proc/42/cmdline
echo '0::/job' >host/proc/42/cgroup
echo '50000 100000' >host/sys/fs/cgroup/job/cpu.max
: >host/proc/42/limits
: >host/proc/42/mountinfo
: >host/proc/42/maps
printf 'A=1\0B=x=y\0C\0' >host/proc/42/environ
echo program >host/bin/miner
ln -s /bin/miner host/proc/42/exe
ln -s "$(printf 'a\nb')" host/proc/42/fd/3
mk head info tally flags=1 pid=42 tgid=42 uid=0 comm=miner verdict=3 highest=3 evidence=2000 end >recording
run collect -o all.tar.gz --input recording --sysroot host 42
expect "all" 0
unpack all.tar.gz
same "all: complete" "$(manifest complete)" true
same "all: the verdict" "$(mk json roundwatch.0.verdict <got/list.json) $(mk json explain.0.verdict <got/explain.json)" \
	'"randomx" "randomx"'
run list --input got/recording.roundwatch --raw -n -o PID,EXE
same "all: the recording" "$(cat out)" "42 /bin/miner"
same "all: the executable in the copy" "$(cat got/exe)" program
same "all: names with an equals sign, and without" "$(tr '\n' , <got/environment)" "A,B,C,"
same "all: a name that breaks a line" "$(cat got/descriptors)" '3 a\x0ab'
says "all: limits" got/control-groups "sys/fs/cgroup/job/cpu.max: 50000 100000"
rm host/proc/42/maps host/bin/miner
mkfifo host/proc/42/maps host/bin/miner
run collect -o pipes.tar.gz --input recording --sysroot host --timeout 2 42
expect "pipes" 4
says "pipes" err "proc/maps: Invalid argument" "explain.json: no answer in time"
unpack pipes.tar.gz
same "pipes: the rest is there" "$(member status.json size | grep -c '^[1-9]')" 1

for wrong in "" "x" "0" "1 2" "--max-size 0 1" "--max-size 5T 1" "--timeout 0 1" "--input recording 42" "--input - --sysroot host 42"; do
	# shellcheck disable=SC2086 # words
	run collect $wrong
	expect "wrong: '$wrong'" 2
done

finish
