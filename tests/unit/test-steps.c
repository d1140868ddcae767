// SPDX-License-Identifier: GPL-2.0
/* The commands that roundwatch explain ends with, by where a process runs. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/steps.h"
#include "tap.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char *text(const char *s)
{
	return s ? xasprintf("%s", s) : NULL;
}

/* All commands for it, "KIND: COMMAND" with newlines between them. */
static char *steps_of(const struct roundwatch_tally *t, const struct identity *id)
{
	char *all = text("");
	struct steps s = { 0 };

	steps_find(&s, t, id);
	for (size_t i = 0; i < s.n; i++) {
		char *more = xasprintf("%s%s: %s\n", all, step_name(s.step[i].kind),
				       s.step[i].command);

		free(all);
		all = more;
	}
	steps_free(&s);
	return all;
}

static void has(const char *what, struct identity id, uint32_t flags, const char *words)
{
	const struct roundwatch_tally t = {
		.tgid = 7, .verdict = ROUNDWATCH_RANDOMX, .highest = ROUNDWATCH_RANDOMX,
		.flags = flags,
	};
	char *user = text("alice"), *all;

	id.user = user;
	all = steps_of(&t, &id);
	if (!ok(strstr(all, words), "%s: %.*s", what, (int)strcspn(words, "\n"), words))
		diag("%s", all);
	free(all);
	free(user);
}

static void hasnt(const char *what, struct identity id, const char *words)
{
	const struct roundwatch_tally t = { .tgid = 7, .verdict = ROUNDWATCH_RANDOMX };
	char *user = text("alice"), *all;

	id.user = user;
	all = steps_of(&t, &id);
	ok(!strstr(all, words), "%s: not %s", what, words);
	free(all);
	free(user);
}

#define WHO(...)	((struct identity) { __VA_ARGS__ })

static void test_places(void)
{
	has("a process", WHO(.found = true), 0, "keep: roundwatch collect -o /root/7.tar.gz 7\nfreeze: ");
	has("a process", WHO(.found = true), 0, "freeze: kill -STOP 7\nstop: kill -KILL 7\n");
	has("a process", WHO(.found = true), 0, "stop: crontab -l -u alice;");
	has("a process", WHO(.found = true), 0, "gone?: roundwatch 7\n");
	has("a parent", WHO(.ppid = 42, .parent = "sh"), 0, "stop: ps -fp 42\nstop: kill -KILL 7\n");
	hasnt("cron as parent", WHO(.ppid = 42, .parent = "crond"), "ps -fp");
	hasnt("init as parent", WHO(.ppid = 1, .parent = "systemd"), "ps -fp");

	has("a unit", WHO(.unit = "x.service"), 0, "freeze: systemctl freeze x.service\n"
	    "stop: systemctl stop x.service\nstop: systemctl disable x.service\n"
	    "gone?: systemctl status x.service\n");
	has("a scope", WHO(.unit = "run-1.scope"), 0, "freeze: systemctl freeze run-1.scope\n"
	    "stop: systemctl stop run-1.scope\ngone?: systemctl status run-1.scope\n");
	has("a unit that needs quotes", WHO(.unit = "a\\x2db.service"), 0,
	    "systemctl freeze 'a\\x2db.service'\n");
	hasnt("cron's own unit", WHO(.unit = "cron.service"), "systemctl");
	hasnt("the runtime's own unit", WHO(.unit = "docker.service"), "systemctl");
	has("a login", WHO(.unit = "session-3.scope"), 0, "stop: loginctl terminate-session 3\n");
	has("a user's service", WHO(.unit = "user@1000.service"), 0,
	    "stop: loginctl terminate-user alice\n");

	has("docker", WHO(.container = ID, .runtime = "docker", .unit = "docker-" ID ".scope"), 0,
	    "freeze: docker pause 0123456789ab\n"
	    "stop: docker update --restart=no 0123456789ab; docker kill 0123456789ab\n"
	    "gone?: docker ps -f id=0123456789ab\n");
	has("podman", WHO(.container = ID, .runtime = "podman"), 0,
	    "stop: podman kill 0123456789ab\n");
	has("podman in a unit",
	    WHO(.container = ID, .runtime = "podman", .parent_unit = "web.service"), 0,
	    "stop: systemctl disable --now --no-block web.service\n"
	    "stop: podman kill 0123456789ab\n");
	hasnt("podman's own unit", WHO(.container = ID, .runtime = "podman",
				       .parent_unit = "podman.service"), "systemctl");
	hasnt("a login that runs podman", WHO(.container = ID, .runtime = "podman",
					      .parent_unit = "session-3.scope"), "systemctl");
	has("cri-o", WHO(.container = ID, .runtime = "cri-o"), 0,
	    "freeze: kill -STOP 7\nstop: crictl stop 0123456789ab\n");
	has("lxc", WHO(.container = "web", .runtime = "lxc"), 0, "freeze: lxc-freeze -n web\n");
	has("nspawn", WHO(.container = "web", .runtime = "nspawn"), 0, "machinectl terminate web\n");
	has("another runtime", WHO(.container = ID, .runtime = "mesos"), 0, "stop: kill -KILL 7\n");
	has("slurm", WHO(.container = "job_12", .runtime = "slurm"), 0, "stop: scancel 12\n");
	has("a pod", WHO(.pod = "web-7f", .pod_namespace = "shop", .container = ID,
			 .runtime = "containerd"), 0,
	    "stop: kubectl -n shop delete pod web-7f\n");

	has("libvirt", WHO(.vm = "web", .cgroup = "/machine.slice/machine-qemu-web"),
	    ROUNDWATCH_GUEST, "freeze: virsh suspend web\n");
	has("another machine", WHO(.vm = "web"), ROUNDWATCH_GUEST, "stop: kill -KILL 7\n");
	hasnt("not the guest", WHO(.vm = "web", .cgroup = "qemu"), "virsh");
}

