#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-status.sh BUILD_DIR: tests roundwatch status with files of hosts made here. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"
frozen=$build/unit/frozen.so
release=6.1.0-7-amd64
variable=SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c

# fresh: make a host without roundwatch, with an ordinary kernel and without EFI
fresh()
{
	rm -rf host
	mkdir -p host/proc/sys/kernel host/sys/kernel/security host/sys/module/module/parameters \
		host/dev host/etc/modprobe.d host/lib/modules/$release host/usr/src
	echo $release >host/proc/sys/kernel/osrelease
	echo "root=/dev/sda1 quiet" >host/proc/cmdline
	echo "[none] integrity confidentiality" >host/sys/kernel/security/lockdown
	echo N >host/sys/module/module/parameters/sig_enforce
	: >host/dev/kmsg
}

headers()
{
	mkdir -p host/usr/src/linux-headers-$release
	: >host/usr/src/linux-headers-$release/Makefile
	ln -s /usr/src/linux-headers-$release host/lib/modules/$release/build
}

# dkms STATE
dkms()
{
	dkms=host/var/lib/dkms/roundwatch
	mkdir -p $dkms/0.1.0
	ln -s /usr/src/roundwatch-0.1.0 $dkms/0.1.0/source
	case $1 in
	failed) mkdir $dkms/0.1.0/build && : >$dkms/0.1.0/build/make.log ;;
	built) mkdir -p $dkms/0.1.0/$release/x86_64/module ;;
	installed) ln -s 0.1.0/$release/x86_64 $dkms/kernel-$release-x86_64 ;;
	esac
}

# installed FILE TEXT: install a module that modprobe knows
installed()
{
	mkdir -p "host/lib/modules/$release/$(dirname "$1")"
	printf '%b' "$2" >"host/lib/modules/$release/$1"
	echo "$1: kernel/lib/other.ko" >host/lib/modules/$release/modules.dep
}

efi()	# VALUE of SecureBoot, in octal
{
	mkdir -p host/sys/firmware/efi/efivars
	printf '%b' "\\0006\\0000\\0000\\0000\\0$1" >host/sys/firmware/efi/efivars/$variable
}

absent()	# what; the run itself
{
	run status --sysroot host --device host/dev/roundwatch
	expect "$1" 3
	cp out text
	run status --json --sysroot host --device host/dev/roundwatch
	expect "$1, as JSON" 3
}

next()
{
	json status.next | tr -d '\n'
}

fresh
absent "nothing there"
says "nothing there" text "Module:        not loaded" "Kernel:        $release" \
	"Secure Boot:   none, no EFI" "Lockdown:      none" "Signatures:    not enforced" \
	"Installed:     not for this kernel" "DKMS:          does not have it" \
	"Headers:       not for this kernel" "Kernel log:    nothing about it"
for member in present:false loaded:null secure_boot:false signatures_enforced:false file:null signed:null \
	depmod:false headers:false dkms:null blocked:null log.length:0 next.length:3; do
	same "nothing there: ${member%%:*}" "$(json "status.${member%%:*}")" "${member#*:}"
done
same "nothing there: kernel" "$(json status.kernel)" "\"$release\""
says "nothing there: next" text "Next:          install the kernel's headers: apt-get install linux-headers-$release" \
	"install the package roundwatch-dkms" "modprobe roundwatch"

headers
dkms failed
absent "DKMS failed"
says "DKMS failed" text "DKMS:          0.1.0, failed" "Headers:       there" \
	"Next:          see why DKMS could not build it: /var/lib/dkms/roundwatch/0.1.0/build/make.log" \
	"dkms install roundwatch/0.1.0 -k $release"
same "DKMS failed: as JSON" "$(json status.dkms.state) $(json status.headers)" '"failed" true'
fresh
ln -s /usr/src/linux-headers-$release host/lib/modules/$release/build
dkms added
absent "headers removed"
same "headers removed" "$(json status.dkms.state) $(json status.headers)" '"added" false'
fresh
headers
dkms built
absent "DKMS built it"
same "DKMS built it" "$(json status.dkms.state) $(json status.next.0)" \
	"\"built\" \"dkms install roundwatch/0.1.0 -k $release\""

fresh
dkms installed
installed updates/dkms/roundwatch.ko 'a module'
absent "installed"
same "installed: next is to load it" "$(json status.next.length) $(json status.next.0)" \
	'1 "modprobe roundwatch"'
