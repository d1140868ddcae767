// SPDX-License-Identifier: GPL-2.0
/*
 * Directories in which container runtimes keep their state. Distributions (K3s, k0s,
 * MicroK8s, snaps) and administrators move them, so configuration files and the command
 * lines of running runtimes are read in addition to the known places.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/util.h"
#include "who/container.h"
#include "who/places.h"
#include "who/process.h"

#define CONFIG_MAX	(256 << 10)

/* A pattern contains at most one "*", which matches a whole name. */
static const struct {
	enum place_kind kind;
	const char *pattern;
} known[] = {
	{ PLACE_DOCKER, "var/lib/docker" },
	{ PLACE_DOCKER, "var/snap/*/common/var-lib-docker" },
	{ PLACE_CONTAINERD, "run/containerd" },
	{ PLACE_CONTAINERD, "run/*/containerd" },
	{ PLACE_CONTAINERD, "run/docker/containerd/daemon" },
	{ PLACE_CONTAINERD, "var/snap/*/common/run/containerd" },
	{ PLACE_STORAGE, "var/lib/containers/storage" },
	{ PLACE_STORAGE, "run/containers/storage" },
};

/* Files with lines KEY = "VALUE", or JSON; @keys name directories. */
static const struct {
	enum place_kind kind;
	const char *pattern;
	const char *keys[3];
} config[] = {
	{ PLACE_DOCKER, "etc/docker/daemon.json", { "data-root", "graph" } },
	{ PLACE_DOCKER, "var/snap/*/current/config/daemon.json", { "data-root", "graph" } },
	{ PLACE_CONTAINERD, "etc/containerd/config.toml", { "state" } },
	{ PLACE_CONTAINERD, "etc/*/containerd.toml", { "state" } },
	{ PLACE_CONTAINERD, "var/lib/rancher/*/agent/etc/containerd/config.toml", { "state" } },
	{ PLACE_CONTAINERD, "var/snap/*/current/args/containerd.toml", { "state" } },
	{ PLACE_STORAGE, "usr/share/containers/storage.conf", { "graphroot", "runroot" } },
	{ PLACE_STORAGE, "etc/containers/storage.conf", { "graphroot", "runroot" } },
	{ PLACE_STORAGE, "etc/crio/crio.conf", { "root", "runroot" } },
	{ PLACE_STORAGE, "etc/crio/crio.conf.d/*", { "root", "runroot" } },
};

