// SPDX-License-Identifier: GPL-2.0
/* Looks up the identity of a tallied process on its host. */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "who/container.h"
#include "who/identity.h"
#include "who/listing.h"
#include "who/pause.h"
#include "who/pods.h"
#include "who/runtime.h"
#include "who/vmm.h"

#define CGROUPS_MAX	(64 << 10)

/* True if the executable of a task has exactly this path, as the task sees it. */
static bool has_path(const struct host *host, int task, const char *path)
{
	struct stat runs, there;
	char *below;
	bool same;
	int fd;

	if (!host->live) {
		fd = open_below(host->root, path + 1, O_PATH);
		if (fd >= 0)
			close(fd);
		return fd >= 0;
	}
	below = xasprintf("root%s", path);
	same = !fstatat(task, "exe", &runs, 0) && !fstatat(task, below, &there, 0) &&
	       runs.st_dev == there.st_dev && runs.st_ino == there.st_ino;
	free(below);
	return same;
}

/* A file deleted from the root directory may have the same name as a memfd. */
static bool is_memfd(const struct host *host, int task, const char *path)
{
	static const char memfd[] = "/memfd:";
	struct stat runs, root;

	return !strncmp(path, memfd, strlen(memfd)) &&
	       (!host->live || fstatat(task, "exe", &runs, 0) || fstatat(task, "root", &root, 0) ||
		runs.st_dev != root.st_dev);
}

/* The kernel appends a mark to the name of a deleted file, but a name may end in the same text. */
static void read_exe(const struct host *host, int task, struct identity *id)
{
	static const char deleted[] = " (deleted)";
	size_t n;

	id->exe = read_link_at(task, "exe");
	n = id->exe ? strlen(id->exe) : 0;
	if (n <= strlen(deleted) || *id->exe != '/' ||
	    strcmp(id->exe + n - strlen(deleted), deleted) || has_path(host, task, id->exe))
		return;
	id->exe[n - strlen(deleted)] = '\0';
	/* A memfd is in no directory, and so always has the mark. */
	if (is_memfd(host, task, id->exe)) {
		memmove(id->exe, id->exe + 1, strlen(id->exe));
		id->memfd = true;
	} else {
		id->deleted = true;
	}
}

static char *move(char **from)
{
	char *text = *from;

	*from = NULL;
	return text;
}

/* The control groups of a task, in allocated text. */
static char *read_cgroups(int task)
{
	char *cgroups = xrealloc(NULL, CGROUPS_MAX, 1);

	if (read_at(task, "cgroup", cgroups, CGROUPS_MAX) < 0)
		*cgroups = '\0';
	return cgroups;
}

/* What watches a container, and is watched by the unit that starts the container. */
static char *read_unit(int process)
{
	char *cgroups = read_cgroups(process), *unit;
	struct container c;

	container_parse(cgroups, &c);
	free(cgroups);
	unit = move(&c.unit);
	container_free(&c);
	return unit;
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
	id->parent_unit = read_unit(parent);
	close(parent);
	if (id->parent_unit && id->unit && !strcmp(id->parent_unit, id->unit)) {
		free(id->parent_unit);
		id->parent_unit = NULL;
	}
}

static char *copy(const char *text)
{
	return text ? xasprintf("%s", text) : NULL;
}

/* Fill in values that are not known yet. */
static void complete(char **to, const char *text)
{
	if (!*to)
		*to = copy(text);
}

/* A group NAMESPACE/NAME may belong to a container made with "ctr run NAME". */
static void find_task(const struct host *host, struct container *c)
{
	char *path, *space, *name, *save = NULL;

	if (c->id || c->pod_uid || c->unit || !c->cgroup)
		return;
	path = copy(c->cgroup);
	space = strtok_r(path, "/", &save);
	name = space ? strtok_r(NULL, "/", &save) : NULL;
	if (name && runtimes_has_task(host->runtimes, space, name)) {
		c->runtime = copy("containerd");
		c->id = copy(name);
	}
	free(path);
}

/* systemd-machined names containers and virtual machines in the same way. */
static void find_machine(const struct host *host, const char *exe, struct container *c)
{
	const char *slash = exe ? strrchr(exe, '/') : NULL;
	char *path, text[4096];
	bool known;

	if (!c->id || strcmp(c->runtime, "nspawn") || strchr(c->id, '/'))
		return;
	path = xasprintf("run/systemd/machines/%s", c->id);
	known = read_at(host->root, path, text, sizeof(text)) > 0;
	free(path);
	if (known ? !strstr(text, "CLASS=vm\n") : !slash || !vmm_is(slash + 1))
		return;
	if (!c->vm)
		c->vm = move(&c->id);
	free(c->id);
	free(c->runtime);
	c->id = NULL;
	c->runtime = NULL;
}

