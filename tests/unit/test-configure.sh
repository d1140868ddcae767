#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-configure.sh TOP: checks that the feature probes of module/configure/ give correct answers or
# fail. Minimal headers and compilers replace a kernel. For kernels whose module was built, the
# answers are compared with their headers.

top=$1
probe=$top/module/configure/probe
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

check()
{
	count=$((count + 1))
	title=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		echo "ok $count - $title"
	else
		failed=$((failed + 1))
		echo "not ok $count - $title"
		sed 's/^/# /' "$tmp/out"
	fi
}

# ask NAME CC...: write the answer to $tmp/NAME.found
ask()
{
	name=$1
	shift
	SYMVERS=$tmp/Module.symvers sh "$probe" "$tmp/$name.c" "$tmp/$name.found" "$@"
}

answers()
{
	ask "$1" gcc -Werror=implicit-function-declaration && grep -x "$2" "$tmp/$1.found"
}

# refuses WORDS NAME CC...: check that there is no answer, and that the reason has these words
refuses()
{
	words=$1
	shift
	! ask "$@" 2>"$tmp/err" || { echo "it answers"; return 1; }
	cat "$tmp/err"
	[ ! -e "$tmp/$1.found" ] && grep -q "$words" "$tmp/err"
}

cat >"$tmp/control.c" <<-'END'
	int known(void) { return 0; }
	#ifdef PROBE
	int unknown(void) { return roundwatch_control(); }
	#endif
END
printf '#ifdef PROBE\nint f(void) { return 0; }\n#endif\n' >"$tmp/there.c"
printf '#ifdef PROBE\nint f(void) { return g(); }\n#endif\n' >"$tmp/absent.c"
printf '#include <no/such/header.h>\n#ifdef PROBE\nint f;\n#endif\n' >"$tmp/broken.c"
printf '/* Needed: a thing */\n#ifdef PROBE\n#error\n#endif\n' >"$tmp/needed.c"
for symbol in ours kvms none; do
	printf '/* Exported: %s */\n#ifdef PROBE\nint %s(void);\n#endif\n' $symbol $symbol >"$tmp/$symbol.c"
done
printf '0x1\tours\tvmlinux\tEXPORT_SYMBOL_GPL\t\n0x2\tkvms\tvmlinux\tEXPORT_SYMBOL_GPL\tmodule:kvm\n' \
	>"$tmp/Module.symvers"

check "the control" answers control '/\* no HAVE_CONTROL \*/'
check "what is there" answers there '#define HAVE_THERE 1'
check "what is not" answers absent '/\* no HAVE_ABSENT \*/'
check "exported" answers ours '#define HAVE_OURS 1'
check "exported to others" answers kvms '/\* no HAVE_KVMS \*/'
check "not exported" answers none '/\* no HAVE_NONE \*/'
check "a compiler that refuses everything" refuses 'compile even without' control false
check "a compiler that takes everything" refuses 'accepts a call' control true
check "headers that are not there" refuses 'compile even without' broken gcc
check "what cannot be done without" refuses 'it lacks a thing' needed gcc

# Search the headers of each kernel for what the answers say. The kernels depend on what was built.
agrees()
{
	headers=$(cd "$1" && pwd -P)
	common=$(sed -n 's|^include .*/\(linux-headers-[^/]*\)/Makefile$|\1|p' "$headers/Makefile")
	dirs="$headers $headers/../$common"
	while read -r have file words; do
		case $1:$file in
		*-arm64:arch/x86/* | *-amd64:arch/arm64/*) continue ;;
		esac
		expect="/\* no $have \*/"
		# shellcheck disable=SC2086 # words
		if (cd "$headers" && for dir in $dirs; do cat "$dir/$file"; done) 2>/dev/null |
			grep -qE "$words"; then
			expect="#define $have 1"
		fi
		grep -qx "$expect" "$2" || { echo "$file: $words: $(grep "$have" "$2")"; return 1; }
	done <<-'END'
		HAVE_PROC_OPS include/linux/proc_fs.h ^struct proc_ops \{
		HAVE_START_BOOTTIME include/linux/sched.h start_boottime;
		HAVE_TIMER_DELETE_SYNC include/linux/timer.h timer_delete_sync\(
		HAVE_COMPAT_PTR_IOCTL include/linux/fs.h compat_ptr_ioctl\(
		HAVE_FPSTATE arch/x86/include/asm/fpu/types.h ^struct fpstate \{
		HAVE_FPREGS_ACTIVE arch/x86/include/asm/fpu/types.h fpregs_active;
		HAVE_EXIT_GROUP_DEAD include/trace/events/sched.h bool group_dead
		HAVE_THREAD_VL arch/arm64/include/asm/processor.h vl\[ARM64_VEC_MAX\];
		HAVE_THREAD_FPU arch/x86/include/asm/processor.h ^.struct fpu[[:space:]]+fpu;
	END
}

for answer in "$top"/build/module/*/configure.h; do
	kver=$(basename "$(dirname "$answer")")
	headers=$top/build/kernels/$kver/usr/src/linux-headers-$kver
	grep -q '/linux-headers-' "$headers/Makefile" 2>/dev/null || continue	# Debian's
	check "$kver is as its headers say" agrees "$headers" "$answer"
done
echo "1..$count"
[ "$failed" = 0 ]
