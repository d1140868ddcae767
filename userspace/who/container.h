/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINER_H
#define CONTAINER_H

/**
 * struct container - what the names of its control groups say about a process
 * @unit: of the host's systemd: service, scope, socket, mount or swap
 * @runtime: docker, containerd, cri-o, podman, kata, buildkit, garden, mesos, ecs, slurm, lxc
 *	or nspawn; "unknown" if the name is that of a container and not more; NULL outside any
 * @id: 64 hexadecimal digits for most runtimes; else whatever the runtime named it
 * @inner: ID of the innermost container in that container, if any
 * @pod_uid: with dashes, as in Kubernetes' metadata.uid; of a Podman pod its ID
 * @vm: name of the virtual machine for which libvirt or systemd-vmspawn made the group
 * @cgroup: path of the group, raw: that which has the container, else that of the unit
 *
 * Text is allocated, and NULL where the names say nothing.
 *
 * Of nested units, containers and pods the outermost is reported, for the host named it.
 * A process in there may have made and named groups below.
 */
struct container {
	char *unit;
	char *runtime;
	char *id;
	char *inner;
	char *pod_uid;
	char *vm;
	char *cgroup;
};

/* @cgroups: text of /proc/PID/cgroup. Whatever it holds, that is no error. */
void container_parse(const char *cgroups, struct container *c);
void container_free(struct container *c);

#endif
