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
	const char *freeze, *stop, *note;
} recipes[] = {
	{ "docker", "docker pause %s", "docker update --restart=no %1$s; docker stop %1$s", NULL },
	{ "podman", "podman pause %s", "podman stop %s", "as the user that runs it" },
	{ "cri-o", NULL, "crictl stop %s", NULL },
	{ "lxc", "lxc-freeze -n %s", "lxc-stop -n %s", "LXD, Incus: lxc or incus stop" },
	{ "nspawn", NULL, "machinectl disable %1$s; machinectl terminate %1$s", NULL },
};

static const struct recipe *find_recipe(const char *runtime)
{
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++)
		if (!strcmp(recipes[i].runtime, runtime))
			return &recipes[i];
	return NULL;
}

static void freeze_process(struct steps *to, const struct roundwatch_tally *t)
{
	add(to, STEP_FREEZE, NULL, "kill -STOP %u", t->tgid);
}

static void kill_process(struct steps *to, const struct roundwatch_tally *t, const char *note)
{
	add(to, STEP_STOP, note, "kill -KILL %u", t->tgid);
}

static void handle_pod(struct steps *to, const struct roundwatch_tally *t,
		       const struct identity *id)
{
	char *space = quote(id->pod_namespace), *pod = quote(id->pod);

	freeze_process(to, t);
	add(to, STEP_STOP, "what makes it again",
	    "kubectl -n %s describe pod %s | grep Controlled", space, pod);
	add(to, STEP_STOP, "or scale that to 0", "kubectl -n %s delete pod %s", space, pod);
	free(space);
	free(pod);
}

static void handle_container(struct steps *to, const struct roundwatch_tally *t,
			     const struct identity *id)
{
	const struct recipe *recipe = find_recipe(id->runtime);
	char *part = xstrndup(id->container, short_id(id->container)), *name = quote(part);

	if (recipe && recipe->freeze)
		add(to, STEP_FREEZE, "the whole container", recipe->freeze, name);
	else
		freeze_process(to, t);
	if (recipe)
		add(to, STEP_STOP, recipe->note, recipe->stop, name);
	else
		kill_process(to, t, "its runtime may start it again");
	free(name);
	free(part);
}

/* A job of Slurm is called "job_4711". */
static void handle_job(struct steps *to, const char *job)
{
	char *number = quote(job + (strncmp(job, "job_", 4) ? 0 : 4));

	add(to, STEP_FREEZE, "the whole job", "scontrol suspend %s", number);
	add(to, STEP_STOP, NULL, "scancel %s", number);
	free(number);
}

static void handle_vm(struct steps *to, const struct roundwatch_tally *t, const struct identity *id)
{
	char *vm = quote(id->vm);

	if (id->cgroup && strstr(id->cgroup, "qemu")) {
		add(to, STEP_FREEZE, "the whole machine", "virsh suspend %s", vm);
		add(to, STEP_STOP, NULL, "virsh autostart --disable %1$s; virsh destroy %1$s", vm);
	} else {
		freeze_process(to, t);
		kill_process(to, t, "the whole machine; what manages it may start it again");
	}
	free(vm);
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

static void handle_unit(struct steps *to, const char *name)
{
	char *unit = quote(name);

	add(to, STEP_FREEZE, "all of the unit", "systemctl freeze %s", unit);
	add(to, STEP_STOP, NULL, "systemctl disable --now %1$s; systemctl mask %1$s", unit);
	free(unit);
}

static void handle_process(struct steps *to, const struct roundwatch_tally *t,
			   const struct identity *id)
{
	char *user = quote(id->user);

	freeze_process(to, t);
	if (starts(id->unit, "session-") && strchr(id->unit, '.'))
		add(to, STEP_STOP, "its login, with all that it started",
		    "loginctl terminate-session %.*s", (int)strcspn(id->unit + 8, "."),
		    id->unit + 8);
	else if (starts(id->unit, "user@"))
		add(to, STEP_STOP, "all that the user runs", "loginctl terminate-user %s", user);
	else
		kill_process(to, t, NULL);
	if (id->ppid > 2 && !is_cron(id->parent))
		add(to, STEP_STOP, "its parent may start it again", "ps -fp %u", id->ppid);
	if (starts(id->unit, "user@"))
		add(to, STEP_STOP, "its own units", "ls ~%s/.config/systemd/user", user);
	else
		add(to, STEP_STOP, "or cron does", "crontab -l -u %s; grep -r . /etc/cron*", user);
	free(user);
}

static void keep(struct steps *to, const struct roundwatch_tally *t)
{
	add(to, STEP_KEEP, NULL, "roundwatch record /root/%u.roundwatch", t->tgid);
	add(to, STEP_KEEP, NULL, "cp /proc/%1$u/exe /root/%1$u.exe", t->tgid);
	add(to, STEP_KEEP, NULL, "cat /proc/%1$u/environ /proc/%1$u/maps >/root/%1$u.txt",
	    t->tgid);
}

void steps_find(struct steps *to, const struct roundwatch_tally *t, const struct identity *id)
{
	if (worst_verdict(t) < ROUNDWATCH_SUSPECT)
		return;
	if (present_verdict(t) >= ROUNDWATCH_SUSPECT) {
		keep(to, t);
		if (id->vm && t->flags & ROUNDWATCH_GUEST)
			handle_vm(to, t, id);
		else if (id->pod && id->pod_namespace)
			handle_pod(to, t, id);
		else if (id->container && !strcmp(id->runtime, "slurm"))
			handle_job(to, id->container);
		else if (id->container)
			handle_container(to, t, id);
		else if (id->unit && strstr(id->unit, ".service") && !is_shared(id->unit))
			handle_unit(to, id->unit);
		else
			handle_process(to, t, id);
		add(to, STEP_GONE, "\"ended\"", "roundwatch %u", t->tgid);
	}
	add(to, STEP_GONE, "is it back?",
	    "roundwatch --live --verdict randomx,suspect");
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
