#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-identity.sh BUILD_DIR: tests the identity of processes with copies of /proc made here, from
# tests/data/cgroups and the data below. Needs neither root nor the module. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"
here=$source/../tests/unit
id1=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
id3=00000000000000000000000000000000000000000000000000000000000000ff
id2=fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210

# recording PID... - make a recording with one tally for each PID, named task
recording()
{
	# shellcheck disable=SC2046 # words
	mk head info $(for pid; do
		echo "tally tgid=$pid pid=$pid verdict=3 highest=3 evidence=$pid"
	done) end >recording
}

# process PID COMM PPID - make a process in host/proc that matches mkrecord's tallies: started 100 s
# after boot
process()
{
	dir=host/proc/$1
	mkdir -p "$dir"
	echo "$1 ($2) S $3 $1 $1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 10000 0 0" >"$dir/stat"
	echo "$2" >"$dir/comm"
	: >"$dir/cmdline"
}

# raw COLUMNS OPTION... - list as raw words without headings, with --sysroot host
raw()
{
	columns=$1
	shift
	"$build/roundwatch" list --input recording --sysroot host --raw -n -o "$columns" "$@" 2>&1
}

fresh()
{
	rm -rf host
	mkdir -p host/proc host/etc
}

#
# Control groups
#

fresh
process 7 task 1
recording 7
: >host/proc/7/cgroup
title=
while IFS= read -r line; do
	case $line in
	'# '*) title=$line ;;
	'= '*)
		want=$(printf '%s\n' "${line#= }" | sed "s/{1}/$id1/g; s/{2}/$id2/g")
		same "cgroup: ${title#\# }" "$(raw UNIT,RUNTIME,CONTAINER,INNER,POD_UID,VM)" "$want"
		: >host/proc/7/cgroup
		;;
	*) printf '%s\n' "$line" | sed "s/{1}/$id1/g; s/{2}/$id2/g" >>host/proc/7/cgroup ;;
	esac
done <"$here/../data/cgroups"

# Lines, files and names without an end, and bytes of all values.
printf '0::/docker/%s' $id1 >host/proc/7/cgroup
same "cgroup: no newline" "$(raw CONTAINER)" "$id1"
same "cgroup: raw" "$(raw CGROUP)" "/docker/$id1"
i=0
while [ $i -lt 3000 ]; do
	i=$((i + 1))
	printf '%d:pids:/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z\n' $i
done >host/proc/7/cgroup
echo "0::/docker/$id1" >>host/proc/7/cgroup
same "cgroup: more than is ever read" "$(raw CONTAINER)" "-"
head -c 70000 /dev/zero | tr '\0' / >host/proc/7/cgroup
same "cgroup: one endless line" "$(raw CONTAINER)" "-"
head -c 70000 /dev/urandom >host/proc/7/cgroup
raw UNIT,CONTAINER >/dev/null
same "cgroup: noise" "$?" "0"
rm host/proc/7/cgroup
same "cgroup: none" "$(raw UNIT,CONTAINER,PID)" "- - 7"
mkdir host/proc/7/cgroup
same "cgroup: a directory" "$(raw UNIT,CONTAINER,PID)" "- - 7"

#
# Pods
#

fresh
uid=0b1fae31-5e7d-4d0c-9c0e-0f1a2b3c4d5e
for pid in 7 8 9 10; do
	process $pid task 1
done
recording 7 8 9 10
echo "0::/kubepods/burstable/pod$uid/$id1" >host/proc/7/cgroup
echo "0::/kubepods/burstable/pod$uid/$id2" >host/proc/8/cgroup
echo "0::/../cri-containerd-$id2.scope" >host/proc/9/cgroup
echo "0::/docker/$id3" >host/proc/10/cgroup
same "pods: no logs" "$(raw PID,POD,NAMESPACE,CONTAINER_NAME,POD_UID | head -n 2)" "\
10 - - - -
9 - - - -"
mkdir -p "host/var/log/pods/shop_web-7f_$uid/app" "host/var/log/pods/other_web-8a_$id1"
mkdir -p host/var/log/pods/nonsense host/var/log/pods/a_b host/var/log/pods/__ host/var/log/pods/a__b
same "pods: by uid, and the only container" \
	"$(raw PID,POD,NAMESPACE,CONTAINER_NAME --by process | sort -n)" "\
7 web-7f shop app
8 web-7f shop app
9 - - -
10 - - -"
mkdir "host/var/log/pods/shop_web-7f_$uid/side"
same "pods: one of two containers" "$(raw PID,POD,NAMESPACE,CONTAINER_NAME | sort -n | head -n 1)" \
	"7 web-7f shop -"
