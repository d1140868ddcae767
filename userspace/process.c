// SPDX-License-Identifier: GPL-2.0
/* Looks processes and users up. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "reporter.h"
#include "util.h"

int host_open(struct host *host, const char *sysroot, bool live)
{
	*host = (struct host){ .root = -1, .live = live && !sysroot };
	if (!live && !sysroot)
		return STATUS_OK;
	host->root = open(sysroot ? sysroot : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host->root >= 0)
		return STATUS_OK;
	error("--sysroot %s: %s; name a directory that has proc/ in it", sysroot ? sysroot : "/",
	      strerror(errno));
	return STATUS_FAILURE;
}

void host_close(struct host *host)
{
	if (host->root >= 0)
		close(host->root);
	host->root = -1;
}

char *user_name(const struct host *host, uint32_t uid)
{
	size_t size = 1024;
	char *buf = NULL, *name = NULL;
	struct passwd pwd, *found = NULL;
	int err;

	if (!host->live)
		return NULL;
	do {
		size *= 2;
		buf = xrealloc(buf, size, 1);
		err = getpwuid_r(uid, &pwd, buf, size, &found);
	} while (err == ERANGE && size < (1 << 20));
	if (!err && found)
		name = xstrndup(pwd.pw_name, SIZE_MAX - 1);
	free(buf);
	return name;
}

ssize_t read_at(int dir, const char *path, char *buf, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf + have, size - 1 - have)) > 0)
		have += n;
	close(fd);
	if (n < 0)
		return -1;
	buf[have] = '\0';
	return have;
}

/* The 22nd field of /proc/PID/stat, in clock ticks since boot. */
static bool read_start(int dir, unsigned long long *ticks)
{
	char stat[2048], *s;

	if (read_at(dir, "stat", stat, sizeof(stat)) < 0)
		return false;
	/* The second field is the name in parentheses, and a name may hold anything. */
	s = strrchr(stat, ')');
	for (int field = 2; s && field < 22; field++)
		s = strchr(s + 1, ' ');
	return s && sscanf(s, "%llu", ticks) == 1;
}

int process_open(const struct host *host, uint32_t tgid, uint64_t start_ns)
{
	unsigned long long ticks;
	long hz = sysconf(_SC_CLK_TCK);
	char path[32];
	int dir;

	if (host->root < 0)
		return -1;
	snprintf(path, sizeof(path), "proc/%u", tgid);
	dir = openat(host->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	if (hz > 0 && read_start(dir, &ticks)) {
		unsigned long long expected = start_ns / (NSEC / hz);

		if (ticks <= expected + 1 && expected <= ticks + 1)
			return dir;
	}
	close(dir);
	return -1;
}

char *read_link_at(int dir, const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dir, path, text, sizeof(text));

	return n > 0 ? xstrndup(text, n) : NULL;
}

char *process_cmdline(int process)
{
	char line[4096];
	ssize_t n = read_at(process, "cmdline", line, sizeof(line));

	while (n > 0 && !line[n - 1])
		n--;
	if (n <= 0)
		return NULL;
	for (ssize_t i = 0; i < n; i++)
		if (!line[i])
			line[i] = ' ';
	return xstrndup(line, n);
}