void each_entry(int root, const char *path, void (*call)(const char *name, void *data), void *data)
{
	int fd = open_below(root, *path ? path : ".", O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			call(d->d_name, data);
	closedir(dir);
}

/*
 * Only root may be able to write there, because files of other users must not pass for
 * files of a runtime. A copy belongs to the user that made it.
 */
static bool is_roots(const struct host *host, const char *path)
{
	int fd = open_below(host->root, path, O_PATH | O_DIRECTORY);
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = !fstat(fd, &st) &&
	     (!host->live || (!st.st_uid && !(st.st_mode & (S_IWGRP | S_IWOTH))));
	close(fd);
	return is;
}

static void add(struct places *p, const struct host *host, enum place_kind kind, const char *path)
{
	size_t n;

	path += strspn(path, "/");
	for (n = strlen(path); n && path[n - 1] == '/'; n--)
		;
	for (size_t i = 0; i < p->n[kind]; i++)
		if (strlen(p->path[kind][i]) == n && !strncmp(p->path[kind][i], path, n))
			return;
	if (!n || !is_roots(host, path))
		return;
	p->path[kind] = xrealloc(p->path[kind], p->n[kind] + 1, sizeof(char *));
	p->path[kind][p->n[kind]++] = xstrndup(path, n);
}

/**
 * struct matching - a pattern that is being matched
 * @found: called for each path
 */
struct matching {
	struct places *places;
	const struct host *host;
	size_t index;
	const char *pattern;
	void (*found)(struct matching *m, const char *path);
};

static void match_name(const char *name, void *data)
{
	struct matching *m = data;
	const char *star = strchr(m->pattern, '*');
	char *path = xasprintf("%.*s%s%s", (int)(star - m->pattern), m->pattern, name, star + 1);

	m->found(m, path);
	free(path);
}

static void match(struct matching *m)
{
	const char *star = strchr(m->pattern, '*');
	char *dir;

	if (!star) {
		m->found(m, m->pattern);
		return;
	}
	dir = xstrndup(m->pattern, star - m->pattern);
	each_entry(m->host->root, dir, match_name, m);
	free(dir);
}

static void add_known(struct matching *m, const char *path)
{
	add(m->places, m->host, known[m->index].kind, path);
}

/* Of the line KEY = "VALUE" or KEY = 'VALUE' the value, terminated in place; NULL for another. */
static char *toml_value(char *line, const char *key)
{
	size_t n = strlen(key);
	char *end;

	line += strspn(line, " \t");
	if (strncmp(line, key, n))
		return NULL;
	line += n;
	line += strspn(line, " \t");
	if (*line++ != '=')
		return NULL;
	line += strspn(line, " \t");
	if (*line != '"' && *line != '\'')
		return NULL;
	end = strchr(line + 1, *line);
	if (end)
		*end = '\0';
	return end ? line + 1 : NULL;
}

/* A variable in it is for a script that writes the real one. */
static void add_configured(struct places *p, const struct host *host, enum place_kind kind,
			   const char *value)
{
	if (value && *value == '/' && !strchr(value, '$'))
		add(p, host, kind, value);
}

static void read_json(struct places *p, const struct host *host, size_t index, const char *text)
{
	json_object *json = json_tokener_parse(text), *member;

	for (const char *const *key = config[index].keys; *key; key++)
		if (json_object_is_type(json, json_type_object) &&
		    json_object_object_get_ex(json, *key, &member) &&
		    json_object_is_type(member, json_type_string))
			add_configured(p, host, config[index].kind, json_object_get_string(member));
	json_object_put(json);
}

static void read_config(struct places *p, const struct host *host, size_t index, const char *path)
{
	char *text = xrealloc(NULL, CONFIG_MAX, 1), *save = NULL;
	int fd = open_below(host->root, path, O_RDONLY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, CONFIG_MAX - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		n = 0;
	text[n] = '\0';
	if (*text == '{') {
		read_json(p, host, index, text);
	} else {
		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			for (const char *const *key = config[index].keys; *key; key++)
				add_configured(p, host, config[index].kind, toml_value(line, *key));
	}
	free(text);
}

static void read_matching(struct matching *m, const char *path)
{
	read_config(m->places, m->host, m->index, path);
}

void places_configured(struct places *p, const struct host *host)
{
	struct matching m = { .places = p, .host = host };

	m.found = add_known;
	for (m.index = 0; m.index < ARRAY_SIZE(known); m.index++) {
		m.pattern = known[m.index].pattern;
		match(&m);
	}
	m.found = read_matching;
	for (m.index = 0; m.index < ARRAY_SIZE(config); m.index++) {
		m.pattern = config[m.index].pattern;
		match(&m);
	}
}

/*
 * Running runtimes
 */

/* The directory without its last @levels names; allocated. */
static char *above(const char *path, int levels)
{
	size_t n = strlen(path);

	for (; levels; levels--) {
		while (n && path[n - 1] != '/')
			n--;
		while (n && path[n - 1] == '/')
			n--;
	}
	return xstrndup(path, n);
}

static void add_above(struct places *p, const struct host *host, enum place_kind kind,
		      const char *path, int levels)
{
	char *dir = above(path, levels);

	add(p, host, kind, dir);
	free(dir);
}

/* The socket is in the state directory, or beside it under the same name. */
static void add_address(struct places *p, const struct host *host, const char *address)
{
	size_t n = strlen(address);
	char *dir;

	add_above(p, host, PLACE_CONTAINERD, address, 1);
	if (n > 5 && !strcmp(address + n - 5, ".sock")) {
		dir = xstrndup(address, n - 5);
		add(p, host, PLACE_CONTAINERD, dir);
		free(dir);
	}
}

static void read_config_of(struct places *p, const struct host *host, enum place_kind kind,
			   const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(config); i++) {
		if (config[i].kind == kind) {
			read_config(p, host, i, path);
			return;
		}
	}
}

/* Bundles of conmon are STORAGE/DRIVER-containers/ID/userdata. */
static void use_option(struct places *p, const struct host *host, enum place_kind kind,
		       const char *name, const char *value)
{
	static const struct {
		enum place_kind kind;
		enum { DIRECTORY, ADDRESS, BUNDLE, CONFIG } what;
		const char *option;
	} options[] = {
		{ PLACE_DOCKER, DIRECTORY, "data-root" },
		{ PLACE_DOCKER, DIRECTORY, "graph" },
		{ PLACE_DOCKER, DIRECTORY, "g" },
		{ PLACE_DOCKER, CONFIG, "config-file" },
		{ PLACE_CONTAINERD, DIRECTORY, "state" },
		{ PLACE_CONTAINERD, ADDRESS, "address" },
		{ PLACE_CONTAINERD, ADDRESS, "a" },
		{ PLACE_CONTAINERD, CONFIG, "config" },
		{ PLACE_CONTAINERD, CONFIG, "c" },
		{ PLACE_STORAGE, DIRECTORY, "root" },
		{ PLACE_STORAGE, DIRECTORY, "r" },
		{ PLACE_STORAGE, DIRECTORY, "runroot" },
		{ PLACE_STORAGE, BUNDLE, "b" },
		{ PLACE_STORAGE, BUNDLE, "bundle" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].kind != kind || strcmp(options[i].option, name))
			continue;
		switch (options[i].what) {
		case DIRECTORY:
			add(p, host, kind, value);
			break;
		case ADDRESS:
			add_address(p, host, value);
			break;
		case BUNDLE:
			add_above(p, host, kind, value, 3);
			break;
		case CONFIG:
			read_config_of(p, host, kind, value);
			break;
		}
	}
}

