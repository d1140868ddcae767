#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-explain.sh BUILD_DIR: tests roundwatch explain with recordings and copies of /proc made here.
# Needs neither root nor the module. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

# has WHAT TEXT WORDS: check that the text contains the words, ignoring line breaks
has()
{
	case $(printf '%s' "$2" | tr -s ' \n' ' ') in
	*"$3"*) same "$1" "" "" ;;
	*) same "$1" "$2" "...$3..." ;;
	esac
}

explain() { "$build/roundwatch" explain --input recording "$@" 2>&1; }

# value PATH OPTION... - print a value of the JSON, using the shipped list of pools
value()
{
	path=$1
	shift
	"$build/roundwatch" explain --input recording --sysroot host \
		--pools "$source/../packaging/etc/roundwatch/pools" --json 7 "$@" 2>/dev/null | mk json "$path"
}

# finding NAME [OPTION...] - print state and detail of a finding
finding()
{
	case $1 in
	cpu) i=0 ;;
	memory) i=1 ;;
	huge) i=2 ;;
	code) i=3 ;;
	executable) i=4 ;;
	words) i=5 ;;
	connections) i=6 ;;
	scheduling) i=7 ;;
	msr) i=8 ;;
	esac
	shift
	printf '%s ' "$(value "explain.0.findings.$i.state" "$@")" \
		"$(value "explain.0.findings.$i.detail" "$@")"
}

rule="suspect_evidence=70 randomx_evidence=100 decay=7 gap_us=10000"

# recording MEMBER... - make a recording of a process and its two threads
recording()
{
	# shellcheck disable=SC2086 # words
	mk head info $rule \
		tally tgid=7 pid=7 flags=1 comm=kworker verdict=3 highest=3 evidence=121 \
			score_rd=125 score_ru=121 score_rz=140 score_cross=70 "$@" \
		tally tgid=7 pid=7 comm=kworker verdict=1 highest=1 rn=1 rd=1 changes=1 samples=2 "$@" \
		tally tgid=7 pid=8 comm=worker verdict=3 highest=3 evidence=121 rn=69 rd=89 ru=87 \
			rz=85 score_rd=125 score_ru=121 score_rz=140 score_cross=70 changes=161 \
			samples=202 "$@" end >recording
}

# thread TID TICKS NICE POLICY - make a thread of process 7, started 100 s after boot, 9900 s before
# the recording
thread()
{
	mkdir -p "host/proc/7/task/$1"
	echo "$1 (a) b) R 1 1 1 0 -1 4194304 0 0 0 0 $2 0 0 0 20 $3 1 0 10000 0 0 1 2 3 4 5 6 7 8 9" \
		"10 11 12 13 17 0 0 $4 0 0 0" >"host/proc/7/task/$1/stat"
	printf 'Name:\ta\nCpus_allowed_list:\t%s\n' "${5:-0-7}" >"host/proc/7/task/$1/status"
}

innocent()
{
	rm -rf host
	mkdir -p host/proc/7/fd host/proc/7/net host/usr/bin
	echo "7 (task) S 1 7 7 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 10000 0 0" >host/proc/7/stat
	echo kworker >host/proc/7/comm
	printf 'daemon\0--quiet\0' >host/proc/7/cmdline
	thread 7 10 0 0
	thread 8 20 0 0
	cat >host/proc/7/maps <<-'EOF'
		55d000000000-55d000100000 r-xp 00000000 08:01 42                         /usr/bin/daemon
		7f0000000000-7f0000800000 rw-p 00000000 00:00 0
		7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
		7ffc00100000-7ffc00102000 r-xp 00000000 00:00 0                          [vdso]
	EOF
	printf 'Name:\tkworker\nTgid:\t7\nHugetlbPages:\t       0 kB\n' >host/proc/7/status
	printf 'Rss:  1 kB\nAnonHugePages:         0 kB\n' >host/proc/7/smaps_rollup
	printf 'quite a program\n' >host/usr/bin/daemon
	ln -s /usr/bin/daemon host/proc/7/exe
	ln -s /dev/null host/proc/7/fd/0
	echo "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode" \
		>host/proc/7/net/tcp
	: >host/proc/modules
}

#
# Reasons, reliability, alternatives
#

recording
brief=$(explain 7)
text=$(explain -v 7)
same "the first line says it" "$(echo "$text" | head -n 1)" \
	"randomx  kworker [7] behaves like RandomX, the algorithm that mines Monero"