mkdir host/var/log/containers
: >"host/var/log/containers/web-7f_shop_app-$id1.log"
: >"host/var/log/containers/web-7f_shop_side-car-$id2.log"
: >"host/var/log/containers/x-$id1.log"
: >host/var/log/containers/_.log
: >host/var/log/containers/a_b_c
same "pods: by the container's id" "$(raw PID,POD,NAMESPACE,CONTAINER_NAME | sort -n | head -n 3)" "\
7 web-7f shop app
8 web-7f shop side-car
9 web-7f shop side-car"
same "pods: --by pod" "$(raw POD,NAMESPACE,POD_UID,PROCESSES,PID --by pod)" "\
- - - 1 10
web-7f shop $uid 3 9"
same "pods: WHERE" "$(raw WHERE | sort | uniq -c | sed 's/^ *//')" "\
1 docker\\x20000000000000
3 pod\\x20shop/web-7f"
mkdir -p "host/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id1"
mkdir -p "host/var/lib/docker/containers/$id2"
same "pods: the runtime, by what it keeps" "$(raw PID,RUNTIME | sort -n)" "\
7 containerd
8 docker
9 containerd
10 docker"

#
# Virtual machines
#

# vm WHAT EXE GOT WANTED ARGUMENT... - check the name of the machine that EXE runs with these
# arguments
vm()
{
	what=$1
	exe=$2
	want=$3
	shift 3
	ln -sfn "$exe" host/proc/7/exe
	printf '%s\0' "$exe" "$@" >host/proc/7/cmdline
	same "vm: $what" "$(raw VM)" "$want"
}

fresh
process 7 task 1
recording 7
qemu=/usr/bin/qemu-system-x86_64
vm "libvirt" $qemu debian-12 -name guest=debian-12,debug-threads=on -S -uuid 12ab
vm "qemu, plain name" $qemu web -m 512 -name web -nographic
vm "qemu, plain name with more" $qemu web -name web,process=xyz
vm "qemu, two dashes" $qemu web --name=web
vm "qemu, a comma and a blank" $qemu 'a,b\x20c' -name 'guest=a,,b c'
vm "qemu, no name" $qemu 12ab -uuid 12ab -m 512
vm "qemu, the last name counts" $qemu two -name one -name guest=two
vm "qemu, name of something else" $qemu - -device e1000,name=x -netdev user,guest=y
vm "qemu, an empty name" $qemu - -name ''
vm "qemu, a name of options only" $qemu - -name debug-threads=on
vm "qemu, an option without its value" $qemu - -name
vm "qemu of RHEL" /usr/libexec/qemu-kvm el9 -name guest=el9
vm "firecracker" /usr/bin/firecracker i-42 --api-sock /run/x.sock --id i-42
vm "firecracker, with =" /firecracker i-42 --id=i-42
vm "firecracker, no name" /firecracker - --api-sock /run/x.sock
vm "cloud-hypervisor" /usr/bin/cloud-hypervisor /run/vc/vm/1/clh-api.sock --api-socket /run/vc/vm/1/clh-api.sock
vm "cloud-hypervisor, path" /usr/bin/cloud-hypervisor /run/a.sock --api-socket path=/run/a.sock
vm "cloud-hypervisor, uuid" /usr/bin/cloud-hypervisor 12ab --platform num_pci_segments=2,uuid=12ab
vm "another program" /tmp/xmrig - -name guest=debian
printf '%s\0-name\0guest=web' $qemu >host/proc/7/cmdline
ln -sfn $qemu host/proc/7/exe
same "vm: no end" "$(raw VM)" "-"
head -c 200000 /dev/urandom >host/proc/7/cmdline
raw VM,CMDLINE >/dev/null
same "vm: noise" "$?" 0
mk head info tally tgid=7 pid=7 verdict=3 highest=3 flags=4 comm=kvmtool tally tgid=8 pid=8 \
	verdict=3 highest=3 flags=4 comm=gone end >recording
: >host/proc/7/cmdline
same "vm: a guest without a name" "$(raw VM,PROCESSES --by vm)" "\
kvmtool[7] 1
gone[8] 1"

#
# Identity
#

