// SPDX-License-Identifier: GPL-2.0
/*
 * Names of pods, from where kubelet keeps their logs:
 *
 *	/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log
 *	/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log
 *
 * Kubernetes allows no underscore in these names.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "who/pods.h"

#define PODS		"var/log/pods"
#define CONTAINERS	"var/log/containers"

/* @key is a pod's uid, or a container's id; all of them point into @file. */
struct entry {
	char *file;
	const char *key, *name, *name_space, *container;
};

/**
 * struct index - of one directory
 * @changed: when the directory was, as of when it was read
 */
struct index {
	const char *path;
	bool (*split)(char *text, struct entry *e);
	struct timespec changed;
	struct entry *entry;
	size_t n, room;
};

struct pods {
	int root;
	struct index pod, container;
	char *only;	/* the container told last */
};

static char *cut(char *s, char c)
{
	s = strchr(s, c);
	if (s)
		*s++ = '\0';
	return s;
}

static bool split_pod(char *text, struct entry *e)
{
	char *name = cut(text, '_');
	char *uid = name ? cut(name, '_') : NULL;

	e->name_space = text;
	e->name = name;
	e->key = uid;
	e->container = NULL;
	return uid && *text && *name && *uid;
}

static bool split_container(char *text, struct entry *e)
{
	char *space = cut(text, '_');
	char *container = space ? cut(space, '_') : NULL;
	char *id = container ? strrchr(container, '-') : NULL;
	char *end = id ? strrchr(id, '.') : NULL;

	if (!end || strcmp(end, ".log"))
		return false;
	*id++ = '\0';
	*end = '\0';
	e->name = text;
	e->name_space = space;
	e->container = container;
	e->key = id;
	return *text && *space && *container && *id;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static void empty(struct index *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->entry[i].file);
	x->n = 0;
}

static void read_index(struct index *x, DIR *dir)
{
	const struct dirent *d;

	while ((d = readdir(dir))) {
		char *text = xasprintf("%s", d->d_name);
		struct entry e = { .file = text };

		if (!x->split(text, &e)) {
			free(text);
			continue;
		}
		if (x->n == x->room) {
			x->room = x->room ? 2 * x->room : 64;
			x->entry = xrealloc(x->entry, x->room, sizeof(*x->entry));
		}
		x->entry[x->n++] = e;
	}
	if (x->n)
		qsort(x->entry, x->n, sizeof(*x->entry), compare);
}

static void refresh(struct index *x, int root)
{
	struct stat st;
	DIR *dir;
	int fd;

	if (fstatat(root, x->path, &st, 0)) {
		empty(x);
		memset(&x->changed, 0, sizeof(x->changed));
		return;
	}
	if (st.st_mtim.tv_sec == x->changed.tv_sec && st.st_mtim.tv_nsec == x->changed.tv_nsec)
		return;
	empty(x);
	fd = openat(root, x->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	x->changed = st.st_mtim;
	read_index(x, dir);
	closedir(dir);
}

static const struct entry *look_up(struct index *x, int root, const char *key)
{
	struct entry wanted = { .key = key };

	if (!key)
		return NULL;
	refresh(x, root);
	return x->n ? bsearch(&wanted, x->entry, x->n, sizeof(wanted), compare) : NULL;
}

/* The container of a pod that has but one. */
static const char *only_container(struct pods *p, const struct entry *e)
{
	char *path = xasprintf(PODS "/%s_%s_%s", e->name_space, e->name, e->key);
	int fd = openat(p->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	size_t n = 0;

	free(path);
	free(p->only);
	p->only = NULL;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while ((d = readdir(dir)) && n < 2) {
		if (*d->d_name == '.')
			continue;
		if (!n++)
			p->only = xasprintf("%s", d->d_name);
	}
	closedir(dir);
	return n == 1 ? p->only : NULL;
}

struct pods *pods_open(int root)
{
	struct pods *p = xrealloc(NULL, 1, sizeof(*p));

	*p = (struct pods){
		.root = root,
		.pod = { .path = PODS, .split = split_pod },
		.container = { .path = CONTAINERS, .split = split_container },
	};
	return p;
}

void pods_close(struct pods *p)
{
	if (!p)
		return;
	empty(&p->pod);
	empty(&p->container);
	free(p->pod.entry);
	free(p->container.entry);
	free(p->only);
	free(p);
}

/* Of a pod that only its container is known of. */
static const struct entry *find_by_name(struct pods *p, const struct entry *container)
{
	refresh(&p->pod, p->root);
	for (size_t i = 0; i < p->pod.n; i++) {
		const struct entry *e = &p->pod.entry[i];

		if (!strcmp(e->name, container->name) &&
		    !strcmp(e->name_space, container->name_space))
			return e;
	}
	return NULL;
}

struct pod_names pods_find(struct pods *p, const char *uid, const char *container_id)
{
	const struct entry *container = look_up(&p->container, p->root, container_id);
	const struct entry *pod = look_up(&p->pod, p->root, uid);
	struct pod_names names = { 0 };

	if (container) {
		names.name = container->name;
		names.name_space = container->name_space;
		names.container = container->container;
		if (!uid)
			pod = find_by_name(p, container);
	}
	if (pod) {
		names.uid = pod->key;
		names.name = pod->name;
		names.name_space = pod->name_space;
		if (!names.container && container_id)
			names.container = only_container(p, pod);
	}
	return names;
}