has "modes" "$text" "observed 332 times"
has "a bar" "$text" "RU 87 26 % ##########"
has "the parts" "$text" "RZ-RD/RU 140 ####"
has "threads, the worst first" "$text" "worst first 8 randomx 121: RN 69, RD 89, RU 87, RZ 85; 161 changes 7 rounding"
has "how sure" "$text" "once in about 2,000,000 samples; this is after 204."
has "what else" "$text" "nothing here is called monerod"
has "of a recording, nothing else" "$text" "the recording's host is not at hand"
same "no line is wider than 80 columns" "$(echo "$text" | awk 'length > 80')" ""
same "plain ASCII" "$(echo "$text" | mk escapes; echo $?)" 0
has "blocks where they can be shown" "$(LC_ALL=C.UTF-8 explain -v 7)" "RU 87 26 % ██████████▌"
has "what to do next: keep" "$text" "keep roundwatch collect -o /root/7.tar.gz 7"
has "what to do next: gone?" "$text" "gone? roundwatch 7 # \"ended\" roundwatch check"
printf '%s\n' "$brief" >out
same "without -v: fits" "$(fits 80 23)" yes
same "without -v: what is asked, in this order" \
	"$(tail -n +2 out | cut -c 3-10 | grep -o '^[a-z?]\+' | tr '\n' ' ')" \
	"who since sure unless keep freeze stop gone? "
same "it is the beginning of the rest" "$(echo "$text" | head -n "$(wc -l <out)" | grep -v 'WHAT TO')" \
	"$(grep -v 'WHAT TO' out)"
has "without -v: how sure" "$brief" "sure high: by chance once in about 2,000,000 samples; evidence 121 of 100"
has "without -v: modes" "$brief" "RN 21 %, RD 27 %, RU 26 %, RZ 26 % of 332; RandomX: 31, 23, 23, 23"
has "without -v: since when" "$brief" "since 2023-11-14 21:43:20, for 30m; the process began 2023-11-14 19:28:20"
has "without -v: what else" "$brief" "unless it is a Monero node, or a program that imitates RandomX"
has "without -v: where the rest is" "$brief" "WHAT TO DO NEXT as root, on the host of the recording keep"
same "JSON: what to do next" "$("$build/roundwatch" explain -i recording -J 7 | mk json explain.0.next.1.command)" \
	'"kill -STOP 7"'
has "a thread" "$(explain 8)" "randomx worker [7, thread 8] behaves like RandomX"
rule="suspect_evidence=50 randomx_evidence=100"
recording
has "other parameters" "$(explain -v 7)" "Less is known than usual"
has "other parameters, in short" "$(explain 7)" "sure less than usual: other parameters than the default ones"
rule="suspect_evidence=70 randomx_evidence=100 decay=7 gap_us=10000"
recording flags=4
has "a guest, in short" "$(explain 7)" "unless it is the virtual machine in which this happens"
has "a guest" "$(explain -v 7)" "Look inside the machine for the program"
recording verdict=2 flags=8
has "x87, in short" "$(explain 7)" "unless it is a Monero node, or a loop over fesetround()"
has "x87" "$(explain -v 7)" "A loop over fesetround()"
recording comm=monerod
has "a node, in short" "$(explain 7)" "unless it is an honest Monero node, by its name"
has "a node" "$(explain -v 7)" "An honest Monero node, by its name"
recording flags=2
has "ended" "$(explain 8)" "ended worker [7, thread 8] was randomx: behaved like RandomX"
has "ended: when" "$(explain 8)" "who user 0, nothing more is known about it ended 3s ago, 2023-11-14 22:13:17"
same "JSON: ended" "$("$build/roundwatch" explain -i recording -J 8 | mk json explain.0.verdict)" '"ended"'
same "JSON: ended when" "$("$build/roundwatch" explain -i recording -J 8 | mk json explain.0.ended)" \
	'"2023-11-14T22:13:17.000000+00:00"'
recording uid=42
printf 'user 42\n' >allow
chmod 644 allow
same "allowed: nothing to do" "$(explain --allow allow 7 | grep -c 'TO DO')" 0
has "allowed" "$(explain --allow allow 7)" "allowed by line 1: user 42"
same "JSON: allowed" "$("$build/roundwatch" explain -i recording --allow allow -J 7 | mk json explain.0.allowed)" \
	'"line 1: user 42"'
