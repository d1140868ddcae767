// SPDX-License-Identifier: GPL-2.0
/* Which processes have the device open, and so keep the module from being unloaded. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/util.h"
#include "host/holders.h"
#include "roundwatch.h"
#include "who/container.h"

#define SYSFS_NUMBER	"sys/class/misc/roundwatch/dev"
#define SYSFS_COUNT	"sys/module/roundwatch/refcnt"

/* Number of the device; 0 if it is not known. */
static dev_t device_number(const struct host *host)
{
	char text[32];
	unsigned int major, minor;

	if (!host->live || read_at(host->root, SYSFS_NUMBER, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%u:%u", &major, &minor) != 2)
		return 0;
	return makedev(major, minor);
}

/*
 * Whether an entry of /proc/PID/fd is the device. By its number, because a container may have
 * it under another name; the links of a copy lead nowhere, and have only the name.
 */
static bool is_device(int fds, const char *name, dev_t number)
{
	struct statx st;
	char *path;
	bool is;

	/* A network file system that does not answer must not block this. */
	if (number)
		return !statx(fds, name, AT_STATX_DONT_SYNC, STATX_TYPE, &st) &&
		       S_ISCHR(st.stx_mode) &&
		       makedev(st.stx_rdev_major, st.stx_rdev_minor) == number;
	path = read_link_at(fds, name);
	is = path && !strcmp(path, ROUNDWATCH_DEVICE);
	free(path);
	return is;
}

/* Whether one of the open files is the device; negative with errno if they cannot be read. */
static int has_device(int process, dev_t number)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int found = 0;

	if (!dir)
		return -1;
	while (!found && (entry = readdir(dir)))
		found = *entry->d_name != '.' && is_device(fd, entry->d_name, number);
	closedir(dir);
	return found;
}

static void add_holder(struct holders *h, uint32_t pid, int process)
{
	char cgroups[4096];
	struct container c;
	struct holder *new;

	h->holder = xrealloc(h->holder, h->n + 1, sizeof(*h->holder));
	new = &h->holder[h->n++];
	*new = (struct holder){ .pid = pid, .comm = process_comm(process) };
	if (read_at(process, "cgroup", cgroups, sizeof(cgroups)) <= 0)
		return;
	container_parse(cgroups, &c);
	new->unit = c.unit;
	c.unit = NULL;
	container_free(&c);
}

static void look_at(const struct host *host, struct holders *h, const char *name, dev_t number)
{
	int process = openat(host->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC), found;
	uint64_t pid;

	if (process < 0 || !parse_number(name, UINT32_MAX, &pid)) {
		if (process >= 0)
			close(process);
		return;
	}
	found = has_device(process, number);
	/* A process that has just ended has no files. */
	if (found < 0 && (errno == EACCES || errno == EPERM))
		h->unseen++;
	else if (found > 0 && !(host->live && pid == (uint64_t)getpid()))
		add_holder(h, pid, process);
	close(process);
}

static int compare_pid(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

void holders_read(const struct host *host, struct holders *h)
{
	dev_t number = device_number(host);
	struct dirent *entry;
	char count[32];
	DIR *dir;
	int fd;

	*h = (struct holders){ .references = -1 };
	fd = openat(host->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		h->error = errno;
		return;
	}
	while ((entry = readdir(dir)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			look_at(host, h, entry->d_name, number);
	closedir(dir);
	if (h->n)
		qsort(h->holder, h->n, sizeof(*h->holder), compare_pid);
	if (read_at(host->root, SYSFS_COUNT, count, sizeof(count)) > 0)
		h->references = strtol(count, NULL, 10);
}

char *holder_stop(const struct holder *h)
{
	/* Ended alone, a process of a service is started again. */
	if (h->unit && !strncmp(h->unit, "roundwatch", strlen("roundwatch")))
		return xasprintf("systemctl stop %s", h->unit);
	return xasprintf("kill %u", h->pid);
}

void holders_free(struct holders *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->holder[i].comm);
		free(h->holder[i].unit);
	}
	free(h->holder);
	*h = (struct holders){ 0 };
}
