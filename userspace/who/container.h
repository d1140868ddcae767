/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINER_H
#define CONTAINER_H

/**
 * struct container - what the names of its control groups tell of a process
 * @unit: of the host's systemd: service, scope, socket, mount or swap
 * @runtime: docker, containerd, cri-o, podman, lxc or nspawn; "unknown" if the
 *	name is that of a container and not more; NULL outside any
 * @id: 64 hexadecimal digits; of lxc and nspawn the name
 * @inner: id of the innermost container in that container, if any
 * @pod_uid: with dashes, as in Kubernetes' metadata.uid; of a Podman pod its id
 * @vm: name of the virtual machine for which libvirt made the group
 *
 * Text is allocated, and NULL where the names tell nothing.
 *
 * The outermost unit, container and pod are told, for they were named by the
 * host. Whoever is in there may have made and named groups below.
 */
struct container {
	char *unit;
	char *runtime;
	char *id;
	char *inner;
	char *pod_uid;
	char *vm;
};

/* @cgroups: text of /proc/PID/cgroup. Whatever it holds, that is no error. */
void container_parse(const char *cgroups, struct container *c);
void container_free(struct container *c);

#endif