mk head info tally tgid=7 pid=7 verdict=1 highest=1 rn=5 rd=50 ru=60 score_rd=130 score_ru=130 \
	samples=90 end >recording
text=$(explain 7)
has "intervals: what they lack" "$text" "it hardly ever changes to RZ"
has "intervals: what they are" "$text" "Interval arithmetic"
mk head info tally tgid=7 pid=7 verdict=1 highest=1 rn=5 rz=50 samples=9 end >recording
has "an emulator" "$(explain 7)" "An emulator of a console"
mk head info tally tgid=7 pid=7 verdict=1 highest=3 rn=5 rd=5 ru=5 rz=50 samples=9 end >recording
text=$(explain 7)
has "it was a miner" "$(explain -v 7)" "It was randomx before"
has "it was a miner, in short" "$text" "sure it was randomx: evidence fades by 2 a second; evidence 0"
has "it was a miner: the first line says it" "$text" \
	"rounding task [7] was randomx, and does not behave like RandomX now"
has "it was a miner, and may go on: stop it" "$text" "freeze kill -STOP 7 stop kill -KILL 7"
mk head info tally tgid=7 pid=7 verdict=1 highest=2 rn=5 rd=5 ru=5 rz=50 samples=9 end >recording
has "it was suspect for a moment" "$(explain 7)" "WHAT TO DO NEXT as root, on the host of the recording gone? roundwatch check"
mk head info tally tgid=7 pid=7 verdict=1 highest=1 start_ns=5 process_start_ns=5 \
	tally tgid=7 pid=7 verdict=2 highest=2 end >recording
has "of two of one number, the later" "$(explain 7)" "suspect task [7]"
recording mapped=$((300 << 20))
has "memory that the rule saw" "$(explain 7)" "maps 300 MiB, enough for RandomX (128)"
same "JSON: memory" "$("$build/roundwatch" explain -i recording -J 7 | mk json explain.0.mapped_mib)" 300
same "JSON: not small" "$("$build/roundwatch" explain -i recording -J 7 | mk json explain.0.small)" false
recording verdict=2 highest=2 flags=16 mapped=$((20 << 20))
has "small" "$(explain 7)" "sure at most suspect: it maps less memory than RandomX needs; evidence"
has "small: how much" "$(explain 7)" "maps 20 MiB, too little for RandomX (128)"
same "JSON: small" "$("$build/roundwatch" explain -i recording -J 7 | mk json explain.0.small)" true
has "small: in the list" "$("$build/roundwatch" -i recording --raw -o FLAGS)" small
# What was small when a thread began is not.
mk head info tally tgid=7 pid=7 flags=1 verdict=3 highest=3 mapped=$((300 << 20)) \
	tally tgid=7 pid=8 flags=16 verdict=1 highest=1 mapped=$((20 << 20)) end >recording
has "grown: the larger memory counts" "$(explain 7)" "maps 300 MiB, enough"
same "grown: JSON" "$("$build/roundwatch" explain -i recording -J 7 | mk json explain.0.small)" false
recording comm="$(printf 'a\033[2J')"
same "nothing for a terminal to act upon" "$(explain 7 | mk escapes; echo $?)" 0
recording
same "JSON" "$("$build/roundwatch" explain -i recording -J 7 | mk json explain.0.parts.cross)" 140
same "JSON: two" "$("$build/roundwatch" explain -i recording -J 7 8 | mk json explain.1.tid)" 8

#
# Unknown numbers
#

same "none: status" "$(explain 99 >/dev/null; echo $?)" 1
has "none: why" "$(explain 99)" "99: the recording has no tally of it"
same "none and one: status" "$(explain 99 7 >/dev/null; echo $?)" 1
has "none and one: the one" "$(explain 99 7)" "kworker [7]"
innocent
has "none in /proc either" "$(explain --sysroot host 99)" "99: no such process, and no tally"
mk head info end >recording
same "clear: status" "$(explain --sysroot host 7 >/dev/null; echo $?)" 0
has "clear" "$(explain --sysroot host 7)" "clear kworker [7] never seen outside round-to-nearest"
mk head info dropped=5 end >recording
has "clear, but the table was full" "$(explain --sysroot host 7)" "5 observations dropped"
mk head info flags=1 end >recording
same "blind: status" "$(explain --sysroot host 7 >/dev/null; echo $?)" 4
has "blind" "$(explain --sysroot host 7)" "the module is blind, so this says nothing"
recording
same "no number" "$(explain >/dev/null; echo $?)" 2
same "no such number" "$(explain 7x >/dev/null; echo $?)" 2
same "watching a recording" "$(explain --watch 1 7 >/dev/null; echo $?)" 2
same "no module" "$("$build/roundwatch" explain --device "$tmp/none" 7 >/dev/null 2>&1; echo $?)" 3
same "help fits a screen" "$(explain --help | awk 'END { print NR <= 24 }')" 1