same "installed: what is known" \
	"$(json status.file) $(json status.signed) $(json status.depmod) $(json status.dkms.state)" \
	"\"/lib/modules/$release/updates/dkms/roundwatch.ko\" false true \"installed\""
rm host/lib/modules/$release/modules.dep
absent "modprobe does not know it"
same "modprobe does not know it" "$(json status.depmod) $(json status.next.0)" 'false "depmod -a"'
fresh
installed extra/roundwatch.ko.xz 'packed'
absent "packed"
same "packed: a signature cannot be seen" "$(json status.file) $(json status.signed)" \
	"\"/lib/modules/$release/extra/roundwatch.ko.xz\" null"

# Signatures.
fresh
installed extra/roundwatch.ko 'a module'
efi 001
echo "none [integrity] confidentiality" >host/sys/kernel/security/lockdown
absent "Secure Boot, not signed"
says "Secure Boot, not signed" text "Secure Boot:   on" "Lockdown:      integrity" "not signed" \
	"Next:          sign it with an enrolled key" "mokutil --import"
same "Secure Boot, as JSON" "$(json status.secure_boot) $(json status.lockdown)" 'true "integrity"'
installed extra/roundwatch.ko 'a module, signed~Module signature appended~\n'
absent "Secure Boot, signed"
same "Secure Boot, signed" "$(json status.signed) $(json status.next.0)" 'true "modprobe roundwatch"'
says "Secure Boot, signed" text "Key was rejected by service"
fresh
installed extra/roundwatch.ko 'a module'
efi 000
echo Y >host/sys/module/module/parameters/sig_enforce
absent "signatures enforced without Secure Boot"
says "signatures enforced without Secure Boot" text "Secure Boot:   off" \
	"Signatures:    enforced for modules" "sign it with"
fresh
efi 001
printf 'odd' >host/sys/firmware/efi/efivars/$variable
rm host/sys/kernel/security/lockdown host/sys/module/module/parameters/sig_enforce
absent "not known"
says "not known" text "Secure Boot:   not known" "Lockdown:      not known" "Signatures:    not known"
same "not known, as JSON" \
	"$(json status.secure_boot) $(json status.lockdown) $(json status.signatures_enforced)" \
	"null null null"

# Configuration that blocks the module.
fresh
installed extra/roundwatch.ko 'a module'
printf '%s\n' '# roundwatch' 'blacklist roundwatcher' 'options roundwatch decay=7' \
	'install roundwatch /sbin/modprobe --ignore-install roundwatch decay=5' \
	>host/etc/modprobe.d/a.conf
echo 'blacklist roundwatch' >host/etc/modprobe.d/not-read
absent "nothing blocks it"
same "nothing blocks it" "$(json status.blocked)" null
printf 'blacklist\troundwatch\n' >host/etc/modprobe.d/b.conf
absent "blacklisted"
same "blacklisted" "$(json status.blocked)" '"'\''blacklist\troundwatch'\'' in /etc/modprobe.d/b.conf"'
says "blacklisted" text "Next:          modprobe roundwatch" "to have it loaded at boot, remove"
mkdir -p host/usr/lib/modprobe.d
printf 'install roundwatch /bin/false' >host/usr/lib/modprobe.d/c.conf
absent "forbidden"
says "forbidden" text "Blocked:       'install roundwatch /bin/false' in /usr/lib/modprobe.d/c.conf" \
	"Next:          remove 'install roundwatch /bin/false' in /usr/lib/modprobe.d/c.conf"
rm host/usr/lib/modprobe.d/c.conf host/etc/modprobe.d/b.conf
echo "quiet module_blacklist=a,roundwatch modprobe.blacklist=b" >host/proc/cmdline
absent "blocked at boot"
says "blocked at boot" text "remove 'module_blacklist=a,roundwatch' on the kernel's command line"

# The kernel log: the last five lines about the module, without accusations.
fresh
for i in 1 2 3 4 5 6 7; do
	printf '3,%d,%d000001,-;roundwatch: trouble %d\n SUBSYSTEM=x roundwatch\n' $i $i $i
done >host/dev/kmsg
printf '%s\n' '4,8,8000000,-;roundwatch: randomx: x[7] uid 0 computes RandomX (evidence 100 of 100)' \
	'6,9,9000000,-;something else' \
	'5,10,12345678,-;Lockdown: insmod: unsigned module loading is restricted; see kernel_lockdown.7' \
	>>host/dev/kmsg
