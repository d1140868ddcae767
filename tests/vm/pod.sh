#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The DaemonSet's containers, with what the manifests give them and no more, beside a miner in kubelet's control
# groups. Run by `scripts/vm run`, after tests/fleet/bundles.

. "$RW_TOP/tests/vm/lib.sh"

reporter=$RW_TOP/build/roundwatch
bundles=$RW_TOP/build/fleet
cgroups=/sys/fs/cgroup
id1=$(printf '%064d' 1)
uid=0b1fae31-5e7d-4d0c-9c0e-0f1a2b3c4d5e

# The reporter's root file system, without anything of the node.
make_root()
{
	for dir in proc dev run sys tmp etc/roundwatch var/lib/containers var/lib/docker var/log; do
		mkdir -p "/tmp/pod/rootfs/$dir" || return
	done
	: >/tmp/pod/rootfs/etc/passwd
	ldd "$reporter" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "/tmp/pod/rootfs${library%/*}"
		cp -L "$library" "/tmp/pod/rootfs$library"
	done
	mkdir -p /tmp/pod/rootfs/usr/sbin /tmp/pod/allow /var/lib/containers /var/lib/docker
	cp "$reporter" /tmp/pod/rootfs/usr/sbin
	echo '# nobody' >/tmp/pod/allow/allow
}

# The miner is a container of the pod web-7f, according to its control group and to kubelet.
start_pod()
{
	mount -t tmpfs tmpfs /var/log && mkdir -p "/var/log/pods/shop_web-7f_$uid/app" /var/log/containers &&
		: >"/var/log/containers/web-7f_shop_app-$id1.log"
	mkdir -p "$cgroups/kubepods/burstable/pod$uid/$id1" && fill_cache 300 && spawn 1 &&
		echo "$pid" >"$cgroups/kubepods/burstable/pod$uid/$id1/cgroup.procs"
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

# monitor VARIANT: its event names the pod, and who the miner is.
monitor()
{
	load && start_pod || return 1
	miner=$pid
	run_container "$1" monitor
	container=$pid
	await 60 names_the_pod
	status=$?
	cat "/tmp/out.$container"
	crun kill monitor TERM
	wait "$container" || status=1
	grep -F "\"executable\":\"$(readlink "/proc/$miner/exe")\"" "/tmp/out.$container" || status=1
	end "$miner"
	return $status
}

make_root || exit 1
test_case "privileged: the event names pod and executable" monitor base
test_case "with a device plugin, too" monitor device
finish