#
# Other signs of a miner: not found, found, not readable
#

for name in cpu memory huge code executable words connections scheduling msr; do
	has "$name: not found" "$(finding $name)" '"not found"'
done

thread 8 950000 19 5 3
has "cpu: found" "$(finding cpu)" '"found" "1 of 2 threads with half a CPU or more, 96 %'
has "cpu: beside the thread" "$(value explain.0.threads.0.cpu_percent)" 96
has "scheduling: found" "$(finding scheduling)" '"found" "of 2 threads 1 pinned to one CPU, 1 nice, 1 of class'

# A dataset merged with a scratchpad, a cache with malloc()'s page, code, and a shared object.
cat >>host/proc/7/maps <<'EOF'
7e0000000000-7e0082200000 rw-p 00000000 00:00 0
7e1000000000-7e1010001000 rw-p 00000000 00:00 0
7e2000000000-7e2000201000 rw-p 00000000 00:00 0
7e3000000000-7e3000020000 rwxp 00000000 00:00 0
EOF
has "memory: dataset and cache" "$(finding memory)" \
	'"found" "2082 MiB, as RandomX'\''s dataset, and 256 MiB, as its cache, and 1 of 2 MiB'
has "code: found" "$(finding code)" '"found" "128 KiB of executable memory that is no file'\''s, in 1 mapping, 1 writable'
sed -i '/^7e00/d' host/proc/7/maps
has "memory: a cache alone" "$(finding memory)" 'a mapping of 256 MiB, as RandomX'\''s cache (light mode)'
echo '7e4000000000-7e4000001000 r-xp 00000000 08:01 9  /usr/lib/libRandomX.so' >>host/proc/7/maps
has "words: a mapped file" "$(finding words)" '"found" "\"randomx\" in the name of a mapped file'
echo '7e5000000000-7f5000001000 r-xp' >host/proc/7/maps
head -c 5000 /dev/urandom >>host/proc/7/maps
has "memory: noise" "$(finding memory)" '"not found"'

printf 'HugetlbPages:\t 2359296 kB\n' >host/proc/7/status
has "huge pages: reserved" "$(finding huge)" '"found" "2304 MiB reserved, 0 KiB transparent"'
printf 'HugetlbPages:\t 0 kB\n' >host/proc/7/status
rm host/proc/7/smaps_rollup
printf 'AnonHugePages:  2048 kB\nAnonHugePages:  4096 kB\n' >host/proc/7/smaps
has "huge pages: transparent, of each mapping" "$(finding huge)" '"found" "0 KiB reserved, 6 MiB transparent"'

innocent
head -c 1048574 /dev/zero >host/usr/bin/daemon
printf 'XmRig/6.21' >>host/usr/bin/daemon
has "words: across two reads" "$(finding words)" '"found" "\"xmrig\" in the executable"'
ln -sf /proc/1/exe host/proc/7/exe
has "words: never of this host's file" "$(finding words)" '"not readable" "exe: No such file'
mkfifo host/usr/bin/fifo
ln -sf /usr/bin/fifo host/proc/7/exe
has "words: a pipe" "$(finding words)" '"not readable" "exe: Invalid argument'
ln -sfn '/usr/bin/daemon (deleted)' host/proc/7/exe
has "executable: deleted" "$(finding executable)" '"found" "deleted: /usr/bin/daemon"'
ln -sfn '/memfd:x (deleted)' host/proc/7/exe
has "executable: memfd" "$(finding executable)" '"found" "in memory only: memfd:x"'
printf 'x\0--DONATE-level=1\0' >host/proc/7/cmdline
has "words: command line" "$(finding words)" '"found" "\"donate-level\" on the command line"'