fresh
process 7 'a) b (' 6
process 6 parent 1
recording 7
printf 'root:x:0:0::/:/bin/sh\nrootless:x:1:1::/:/bin/sh\n' >host/etc/passwd
same "parent, and a name with parentheses" "$(raw PPID,PARENT,USER)" "6 parent root"
ln -s '/usr/bin/x (deleted)' host/proc/7/exe
same "deleted" "$(raw EXE,FLAGS)" '/usr/bin/x\x20(deleted) renamed,deleted'
ln -sfn '/memfd:x (deleted)' host/proc/7/exe
same "memfd" "$(raw EXE,FLAGS)" 'memfd:x renamed,memfd'
ln -sfn ' (deleted)' host/proc/7/exe
same "a file of that name" "$(raw EXE,FLAGS)" '\x20(deleted) renamed'
echo task >host/proc/7/comm
same "not renamed" "$(raw FLAGS)" "-"
printf 'a\0b c\0\0' >host/proc/7/cmdline
same "command line" "$(raw CMDLINE)" 'a\x20b\x20c'
rm host/proc/6/comm
same "no name of the parent" "$(raw PPID,PARENT)" "6 -"
rm -r host/proc/7
same "gone" "$(raw PID,USER,EXE,PPID,FLAGS,UNIT)" "7 root - - - -"
process 7 task 1
sed -i 's/ 10000 / 10200 /' host/proc/7/stat
echo 0::/system.slice/a.service >host/proc/7/cgroup
same "another with the same PID" "$(raw UNIT,FLAGS)" "- -"
for stat in '' '7' '7 (task' '7 (task) S' '7 (task) S 1 7 7 0 -1 1 2 3 4 5 6 7 8 9 10 11 12 13 x'; do
	echo "$stat" >host/proc/7/stat
	same "stat '$stat'" "$(raw UNIT)" "-"
done

# The name of a thread differs from that of its process, and a thread's tally has only the former.
process 7 task 1
mkdir -p host/proc/7/task/7 host/proc/7/task/8
echo task >host/proc/7/task/7/comm
echo worker >host/proc/7/task/8/comm
mk head info tally tgid=7 pid=8 comm=worker verdict=3 highest=3 end >recording
same "a thread's name" "$(raw COMMAND,FLAGS)" "worker -"
mk head info tally tgid=7 pid=7 comm=worker verdict=3 highest=3 end >recording
same "renamed as a worker" "$(raw COMMAND,FLAGS)" "worker renamed"
mk head info tally tgid=7 pid=7 comm=before verdict=3 highest=3 flags=2 end >recording
same "ran another program" "$(raw COMMAND,FLAGS)" "before exited"

# A mount over the directory of a process.
recording 7
mkdir host/proc/self
mounts='22 1 0:20 / /proc rw - proc proc rw'
mounted()	# what mount-point wanted
{
	printf '%s\n30 22 8:1 /tmp/x %s rw - ext4 /dev/sda1 rw\n' "$mounts" "$2" >host/proc/self/mountinfo
	same "mounted over $1" "$(raw FLAGS)" "$3"
}
mounted "/proc/7" /proc/7 covered
mounted "/proc/7/cmdline" /proc/7/cmdline covered
mounted "/proc/77" /proc/77 -
mounted "/proc/7x" /proc/7x -
mounted "/tmp/proc/7" /tmp/proc/7 -
printf '%s\n' "$mounts" >host/proc/self/mountinfo
mkdir -p host/proc/1
printf '30 22 8:1 /tmp/x /proc/7 rw - ext4 /dev/sda1 rw\n' >host/proc/1/mountinfo
same "mounted where process 1 is" "$(raw FLAGS)" "covered"
rm host/proc/1/mountinfo
printf '1 2 3\n\n/proc/7\n' >host/proc/self/mountinfo
same "mounts that make no sense" "$(raw FLAGS)" "-"

# A library hides a process from readdir(); the reporter must see it nevertheless.
if nm -D "$build/roundwatch" 2>/dev/null | grep -q asan; then
	skip "hidden by a library" "with sanitizers"
elif "${CC:-cc}" -shared -fPIC -o hide.so "$here/../vm/hide.c"; then
	same "hidden by a library" "$(RW_HIDE=7 LD_PRELOAD=$tmp/hide.so raw FLAGS)" "hidden"
	same "another is hidden" "$(RW_HIDE=6 LD_PRELOAD=$tmp/hide.so raw FLAGS)" "-"
else
	same "hide.c compiles" no yes
fi

# Names that end as the kernel marks deleted files: in a copy what is there decides.
rm -r host
fresh
process 7 tool 1
recording 7
mkdir -p host/opt
name='/opt/tool (deleted)'
ln -s "$name" host/proc/7/exe
same "a file that is not there" "$(raw EXE,FLAGS)" '/opt/tool\x20(deleted) renamed,deleted'
: >host/opt/tool
same "another file in its place" "$(raw FLAGS)" "renamed,deleted"
: >"host$name"
printf 'tool\0' >host/proc/7/cmdline
sed -i 's/(tool)/(task)/' host/proc/7/stat
echo task >host/proc/7/comm
same "a file of just that name" "$(raw EXE,FLAGS)" '/opt/tool\x20(deleted) renamed'
ln -sfn "$name (deleted)" host/proc/7/exe
same "a deleted file of that name" "$(raw EXE,FLAGS)" '/opt/tool\x20(deleted)\x20(deleted) deleted'
: >'host/memfd:x (deleted)'
ln -sfn '/memfd:x (deleted)' host/proc/7/exe
same "a file named like a memfd" "$(raw EXE)" '/memfd:x\x20(deleted)'

