/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINER_H
#define CONTAINER_H

/**
 * struct container - identity of a process according to the names of its control groups
 * @unit: of the host's systemd: service, scope, socket, mount or swap
 * @runtime: docker, containerd, cri-o, podman, kata, buildkit, garden, mesos, ecs, slurm, lxc
 *	or nspawn; "unknown" if the name is that of an unknown container; NULL outside a container
 * @id: 64 hexadecimal digits for most runtimes; otherwise the name chosen by the runtime
 * @inner: ID of the innermost container in that container, if any
 * @pod_uid: with dashes, as in Kubernetes' metadata.uid; for a Podman pod its ID
 * @vm: name of the virtual machine for which libvirt or systemd-vmspawn made the group
 * @cgroup: unchanged path of the group that contains the container or, without one, the unit
 *
 * Text is allocated, and NULL if unknown.
 *
 * Of nested units, containers and pods the outermost is reported, because the host named
 * it. Groups below may have been made and named by a process inside.
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

/* @cgroups: text of /proc/PID/cgroup. Unknown contents are not an error. */
void container_parse(const char *cgroups, struct container *c);
void container_free(struct container *c);

#endif