/* A virtual machine of Kata Containers is the sandbox of a pod. */
static void find_sandbox(const char *vm, struct container *c)
{
	if (!vm || c->id)
		return;
	c->id = vmm_sandbox(vm);
	if (c->id)
		c->runtime = copy("kata");
}

static void ask_runtime(const struct host *host, struct container *c, struct identity *id)
{
	const struct container_record *record;

	if (!c->id)
		return;
	record = runtimes_find(host->runtimes, c->id);
	if (!strcmp(c->runtime, "unknown") && record) {
		free(c->runtime);
		c->runtime = copy(record->runtime);
	}
	if (!record)
		return;
	complete(&id->container_name, record->name);
	complete(&id->image, record->image);
	complete(&id->pod, record->pod);
	complete(&id->pod_namespace, record->pod_namespace);
	complete(&c->pod_uid, record->pod_uid);
}

static void ask_kubelet(const struct host *host, struct container *c, struct identity *id)
{
	struct pod_names names;

	if (!c->id && !c->pod_uid)
		return;
	names = pods_find(host->pods, c->pod_uid, c->id);
	id->pod = copy(names.name);
	id->pod_namespace = copy(names.name_space);
	id->container_name = copy(names.container);
	complete(&c->pod_uid, names.uid);
}

static void read_container(const struct host *host, int task, struct identity *id)
{
	char *cgroups = read_cgroups(task);
	struct container c;

	container_parse(cgroups, &c);
	free(cgroups);

	find_task(host, &c);
	find_machine(host, id->exe, &c);
	find_sandbox(id->vm, &c);
	ask_kubelet(host, &c, id);
	ask_runtime(host, &c, id);
	id->unit = move(&c.unit);
	id->cgroup = move(&c.cgroup);
	id->runtime = move(&c.runtime);
	id->container = move(&c.id);
	id->inner = move(&c.inner);
	id->pod_uid = move(&c.pod_uid);
	if (!id->vm)
		id->vm = move(&c.vm);
	container_free(&c);
}