# A process that calls itself other than what it runs; scripts and links are called as told.
ln -sfn /usr/bin/tool host/proc/7/exe
same "disguised" "$(raw FLAGS)" renamed
printf '/bin/sh\0/opt/task\0' >host/proc/7/cmdline
same "a script" "$(raw FLAGS)" -
: >host/proc/7/cmdline
ln -sfn /usr/bin/a-very-long-name-of-it host/proc/7/exe
echo a-very-long-nam >host/proc/7/comm
mk head info tally tgid=7 pid=7 comm=a-very-long-nam verdict=3 end >recording
same "a name that the kernel cut" "$(raw FLAGS)" -

# This host: the same questions about processes that run.
sleeper=$(command -v sleep)
live()	# PID COLUMNS: of a process of this host
{
	start=$(mk start "$1")
	mk head info tally tgid="$1" pid="$1" "comm=$(cat "/proc/$1/comm")" verdict=3 highest=3 \
		process_start_ns="$start" start_ns="$start" end >recording
	"$build/roundwatch" list --input recording --sysroot / --raw -n -o "$2"
}
cp "$sleeper" 'nap (deleted)'
# shellcheck disable=SC2288 # it is called so
'./nap (deleted)' 300 &
one=$!
cp "$sleeper" nap
./nap 300 &
two=$!
runs()	# PID FILE
{
	[ "$(readlink "/proc/$1/exe")" = "$2" ]
}
wait_for 20 runs $one "$tmp/nap (deleted)"
wait_for 20 runs $two "$tmp/nap"
rm nap
same "live: exists" "$(live $one EXE,FLAGS)" "$tmp/nap\\x20(deleted) -"
rm 'nap (deleted)'
same "live: deleted" "$(live $one FLAGS) $(live $two EXE,FLAGS)" "deleted $tmp/nap\\x20(deleted) deleted"
kill $one $two

# The first thread ends, another goes on.
if "${CC:-cc}" -o leaderless "$here/leaderless.c" -pthread; then
	./leaderless &
	one=$!
	wait_for 20 grep -q '^State:.Z' /proc/$one/status
	same "first thread ended" "$(live $one EXE,CMDLINE)" "$tmp/leaderless ./leaderless"
	run explain -v $one --input recording --sysroot /
	same "first thread ended: memory" "$(tr -s '\n ' ' ' <out | grep -c 'not readable memory.* of thread [0-9]')" 1
	kill $one
else
	result 1 "leaderless.c compiles"
fi
fresh
process 7 tool 1
mkdir -p host/proc/7/task/7 host/proc/7/task/9
sed -i 's/) S /) Z /' host/proc/7/stat
cp host/proc/7/stat host/proc/7/task/7/stat
sed 's/) Z /) R /' host/proc/7/stat >host/proc/7/task/9/stat
: >host/proc/7/maps
echo '7f0000000000-7f0082000000 rw-p 00000000 00:00 0' >host/proc/7/task/9/maps
printf 'tool\0--url\0' >host/proc/7/task/9/cmdline
ln -s /usr/bin/tool host/proc/7/task/9/exe
echo '0::/docker/x' >host/proc/7/cgroup
echo '0::/system.slice/tool.service' >host/proc/7/task/9/cgroup
mk head info tally tgid=7 pid=7 comm=tool verdict=3 end >recording
same "first thread ended: a copy" "$(raw EXE,CMDLINE,UNIT)" '/usr/bin/tool tool\x20--url tool.service'
run explain -v 7 --input recording --sysroot host
same "first thread ended: a dataset" "$(grep -c 'found *memory .*2080 MiB, as RandomX' out)" 1

# Of a process that has ended, and waits for its parent, nothing can be read.
# The parent, which is a shell at first, does not reap its child once it runs another program.
mkfifo hold
sh -c 'cat hold & echo $! >zombie; exec "$1" 300' sh "$sleeper" &
one=$!
wait_for 20 runs $one "$(readlink -f "$sleeper")"
two=$(cat zombie)
echo >hold
wait_for 20 grep -q '^State:.Z' "/proc/$two/status"
live "$two" PID >/dev/null
run explain "$two" --input recording --sysroot /
same "a zombie: nothing is said not to be found" "$(grep -c '^ *not found' out)" 0
kill $one

# A time namespace shifts the start of every process.
if unshare -Ur -T --boottime 86400 --fork true 2>/dev/null; then
	sleep 300 &
	one=$!
	start=$(mk start $one)
	mk info tally tgid=$one pid=$one uid="$(id -u)" comm=sleep verdict=3 highest=3 \
		process_start_ns="$start" start_ns="$start" end >device
	same "time namespace" "$(unshare -Ur -T --boottime 86400 --fork "$build/roundwatch" list \
		--device device --raw -n -o PPID,FLAGS)" "$$ -"
	kill $one
