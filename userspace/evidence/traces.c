// SPDX-License-Identifier: GPL-2.0
/* What is kept of a process: each function writes one file of the archive. They run in workers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/util.h"
#include "evidence/traces.h"
#include "evidence/worker.h"
#include "who/identity.h"

#define CHUNK		(64 << 10)
#define ANCESTORS	32

static const struct suspect *suspect(const void *of)
{
	return ((const struct trace_of *)of)->suspect;
}

/* A pipe or a device in a copy of a host must not keep us waiting. */
static int open_regular(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static int copy_descriptor(int fd, int out)
{
	static char chunk[CHUNK];
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return errno;
	while (!err && (n = read(fd, chunk, sizeof(chunk))) > 0)
		err = worker_write(out, chunk, n);
	if (!err && n < 0)
		err = errno;
	close(fd);
	return err;
}

static int copy_file(const void *of, int out)
{
	const struct trace_of *t = of;

	return copy_descriptor(open_regular(t->suspect->task, t->trace->file), out);
}

/* Through /proc, also if its name is gone, or another file has it. */
static int copy_exe(const void *of, int out)
{
	const struct suspect *s = suspect(of);
	char *path;
	int fd;

	if (s->host->live)
		return copy_descriptor(open_regular(s->task, "exe"), out);
	path = read_link_at(s->task, "exe");
	if (!path)
		return errno;
	fd = open_below(s->host->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	free(path);
	return copy_descriptor(fd, out);
}

static int __attribute__((format(printf, 2, 3))) say(int out, const char *format, ...)
{
	va_list ap;
	char *text;
	int err = ENOMEM, n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n >= 0) {
		err = worker_write(out, text, n);
		free(text);
	}
	return err;
}

/* "NAME TARGET" for a link. */
static int say_link(int out, int dir, const char *path)
{
	char *target = read_link_at(dir, path);
	char *safe = text_for_terminal(target ? target : strerror(errno));
	int err = say(out, "%s %s\n", path, safe);

	free(safe);
	free(target);
	return err;
}

/* For each name in a directory. */
static int each(int parent, const char *path,
		int (*what)(int dir, const char *name, int out), int out)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir)
		return errno;
	while (!err && (d = readdir(dir)))
		if (*d->d_name != '.')
			err = what(fd, d->d_name, out);
	closedir(dir);
	return err;
}

static int link_in(int dir, const char *name, int out)
{
	return say_link(out, dir, name);
}

static int descriptors(const void *of, int out)
{
	return each(suspect(of)->task, "fd", link_in, out);
}

static int links(const void *of, int out)
{
	const struct suspect *s = suspect(of);
	int err = say_link(out, s->task, "exe");

	if (!err)
		err = say_link(out, s->task, "cwd");
	if (!err)
		err = say_link(out, s->task, "root");
	return err ? err : each(s->task, "ns", link_in, out);
}

static int thread_in(int dir, const char *tid, int out)
{
	char text[2048], *path = xasprintf("%s/stat", tid);
	ssize_t n = read_at(dir, path, text, sizeof(text));

	free(path);
	/* It ended meanwhile. */
	return n < 0 ? 0 : worker_write(out, text, n);
}

static int threads(const void *of, int out)
{
	return each(suspect(of)->process, "task", thread_in, out);
}

/* Values are what is secret in an environment. */
static int environment(const void *of, int out)
{
	const struct suspect *s = suspect(of);
	int fd = open_regular(s->task, "environ"), err = 0;
	static char chunk[CHUNK];
	bool name = true;
	ssize_t n;

	if (s->values || fd < 0)
		return copy_descriptor(fd, out);
	while (!err && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		size_t kept = 0;

		for (ssize_t i = 0; i < n; i++) {
			if (!chunk[i] || (name && chunk[i] == '='))
				name = !chunk[i];
			if (!chunk[i])
				chunk[kept++] = '\n';
			else if (name)
				chunk[kept++] = chunk[i];
		}
		err = worker_write(out, chunk, kept);
	}
	if (!err && n < 0)
		err = errno;
	close(fd);
	return err;
}