innocent
tcp()	# REMOTE STATE INODE
{
	echo "   0: 0100007F:0CEA $1 $2 00000000:00000000 00:00000000 00000000  1000        0 $3 1"
}
ln -s 'socket:[4242]' host/proc/7/fd/3
tcp 010200C0:0D05 01 4243 >>host/proc/7/net/tcp
tcp 010200C0:0D05 0A 4242 >>host/proc/7/net/tcp
has "connections: another's, and a listener" "$(finding connections)" '"not found" "no TCP connection"'
tcp 010200C0:01BB 01 4242 >>host/proc/7/net/tcp
has "connections: not on the list" "$(finding connections)" '"not found" "1 connection, none to what is on the list: 192.0.2.1:443"'
printf 'address 192.0.2.0/28\nnonsense\n' >pools
has "connections: an address" "$(finding connections --pools pools)" '"found" "192.0.2.1:443: address or port as of pools"'
has "connections: a bad line" "$(explain --sysroot host --pools pools 7)" 'pools:2: left out'
printf 'address 192.0.2.128/25\naddress 2001:db8::/32 # six\n' >pools
has "connections: beside the list" "$(finding connections --pools pools)" '"not found"'
tcp B80D0120000000000000000001000000:01BB 02 4242 >host/proc/7/net/tcp6
has "connections: IPv6" "$(finding connections --pools pools)" '"found" "[2001:db8::1]:443: address'
rm host/proc/7/net/tcp6
tcp 010200C0:0D05 01 4242 >>host/proc/7/net/tcp
has "connections: a port" "$(finding connections)" '"found" "192.0.2.1:3333: address or port'
printf 'x\0-o\0stratum://eu.HASHVAULT.pro:80\0' >host/proc/7/cmdline
has "connections: a name" "$(finding connections)" '"found" "eu.HASHVAULT.pro, of a pool, on the command line'
printf 'x\0nothashvault.pro.example\0' >host/proc/7/cmdline
has "connections: no such name" "$(finding connections)" '"found" "192.0.2.1:3333'
echo 'msr 16384 0 - Live 0x0' >>host/proc/modules
has "msr: found" "$(finding msr)" '"found"'

# A container whose unit starts it again, with as much to say about it as there may be.
innocent
id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
long=$(printf '%0300d' 0 | tr 0 x)
group=/machine.slice/libpod-$id.scope/container
printf '%s\0' "$long" --user "$long" >host/proc/7/cmdline
ln -sfn "/usr/bin/$long (deleted)" host/proc/7/exe
echo "0::$group" >host/proc/7/cgroup
sed -i 's/^7 (task) S 1 /7 (task) S 42 /' host/proc/7/stat
mkdir -p host/proc/42 "host/sys/fs/cgroup$group"
echo conmon >host/proc/42/comm
echo 0::/system.slice/web.service >host/proc/42/cgroup
echo "42 (conmon) S 1" >host/proc/42/stat
printf 'populated 1\nfrozen 0\n' >"host/sys/fs/cgroup$group/cgroup.events"
thread 8 950000 19 5 3
recording comm=kworker/u16:3-e mapped=$((300 << 20))
container() { explain --sysroot host --pools /dev/null 7; }
container >out
same "a container: fits" "$(fits 80 23)" yes
text=$(cat out)
has "a container: who starts it" "$text" "started by conmon [42] of web.service"
same "a container: its scope says nothing new" "$(grep -c libpod out)" 0
has "a container: other signs" "$text" "maps 300 MiB, enough for RandomX (128); also: cpu,"
has "a container: freeze" "$text" "freeze podman pause 0123456789ab # the whole container stop"
has "a container: stop" "$text" \
	"stop systemctl disable --now --no-block web.service podman kill 0123456789ab"
has "a container: odd" "$text" "odd its executable was deleted or replaced; it changed its name"
printf 'populated 1\nfrozen 1\n' >"host/sys/fs/cgroup$group/cgroup.events"
container >out
same "frozen: fits" "$(fits 80 23)" yes
has "frozen" "$(cat out)" "for 30m; NOW FROZEN, with its control group"
has "frozen: how to undo it" "$(cat out)" "freeze podman unpause 0123456789ab # it is; this undoes it"
sed -i 's/(task) S/(task) T/' host/proc/7/stat
has "stopped" "$(container)" "for 30m; NOW STOPPED BY A SIGNAL"
has "stopped: how to undo it" "$(container)" "freeze kill -CONT 7 # it is; this undoes it"
same "stopped: in the list" \
	"$("$build/roundwatch" --input recording --sysroot host --raw -n -o NOTE)" stopped
recording verdict=1 highest=3
same "stopped: in the list, as what it was" \
	"$("$build/roundwatch" --input recording --sysroot host --raw -n -o NOTE)" 'was\x20randomx,\x20stopped'
