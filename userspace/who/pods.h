/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PODS_H
#define PODS_H

/* Names of pods from kubelet's log directories, kept until these change. */
struct pods;

/* @root: descriptor of the host's root directory, owned by the caller. */
struct pods *pods_open(int root);
void pods_close(struct pods *p);

/**
 * struct pod_names - names of a pod and of a container in it; NULL if unknown
 *
 * The text belongs to struct pods and is valid until the next call.
 */
struct pod_names {
	const char *uid;
	const char *name;
	const char *name_space;
	const char *container;
};

/**
 * pods_find - names of a container in a pod
 * @uid: of the pod; NULL if unknown
 * @container_id: NULL if unknown
 */
struct pod_names pods_find(struct pods *p, const char *uid, const char *container_id);

#endif
