#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The DaemonSet's containers, with what the manifests give them and no more, beside a miner in kubelet's control
# groups. Run by `scripts/vm run`, after tests/fleet/bundles.

. "$RW_TOP/tests/vm/lib.sh"
rest='--rest 1'

bundles=$RW_TOP/build/fleet
id1=$(printf '%064d' 1)
pod_uid=0b1fae31-5e7d-4d0c-9c0e-0f1a2b3c4d5e

# The files of the image, and what is not in it but on the node.
make_root()
{
	mkdir -p /tmp/pod/rootfs /tmp/pod/allow /var/lib/containers /var/lib/docker &&
		tar -xf "$bundles/image.tar" -C /tmp/pod/rootfs && echo '# nobody' >/tmp/pod/allow/allow
}

# According to its control group and to kubelet, the miner is a container of the pod web-7f.
prepare_node()
{
	make_root && make_pod $pod_uid "$id1" && fill_cache 600
}

# run_container VARIANT NAME: in the background, as $pid; its output in /tmp/out.$pid
run_container()
{
	device=$(stat -c '%Hr %Lr' /dev/roundwatch)
	sed "s/MAJOR/${device% *}/g; s/MINOR/${device#* }/g; s|ALLOW|/tmp/pod/allow|" \
		"$bundles/$1-$2.json" >/tmp/pod/config.json
	start crun --cgroup-manager=cgroupfs run --bundle /tmp/pod "$2"
}

names_the_pod()
{
	grep -E '"process":\{[^{]*"pid":'"$miner"'\b' "/tmp/out.$container" |
		grep '"orchestrator":{[^}]*"namespace":"shop"' | grep '"name":"web-7f"'
}

# runs_as UID FILTERS: with the filter of the runtime, if there is one, and its own
runs_as()
{
	reporter=/proc/$(pgrep -P "$container" -x roundwatch)/status
	uid=$(awk '$1 == "Uid:" { print $2 }' "$reporter")
	filters=$(awk '$1 == "Seccomp_filters:" { print $2 }' "$reporter")
	[ "$uid $filters" = "$1 $2" ] || fail "user $uid, $filters filters"
}

# monitor VARIANT UID FILTERS COMMAND...: its event names the pod, and then the command succeeds.
monitor()
{
	variant=$1
	runs="$2 $3"
	shift 3
	load && chgrp 4242 /dev/roundwatch && chmod 440 /dev/roundwatch && spawn 1 &&
		echo "$pid" >"$pod/cgroup.procs" || return 1
	miner=$pid
	run_container "$variant" monitor
	container=$pid
	# shellcheck disable=SC2086 # words
	await 60 names_the_pod && runs_as $runs
	status=$?
	cat "/tmp/out.$container"
	crun kill monitor TERM
	wait "$container" || status=1
	"$@" || status=1
	! grep -e 'refused by its own' -e 'are kept' "/tmp/out.$container" || status=1
	end "$miner"
	return $status
}

names_executable()
{
	grep -F "\"executable\":\"$(readlink "/proc/$miner/exe")\"" "/tmp/out.$container"
}

test_case "a node with a pod, and the files of the image" prepare_node
test_case "privileged: the event names pod and executable" monitor base 0 1 names_executable
test_case "with a device plugin and the runtime's filter of system calls, too" monitor device 0 2 names_executable
test_case "as the user of the image, the event names the pod" monitor user 65532 2 true
kill "$spawner"
finish