recording verdict=1 highest=2
has "stopped: what was a suspect is still there" "$(container)" "stop systemctl disable"
recording
innocent
printf 'x\0nothashvault.pro.example\0' >host/proc/7/cmdline
tcp 010200C0:0D05 01 4242 >>host/proc/7/net/tcp
ln -s 'socket:[4242]' host/proc/7/fd/3

# A recording explains itself where its host is not at hand.
pools=$source/../packaging/etc/roundwatch/pools
"$build/roundwatch" record --input recording --sysroot host --pools "$pools" kept
kept() { "$build/roundwatch" "$@" --input kept 2>&1; }
has "kept: whose" "$(kept explain 7)" "user 0, control group"
has "kept: command line" "$(kept explain 7)" 'runs /usr/bin/daemon as: x nothashvault.pro.example'
has "kept: findings" "$(kept explain -v 7)" "found connections 192.0.2.1:3333"
sum=$(sha256sum <host/usr/bin/daemon | cut -d ' ' -f 1)
has "kept: SHA-256" "$(kept explain 7)" "sha256 $sum"
same "kept: JSON is what it was" "$(kept explain -J 7 | mk json explain.0.findings)" \
	"$(value explain.0.findings)"
same "kept: list" "$(kept list --raw -n -o PID,EXE,WHERE)" "7 /usr/bin/daemon cgroup\x20not\x20readable"
same "kept: check" "$(kept check | cut -d '|' -f 1)" \
	"ROUNDWATCH CRITICAL - 1 randomx, 0 suspect: kworker[7] (0, cgroup not readable); see roundwatch explain 7 "
"$build/roundwatch" record --input kept again
same "kept: a copy is the same" "$(cmp kept again; echo $?)" 0
"$build/roundwatch" record --input kept --sysroot host again
same "kept: not twice" "$(cmp kept again; echo $?)" 0
same "kept: all records are known sizes" "$(($(wc -c <kept) % 8))" 0
bad=
size=$(wc -c <kept)
at=$(($(wc -c <recording) - 16))
while [ $at -lt "$size" ]; do
	mk invert $at <kept >damaged
	"$build/roundwatch" explain --input damaged --json 7 >out 2>err
	case $? in
	0 | 4) mk json <out >/dev/null || bad="$bad $at" ;;
	1) [ -s err ] || bad="$bad $at" ;;
	*) bad="$bad $at" ;;
	esac
	at=$((at + 11))
done
same "kept: damaged" "$bad" ""
mk head info end tally tgid=7 pid=7 verdict=2 highest=2 tally tgid=7 pid=8 verdict=3 highest=3 \
	tally tgid=7 pid=7 verdict=1 highest=3 >later
"$build/roundwatch" record --follow --input later --sysroot host kept
same "kept: of what is accused later, once" "$(grep -ao '"identity":' kept | wc -l)" 1
# More than a record holds.
{
	printf 'x\0'
	head -c 3900 /dev/zero | tr '\0' y
} >host/proc/7/cmdline
"$build/roundwatch" record --input recording --sysroot host kept
same "kept: a long command line" "$(kept list --raw -n -o CMDLINE | wc -c)" "$((3900 + 6))"
printf 'x\0nothashvault.pro.example\0' >host/proc/7/cmdline
for size in 0 1 54 55 56 63 64 65 119 120 1048576 1048577; do
	head -c $size /dev/urandom >host/usr/bin/daemon
	"$build/roundwatch" record --input recording --sysroot host kept 2>/dev/null
	same "SHA-256 of $size bytes" "$(kept explain -J 7 | mk json explain.0.identity.sha256)" \
		"\"$(sha256sum <host/usr/bin/daemon | cut -d ' ' -f 1)\""
done
printf 'quite a program\n' >host/usr/bin/daemon

rm -r host/proc/7/task host/proc/7/maps host/proc/7/smaps* host/proc/7/exe host/proc/7/fd host/proc/modules \
	host/proc/7/status
for name in cpu memory huge code executable words connections scheduling msr; do
	has "$name: not readable" "$(finding $name)" '"not readable"'
done
rm -r host/proc/7
has "the process is gone" "$(finding cpu)" '"not readable" "the process is not in /proc: ended or hidden"'
recording flags=2
has "the process has ended" "$(finding cpu)" '"not readable" "the process has ended"'

finish