else
	skip "time namespace" "user and time namespaces are not allowed"
fi

# With hidepid a process is not shown: that is not hiding.
if [ "$(id -u)" = 0 ]; then
	setpriv --reuid 1000 --regid 1000 --clear-groups sleep 300 &
	one=$!
	wait_for 20 grep -q '^Uid:.1000' /proc/$one/status
	start=$(mk start $one)
	mk info tally tgid=$one pid=$one uid=1000 comm=sleep verdict=3 highest=3 \
		process_start_ns="$start" start_ns="$start" end >device
	for how in 1 2 4; do
		unshare -m sh -c "mount -t proc -o hidepid=$how proc /proc &&
			setpriv --bounding-set -sys_ptrace $build/roundwatch list --device device \\
			--json -o FLAGS,WHERE,USER" >out 2>&1
		same "hidepid=$how: not hidden" "$(json roundwatch.0.flags)" '[]'
	done
	# The other two do not hide from group 0.
	unshare -m sh -c "mount -t proc -o hidepid=4 proc /proc &&
		setpriv --bounding-set -sys_ptrace $build/roundwatch explain -v $one --device device" \
		>out 2>&1
	same "hidepid: says what cannot be seen" \
		"$(tr -s '\n ' ' ' <out | grep -c 'cannot be looked at: /proc[^.]*hidepid=')" 1
	kill $one
else
	skip "hidepid" "not root"
fi

#
# Names and images, from the state of runtimes
#

# state WHAT CGROUP WANTED: of process 7, whose runtime's files are in host already
state()
{
	echo "$2" >host/proc/7/cgroup
	same "state: $1" "$(raw RUNTIME,CONTAINER_NAME,POD) $("$build/roundwatch" monitor --input recording \
		--sysroot host --allow nobody | mk json container.image.name 2>&1)" "$3"
	fresh
	process 7 task 1
	recording 7
}
image='reg.example/team/node:7'
: >nobody
# file PATH TEXT: of the host
file()
{
	mkdir -p "host/$(dirname "$1")"
	printf '%s\n' "$2" >"host/$1"
}
docker='{"Name":"/node","Config":{"Image":"'$image'","Labels":{}}}'
spec='{"annotations":{"io.kubernetes.cri.image-name":"'$image'","io.kubernetes.cri.container-name":"app","io.kubernetes.cri.sandbox-name":"web-7f","io.kubernetes.cri.sandbox-namespace":"shop"}}'
store='[{"id":"other"},{"id":"'$id1'","names":["x","node"],"metadata":"{\"image-name\":\"'$image'\",\"name\":\"node\"}"}]'
task=io.containerd.runtime.v2.task
in_docker="0::/system.slice/docker-$id1.scope"
in_pod="0::/kubepods/burstable/pod$uid/$id1"
in_podman="0::/machine.slice/libpod-$id1.scope/container"

fresh
process 7 task 1
recording 7
state "none" "$in_docker" "docker - - mkrecord: image: no such member"
file etc/docker/daemon.json '{"debug":true,"data-root":"/srv/docker"}'
file srv/docker/containers/$id1/config.v2.json "$docker"
state "docker: data-root in its configuration" "$in_docker" "docker node - \"$image\""
process 50 dockerd 1
printf 'dockerd\0-H\0fd://\0--data-root=/mnt/big/docker\0' >host/proc/50/cmdline
file mnt/big/docker/containers/$id1/config.v2.json "$docker"
state "docker: data-root on its command line" "$in_docker" "docker node - \"$image\""
process 50 dockerd 1
printf 'dockerd\0--data-root=/mnt/big/docker\0' >host/proc/50/cmdline
printf 'Uid:\t1000\t1000\t1000\t1000\n' | sed '1i Name:\tdockerd' >host/proc/50/status
file mnt/big/docker/containers/$id1/config.v2.json "$docker"
state "docker: one that is not root's proves nothing" "$in_docker" \
	"docker - - mkrecord: image: no such member"
process 50 dockerd 1
printf 'dockerd\0--data-root=/mnt/big/docker\0' >host/proc/50/cmdline
echo "0::/docker/$id2" >host/proc/50/cgroup
file mnt/big/docker/containers/$id1/config.v2.json "$docker"
state "docker: one in a container proves nothing" "$in_docker" \
	"docker - - mkrecord: image: no such member"
process 50 dockerd 1
printf 'dockerd\0--config-file\0/etc/own.json\0' >host/proc/50/cmdline
file etc/own.json '{"data-root":"/mnt/big/docker"}'
file mnt/big/docker/containers/$id1/config.v2.json "$docker"
state "docker: another file of configuration" "$in_docker" "docker node - \"$image\""
file var/lib/docker/containers/$id1/config.v2.json \
	'{"Config":{"Image":"i","Labels":{"io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-7f","io.kubernetes.pod.namespace":"shop"}}}'
