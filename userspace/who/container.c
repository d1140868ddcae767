// SPDX-License-Identifier: GPL-2.0
/* Parses control group names of container runtimes, kubelet, systemd, libvirt, job schedulers. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "who/container.h"

#define ID_LENGTH	64

/* Part of a path, not terminated. */
struct name {
	const char *s;
	size_t n;
};

static bool equal(struct name a, const char *b)
{
	return a.n == strlen(b) && !memcmp(a.s, b, a.n);
}

static bool cut_start(struct name *a, const char *b)
{
	size_t n = strlen(b);

	if (a->n < n || memcmp(a->s, b, n))
		return false;
	a->s += n;
	a->n -= n;
	return true;
}

static bool cut_end(struct name *a, const char *b)
{
	size_t n = strlen(b);

	if (a->n < n || memcmp(a->s + a->n - n, b, n))
		return false;
	a->n -= n;
	return true;
}

/* Cut everything up to the last @b; false if there is none. */
static bool cut_to_last(struct name *a, const char *b)
{
	size_t n = strlen(b);

	for (size_t i = a->n; i >= n; i--) {
		if (!memcmp(a->s + i - n, b, n)) {
			a->s += i;
			a->n -= i;
			return true;
		}
	}
	return false;
}

static bool has(struct name a, const char *b)
{
	return cut_to_last(&a, b);
}