static void read_command(int task, struct identity *id)
{
	const char *slash = id->exe ? strrchr(id->exe, '/') : NULL;

	id->args = process_args(task, &id->args_size);
	id->cmdline = args_join(id->args, id->args_size);
	id->vm = vmm_name(slash ? slash + 1 : id->exe ? id->exe : "", id->args, id->args_size);
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

/* True if a thread of the process has this name. A tally may have the name of any thread. */
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

/* An ended tally may belong to the program that ran before an exec. */
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

/* The kernel names a process after its file, truncated to 15 bytes. */
static bool is_named_after(const char *comm, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return !strcmp(comm, name) || (strlen(comm) == 15 && !strncmp(comm, name, 15));
}

/*
 * The name is not that of the executable, nor of anything on the command line, such as a
 * script or a link. A deleted executable may have been renamed before.
 */
static bool is_disguised(const struct identity *id)
{
	const char *arg = id->args, *end = arg + id->args_size;

	if (!id->comm || !id->exe || *id->exe != '/' || id->deleted || id->memfd ||
	    is_named_after(id->comm, id->exe))
		return false;
	for (; arg < end && memchr(arg, '\0', end - arg); arg += strlen(arg) + 1)
		if (is_named_after(id->comm, arg))
			return false;
	return true;
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

static void read_process(const struct host *host, int process,
			 const struct roundwatch_tally *tally, struct identity *id)
{
	int task = process_task(process, NULL);

	id->found = true;
	if (task >= 0) {
		read_exe(host, task, id);
		read_command(task, id);
	}
	read_container(host, task >= 0 ? task : process, id);
	id->comm = process_comm(process);
	read_parent(host, process, id);
	id->paused = copy(process_paused(host, process, id->cgroup));
	id->renamed = is_renamed(process, tally, id->comm) || is_disguised(id);
	if (task >= 0)
		close(task);
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
		read_process(host, process, tally, id);
		close(process);
		read_shown(host, tally, id);
	} else if (host->root >= 0 && !(tally->flags & ROUNDWATCH_EXITED)) {
		id->hidden = process_sight(host, tally->tgid, &id->unseen) == SIGHT_HIDDEN;
		id->covered = listing_find(host->listing, tally->tgid, tally->process_start_ns) &
			      LISTING_COVERED;
	}
	if (!id->vm && tally->flags & ROUNDWATCH_GUEST)
		id->vm = xasprintf("%.*s[%u]", (int)sizeof(tally->comm), tally->comm, tally->tgid);
}

void identity_free(struct identity *id)
{
	char *const text[] = {
		id->unseen, id->exe, id->args, id->cmdline, id->comm, id->parent, id->user,
		id->unit, id->cgroup, id->runtime, id->container, id->inner, id->container_name,
		id->image, id->pod, id->pod_uid, id->pod_namespace, id->vm, id->sha256,
		id->parent_unit, id->paused,
	};

	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		free(text[i]);
	memset(id, 0, sizeof(*id));
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

char *identity_place(const struct identity *id)
{
	char *text = NULL;

	/* A sandbox of Kata Containers and a machine of KubeVirt are both. */
	if (id->pod)
		append(&text, "pod %s/%s", id->pod_namespace ? id->pod_namespace : "?", id->pod);
	else if (id->pod_uid && (id->vm || !id->container))
		append(&text, "pod %s", id->pod_uid);
	if (id->vm)
		append(&text, "%svm %s", text ? ", " : "", id->vm);
	if (!text && id->container)
		append(&text, "%s %.*s", id->runtime, short_id(id->container), id->container);
	if (!text && id->unit)
		append(&text, "%s", id->unit);
	if (!text && id->found)
		append(&text, "cgroup %s", id->cgroup ? id->cgroup : "not readable");
	return text;
}

char *identity_describe(const struct identity *id)
{
	char *text = NULL;

	append(&text, "user %s", id->user);
	if (id->vm)
		append(&text, ", virtual machine %s", id->vm);
	/* The scope of a container has its ID as its name. */
	if (id->unit && !(id->container && strstr(id->unit, id->container)))
		append(&text, ", unit %s", id->unit);
	if (id->container)
		append(&text, ", container %.*s (%s)", short_id(id->container), id->container,
		       id->runtime);
	if (id->container_name)
		append(&text, " named %s", id->container_name);
	if (id->image)
		append(&text, " from image %s", id->image);
	if (id->inner)
		append(&text, " and in it container %.*s", short_id(id->inner), id->inner);
	if (id->pod)
		append(&text, ", pod %s in namespace %s", id->pod,
		       id->pod_namespace ? id->pod_namespace : "?");
	else if (id->pod_uid)
		append(&text, ", pod %s", id->pod_uid);
	if (id->found && !id->unit && !id->container && !id->pod_uid && !id->vm)
		append(&text, ", control group %s", id->cgroup ? id->cgroup : "not readable");
	if (id->ppid)
		append(&text, ", started by %s [%u]", id->parent ? id->parent : "process",
		       id->ppid);
	if (id->container && id->parent_unit)
		append(&text, " of %s", id->parent_unit);
	if (id->unseen)
		append(&text, ", nothing more can be seen: %s", id->unseen);
	else if (!id->found)
		append(&text, ", nothing more is known about it");
	return text;
}

char *identity_oddities(const struct identity *id, const struct roundwatch_tally *t)
{
	char *text = NULL;

	if (id->hidden && id->by_library)
		append(&text, "%sIt is hidden: programs do not see /proc/%u when they list /proc, "
		       "because a library in them leaves it out; look into "
		       "/etc/ld.so.preload and LD_PRELOAD.", text ? "\n" : "", t->tgid);
	else if (id->hidden)
		append(&text, "%sIt is hidden: it lives, and the kernel does not show /proc/%u when "
		       "/proc is listed; suspect a rootkit in the kernel, and look at this disk "
		       "from another system.", text ? "\n" : "", t->tgid);
	if (id->unseen)
		append(&text, "%sIt cannot be looked at: %s.", text ? "\n" : "", id->unseen);
	if (id->covered)
		append(&text, "%sIt is covered: something is mounted over /proc/%u, so that ps and "
		       "others see that in its place; grep /proc/%u /proc/self/mountinfo, then "
		       "umount.", text ? "\n" : "", t->tgid, t->tgid);
	if (id->renamed && is_disguised(id))
		append(&text, "%sIt is renamed: it is called %s, and neither its executable %s nor "
		       "anything on its command line is.", text ? "\n" : "", id->comm, id->exe);
	else if (id->renamed)
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