state "docker: in a pod" "0::/kubepods/besteffort/pod$uid/$id1" 'docker app web-7f "i"'
file run/k9/containerd/$task/k8s.io/$id1/config.json "$spec"
state "containerd: of a distribution not known yet" "$in_pod" "containerd app web-7f \"$image\""
file etc/containerd/config.toml "$(printf 'version = 2\n# state = "/wrong"\n  state = "/srv/cd-state"\n[grpc]\n')"
file srv/cd-state/$task/k8s.io/$id1/config.json "$spec"
state "containerd: state in its configuration" "$in_pod" "containerd app web-7f \"$image\""
process 50 containerd 1
printf 'containerd\0--state\0/srv/cd-state\0' >host/proc/50/cmdline
file srv/cd-state/$task/k8s.io/$id1/config.json "$spec"
state "containerd: state on its command line" "$in_pod" "containerd app web-7f \"$image\""
process 50 containerd-shim 1
printf 'x\0-namespace\0k8s.io\0-id\0y\0-address\0/srv/cd/sock/containerd.sock\0' >host/proc/50/cmdline
file srv/cd/sock/$task/k8s.io/$id1/config.json "$spec"
state "containerd: beside the socket of a shim" "$in_pod" "containerd app web-7f \"$image\""
process 50 containerd-shim 1
ln -s "/srv/elsewhere/$task/k8s.io/$id2" host/proc/50/cwd
file srv/elsewhere/$task/k8s.io/$id1/config.json "$spec"
state "containerd: where a shim works" "$in_pod" "containerd app web-7f \"$image\""
mkdir -p host/run/containerd/$task/lab/run1
state "containerd: ctr run, a name and a namespace" "0::/lab/run1" \
	"containerd - - mkrecord: image: no such member"
file srv/store/zfs-containers/containers.json "$store"
file etc/containers/storage.conf "$(printf '[storage]\ndriver = "zfs"\ngraphroot = "/srv/store"\n')"
state "podman: graphroot in its configuration" "$in_podman" "podman node - \"$image\""
file run/containers/storage/overlay-containers/volatile-containers.json "$store"
state "podman: --rm" "$in_podman" "podman node - \"$image\""
process 50 conmon 1
printf 'conmon\0-c\0%s\0-b\0/srv/store/vfs-containers/%s/userdata\0' $id1 $id1 >host/proc/50/cmdline
file srv/store/vfs-containers/containers.json "$store"
state "podman: where conmon works" "$in_podman" "podman node - \"$image\""
file run/containers/storage/overlay-containers/$id1/userdata/config.json \
	'{"annotations":{"io.kubernetes.cri-o.ImageName":"'$image'","io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-7f"}}'
state "cri-o: a bundle" "0::/kubepods/pod$uid/$id1" "cri-o app web-7f \"$image\""
file var/lib/docker/containers/$id1/config.v2.json '[{'
file var/lib/containers/storage/overlay-containers/containers.json '[1,{"id":2},{"id":"'$id1'","names":7,"metadata":"["}]'
state "damaged" "$in_docker" "docker - - mkrecord: image: no such member"

# A virtual machine of Kata Containers is a pod's, too.
process 7 task 1
ln -sfn /usr/bin/qemu-system-x86_64 host/proc/7/exe
printf 'qemu\0-name\0sandbox-%s,debug-threads=on\0' $id1 >host/proc/7/cmdline
file run/containerd/$task/k8s.io/$id1/config.json "$spec"
echo "0::/kata_overhead/$id1" >host/proc/7/cgroup
same "kata: the pod and the machine" "$(raw POD,WHERE)" \
	"web-7f pod\\x20shop/web-7f,\\x20vm\\x20sandbox-$id1"
echo "0::/" >host/proc/7/cgroup
same "kata: by the machine's name" "$(raw RUNTIME,POD)" "kata web-7f"
fresh
process 7 task 1
ln -sfn /opt/kata/bin/cloud-hypervisor host/proc/7/exe
printf 'c\0--api-socket\0/run/vc/vm/%s/clh-api.sock\0' $id1 >host/proc/7/cmdline
echo "0::/" >host/proc/7/cgroup
same "kata: by the machine's socket" "$(raw RUNTIME,CONTAINER)" "kata $id1"

# Machines of systemd.
fresh
process 7 task 1
printf '%s\n' '0::/machine.slice/machine-build\x2d7.scope' >host/proc/7/cgroup
same "a machine of machined" "$(raw RUNTIME,CONTAINER,VM)" "nspawn build-7 -"
file run/systemd/machines/build-7 "$(printf 'NAME=build-7\nCLASS=vm\nSERVICE=systemd-vmspawn\n')"
same "a virtual machine of machined" "$(raw RUNTIME,CONTAINER,VM)" "- - build-7"
rm -r host/run
ln -sfn /usr/bin/qemu-system-x86_64 host/proc/7/exe
same "a virtual machine by what it runs" "$(raw RUNTIME,CONTAINER,VM)" "- - build-7"