absent "kernel log"
says "kernel log" text "Kernel log:    [    4.000001] roundwatch: trouble 4" \
	"[   12.345678] Lockdown: insmod: unsigned module loading is restricted"
same "kernel log: how much of it" "$(json status.log.length)" 5
printf '%s\n' '3,1,1000000,-;roundwatch: the module' '11,2,2000000,-;roundwatch: a program' \
	'6,3,3000000,-;roundwatch[7]: segfault at 0' '6,4,4000000,-;roundwatch: abc[7]: segfault at 0' \
	'6,5,5000000,-;audit: type=1326 comm="roundwatch"' '6,6,6000000,-;traps: roundwatch: a[7] trap' \
	'3,7,7000000,-;Loading of unsigned module is rejected' \
	'3,8,8000000,-;module roundwatch: its size is wrong' >host/dev/kmsg
absent "kernel log: look-alikes"
says "kernel log: look-alikes" text "roundwatch: the module" "unsigned module is rejected" \
	"module roundwatch: its size"
same "kernel log: look-alikes: how many lines" "$(json status.log.length)" 3
rm host/dev/kmsg
absent "no kernel log"
says "no kernel log" text "Kernel log:    not readable: No such file"

# The module is loaded, but its device is missing, as in a container.
fresh
mkdir host/sys/module/roundwatch
absent "no device"
says "no device" text "Module:        loaded, but not readable" "pass the host's /dev/roundwatch"
same "no device" "$(json status.present) $(json status.next.length)" "true 1"

# The files may contain any bytes.
fresh
printf '\033[31m\n' >host/proc/sys/kernel/osrelease
printf '[\033x]\n' >host/sys/kernel/security/lockdown
printf '3,1,1,-;roundwatch: \033[2J\n' >host/dev/kmsg
absent "control characters"
mk escapes <text
same "control characters" $? 0

# Loaded.
fresh
mk info tally tgid=5 pid=5 verdict=3 highest=3 end >device
mk head info end >recording
run status --sysroot host --device device
expect "loaded" 0
says "loaded" out "State:         watching" "Kernel:        $release" "Lockdown:      none"
same "not to be asked whether it is alive" "$(grep -c Alive: out)" 0
run status --json --sysroot host --device device
same "not to be asked, as JSON" "$(json status.present) $(json status.alive)" "true null"
run status --json --input recording
same "a recording: nothing of a kernel" "$(json status.kernel) $(json status.alive)" "null null"
run status --json --input recording --sysroot host
same "a recording with its host" "$(json status.kernel)" "\"$release\""

# What is, apart from what was and what may be.
mk info tally pid=1 tgid=1 comm=past verdict=3 highest=3 evidence=900 flags=2 \
	tally pid=2 tgid=2 comm=mine verdict=3 highest=3 evidence=1100 uid=4242 \
	tally pid=3 tgid=3 comm=other verdict=2 highest=3 evidence=500 uid=4243 end >states
echo 'user 4242' >allow
run status --sysroot host --device states --allow allow
expect "states" 0
says "states" out "Processes:     0 randomx, 1 suspect, 0 rounding, 0 clear" \
	"Allowed:       1 randomx, 0 suspect" "Ended:         1 that were"
run status --json --sysroot host --device states --allow allow
same "states, as JSON" "$(json status.processes.randomx) $(json status.processes.suspect) \
$(json status.allowed.randomx) $(json status.ended)" "0 1 1 1"
run status --json --sysroot host --device states
same "states without a list" "$(json status.processes.randomx) $(json status.allowed.randomx)" "1 0"

# Who has the device open: by the links of the copy.
fresh
mkdir -p host/sys/module/roundwatch
# process PID COMM CGROUP LINK...
process()
{
	pid=$1
	mkdir -p "host/proc/$pid/fd"
	echo "$2" >"host/proc/$pid/comm"
	echo "0::$3" >"host/proc/$pid/cgroup"
	shift 3
	fd=0
	for link; do
		ln -s "$link" "host/proc/$pid/fd/$fd"
		fd=$((fd + 1))
	done
}
process 812 roundwatch /system.slice/roundwatch-monitor.service /dev/null /dev/roundwatch
process 97 'cat
x' /user.slice/user-1000.slice/session-3.scope /dev/roundwatch /dev/roundwatch
process 98 bash /user.slice/user-1000.slice/session-3.scope /dev/null /tmp/dev/roundwatch
process 99 gone /
rm -r host/proc/99/fd
run status --sysroot host --device device
expect "in use: the count is not known" 0
echo 3 >host/sys/module/roundwatch/refcnt
run status --sysroot host --device device
expect "in use" 0
says "in use" out "In use:        by 2 processes; rmmod refuses until they end:" \
	"               97 cat\x0ax: kill 97" \
	"               812 roundwatch: systemctl stop roundwatch-monitor.service"
