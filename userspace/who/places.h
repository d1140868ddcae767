/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PLACES_H
#define PLACES_H

#include <stddef.h>

struct host;

/* Where container runtimes keep their state: as they are configured, and as they run. */

enum place_kind {
	PLACE_DOCKER,		/* data-root of dockerd */
	PLACE_CONTAINERD,	/* state directory of containerd */
	PLACE_STORAGE,		/* of Podman and CRI-O: where containers/storage is */
	PLACE_KINDS,
};

/**
 * struct places - directories, relative to the root of the host
 * @n: how many of a kind
 */
struct places {
	char **path[PLACE_KINDS];
	size_t n[PLACE_KINDS];
};

/* Add the places in which distributions keep them, and those of configuration files. */
void places_configured(struct places *p, const struct host *host);

/* Add the places that running runtimes were started with. */
void places_running(struct places *p, const struct host *host);

void places_free(struct places *p);

/* Call for each entry of a directory below @root, "." and ".." aside. */
void each_entry(int root, const char *path, void (*call)(const char *name, void *data), void *data);

#endif