static int identity(const void *of, int out)
{
	const struct suspect *s = suspect(of);
	json_object *object;
	struct identity id;
	FILE *f = fdopen(dup(out), "w");

	if (!f)
		return errno;
	identity_read(s->host, s->tally, &id);
	object = identity_to_json(&id);
	put_json(f, json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
						   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	identity_free(&id);
	return fclose(f) ? errno : 0;
}

/* Who started it: each with its line of stat and its arguments. */
static int ancestors(const void *of, int out)
{
	const struct suspect *s = suspect(of);
	int dir = openat(s->process, ".", O_PATH | O_DIRECTORY | O_CLOEXEC), err = 0;

	for (int i = 0; !err && dir >= 0 && i < ANCESTORS; i++) {
		uint32_t ppid = process_parent(dir);
		char path[16], *cmdline, *safe;

		close(dir);
		dir = -1;
		if (!ppid)
			break;
		snprintf(path, sizeof(path), "%u", ppid);
		dir = openat(s->host->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			break;
		err = thread_in(s->host->proc, path, out);
		cmdline = process_cmdline(dir);
		safe = text_for_terminal(cmdline ? cmdline : "");
		if (!err)
			err = say(out, "\t%s\n", safe);
		free(safe);
		free(cmdline);
	}
	if (dir >= 0)
		close(dir);
	return err;
}

static int say_file(int root, const char *path, int out)
{
	static char text[CHUNK];
	ssize_t n = read_at(root, path, text, sizeof(text));

	if (n < 0)
		return 0;
	return say(out, "%s: %s%s%s", path, strchr(text, '\n') != text + n - 1 ? "\n" : "", text,
		   n && text[n - 1] == '\n' ? "" : "\n");
}

/* Of one control group and of those above it, whose limits hold too. */
static int cgroup_limits(int root, const char *mount, const char *path, int out)
{
	static const char *const files[] = {
		"cgroup.events", "cgroup.freeze", "cpu.max", "cpu.weight", "cpu.stat",
		"cpuset.cpus", "cpuset.cpus.effective", "memory.max", "memory.high",
		"memory.current", "pids.max", "pids.current", "io.max", "io.stat",
		"cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.shares", "cpuacct.usage",
		"memory.limit_in_bytes", "memory.usage_in_bytes", "freezer.state",
	};
	char *at = xasprintf("%s", path);
	int err = 0;

	/* Outside the control group namespace of this program. */
	if (strstr(at, "/.."))
		*at = '\0';
	while (!err && *at) {
		char *slash = strrchr(at, '/');

		for (size_t i = 0; !err && i < ARRAY_SIZE(files); i++) {
			char *file = xasprintf("%s%s%s%s", mount, at, slash && slash[1] ? "/" : "",
					       files[i]);

			err = say_file(root, file, out);
			free(file);
		}
		if (slash)
			*slash = '\0';
		else
			break;
	}
	free(at);
	return err;
}

/* Lines are "ID:CONTROLLERS:PATH"; in version 2 without controllers. */
static int control_groups(const void *of, int out)
{
	const struct suspect *s = suspect(of);
	static char text[CHUNK];
	char *line, *rest = text;
	int err = 0;

	if (read_at(s->task, "cgroup", text, sizeof(text)) < 0)
		return errno;
	while (!err && (line = strsep(&rest, "\n"))) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL, *mount;

		if (!path)
			continue;
		*path++ = '\0';
		controllers++;
		mount = xasprintf("sys/fs/cgroup%s%s", *controllers ? "/" : "",
				  strncmp(controllers, "name=", 5) ? controllers : controllers + 5);
		err = cgroup_limits(s->host->root, mount, path, out);
		free(mount);
		/* systemd mounts version 2 there beside version 1. */
		if (!err && !*controllers)
			err = cgroup_limits(s->host->root, "sys/fs/cgroup/unified", path, out);
	}
	return err;
}

static int host(const void *of, int out)
{
	static const char *const files[] = {
		"etc/hostname", "etc/machine-id", "etc/os-release",
		"proc/sys/kernel/random/boot_id", "proc/version", "proc/cmdline", "proc/uptime",
		"proc/loadavg", "proc/sys/vm/nr_hugepages", "proc/sys/kernel/tainted",
	};
	const struct suspect *s = suspect(of);
	char iso[NUMBER_MAX];
	struct timespec now;
	int err;

	clock_gettime(CLOCK_REALTIME, &now);
	err = say(out, "time: %s\n", format_iso(iso, now.tv_sec * NSEC + now.tv_nsec, 0));
	for (size_t i = 0; !err && i < ARRAY_SIZE(files); i++)
		err = say_file(s->host->root, files[i], out);
	return err;
}

#define FILE_OF(path, ...)							\
	{ .name = "proc/" path, .make = copy_file, .file = (path), __VA_ARGS__ }
#define MAYBE(path)	FILE_OF(path, .optional = true)
#define MADE(what, how)	{ .name = (what), .make = (how) }

const struct trace traces[] = {
	MADE("identity.json", identity),
	FILE_OF("stat"),
	FILE_OF("status"),
	FILE_OF("cmdline"),
	FILE_OF("cgroup"),
	FILE_OF("limits"),
	FILE_OF("mountinfo"),
	MAYBE("comm"),
	MAYBE("io"),
	MAYBE("sched"),
	MAYBE("schedstat"),
	MAYBE("statm"),
	MAYBE("wchan"),
	MAYBE("syscall"),
	MAYBE("loginuid"),
	MAYBE("sessionid"),
	MAYBE("oom_score_adj"),
	MAYBE("personality"),
	MAYBE("uid_map"),
	MAYBE("gid_map"),
	MAYBE("cpuset"),
	MAYBE("attr/current"),
	MADE("links", links),
	MADE("descriptors", descriptors),
	MADE("environment", environment),
	MADE("ancestors", ancestors),
	MADE("control-groups", control_groups),
	MADE("host", host),
	MAYBE("net/tcp"),
	MAYBE("net/tcp6"),
	MAYBE("net/udp"),
	MAYBE("net/udp6"),
	MAYBE("net/raw"),
	MAYBE("net/unix"),
	MAYBE("net/route"),
	FILE_OF("maps"),
	MAYBE("smaps_rollup"),
	MADE("threads", threads),
	{ .name = "exe", .make = copy_exe, .large = true },
};

const unsigned int traces_n = ARRAY_SIZE(traces);