# Where it is, whatever the group.
fresh
process 7 task 1
for path in / /a /pbs/7.srv 'x y' /user.slice; do
	echo "0::$path" >host/proc/7/cgroup
	same "WHERE: $path" "$("$build/roundwatch" list --input recording --sysroot host --json -o WHERE |
		mk json roundwatch.0.where)" "\"cgroup $path\""
done
rm host/proc/7/cgroup
same "WHERE: no group" "$(raw WHERE)" 'cgroup\x20not\x20readable'

#
# Groups
#

fresh
for pid in 1 2 3 4 5 6; do
	process $pid task 1
done
echo 0::/system.slice/a.service | tee host/proc/1/cgroup >host/proc/3/cgroup
echo "0::/docker/$id1" | tee host/proc/2/cgroup >host/proc/4/cgroup
echo "0::/system.slice/docker-$id2.scope" >host/proc/5/cgroup
echo '6 (gone)' >host/proc/6/stat
ln -s '/x (deleted)' host/proc/4/exe
mk head info \
	tally tgid=1 pid=1 verdict=1 highest=1 evidence=3 rn=1 rz=1 \
	tally tgid=2 pid=2 verdict=3 highest=3 evidence=30 rn=10 ru=1 uid=1 \
	tally tgid=2 pid=9 verdict=3 highest=3 evidence=20 rn=100 uid=1 \
	tally tgid=3 pid=3 verdict=2 highest=2 evidence=2 rn=1000 flags=2 \
	tally tgid=4 pid=4 verdict=3 highest=3 evidence=40 rn=10000 uid=2 \
	tally tgid=5 pid=5 verdict=1 highest=1 evidence=1 rn=5 \
	tally tgid=6 pid=6 verdict=1 highest=1 rn=6 \
	end >recording
same "--by process" "$(raw VERDICT,PID --by process)" "$(raw VERDICT,PID)"
same "--by container" \
	"$(raw VERDICT,EVIDENCE,CONTAINER,PROCESSES,THREADS,PID,RN,RU,FLAGS --by container)" "\
randomx 40 $id1 2 3 4 10110 1 deleted
rounding 3 - 2 2 3 1001 0 -
rounding 1 $id2 1 1 5 5 0 -
rounding 0 - 1 1 6 6 0 -"
same "--by unit" "$(raw UNIT,PROCESSES --by unit)" "\
- 2
a.service 2
docker-$id2.scope 1
- 1"
same "--by user" "$(raw USER,PROCESSES --by user)" "\
2 1
1 1
0 4"
same "--by vm" "$(raw VM,PROCESSES --by vm)" "\
- 5
- 1"
same "--by container, nothing known" \
	"$("$build/roundwatch" list --input recording --raw -n -o PROCESSES,PID --by container)" "6 4"
"$build/roundwatch" list --input recording --sysroot host --by container >out
same "--by container, for people" "$(sed -n '2s/  */ /gp' out | cut -d ' ' -f 1-6)" \
	"randomx 40 0123456789ab docker 2 4"
"$build/roundwatch" list --input recording --sysroot host --by container --json >out
same "--by container, JSON" "$(mk json roundwatch.0.container <out)" "\"$id1\""
for by in process container pod unit user vm; do
	"$build/roundwatch" list --input recording --sysroot host --by $by >out 2>err
	same "--by $by" "$? $(cat err)" "0 "
done
"$build/roundwatch" list --input recording --by colour >out 2>err
same "--by something else" "$? $(grep -c "'colour'.*container" err)" "2 1"
"$build/roundwatch" list --input recording --threads --by pod >out 2>err
same "--by with --threads" "$? $(grep -c 'exclude each other' err)" "2 1"
"$build/roundwatch" list --input recording --sysroot nowhere >out 2>err
same "--sysroot that is not there" "$? $(grep -c 'nowhere: No such file' err)" "1 1"
"$build/roundwatch" list --input recording --sysroot "$tmp/host/etc" >out 2>err
same "--sysroot without proc" "$? $(grep -c 'that has proc/ in it' err)" "1 1"

# Names of processes must not contain control characters when printed.
fresh
process 7 task 1
recording 7
printf '0::/system.slice/\033[31m\302\233\200.service\n' >host/proc/7/cgroup
printf '\033]0;x\007\0' >host/proc/7/cmdline
"$build/roundwatch" list --input recording --sysroot host -o UNIT,CMDLINE >out
mk escapes <out
same "control characters" "$? $(tail -n 1 out)" \
	'0 \x1b[31m\xc2\x9b\x80.service \x1b]0;x\x07'
