// SPDX-License-Identifier: GPL-2.0
/* Looks processes and users up on this host. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "util.h"

char *user_name(uint32_t uid)
{
	size_t size = 1024;
	char *buf = NULL, *name = NULL;
	struct passwd pwd, *found = NULL;
	int err;

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

/* Up to @size - 1 bytes of a file below @dir; negative on failure. */
static ssize_t read_at(int dir, const char *path, char *buf, size_t size)
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

/*
 * A descriptor of /proc/TGID names one process, not whoever has the number
 * later, so that what is read through it after the check is of that process.
 */
static int process_open(uint32_t tgid, uint64_t start_ns)
{
	unsigned long long ticks;
	long hz = sysconf(_SC_CLK_TCK);
	char path[32];
	int dir;

	snprintf(path, sizeof(path), "/proc/%u", tgid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
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

char *process_exe(uint32_t tgid, uint64_t start_ns)
{
	int dir = process_open(tgid, start_ns);
	char path[PATH_MAX];
	ssize_t n;

	if (dir < 0)
		return NULL;
	n = readlinkat(dir, "exe", path, sizeof(path));
	close(dir);
	return n > 0 ? xstrndup(path, n) : NULL;
}

char *process_cmdline(uint32_t tgid, uint64_t start_ns)
{
	int dir = process_open(tgid, start_ns);
	char line[4096];
	ssize_t n;

	if (dir < 0)
		return NULL;
	n = read_at(dir, "cmdline", line, sizeof(line));
	close(dir);
	while (n > 0 && !line[n - 1])
		n--;
	if (n <= 0)
		return NULL;
	for (ssize_t i = 0; i < n; i++)
		if (!line[i])
			line[i] = ' ';
	return xstrndup(line, n);
}
