#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The reporter of one architecture reads a recording of the other, and shows the same. Programs for
# arm64 run here in user-mode emulation, see scripts/check.
#
#	test-arm64.sh BUILD_DIR QEMU ROOT

qemu=$(realpath "$2") && root=$(realpath "$3") || exit 2
arm64=$(realpath "$1/arm64") || exit 2
set -- "$1"
# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

# on_arm64 PROGRAM ARG...
on_arm64()
{
	program=$1
	shift
	"$qemu" -L "$root" "$arm64/$program" "$@"
}

# shown FILE NAME: what both reporters show of the recording FILE must be the same.
shown()
{
	for view in list 'list --json' 'list --all --threads --raw -o +MXCSR,FCW,EVIDENCE' status 'status --json' metrics \
		'explain --verbose 42'; do
		# shellcheck disable=SC2086 # words
		{
			rc=0
			"$build/roundwatch" $view --input "$1" >here 2>&1 || rc=$?
			echo "status $rc" >>here
			rc=0
			on_arm64 roundwatch $view --input "$1" >there 2>&1 || rc=$?
			echo "status $rc" >>there
		}
		same "$2: $view" "$(cat there)" "$(cat here)"
	done
}

words='tally tgid=42 pid=42 flags=1 verdict=3 highest=3 evidence=1200 rn=30 rd=25 ru=26 rz=24 changes=70 samples=80'
# shellcheck disable=SC2086 # words
{
	mk head info machine=62 $words mxcsr=0x9fc0 fcw=0x37f dossier end >amd64
	on_arm64 mkrecord head info machine=183 $words mxcsr=0xc00000 dossier end >aarch64
	mk head info machine=183 $words mxcsr=0xc00000 dossier end >same
}
result "$(cmp aarch64 same >/dev/null; echo $?)" "records have the same layout"
shown amd64 "x86-64"
run status --input amd64
says "x86-64: the architecture" out "Architecture:  x86_64"
shown aarch64 "arm64"
run status --input aarch64
says "arm64: the architecture" out "Architecture:  aarch64"
run list --input aarch64 --raw -n -o PID,VERDICT,MXCSR
same "arm64: FPCR" "$rc $(cat out)" "0 42 randomx 0xc00000"
finish