same "in use: no others" "$(grep -c 'kill\|systemctl' out)" 2
run status --json --sysroot host --device device
for member in references:3 holders.length:2 holders.0.pid:97 holders.1.command:'"roundwatch"' \
	holders.1.unit:'"roundwatch-monitor.service"' holders.0.unit:'"session-3.scope"' \
	holders.0.stop:'"kill 97"' holders_unseen:0; do
	same "in use, as JSON: ${member%%:*}" "$(json "status.${member%%:*}")" "${member#*:}"
done
run status --raw --sysroot host --device device
expect "in use, as words" 0
says "in use, as words" out "holders.0.command cat\x0ax" "holders.1.pid 812" "references 3" \
	"kernel $release" "processes.randomx 1" "lockdown none" "present true"
same "as words: two in each line, or one" "$(awk 'NF > 2 || !NF' out)" ""
run status --raw --json --device device
expect "as words and JSON" 2
run status --sysroot host --device missing
expect "loaded, but not readable" 3
says "loaded, but not readable" out "loaded, but not readable" "by 2 processes"
rm -r host/proc/97 host/proc/812
run status --sysroot host --device device
says "in use by what is not seen" out "In use:        yes (3); rmmod refuses"
echo 0 >host/sys/module/roundwatch/refcnt
run status --sysroot host --device device
says "not in use" out "In use:        no"
if [ "$(id -u)" = 0 ]; then
	process 96 secret / /dev/roundwatch
	chmod 700 host/proc/96/fd
	echo 1 >host/sys/module/roundwatch/refcnt
	chmod 755 . host
	rc=0
	setpriv --reuid 65534 --clear-groups "$build/roundwatch" status --sysroot host --device device \
		>out 2>err || rc=$?
	says "in use by what may not be read" out "open files of 1 process may not be read"
	same "in use by what may not be read: no other line" "$(grep -c 'kill 96' out)" 0
else
	skip "open files that may not be read" "needs root"
fi
run status --input recording --json
same "a recording: nothing of who has it open" "$(json status.holders) $(json status.references)" \
	"null null"

# What is not visible is not called absent.
fresh
echo 1 >host/proc/sys/kernel/modules_disabled
absent "modules_disabled"
says "modules_disabled" text "Next:          reboot without kernel.modules_disabled=1"
same "modules_disabled, as JSON" "$(json status.modules_disabled)" true
echo 0 >host/proc/sys/kernel/modules_disabled
absent "modules not disabled"
same "modules not disabled" "$(grep -c modules_disabled text) $(json status.modules_disabled)" \
	"0 false"
fresh
rm -r host/proc/sys
absent "no /proc/sys"
says "no /proc/sys" text "Not visible:   no /proc/sys"
same "no /proc/sys, as JSON" "$(json status.unseen.length) $(json status.modules_disabled)" "1 null"
fresh
rm -r host/sys host/lib
absent "no /sys, no /lib/modules"
says "no /sys, no /lib/modules" text "Module:        not readable" "no /sys: whether the module" \
	"no /lib/modules" "Installed:     not known" "Headers:       not known"
same "no /sys: nothing is called absent" "$(grep -c 'not loaded\|not for this' text)" 0

fresh
frozen()	# STEP OPTION...
{
	step=$1
	shift
	rc=0
	LD_PRELOAD=$frozen RW_STEP=$step "$build/roundwatch" status --device device "$@" \
		>out 2>err </dev/null || rc=$?
}
if [ -f "$frozen" ]; then
	frozen 3
	expect "alive" 0
	says "alive" out "State:         watching" "Alive:         3 observations in"
	frozen 1 --json
	same "alive, as JSON" "$(json status.alive) $(json status.blind)" "true false"
	frozen 0
	expect "dead" 4
	says "dead" out "State:         BLIND" "Alive:         0 observations in"
	says "dead" err "WARNING: THE MODULE IS BLIND: not one observation in"
	frozen 0 --json
	expect "dead, as JSON" 4
	same "dead, as JSON" "$(json status.alive) $(json status.blind)" "false true"
else
	skip "alive or not" "no $frozen: make -C tests/unit"
fi

finish
