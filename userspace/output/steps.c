// SPDX-License-Identifier: GPL-2.0
/* What to do next about an accused process, as commands that are filled in. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/steps.h"

static void __attribute__((format(printf, 4, 5))) add(struct steps *to, enum step_kind kind,
						      const char *note, const char *format, ...)
{
	struct step *step;
	va_list ap;

	to->step = xrealloc(to->step, to->n + 1, sizeof(*to->step));
	step = &to->step[to->n++];
	*step = (struct step){ .kind = kind, .note = note };
	va_start(ap, format);
	if (vasprintf(&step->command, format, ap) < 0)
		step->command = xasprintf("%s", "");
	va_end(ap);
}

/* A name that anybody may have chosen, as one word for a shell; allocated. */
static char *quote(const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:@%+=,-";
	char *text, *to;

	if (*name && name[strspn(name, plain)] == '\0')
		return xasprintf("%s", name);
	text = xrealloc(NULL, 4 * strlen(name) + 3, 1);
	to = text;
	*to++ = '\'';
	for (; *name; name++) {
		if (*name == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *name;
	}
	strcpy(to, "'");
	return text;
}

/* Runtimes whose own commands take the first digits of an ID, or the name. */
static const struct recipe {
	const char *runtime;
	const char *freeze, *thaw, *stop, *gone;
} recipes[] = {
	/* "stop" of a container that is paused fails with some versions; "kill" does not. */
	{ "docker", "docker pause %s", "docker unpause %s",
	  "docker update --restart=no %1$s; docker kill %1$s", "docker ps -f id=%s" },
	{ "podman", "podman pause %s", "podman unpause %s", "podman kill %s",
	  "podman ps -f id=%s" },
	{ "cri-o", NULL, NULL, "crictl stop %s", "crictl ps --id %s" },
	{ "lxc", "lxc-freeze -n %s", "lxc-unfreeze -n %s", "lxc-stop -k -n %s",
	  "lxc-info -s -n %s" },
	{ "nspawn", NULL, NULL, "machinectl disable %1$s; machinectl terminate %1$s",
	  "machinectl status %s" },
};

static const struct recipe *find_recipe(const char *runtime)
{
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++)
		if (!strcmp(recipes[i].runtime, runtime))
			return &recipes[i];
	return NULL;
}

/**
 * struct target - what the steps are about
 * @name: of what is frozen and stopped, as a word of the shell
 */
struct target {
	struct steps *to;
	const struct roundwatch_tally *t;
	const struct identity *id;
	const char *name;
};

static bool is_stopped(const struct identity *id)
{
	return id->paused && !strcmp(id->paused, "stopped");
}

#define UNDO	"it is; this undoes it"

static void freeze_process(const struct target *a)
{
	if (is_stopped(a->id))
		add(a->to, STEP_FREEZE, UNDO, "kill -CONT %u", a->t->tgid);
	else
		add(a->to, STEP_FREEZE, NULL, "kill -STOP %u", a->t->tgid);
}

/* With all that belongs to it; @freeze is NULL if there is no command for that. */
static void freeze_all(const struct target *a, const char *what, const char *freeze,
		       const char *thaw)
{
	if (!freeze || is_stopped(a->id))
		freeze_process(a);
	else if (a->id->paused)
		add(a->to, STEP_FREEZE, UNDO, thaw, a->name);
	else
		add(a->to, STEP_FREEZE, what, freeze, a->name);
}

static void kill_process(const struct target *a, const char *note)
{
	add(a->to, STEP_STOP, note, "kill -KILL %u", a->t->tgid);
}

static void handle_pod(const struct target *a)
{
	char *space = quote(a->id->pod_namespace), *pod = quote(a->id->pod);

	freeze_process(a);
	add(a->to, STEP_STOP, "what makes it again",
	    "kubectl -n %s describe pod %s | grep Controlled", space, pod);
	add(a->to, STEP_STOP, "or scale that to 0", "kubectl -n %s delete pod %s", space, pod);
	free(space);
	free(pod);
}

static bool starts(const char *text, const char *with)
{
	return text && !strncmp(text, with, strlen(with));
}

/* Units and parents that run what others asked them for. */
static bool is_cron(const char *name)
{
	return starts(name, "cron") || starts(name, "atd") || starts(name, "anacron") ||
	       starts(name, "fcron");
}

static bool is_service(const char *unit)
{
	return unit && strstr(unit, ".service");
}

/* A service that would take others along. */
static bool is_shared(const char *unit)
{
	static const char *const shared[] = {
		"ssh", "docker", "containerd", "crio", "podman", "kubelet", "k3s", "rke2", "systemd-",
		"init", "user@", "libvirt",
	};

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (starts(unit, shared[i]))
			return true;
	return is_cron(unit);
}

/*
 * The unit of the process that watches the container starts it again. Without a command of its own
 * to stop the container, it waits for the container to end, and is not to be waited for.
 */
static void stop_starter(const struct target *a, const char *unit)
{
	char *name = quote(unit);

	add(a->to, STEP_STOP, "the unit that starts it",
	    "systemctl disable --now --no-block %s", name);
	free(name);
}

static void handle_container(const struct target *a)
{
	const struct recipe *recipe = find_recipe(a->id->runtime);
	const char *starter = a->id->parent_unit;
	bool own_starter = is_service(starter) && !is_shared(starter);
	const char *note = starts(a->id->cgroup, "/user.slice") ? "as the user that runs it" : NULL;

	freeze_all(a, "the whole container", recipe ? recipe->freeze : NULL,
		   recipe ? recipe->thaw : NULL);
	if (own_starter)
		stop_starter(a, starter);
	if (recipe)
		add(a->to, STEP_STOP, note, recipe->stop, a->name);
	else
		kill_process(a, "its runtime may start it again");
	if (recipe)
		add(a->to, STEP_GONE, "not running", recipe->gone, a->name);
}