static char *copy(struct name a)
{
	return xstrndup(a.s, a.n);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_id(struct name a)
{
	for (size_t i = 0; i < a.n; i++)
		if (hex(a.s[i]) < 0)
			return false;
	return a.n == ID_LENGTH;
}

/* Undo systemd's escaping of names of units. */
static char *unescape(struct name a)
{
	char *text = copy(a), *to = text;

	for (const char *s = text; *s; s++) {
		if (s[0] == '\\' && s[1] == 'x' && hex(s[2]) >= 0 && hex(s[3]) >= 0 &&
		    (s[2] != '0' || s[3] != '0')) {
			*to++ = hex(s[2]) << 4 | hex(s[3]);
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
	return text;
}

/* Get the name from KIND-NUMBER-NAME, as libvirt names machines. */
static bool cut_machine(struct name *a, const char *kind)
{
	struct name rest = *a;
	size_t digits = 0;

	if (!cut_start(&rest, kind))
		return false;
	while (digits < rest.n && isdigit((unsigned char)rest.s[digits]))
		digits++;
	rest.s += digits;
	rest.n -= digits;
	if (!digits || !cut_start(&rest, "-"))
		return false;
	*a = rest;
	return true;
}

static void found(struct container *c, const char *runtime, char *id)
{
	if (!c->id) {
		c->runtime = xasprintf("%s", runtime);
		c->id = id;
	} else {
		free(c->inner);
		c->inner = id;
	}
}

/* Prefixes that runtimes put before an ID. */
static const struct {
	const char *prefix, *runtime;
} known[] = {
	{ "docker-", "docker" },
	{ "cri-containerd-", "containerd" },
	{ "containerd-", "containerd" },
	{ "nerdctl-", "containerd" },
	{ "crio-", "cri-o" },
	{ "libpod-", "podman" },
	{ "libpod-payload-", "podman" },
	{ "kata_", "kata" },
	{ "kata_overhead-", "kata" },
	{ "runc-", "runc" },
	{ "crun-", "crun" },
};

/* The runtime with this prefix; if @dash is false, compared without the final dash. */
static const char *runtime_of(struct name prefix, bool dash)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct name one = { known[i].prefix, strlen(known[i].prefix) - !dash };

		if (one.n == prefix.n && !memcmp(one.s, prefix.s, one.n))
			return known[i].runtime;
	}
	return NULL;
}

/* Parse PREFIX-ID, with or without ".scope", or ID alone; then @parent may show the runtime. */
static bool find_id(struct container *c, struct name a, struct name parent)
{
	struct name id = a, prefix = a;
	const char *runtime;

	cut_end(&id, ".scope");
	if (id.n > ID_LENGTH) {
		id.s += id.n - ID_LENGTH;
		id.n = ID_LENGTH;
	}
	prefix.n = id.s - a.s;
	runtime = runtime_of(prefix, true);
	if (!is_id(id) || (!runtime && prefix.n && prefix.s[prefix.n - 1] != '-'))
		return false;
	/* conmon watches the container from outside. */
	if (has(prefix, "conmon-"))
		return true;
	if (!prefix.n && equal(parent, "docker"))
		runtime = "docker";
	else if (!prefix.n && equal(parent, "libpod_parent"))
		runtime = "podman";
	found(c, runtime ? runtime : "unknown", copy(id));
	return true;
}

/* Scopes of runtimes whose containers have arbitrary names: "runc run NAME", a step of a build. */
static bool find_scope(struct container *c, struct name a)
{
	static const char *const prefix[] = { "runc-", "crun-", "kata_" };
	struct name rest = a;

	for (size_t i = 0; i < ARRAY_SIZE(prefix); i++) {
		struct name runtime = { prefix[i], strlen(prefix[i]) };

		/* Kata also uses this prefix without systemd. */
		if (!cut_end(&rest, ".scope") && !equal(runtime, "kata_"))
			continue;
		if (cut_start(&rest, prefix[i]) && rest.n) {
			bool builds = cut_start(&rest, "buildah-") && rest.n;

			found(c, builds ? "buildah" : runtime_of(runtime, true), copy(rest));
			return true;
		}
		rest = a;
	}
	return false;
}

static void found_vm(struct container *c, struct name a)
{
	if (!c->vm)
		c->vm = copy(a);
}

/* Names of systemd-machined, of libvirt without it, of Proxmox and of Firecracker's jailer. */
static bool find_machine(struct container *c, struct name a, struct name parent)
{
	struct name vm = a;

	if ((equal(parent, "qemu.slice") && cut_end(&vm, ".scope")) ||
	    equal(parent, "firecracker") || equal(parent, "firecracker.slice")) {
		found_vm(c, vm);
		return true;
	}
	if (cut_start(&vm, "systemd-vmspawn@") && cut_end(&vm, ".service")) {
		if (!c->vm)
			c->vm = unescape(vm);
		return true;
	}
	if ((cut_start(&a, "machine-") && cut_end(&a, ".scope")) ||
	    (cut_start(&a, "systemd-nspawn@") && cut_end(&a, ".service"))) {
		char *text = unescape(a);
		struct name name = { text, strlen(text) };

		if (cut_machine(&name, "qemu-") || cut_machine(&name, "ch-"))
			found_vm(c, name);
		else if (cut_machine(&name, "lxc-"))
			found(c, "lxc", copy(name));
		else
			found(c, "nspawn", copy(name));
		free(text);
		return true;
	}
	if (cut_end(&a, ".libvirt-qemu")) {
		cut_machine(&a, "qemu-");
		found_vm(c, a);
		return true;
	}
	if (cut_end(&a, ".libvirt-lxc")) {
		cut_machine(&a, "lxc-");
		found(c, "lxc", copy(a));
		return true;
	}
	return false;
}

static bool find_lxc(struct container *c, struct name a, struct name parent)
{
	if (cut_start(&a, "lxc.payload.") || equal(parent, "lxc") || equal(parent, "lxc.payload")) {
		if (a.n)
			found(c, "lxc", copy(a));
		return true;
	}
	return false;
}

static void set_pod(struct container *c, struct name uid)
{
	if (c->pod_uid || !uid.n)
		return;
	c->pod_uid = copy(uid);
	/* In the name of a slice, a dash is a level. */
	for (char *s = c->pod_uid; *s; s++)
		if (*s == '_')
			*s = '-';
}

struct maker;

/**
 * struct walk - state while parsing a path
 * @c: the result so far
 * @parent, @child: the names before and after the present one
 * @in_pod: the parent is a pod
 * @outside: the path begins outside our control group namespace, and its start is not known
 * @maker: an ancestor belongs to it, and none of its containers or jobs has been found yet
 * @in_ecs: an ancestor belongs to Amazon ECS, and no container has been found yet
 */
struct walk {
	struct container *c;
	struct name parent, child;
	bool in_pod, outside, in_ecs;
	const struct maker *maker;
};

/*
 * kubelet's [KUBELET-]kubepods[-CLASS]-podUID.slice or kubepods/[CLASS/]podUID; Podman's slices,
 * and its GROUP/POD/libpod-CONTAINER. @is_pod: a pod, not only a group of pods.
 */
static bool find_pod(struct walk *w, struct name a, bool *is_pod)
{
	struct name child = w->child, parent = w->parent;

	*is_pod = false;
	if (cut_end(&a, ".slice")) {
		*is_pod = (has(a, "kubepods-") && cut_to_last(&a, "-pod")) ||
			  cut_to_last(&a, "libpod_pod_");
		if (*is_pod)
			set_pod(w->c, a);
		return true;
	}
	if (cut_start(&a, "pod") &&
	    (cut_start(&parent, "kubepods") || equal(parent, "burstable") ||
	     equal(parent, "besteffort") || equal(parent, "guaranteed") ||
	     (w->outside && !parent.n && a.n == 36))) {
		set_pod(w->c, a);
		*is_pod = true;
		return true;
	}
	if (!w->c->id && !w->in_pod && is_id(a) && !equal(w->parent, "docker") &&
	    cut_start(&child, "libpod-")) {
		cut_end(&child, ".scope");
		if (is_id(child))
			set_pod(w->c, a);
		return is_id(child);
	}
	return false;
}

/* Only runtimes make groups below that of a pod, so any group there is a container. */
static bool find_in_pod(struct walk *w, struct name a)
{
	const char *runtime = "unknown";

	if (!w->in_pod)
		return false;
	cut_end(&a, ".scope");
	if (has(a, "conmon-"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (cut_start(&a, known[i].prefix)) {
			runtime = known[i].runtime;
			break;
		}
	}
	if (a.n)
		found(w->c, runtime, copy(a));
	return a.n;
}

static bool is_any(struct name a)
{
	return a.n;
}

static bool starts_with_digit(struct name a)
{
	return a.n && isdigit((unsigned char)*a.s);
}

/* UUIDs, and what begins with one. */
static bool starts_with_uuid(struct name a)
{
	size_t n = 0;

	while (n < a.n && n < 8 && hex(a.s[n]) >= 0)
		n++;
	return n == 8 && a.n > n && a.s[n] == '-';
}

static bool is_slurm_job(struct name a)
{
	return cut_start(&a, "job_") && a.n;
}

static bool is_lsf_job(struct name a)
{
	return cut_start(&a, "job.") && a.n;
}

/* Garden sorts containers into two groups by their use of CPUs. */
static bool is_garden(struct name a)
{
	return !equal(a, "good") && !equal(a, "bad");
}

/*
 * Runtimes and job schedulers that do not use 64 digits, but names below a group of their own.
 * @group: its name, which may begin or end with "*"
 * @prefix: what precedes each name, and is no part of it
 */
static const struct maker {
	const char *group, *prefix, *runtime;
	bool (*is_name)(struct name a);
} makers[] = {
	{ "buildkit", "", "buildkit", is_any },		/* steps of an image build */
	{ "garden", "", "garden", is_garden },
	{ "mesos", "", "mesos", starts_with_uuid },
	{ "kata_overhead", "", "kata", is_any },
	{ "sandbox_overhead", "", "kata", is_any },
	{ "nomad", "", "nomad", starts_with_uuid },
	{ "nomad.slice", "", "nomad", starts_with_uuid },
	{ "slurm*", "", "slurm", is_slurm_job },
	{ "*_slurmstepd.scope", "", "slurm", is_slurm_job },
	{ "htcondor", "", "htcondor", is_any },
	{ "pbspro", "", "pbs", starts_with_digit },
	{ "pbspro.service", "", "pbs", starts_with_digit },
	{ "pbspro.slice", "pbspro-", "pbs", starts_with_digit },
	{ "pbs_jobs", "", "pbs", starts_with_digit },
	{ "pbs_jobs.service", "", "pbs", starts_with_digit },
	{ "pbs_jobs.slice", "pbs_jobs-", "pbs", starts_with_digit },
	{ "torque", "", "pbs", starts_with_digit },
	{ "UGE", "", "gridengine", starts_with_digit },
	{ "sge", "", "gridengine", starts_with_digit },
	{ "lsf", "", "lsf", is_lsf_job },
};

static bool is_group(struct name a, const char *group)
{
	size_t n = strlen(group);

	if (*group == '*')
		return cut_end(&a, group + 1);
	if (group[n - 1] != '*')
		return equal(a, group);
	return a.n >= n - 1 && !memcmp(a.s, group, n - 1);
}

/* A container or job of the maker that an ancestor belongs to. */
static bool find_made(struct walk *w, struct name a)
{
	struct name id = a;

	cut_end(&id, ".scope");
	cut_end(&id, ".slice");
	if (!w->maker || !cut_start(&id, w->maker->prefix) || !w->maker->is_name(id))
		return false;
	found(w->c, w->maker->runtime, copy(id));
	return true;
}

static const struct maker *find_maker(struct name a)
{
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (is_group(a, makers[i].group))
			return &makers[i];
	return NULL;
}

/* HTCondor names a slot after its directory; the group above is configured. */
static bool find_slot(struct container *c, struct name a)
{
	struct name rest = a;

	if (!cut_start(&rest, "condor_") || !cut_to_last(&rest, "slot") || !starts_with_digit(rest))
		return false;
	found(c, "htcondor", copy(a));
	return true;
}

/* 32 digits, or a UUID in older versions. */
static bool is_ecs_task(struct name a)
{
	if (a.n == 36)
		return starts_with_uuid(a);
	for (size_t i = 0; i < a.n; i++)
		if (hex(a.s[i]) < 0)
			return false;
	return a.n == 32;
}

/* ecs/[CLUSTER/]TASK[/CONTAINER], where CONTAINER is TASK-NUMBER, or an ID of Docker. */
static bool find_ecs(struct walk *w, struct name a)
{
	struct name task = w->parent;
	bool is;

	/* From another control group namespace, "ecs" is not to be seen. */
	if (is_ecs_task(task))
		is = !is_id(a) && (w->in_ecs || (a.n > task.n && !memcmp(a.s, task.s, task.n) &&
						 a.s[task.n] == '-'));
	else
		is = w->in_ecs && is_ecs_task(a) && !w->child.n;
	if (is)
		found(w->c, "ecs", copy(a));
	return is;
}

/* SLICE:PREFIX:ID: a name in systemd's format, made by a runtime without systemd. */
static void find_unasked(struct walk *w, struct name id, struct name rest)
{
	struct name prefix = rest, slice = rest;
	const char *runtime;
	bool ignored, named = false;

	if (cut_to_last(&prefix, ":")) {
		slice.n = prefix.s - slice.s - 1;
		find_pod(w, slice, &ignored);
		named = prefix.n && id.n && cut_end(&slice, ".slice");
	}
	runtime = runtime_of(prefix, false);
	/* A group of Docker without an ID is a step of an image build. */
	if (runtime && !is_id(id) && !strcmp(runtime, "docker"))
		runtime = "buildkit";
	if (is_id(id) || named)
		found(w->c, runtime ? runtime : "unknown", copy(id));
}

static void find(struct walk *w, struct name a)
{
	const struct maker *maker = find_maker(a);
	struct container *c = w->c;
	struct name id = a;
	bool is_pod = false;

	if (cut_to_last(&id, ":")) {
		find_unasked(w, id, (struct name){ a.s, id.s - a.s - 1 });
		w->in_pod = false;
		return;
	}
	/* The runtime itself, not a container. */
	if (equal(w->child, "supervisor")) {
		w->in_pod = false;
		return;
	}
	if (find_made(w, a) || find_slot(c, a) || find_ecs(w, a) ||
	    (!find_pod(w, a, &is_pod) &&
	     (find_id(c, a, w->parent) || (!maker && find_scope(c, a)) ||
	      find_machine(c, a, w->parent) || find_lxc(c, a, w->parent) ||
	      find_in_pod(w, a)))) {
		w->maker = NULL;
		w->in_ecs = false;
	}
	if (maker)
		w->maker = maker;
	if (equal(a, "ecs"))
		w->in_ecs = true;
	w->in_pod = is_pod;
}

/* The next part of a path, or an empty one; as if there were no "..", which say that we are in a
 * control group namespace, and it is not.
 */
static struct name next_part(const char **path, const char *end)
{
	struct name a;

	do {
		while (*path < end && **path == '/')
			++*path;
		a.s = *path;
		while (*path < end && **path != '/')
			++*path;
		a.n = *path - a.s;
	} while (equal(a, ".."));
	return a;
}

static char *find_unit(const char *path, const char *end)
{
	static const char *const kind[] = { ".service", ".scope", ".socket", ".mount", ".swap" };
	struct name a, part;

	do {
		part = next_part(&path, end);
		a = part;
	} while (cut_end(&a, ".slice"));
	for (size_t i = 0; i < ARRAY_SIZE(kind); i++) {
		a = part;
		if (cut_end(&a, kind[i]) && a.n) {
			cut_start(&part, "_");	/* systemd escapes names that may be files */
			return copy(part);
		}
	}
	return NULL;
}

static void parse_path(const char *path, const char *end, struct container *c)
{
	struct walk w = { .c = c, .parent = { path, 0 }, .outside = !strncmp(path, "/..", 3) };
	struct name part = next_part(&path, end);

	for (; part.n; w.parent = part, part = w.child) {
		w.child = next_part(&path, end);
		find(&w, part);
	}
}

static void move(char **to, char **from)
{
	if (*to)
		return;
	*to = *from;
	*from = NULL;
}

/* Another hierarchy adds missing values, but no second container. */
static void merge(struct container *to, struct container *from)
{
	/* The root group says nothing; other lines may say more. */
	if (from->cgroup && (!to->cgroup || !strcmp(to->cgroup, "/") || (from->id && !to->id))) {
		free(to->cgroup);
		to->cgroup = NULL;
		move(&to->cgroup, &from->cgroup);
	}
	move(&to->unit, &from->unit);
	move(&to->pod_uid, &from->pod_uid);
	move(&to->vm, &from->vm);
	if (!to->id) {
		move(&to->id, &from->id);
		move(&to->runtime, &from->runtime);
		move(&to->inner, &from->inner);
	}
	container_free(from);
}

enum rank { RANK_SYSTEMD, RANK_UNIFIED, RANK_CONTROLLER, RANKS };

/* A line is HIERARCHY:CONTROLLERS:PATH, and a path may contain colons. */
static void parse_line(const char *line, const char *end, enum rank rank, struct container *c)
{
	const char *controllers = memchr(line, ':', end - line), *path;
	struct container one = { 0 };
	enum rank is = RANK_CONTROLLER;
	struct name a;

	path = controllers ? memchr(controllers + 1, ':', end - controllers - 1) : NULL;
	if (!path)
		return;
	a = (struct name){ controllers + 1, path - controllers - 1 };
	if (equal(a, "name=systemd"))
		is = RANK_SYSTEMD;
	else if (!a.n)
		is = RANK_UNIFIED;
	if (is != rank)
		return;
	path++;
	a = (struct name){ path, end - path };
	one.cgroup = a.n ? copy(a) : NULL;
	cut_end(&a, " (deleted)");
	end = a.s + a.n;
	parse_path(path, end, &one);
	if (is != RANK_CONTROLLER)
		one.unit = find_unit(path, end);
	merge(c, &one);
}

void container_parse(const char *cgroups, struct container *c)
{
	memset(c, 0, sizeof(*c));
	for (enum rank rank = 0; rank < RANKS; rank++) {
		for (const char *line = cgroups, *end; *line; line = *end ? end + 1 : end) {
			end = strchrnul(line, '\n');
			parse_line(line, end, rank, c);
		}
	}
}

void container_free(struct container *c)
{
	free(c->unit);
	free(c->runtime);
	free(c->id);
	free(c->inner);
	free(c->pod_uid);
	free(c->vm);
	free(c->cgroup);
	memset(c, 0, sizeof(*c));
}
