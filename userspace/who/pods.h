/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PODS_H
#define PODS_H

/* What kubelet's log directories tell of the pods on a host, kept until they change. */
struct pods;

/* @root: descriptor of the host's root directory, which stays the caller's. */
struct pods *pods_open(int root);
void pods_close(struct pods *p);

/**
 * struct pod_names - of a pod and of a container in it; NULL where not known
 *
 * Text belongs to the struct pods, and is valid until the next call.
 */
struct pod_names {
	const char *uid;
	const char *name;
	const char *name_space;
	const char *container;
};

/**
 * pods_find - names of a container in a pod
 * @uid: of the pod; NULL if not known
 * @container_id: NULL if not known
 */
struct pod_names pods_find(struct pods *p, const char *uid, const char *container_id);

#endif