"$build/roundwatch" list --input recording --sysroot host -o UNIT,CMDLINE --json >out
mk json roundwatch.0.unit <out >got
same "control characters, JSON" "$? $(grep -c '"/*\\u001b\[31m\\u009b\\ufffd.service"' out)" '0 1'

# As many processes as the default table holds. The time must not grow with the square of that.
fresh
tallies=$(i=99
	while [ $i -lt 4195 ]; do
		i=$((i + 1))
		mkdir host/proc/$i
		echo "tally tgid=$i pid=$i verdict=3 highest=3"
		echo "$i (task) S 1 $i $i 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 10000 0 0" >host/proc/$i/stat
		echo "0::/kubepods/pod$i/$id1" >host/proc/$i/cgroup
	done)
# shellcheck disable=SC2086 # words
mk head info $tallies end >recording
began=$(date +%s%N)
same "4096 processes" "$(raw PID,POD_UID | awk '$1 == $2' | wc -l | tr -d ' ')" 4096
echo "# in $((($(date +%s%N) - began) / 1000000)) ms"
same "4096 processes, by pod" "$(raw PROCESSES --by pod | sort | uniq -c | sed 's/^ *//')" "4096 1"

#
# What a recording knows of accused processes: every view shows it
#

id=4f1c88d2a7b9e6035d1f2c3b4a5968770e1d2c3b4a59687786950a1b2c3d4e5f
kept()	# UNIT CONTAINER POD: the text about a process
{
	printf '{"identity":{"found":true,"exe":"/opt/%s","cmdline":"/opt/%s --donate 1",' "$1" "$1"
	printf '"user":"alice","unit":"%s.service","runtime":"docker","container":"%s",' "$1" "$2"
	printf '"container_name":"box","image":"r/x","pod":"%s","pod_namespace":"shop",' "$3"
	printf '"cgroup":"/docker/%s","ppid":1,"parent":"init"}}' "$2"
}
mk head info tally pid=5 tgid=5 uid=1000 comm=five verdict=3 highest=3 evidence=1200 \
	tally pid=6 tgid=6 uid=1000 comm=six verdict=2 highest=2 evidence=500 \
	tally pid=7 tgid=7 uid=1000 comm=seven verdict=1 highest=1 \
	dossier tgid=5 text="$(kept mine $id web-1)" \
	dossier tgid=6 process_start_ns=99000000000 text="$(kept other $id web-2)" end >kept.rec
run list --input kept.rec --raw --noheadings --output PID,USER,EXE,CMDLINE,UNIT,CONTAINER,POD,NAMESPACE,PARENT
same "kept: list" "$(cat out)" "5 alice /opt/mine /opt/mine\\x20--donate\\x201 mine.service $id web-1 shop init
6 1000 - - - - - - -
7 1000 - - - - - - -"
run list --input kept.rec --raw --noheadings --threads --output PID,USER
same "kept: list --threads" "$(tr '\n' ' ' <out)" "5 alice 6 1000 7 1000 "
for by in container:CONTAINER:$id pod:POD:web-1 unit:UNIT:mine.service user:USER:alice; do
	column=${by#*:}
	column=${column%:*}
	run list --input kept.rec --by "${by%%:*}" --raw --noheadings --output "$column,PROCESSES"
	same "kept: list --by ${by%%:*}" "$(head -n 1 out)" "${by##*:} 1"
done
: >none
run metrics --input kept.rec --allow none
same "kept: metrics" "$(grep '^roundwatch_process_evidence{pid="5"' out)" \
	'roundwatch_process_evidence{pid="5",comm="five",user="alice",container_id="'$id'",pod="web-1",'\
'namespace="shop",unit="mine.service",allowed="false",verdict="randomx"} 1200'
same "kept: metrics: nothing of another process" \
	"$(grep -c '{pid="6",comm="six",user="1000",container_id="",pod="",' out)" 1
echo 'unit mine.service' >mine
run metrics --input kept.rec --allow mine
same "kept: metrics: allowed" "$(grep -c '{pid="5",.*allowed="true"' out)" 1
run check --input kept.rec --allow none
says "kept: check" out "five[5] (alice, pod shop/web-1"
run monitor --input kept.rec --allow none
same "kept: monitor" "$(sed -n 1p out | mk json process.executable) $(sed -n 1p out | mk json user.name)" \
	'"/opt/mine" "alice"'
run explain --input kept.rec 5
says "kept: explain" out "user alice" "/opt/mine --donate 1"
# Reported when it comes about, and recorded before
mk head info end dossier tgid=8 text="$(kept late $id web-1)" \
	tally flags=1 pid=8 tgid=8 comm=late verdict=3 highest=3 >late.rec
run monitor --input late.rec --allow none
same "kept: monitor: a change" "$(mk json user.name <out)" '"alice"'

finish
