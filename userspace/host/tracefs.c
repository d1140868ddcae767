// SPDX-License-Identifier: GPL-2.0
/* An instance of the kernel's tracing; see Documentation/trace/ftrace.rst, "Instances". */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "host/tracefs.h"

#define PREFIX	"roundwatch-"

/* A setting must be written to a file of tracefs in one write. */
static bool set(int dir, const char *file, const char *value)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	ssize_t n = strlen(value);
	bool good;
	int err;

	if (fd < 0)
		return false;
	good = write(fd, value, n) == n;
	err = errno;
	close(fd);
	errno = err;
	return good;
}

static enum status not_allowed(const struct host *host, const char *what, int err)
{
	char lockdown[128];

	if (read_at(host->root, "sys/kernel/security/lockdown", lockdown, sizeof(lockdown)) > 0 &&
	    strstr(lockdown, "[confidentiality]"))
		error("%s: %s; the kernel is locked down for confidentiality, which forbids "
		      "tracing", what, strerror(err));
	else if (err == EACCES || err == EPERM)
		error("%s: %s; only root may trace: try sudo", what, strerror(err));
	else
		error("%s: %s", what, strerror(err));
	return STATUS_FAILURE;
}

/* The root of tracefs, wherever it is mounted. */
static int find_tracefs(const struct host *host)
{
	static const char *const places[] = { "sys/kernel/tracing", "sys/kernel/debug/tracing" };
	bool denied = false, there = false;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int dir = openat(host->root, places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		there |= dir >= 0;
		if (dir >= 0 && !faccessat(dir, "trace_pipe", F_OK, 0))
			return dir;
		denied |= errno == EACCES || errno == EPERM;
		if (dir >= 0)
			close(dir);
	}
	if (denied)
		not_allowed(host, "/sys/kernel/tracing", EACCES);
	else if (there)
		error("/sys/kernel/tracing: nothing is mounted there; as root, run:\n"
		      "    mount -t tracefs nodev /sys/kernel/tracing");
	else
		error("/sys/kernel/tracing: not there; this kernel is built without tracing "
		      "(CONFIG_EVENT_TRACING), or /sys is not mounted");
	return -1;
}

/*
 * Remove instances of processes that are gone. If a process only seems to be gone because
 * it is in another PID namespace, the kernel does not remove its open instance.
 */
static void remove_stale(int instances)
{
	int fd = openat(instances, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		uint64_t pid;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) ||
		    !parse_number(entry->d_name + strlen(PREFIX), INT32_MAX, &pid))
			continue;
		if (pid == (uint64_t)getpid() || (kill(pid, 0) && errno == ESRCH))
			unlinkat(instances, entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

/* A new instance starts with the global options, which may have been changed. */
static void set_options(struct tracefs *t)
{
	static const char *const options[] = {
		"context-info", "noraw", "nohex", "nobin", "noverbose", "nolatency-format",
		"norecord-tgid", "nofields",
	};

	/* Not every kernel has all of them. */
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		set(t->dir, "trace_options", options[i]);
	t->clock = CLOCK_BOOTTIME;
	if (set(t->dir, "trace_clock", "boot"))
		return;
	t->clock = CLOCK_MONOTONIC;
	set(t->dir, "trace_clock", "mono");
}

static enum status start(struct tracefs *t, const struct host *host, const char *event,
			 const char *filter)
{
	char *file = xasprintf("events/roundwatch/%s/filter", event);
	enum status status = STATUS_OK;

	set_options(t);
	if (*filter && !set(t->dir, file, filter)) {
		error("the kernel does not take the filter '%s': %s", filter, strerror(errno));
		status = STATUS_FAILURE;
	}
	free(file);
	if (status)
		return status;
	t->pipe = openat(t->dir, "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (t->pipe < 0)
		return not_allowed(host, "trace_pipe", errno);
	file = xasprintf("events/roundwatch/%s/enable", event);
	if (!set(t->dir, file, "1"))
		status = not_allowed(host, file, errno);
	free(file);
	return status;
}

static enum status make_instance(struct tracefs *t, const struct host *host)
{
	snprintf(t->name, sizeof(t->name), PREFIX "%d", getpid());
	if (mkdirat(t->instances, t->name, 0700)) {
		*t->name = '\0';
		return not_allowed(host, "/sys/kernel/tracing/instances", errno);
	}
	t->dir = openat(t->instances, t->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->dir < 0 ? not_allowed(host, t->name, errno) : STATUS_OK;
}

enum status tracefs_open(struct tracefs *t, const struct host *host, const char *event,
			 const char *filter)
{
	int dir = find_tracefs(host);
	enum status status;
	char *path;

	*t = (struct tracefs){ .instances = -1, .dir = -1, .pipe = -1 };
	if (dir < 0)
		return STATUS_FAILURE;
	t->instances = openat(dir, "instances", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t->instances < 0) {
		error("/sys/kernel/tracing/instances: %s; this kernel's tracing has no instances, "
		      "and its only buffer is not taken from others", strerror(errno));
		close(dir);
		return STATUS_FAILURE;
	}
	path = xasprintf("events/roundwatch/%s", event);
	status = faccessat(dir, path, F_OK, 0) ? STATUS_FAILURE : STATUS_OK;
	if (status)
		error("/sys/kernel/tracing/%s: %s; the kernel did not take the module's "
		      "tracepoints: dmesg | grep roundwatch may say why", path, strerror(errno));
	free(path);
	close(dir);
	if (!status) {
		remove_stale(t->instances);
		status = make_instance(t, host);
	}
	if (!status)
		status = start(t, host, event, filter);
	if (status)
		tracefs_close(t);
	return status;
}

void tracefs_stop(struct tracefs *t)
{
	set(t->dir, "events/enable", "0");
}

enum status tracefs_close(struct tracefs *t)
{
	enum status status = STATUS_OK;

	if (t->pipe >= 0)
		close(t->pipe);
	if (t->dir >= 0) {
		tracefs_stop(t);
		close(t->dir);
	}
	if (*t->name && unlinkat(t->instances, t->name, AT_REMOVEDIR) && errno != ENOENT) {
		error("/sys/kernel/tracing/instances/%s: %s; remove it with rmdir when nobody "
		      "uses it", t->name, strerror(errno));
		status = STATUS_FAILURE;
	}
	if (t->instances >= 0)
		close(t->instances);
	*t = (struct tracefs){ .instances = -1, .dir = -1, .pipe = -1 };
	return status;
}
