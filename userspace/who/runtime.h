/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>

struct host;

/*
 * The container runtimes of a host, and their files about containers. Only runtimes that
 * root runs on the host count, because files of other users prove nothing.
 */
struct runtimes;

struct runtimes *runtimes_open(const struct host *host);
void runtimes_close(struct runtimes *r);

/**
 * struct container_record - data of a runtime about a container; NULL if unknown
 * @runtime: docker, containerd, cri-o or podman
 * @name: name in the runtime, or in a pod the name in that pod
 * @image: name of its image
 * @pod, @pod_namespace, @pod_uid: of its pod
 */
struct container_record {
	char *runtime;
	char *name;
	char *image;
	char *pod, *pod_namespace, *pod_uid;
};

/**
 * runtimes_find - the record of a container
 * @id: its ID; containers made with ctr(8) have any name
 *
 * Returns NULL if no runtime has it. Valid until the next call.
 */
const struct container_record *runtimes_find(struct runtimes *r, const char *id);

/* True if containerd runs a task with this name in this namespace, as "ctr run" makes them. */
bool runtimes_has_task(struct runtimes *r, const char *space, const char *id);

#endif
