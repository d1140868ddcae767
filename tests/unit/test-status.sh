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
