// SPDX-License-Identifier: GPL-2.0
/* Reads name, image and pod of a container from the files of its runtime. */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/status.h"
#include "base/util.h"
#include "who/places.h"
#include "who/process.h"
#include "who/runtime.h"

/* The state of a container is a few KiB, the list of all containers a few hundred. */
#define STATE_MAX	(4 << 20)

/* Results expire after this time, because containers are renamed and runtimes started. */
#define KEPT_NS		(10 * NSEC)

#define TASKS		"io.containerd.runtime.v2.task"
#define OLD_TASKS	"io.containerd.runtime.v1.linux"

struct cached {
	char *id;
	struct container_record record;
};

/**
 * struct runtimes
 * @root, @proc, @live: of the host
 * @running: running runtimes have been searched, too
 * @tree: of struct cached, for tsearch()
 * @taken_ns: time of the first lookup; 0: none yet
 */
struct runtimes {
	struct host host;
	struct places places;
	bool running;
	void *tree;
	uint64_t taken_ns;
};

static json_object *read_json(int root, const char *path)
{
	int fd = open_below(root, path, O_RDONLY | O_NONBLOCK);
	json_object *json = NULL;
	struct stat st;
	size_t have = 0;
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size < STATE_MAX) {
		text = xrealloc(NULL, st.st_size + 1, 1);
		while (have < (size_t)st.st_size &&
		       (n = read(fd, text + have, st.st_size - have)) > 0)
			have += n;
		text[have] = '\0';
		json = json_tokener_parse(text);
		free(text);
	}
	close(fd);
	return json;
}

static json_object *member(json_object *json, const char *name)
{
	json_object *value;

	return json_object_is_type(json, json_type_object) &&
	       json_object_object_get_ex(json, name, &value) ? value : NULL;
}

/* Copy the text of a member to @to, unless that is already set. */
static void take(char **to, json_object *json, const char *name)
{
	json_object *value = member(json, name);

	if (!*to && json_object_is_type(value, json_type_string) &&
	    json_object_get_string_len(value))
		*to = xasprintf("%s", json_object_get_string(value));
}

static bool exists(const struct host *host, const char *path)
{
	int fd = open_below(host->root, path, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void set_runtime(struct container_record *r, const char *runtime)
{
	if (!r->runtime)
		r->runtime = xasprintf("%s", runtime);
}

/* Labels that kubelet sets; runtimes store them under different names. */
static void take_labels(struct container_record *r, json_object *labels)
{
	take(&r->name, labels, "io.kubernetes.container.name");
	take(&r->pod, labels, "io.kubernetes.pod.name");
	take(&r->pod_namespace, labels, "io.kubernetes.pod.namespace");
	take(&r->pod_uid, labels, "io.kubernetes.pod.uid");
	/* containerd */
	take(&r->image, labels, "io.kubernetes.cri.image-name");
	take(&r->name, labels, "io.kubernetes.cri.container-name");
	take(&r->pod, labels, "io.kubernetes.cri.sandbox-name");
	take(&r->pod_namespace, labels, "io.kubernetes.cri.sandbox-namespace");
	take(&r->pod_uid, labels, "io.kubernetes.cri.sandbox-uid");
	take(&r->name, labels, "nerdctl/name");
	/* CRI-O */
	take(&r->image, labels, "io.kubernetes.cri-o.ImageName");
}

static void read_docker(struct container_record *r, const struct host *host, const char *root,
			const char *id)
{
	char *dir = xasprintf("%s/containers/%s", root, id);
	char *path = xasprintf("%s/config.v2.json", dir);
	json_object *json = read_json(host->root, path), *config = member(json, "Config");
	char *name = NULL;

	if (json || exists(host, dir))
		set_runtime(r, "docker");
	take(&r->image, config, "Image");
	take_labels(r, member(config, "Labels"));
	take(&name, json, "Name");
	if (name && !r->name)
		r->name = xasprintf("%s", *name == '/' ? name + 1 : name);
	free(name);
	json_object_put(json);
	free(path);
	free(dir);
}

/**
 * struct search - search for a container in one directory
 * @dir: the directory
 */
struct search {
	struct container_record *record;
	const struct host *host;
	const char *dir, *id;
};

/* A namespace of containerd. Docker uses one of its own. */
static void look_into_namespace(const char *name, void *data)
{
	struct search *s = data;
	char *dir = xasprintf("%s/%s/%s", s->dir, name, s->id);
	char *path = xasprintf("%s/config.json", dir);
	json_object *json;

	if (exists(s->host, dir)) {
		json = read_json(s->host->root, path);
		set_runtime(s->record, strcmp(name, "moby") ? "containerd" : "docker");
		take_labels(s->record, member(json, "annotations"));
		json_object_put(json);
	}
	free(path);
	free(dir);
}

static void read_containerd(struct container_record *r, const struct host *host,
			    const char *state, const char *id)
{
	static const char *const tasks[] = { TASKS, OLD_TASKS };

	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++) {
		char *dir = xasprintf("%s/%s", state, tasks[i]);
		struct search s = { r, host, dir, id };

		each_entry(host->root, dir, look_into_namespace, &s);
		free(dir);
	}
}

/* Podman and CRI-O store their data about a container as JSON in a string. */
static void take_metadata(struct container_record *r, json_object *container)
{
	char *text = NULL;
	json_object *json, *names = member(container, "names");

	take(&text, container, "metadata");
	json = text ? json_tokener_parse(text) : NULL;
	set_runtime(r, member(json, "pod-name") || member(json, "pod-id") ? "cri-o" : "podman");
	take(&r->image, json, "image-name");
	take(&r->name, json, "metadata-name");	/* of CRI-O: the name in the pod */
	take(&r->name, json, "name");
	if (!r->name && json_object_is_type(names, json_type_array) &&
	    json_object_array_length(names) &&
	    json_object_is_type(json_object_array_get_idx(names, 0), json_type_string))
		r->name = xasprintf("%s", json_object_get_string(json_object_array_get_idx(names,
											   0)));
	json_object_put(json);
	free(text);
}

/* A list of all containers. */
static void read_list(struct search *s, const char *path)
{
	json_object *list = read_json(s->host->root, path);
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		json_object *container = json_object_array_get_idx(list, i);
		char *id = NULL;

		take(&id, container, "id");
		if (id && !strcmp(id, s->id))
			take_metadata(s->record, container);
		free(id);
	}
	json_object_put(list);
}