/* A job of Slurm is called "job_4711". */
static void handle_job(const struct target *a)
{
	const char *job = a->id->container;
	char *number = quote(job + (strncmp(job, "job_", 4) ? 0 : 4));
	struct target of = *a;

	of.name = number;
	freeze_all(&of, "the whole job", "scontrol suspend %s", "scontrol resume %s");
	add(a->to, STEP_STOP, NULL, "scancel %s", number);
	free(number);
}

static void handle_vm(const struct target *a)
{
	char *vm = quote(a->id->vm);
	struct target of = *a;

	of.name = vm;
	if (a->id->cgroup && strstr(a->id->cgroup, "qemu")) {
		freeze_all(&of, "the whole machine", "virsh suspend %s", "virsh resume %s");
		add(a->to, STEP_STOP, NULL,
		    "virsh autostart --disable %1$s; virsh destroy %1$s", vm);
	} else {
		freeze_process(a);
		kill_process(a, "the whole machine; what manages it may start it again");
	}
	free(vm);
}

/* A service may have other units that start it; a scope may not, nor can it be disabled. */
static void handle_unit(const struct target *a)
{
	freeze_all(a, "all of the unit", "systemctl freeze %s", "systemctl thaw %s");
	add(a->to, STEP_STOP, NULL, "systemctl stop %s", a->name);
	if (is_service(a->id->unit))
		add(a->to, STEP_STOP, NULL, "systemctl disable %s", a->name);
	add(a->to, STEP_GONE, "not active; its file, and what triggers it",
	    "systemctl status %s", a->name);
}

/* The name by which the files of cron may know it; allocated, a word of the shell. */
static char *program(const struct target *a)
{
	const char *exe = a->id->exe, *slash = exe ? strrchr(exe, '/') : NULL;
	char *comm = xstrndup(a->t->comm, sizeof(a->t->comm));
	char *word = quote(slash && slash[1] ? slash + 1 : comm);

	free(comm);
	return word;
}

static void handle_process(const struct target *a)
{
	const struct identity *id = a->id;
	char *user = quote(id->user), *name = program(a);

	freeze_process(a);
	if (id->ppid > 2 && !is_cron(id->parent))
		add(a->to, STEP_STOP, "if that starts it again, stop that first", "ps -fp %u",
		    id->ppid);
	if (starts(id->unit, "session-") && strchr(id->unit, '.'))
		add(a->to, STEP_STOP, "its login, with all that it started",
		    "loginctl terminate-session %.*s", (int)strcspn(id->unit + 8, "."),
		    id->unit + 8);
	else if (starts(id->unit, "user@"))
		add(a->to, STEP_STOP, "all that the user runs", "loginctl terminate-user %s", user);
	else
		kill_process(a, NULL);
	if (starts(id->unit, "user@"))
		add(a->to, STEP_STOP, "its own units", "ls ~%s/.config/systemd/user", user);
	else
		add(a->to, STEP_STOP, "or cron does",
		    "crontab -l -u %s; grep -rF -e %s /etc/cron*", user, name);
	free(name);
	free(user);
}

static void keep(struct steps *to, const struct roundwatch_tally *t)
{
	add(to, STEP_KEEP, "evidence that ends with the process",
	    "roundwatch collect -o /root/%1$u.tar.gz %1$u", t->tgid);
}

/* A unit that runs nothing but this, and may be frozen and stopped as a whole. */
static bool is_own_unit(const char *unit)
{
	if (!unit || starts(unit, "session-") || is_shared(unit))
		return false;
	return is_service(unit) || strstr(unit, ".scope");
}

/* A living process that is accused, or was and may go on, above all if it only does not run now. */
static bool is_to_be_stopped(const struct roundwatch_tally *t, const struct identity *id)
{
	if (tally_ended(t))
		return false;
	return present_verdict(t) >= ROUNDWATCH_SUSPECT || id->paused ||
	       worst_verdict(t) >= ROUNDWATCH_RANDOMX;
}

void steps_find(struct steps *to, const struct roundwatch_tally *t, const struct identity *id)
{
	struct target a = { .to = to, .t = t, .id = id };
	char *part = NULL, *name = NULL;

	if (worst_verdict(t) < ROUNDWATCH_SUSPECT)
		return;
	if (is_to_be_stopped(t, id)) {
		if (id->container)
			part = xstrndup(id->container, short_id(id->container));
		else if (id->unit)
			part = xasprintf("%s", id->unit);
		name = part ? quote(part) : NULL;
		a.name = name;
		keep(to, t);
		if (id->vm && t->flags & ROUNDWATCH_GUEST)
			handle_vm(&a);
		else if (id->pod && id->pod_namespace)
			handle_pod(&a);
		else if (id->container && !strcmp(id->runtime, "slurm"))
			handle_job(&a);
		else if (id->container)
			handle_container(&a);
		else if (is_own_unit(id->unit))
			handle_unit(&a);
		else
			handle_process(&a);
		free(name);
		free(part);
		add(to, STEP_GONE, "\"ended\"", "roundwatch %u", t->tgid);
	}
	add(to, STEP_GONE, "OK; again after an hour and a day: is it back?", "roundwatch check");
}

const char *step_name(enum step_kind kind)
{
	static const char *const name[] = {
		[STEP_KEEP] = "keep",
		[STEP_FREEZE] = "freeze",
		[STEP_STOP] = "stop",
		[STEP_GONE] = "gone?",
	};

	return name[kind];
}

void steps_free(struct steps *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->step[i].command);
	free(s->step);
	*s = (struct steps){ 0 };
}