/* Others choose these names, and root pastes the command. */
static void test_quotes(void)
{
	has("a quote", WHO(.container = "a'b;c", .runtime = "lxc"), 0, "lxc-stop -k -n 'a'\\''b;c'\n");
	has("a substitution", WHO(.unit = "$(id).service"), 0, "systemctl freeze '$(id).service'\n");
	has("blanks", WHO(.pod = "a b", .pod_namespace = ""), 0, "-n '' delete pod 'a b'\n");
}

static void test_standing(void)
{
	struct roundwatch_tally t = { .tgid = 7, .verdict = ROUNDWATCH_RANDOMX };
	const struct identity id = { .user = "alice" };
	char *all;

	t.flags = ROUNDWATCH_EXITED;
	all = steps_of(&t, &id);
	ok(!strcmp(all, "gone?: roundwatch check\n"),
	   "what has ended can only come back");
	free(all);
	t = (struct roundwatch_tally){
		.tgid = 7, .verdict = ROUNDWATCH_ROUNDING, .highest = ROUNDWATCH_SUSPECT,
	};
	all = steps_of(&t, &id);
	ok(!strcmp(all, "gone?: roundwatch check\n"), "nor is a suspect of the past stopped");
	free(all);
	t.highest = ROUNDWATCH_RANDOMX;
	all = steps_of(&t, &id);
	ok(!!strstr(all, "stop: kill -KILL 7\n"), "what was a miner and lives may go on");
	free(all);
	t = (struct roundwatch_tally){ .tgid = 7, .verdict = ROUNDWATCH_ROUNDING };
	all = steps_of(&t, &id);
	ok(!*all, "nothing is to be done about what is not accused");
	free(all);
}

/* What does not run is still there, and the screen still says what to do. */
static void test_paused(void)
{
	has("a stopped process", WHO(.paused = "stopped"), 0,
	    "freeze: kill -CONT 7\nstop: kill -KILL 7\n");
	has("a stopped process of a unit", WHO(.unit = "x.service", .paused = "stopped"), 0,
	    "freeze: kill -CONT 7\nstop: systemctl stop x.service\n");
	has("a frozen unit", WHO(.unit = "x.service", .paused = "frozen"), 0,
	    "freeze: systemctl thaw x.service\nstop: systemctl stop x.service\n");
	has("a paused container", WHO(.container = ID, .runtime = "docker", .paused = "frozen"), 0,
	    "freeze: docker unpause 0123456789ab\n");
	has("frozen by others", WHO(.container = ID, .runtime = "mesos", .paused = "frozen"), 0,
	    "freeze: kill -STOP 7\n");
}

int main(void)
{
	test_paused();
	test_places();
	test_quotes();
	test_standing();
	return tap_done();
}