/* DRIVER-containers contains the lists, and a directory with the bundle of each container. */
static void look_into_storage(const char *name, void *data)
{
	static const char *const lists[] = { "containers.json", "volatile-containers.json" };
	static const char end[] = "-containers";
	struct search *s = data;
	size_t n = strlen(name);
	json_object *json;
	char *path;

	if (n <= strlen(end) || strcmp(name + n - strlen(end), end))
		return;
	path = xasprintf("%s/%s/%s/userdata/config.json", s->dir, name, s->id);
	json = read_json(s->host->root, path);
	free(path);
	if (member(member(json, "annotations"), "io.kubernetes.pod.name"))
		set_runtime(s->record, "cri-o");
	take_labels(s->record, member(json, "annotations"));
	json_object_put(json);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		path = xasprintf("%s/%s/%s", s->dir, name, lists[i]);
		read_list(s, path);
		free(path);
	}
	path = xasprintf("%s/%s/%s", s->dir, name, s->id);
	if (exists(s->host, path))
		set_runtime(s->record, "podman");
	free(path);
}

static void read_storage(struct container_record *r, const struct host *host, const char *dir,
			 const char *id)
{
	struct search s = { r, host, dir, id };

	each_entry(host->root, dir, look_into_storage, &s);
}

static void read_places(struct container_record *r, const struct runtimes *all, const char *id)
{
	static void (*const read[PLACE_KINDS])(struct container_record *r, const struct host *host,
					       const char *place, const char *id) = {
		[PLACE_DOCKER] = read_docker,
		[PLACE_CONTAINERD] = read_containerd,
		[PLACE_STORAGE] = read_storage,
	};
	const struct places *p = &all->places;
	char *crio = xasprintf("run/crio/%s", id);

	if (exists(&all->host, crio))
		set_runtime(r, "cri-o");
	free(crio);
	for (int kind = 0; kind < PLACE_KINDS; kind++)
		for (size_t i = 0; i < p->n[kind]; i++)
			read[kind](r, &all->host, p->path[kind][i], id);
}

struct runtimes *runtimes_open(const struct host *host)
{
	struct runtimes *r = xrealloc(NULL, 1, sizeof(*r));

	*r = (struct runtimes){
		.host = { .root = host->root, .proc = host->proc, .live = host->live },
	};
	return r;
}

static void free_cached(void *node)
{
	struct cached *c = node;

	free(c->record.runtime);
	free(c->record.name);
	free(c->record.image);
	free(c->record.pod);
	free(c->record.pod_namespace);
	free(c->record.pod_uid);
	free(c->id);
	free(c);
}

static void forget(struct runtimes *r)
{
	tdestroy(r->tree, free_cached);
	r->tree = NULL;
	places_free(&r->places);
	r->running = false;
	r->taken_ns = 0;
}

void runtimes_close(struct runtimes *r)
{
	if (!r)
		return;
	forget(r);
	free(r);
}

static void refresh(struct runtimes *r)
{
	if (r->taken_ns && monotonic_ns() - r->taken_ns < KEPT_NS)
		return;
	forget(r);
	r->taken_ns = monotonic_ns();
	places_configured(&r->places, &r->host);
}

/* Search all processes only if the configuration does not lead to the container. */
static bool refresh_running(struct runtimes *r)
{
	if (r->running)
		return false;
	places_running(&r->places, &r->host);
	r->running = true;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct cached *)a)->id, ((const struct cached *)b)->id);
}

/* The ID is used as the name of a file. */
static bool is_name(const char *id)
{
	return *id && *id != '.' && !strchr(id, '/');
}

const struct container_record *runtimes_find(struct runtimes *r, const char *id)
{
	struct cached key = { .id = (char *)id }, *c;
	struct cached *const *node;

	if (!r || !is_name(id))
		return NULL;
	refresh(r);
	node = tfind(&key, &r->tree, compare);
	if (!node) {
		c = xrealloc(NULL, 1, sizeof(*c));
		*c = (struct cached){ .id = xasprintf("%s", id) };
		read_places(&c->record, r, id);
		if (!c->record.image && refresh_running(r))
			read_places(&c->record, r, id);
		node = tsearch(c, &r->tree, compare);
		if (!node) {
			error("out of memory");
			exit(STATUS_FAILURE);
		}
	}
	return (*node)->record.runtime ? &(*node)->record : NULL;
}

static bool has_task(const struct runtimes *r, const char *space, const char *id)
{
	const struct places *p = &r->places;
	bool has = false;

	for (size_t i = 0; i < p->n[PLACE_CONTAINERD] && !has; i++) {
		char *path = xasprintf("%s/" TASKS "/%s/%s", p->path[PLACE_CONTAINERD][i], space,
				       id);

		has = exists(&r->host, path);
		free(path);
	}
	return has;
}

bool runtimes_has_task(struct runtimes *r, const char *space, const char *id)
{
	if (!r || !is_name(space) || !is_name(id))
		return false;
	refresh(r);
	return has_task(r, space, id) || (refresh_running(r) && has_task(r, space, id));
}