/* Options as "--name VALUE", "--name=VALUE" or with one dash. */
static void read_options(struct places *p, const struct host *host, enum place_kind kind,
			 int process)
{
	size_t n;
	char *args = process_args(process, &n), *end = args + n;

	for (char *arg = args, *next; arg < end; arg = next) {
		char *nul = memchr(arg, '\0', end - arg), *equals, *name, *value;

		if (!nul)
			break;
		next = nul + 1;
		if (*arg != '-')
			continue;
		name = arg + 1 + (arg[1] == '-');
		equals = strchr(name, '=');
		if (equals)
			*equals = '\0';
		value = equals ? equals + 1 : next;
		if (value < end && memchr(value, '\0', end - value) && *value == '/')
			use_option(p, host, kind, name, value);
	}
	free(args);
}

static bool same_link(int a, int b, const char *path, bool may_lack)
{
	char *x = read_link_at(a, path), *y = read_link_at(b, path);
	bool same = x && y ? !strcmp(x, y) : !x && !y && may_lack;

	free(x);
	free(y);
	return same;
}

/* Root's, and in the same user and PID namespace as process 1. */
static bool is_hosts_own(const struct host *host, int process)
{
	char status[8192], *uid;
	int init = openat(host->proc, "1", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool lacks = !host->live, own;

	if (read_at(process, "status", status, sizeof(status)) < 0) {
		own = lacks;
	} else {
		uid = strstr(status, "\nUid:");
		own = uid && !strtoul(uid + strlen("\nUid:"), NULL, 10);
	}
	own = own && (init >= 0 || lacks) && same_link(process, init, "ns/user", lacks) &&
	      same_link(process, init, "ns/pid", lacks);
	if (init >= 0)
		close(init);
	return own;
}

/* Of a runtime in a container its root may have made all that there is. */
static bool is_in_container(int process)
{
	static char cgroups[64 << 10];
	struct container c;
	bool is;

	if (read_at(process, "cgroup", cgroups, sizeof(cgroups)) < 0)
		return false;
	container_parse(cgroups, &c);
	is = c.id;	/* conmon of CRI-O is in the pod, and in no container */
	container_free(&c);
	return is;
}

/* A shim works in the bundle of a task: STATE/io.containerd.runtime.VERSION/NAMESPACE/ID. */
static void add_bundle(struct places *p, const struct host *host, int process)
{
	char *cwd = read_link_at(process, "cwd");

	if (cwd && strstr(cwd, "/io.containerd.runtime."))
		add_above(p, host, PLACE_CONTAINERD, cwd, 3);
	free(cwd);
}

struct running {
	struct places *places;
	const struct host *host;
};

static void look_at_process(const char *name, void *data)
{
	static const struct {
		const char *name;
		enum place_kind kind;
	} runtime[] = {
		{ "dockerd", PLACE_DOCKER },
		{ "containerd", PLACE_CONTAINERD },
		{ "containerd-shim", PLACE_CONTAINERD },
		{ "crio", PLACE_STORAGE },
		{ "conmon", PLACE_STORAGE },
		{ "podman", PLACE_STORAGE },
	};
	struct running *r = data;
	int process;
	char *comm;

	if (*name < '1' || *name > '9')
		return;
	process = openat(r->host->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return;
	comm = process_comm(process);
	for (size_t i = 0; comm && i < ARRAY_SIZE(runtime); i++) {
		if (strcmp(comm, runtime[i].name) || !is_hosts_own(r->host, process) ||
		    is_in_container(process))
			continue;
		read_options(r->places, r->host, runtime[i].kind, process);
		if (!strcmp(comm, "containerd-shim"))
			add_bundle(r->places, r->host, process);
	}
	free(comm);
	close(process);
}

void places_running(struct places *p, const struct host *host)
{
	struct running r = { p, host };

	each_entry(host->proc, "", look_at_process, &r);
}

void places_free(struct places *p)
{
	for (int kind = 0; kind < PLACE_KINDS; kind++) {
		for (size_t i = 0; i < p->n[kind]; i++)
			free(p->path[kind][i]);
		free(p->path[kind]);
	}
	*p = (struct places){ 0 };
}
