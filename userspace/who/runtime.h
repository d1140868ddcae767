/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>

struct host;

/*
 * The container runtimes of a host, and what they keep on disk about their containers.
 * Only runtimes that root runs on the host count: what others write proves nothing.
 */
struct runtimes;

struct runtimes *runtimes_open(const struct host *host);
void runtimes_close(struct runtimes *r);

/**
 * struct container_record - what a runtime knows of a container; NULL where it does not say
 * @runtime: docker, containerd, cri-o or podman
 * @name: as the runtime shows it; in a pod, as the pod calls it
 * @image: the image from which it was made, as named then
 * @pod, @pod_namespace, @pod_uid: of the pod it is in
 */
struct container_record {
	char *runtime;
	char *name;
	char *image;
	char *pod, *pod_namespace, *pod_uid;
};

/**
 * runtimes_find - the record of a container
 * @id: its ID; of those made with ctr(8) any name
 *
 * NULL if no runtime has it. Valid until the next call.
 */
const struct container_record *runtimes_find(struct runtimes *r, const char *id);

/* Whether containerd runs a task of that name in that namespace, as "ctr run" makes them. */
bool runtimes_has_task(struct runtimes *r, const char *space, const char *id);

#endif
