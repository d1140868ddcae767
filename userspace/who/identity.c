// SPDX-License-Identifier: GPL-2.0
/* Who is it? */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/util.h"
#include "who/container.h"
#include "who/identity.h"
#include "who/listing.h"
#include "who/pods.h"
#include "who/vmm.h"

#define CGROUPS_MAX	(64 << 10)

static void read_exe(int process, struct identity *id)
{
	static const char deleted[] = " (deleted)", memfd[] = "/memfd:";
	size_t n;

	id->exe = read_link_at(process, "exe");
	n = id->exe ? strlen(id->exe) : 0;
	if (n <= strlen(deleted) || strcmp(id->exe + n - strlen(deleted), deleted))
		return;
	id->exe[n - strlen(deleted)] = '\0';
	/* It has no place in any directory, and so is "deleted" from the start. */
	if (!strncmp(id->exe, memfd, strlen(memfd))) {
		memmove(id->exe, id->exe + 1, strlen(id->exe));
		id->memfd = true;
	} else {
		id->deleted = true;
	}
}

static void read_parent(const struct host *host, int process, struct identity *id)
{
	char path[16];
	int parent;

	id->ppid = process_parent(process);
	if (!id->ppid)
		return;
	snprintf(path, sizeof(path), "%u", id->ppid);
	parent = openat(host->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return;
	id->parent = process_comm(parent);
	close(parent);
}

static bool exists(int root, const char *format, const char *id)
{
	char *path = xasprintf(format, id);
	bool there = !faccessat(root, path, F_OK, 0);

	free(path);
	return there;
}

/* Whose a container is whose control group does not say it: who keeps state of it. */
static const char *find_runtime(int root, const char *id)
{
	static const struct {
		const char *format, *runtime;
	} state[] = {
		{ "run/containerd/io.containerd.runtime.v2.task/k8s.io/%s", "containerd" },
		{ "run/containerd/io.containerd.runtime.v2.task/default/%s", "containerd" },
		{ "run/containerd/io.containerd.runtime.v2.task/moby/%s", "docker" },
		{ "var/lib/docker/containers/%s", "docker" },
		{ "run/crio/%s", "cri-o" },
		{ "var/lib/containers/storage/overlay-containers/%s", "podman" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(state); i++)
		if (exists(root, state[i].format, id))
			return state[i].runtime;
	return "unknown";
}

static char *move(char **from)
{
	char *text = *from;

	*from = NULL;
	return text;
}

static char *copy(const char *text)
{
	return text ? xasprintf("%s", text) : NULL;
}

static void read_container(const struct host *host, int process, struct identity *id)
{
	char *cgroups = xrealloc(NULL, CGROUPS_MAX, 1);
	struct container c;

	if (read_at(process, "cgroup", cgroups, CGROUPS_MAX) < 0)
		*cgroups = '\0';
	container_parse(cgroups, &c);
	free(cgroups);

	if (c.id && !strcmp(c.runtime, "unknown")) {
		free(c.runtime);
		c.runtime = xasprintf("%s", find_runtime(host->root, c.id));
	}
	if (c.id || c.pod_uid) {
		struct pod_names names = pods_find(host->pods, c.pod_uid, c.id);

		id->pod = copy(names.name);
		id->pod_namespace = copy(names.name_space);
		id->container_name = copy(names.container);
		if (!c.pod_uid)
			c.pod_uid = copy(names.uid);
	}
	id->unit = move(&c.unit);
	id->runtime = move(&c.runtime);
	id->container = move(&c.id);
	id->inner = move(&c.inner);
	id->pod_uid = move(&c.pod_uid);
	id->vm = move(&c.vm);
	container_free(&c);
}

static void read_command(int process, struct identity *id)
{
	const char *slash = id->exe ? strrchr(id->exe, '/') : NULL;
	size_t n;
	char *args = process_args(process, &n), *vm;

	id->cmdline = args_join(args, n);
	vm = vmm_name(slash ? slash + 1 : id->exe ? id->exe : "", args, n);
	if (vm) {
		free(id->vm);
		id->vm = vm;
	}
	free(args);
}

static bool same_name(int process, const char *thread, const char *name)
{
	char *path = xasprintf("task/%s/comm", thread);
	char comm[64];
	ssize_t n = read_at(process, path, comm, sizeof(comm));
	bool same = n > 0 && strlen(name) == (size_t)n - 1 && !strncmp(comm, name, n - 1);

	free(path);
	return same;
}

/* The name may be one that the kernel gave a thread, when what is known of the process is that. */
static bool has_name(int process, const char *name)
{
	int fd = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	bool found = false;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && (d = readdir(dir)))
		found = *d->d_name != '.' && same_name(process, d->d_name, name);
	closedir(dir);
	return found;
}

/* A tally that ended may be that of a program which ran another. */
static bool is_renamed(int process, const struct roundwatch_tally *t, const char *comm)
{
	bool of_process = t->flags & ROUNDWATCH_PROCESS || t->pid == t->tgid;
	char *seen = xstrndup(t->comm, sizeof(t->comm));
	bool renamed = false;

	if (comm && *seen && !(t->flags & ROUNDWATCH_EXITED) && strcmp(seen, comm))
		renamed = of_process || !has_name(process, seen);
	free(seen);
	return renamed;
}

static void read_shown(const struct host *host, const struct roundwatch_tally *t,
		       struct identity *id)
{
	unsigned int how = listing_find(host->listing, t->tgid, t->process_start_ns);
	int process;

	id->covered = how & LISTING_COVERED;
	if (!(how & (LISTING_HIDDEN | LISTING_FILTERED)))
		return;
	process = process_open(host, t->tgid, t->process_start_ns);
	if (process < 0)
		return;
	close(process);
	id->hidden = true;
	id->by_library = how & LISTING_FILTERED;
}

void identity_read(const struct host *host, const struct roundwatch_tally *tally,
		   struct identity *id)
{
	int process = process_open(host, tally->tgid, tally->process_start_ns);

	memset(id, 0, sizeof(*id));
	id->user = user_name(host, tally->uid);
	if (!id->user)
		id->user = xasprintf("%u", tally->uid);
	if (process >= 0) {
		id->found = true;
		read_exe(process, id);
		read_container(host, process, id);
		read_command(process, id);
		id->comm = process_comm(process);
		read_parent(host, process, id);
		id->renamed = is_renamed(process, tally, id->comm);
		close(process);
		read_shown(host, tally, id);
	} else if (host->root >= 0 && !(tally->flags & ROUNDWATCH_EXITED)) {
		if (process_lives_unseen(host, tally->tgid))
			id->hidden = true;
		id->covered = listing_find(host->listing, tally->tgid, tally->process_start_ns) &
			      LISTING_COVERED;
	}
	if (!id->vm && tally->flags & ROUNDWATCH_GUEST)
		id->vm = xasprintf("%.*s[%u]", (int)sizeof(tally->comm), tally->comm, tally->tgid);
}

void identity_free(struct identity *id)
{
	char *const text[] = {
		id->exe, id->cmdline, id->comm, id->parent, id->user, id->unit, id->runtime,
		id->container, id->inner, id->container_name, id->pod, id->pod_uid,
		id->pod_namespace, id->vm,
	};

	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		free(text[i]);
	memset(id, 0, sizeof(*id));
}

char *identity_place(const struct identity *id)
{
	if (id->vm)
		return xasprintf("vm %s", id->vm);
	if (id->pod)
		return xasprintf("pod %s/%s", id->pod_namespace, id->pod);
	if (id->container)
		return xasprintf("%s %.*s", id->runtime, short_id(id->container), id->container);
	return id->pod_uid ? xasprintf("pod %s", id->pod_uid) : copy(id->unit);
}

static void __attribute__((format(printf, 2, 3))) append(char **text, const char *format, ...)
{
	va_list ap;
	char *more, *all;

	va_start(ap, format);
	if (vasprintf(&more, format, ap) < 0)
		more = NULL;
	va_end(ap);
	all = xasprintf("%s%s", *text ? *text : "", more ? more : "");
	free(more);
	free(*text);
	*text = all;
}

char *identity_describe(const struct identity *id)
{
	char *text = NULL;

	append(&text, "user %s", id->user);
	if (id->vm)
		append(&text, ", virtual machine %s", id->vm);
	if (id->unit)
		append(&text, ", unit %s", id->unit);
	if (id->container)
		append(&text, ", container %.*s (%s)", short_id(id->container), id->container,
		       id->runtime);
	if (id->container_name)
		append(&text, " named %s", id->container_name);
	if (id->inner)
		append(&text, " and in it container %.*s", short_id(id->inner), id->inner);
	if (id->pod)
		append(&text, ", pod %s in namespace %s", id->pod, id->pod_namespace);
	else if (id->pod_uid)
		append(&text, ", pod %s", id->pod_uid);
	if (id->ppid)
		append(&text, ", started by %s [%u]", id->parent ? id->parent : "process",
		       id->ppid);
	if (!id->found)
		append(&text, ", else nothing is known of it");
	return text;
}

char *identity_oddities(const struct identity *id, const struct roundwatch_tally *t)
{
	char *text = NULL;

	if (id->hidden && id->by_library)
		append(&text, "%sIt is hidden: programs do not see /proc/%u when they list /proc, "
		       "as a library is put into them that leaves it out; look into "
		       "/etc/ld.so.preload and LD_PRELOAD.", text ? "\n" : "", t->tgid);
	else if (id->hidden)
		append(&text, "%sIt is hidden: it lives, and the kernel does not show /proc/%u when "
		       "/proc is listed; suspect a rootkit in the kernel, and look at this disk "
		       "from another system.", text ? "\n" : "", t->tgid);
	if (id->covered)
		append(&text, "%sIt is covered: something is mounted over /proc/%u, so that ps and "
		       "others see that in its place; grep /proc/%u /proc/self/mountinfo, then "
		       "umount.", text ? "\n" : "", t->tgid, t->tgid);
	if (id->renamed)
		append(&text, "%sIt is renamed: the module saw it as %.*s, and now it is called "
		       "%s.", text ? "\n" : "", (int)sizeof(t->comm), t->comm, id->comm);
	if (id->deleted)
		append(&text, "%sIts executable %s has been deleted or replaced since it started; "
		       "/proc/%u/exe still has it.", text ? "\n" : "", id->exe, t->tgid);
	if (id->memfd)
		append(&text, "%sIts executable never was a file: it is in memory only (%s); "
		       "/proc/%u/exe has it.", text ? "\n" : "", id->exe, t->tgid);
	return text;
}

static void add_text(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, text ? json_object_new_string(text) : NULL);
}

json_object *identity_to_json(const struct identity *id)
{
	json_object *o = json_object_new_object();
	const struct {
		const char *name, *text;
	} texts[] = {
		{ "exe", id->exe }, { "cmdline", id->cmdline }, { "comm", id->comm },
		{ "parent", id->parent }, { "user", id->user }, { "unit", id->unit },
		{ "runtime", id->runtime }, { "container", id->container },
		{ "inner", id->inner }, { "container_name", id->container_name },
		{ "pod", id->pod }, { "pod_uid", id->pod_uid },
		{ "pod_namespace", id->pod_namespace }, { "vm", id->vm },
	};
	const struct {
		const char *name;
		bool is;
	} facts[] = {
		{ "found", id->found }, { "deleted", id->deleted }, { "memfd", id->memfd },
		{ "hidden", id->hidden }, { "by_library", id->by_library },
		{ "covered", id->covered }, { "renamed", id->renamed },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		add_text(o, texts[i].name, texts[i].text);
	json_object_object_add(o, "ppid", id->ppid ? json_object_new_int64(id->ppid) : NULL);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		json_object_object_add(o, facts[i].name, json_object_new_boolean(facts[i].is));
	return o;
}
