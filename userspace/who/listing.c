// SPDX-License-Identifier: GPL-2.0
/*
 * A process can be hidden by making readdir() skip it, in the kernel or with a library
 * in /etc/ld.so.preload, which is loaded into every program including this one. So the
 * directory is read with the system call and through the library. A process can also be
 * hidden by a mount over /proc/PID.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "who/listing.h"

#define KEPT_NS		NSEC
#define DIRENTS_SIZE	(64 << 10)

struct pids {
	uint32_t *pid;
	size_t n, room;
	bool known;
};

/**
 * struct listing
 * @taken_ns: when it was read, CLOCK_BOOTTIME; 0: not yet
 * @system: processes shown by the system call
 * @library: processes shown by readdir()
 * @covered: processes covered by mounts
 */
struct listing {
	int root;
	int64_t boottime_offset_ns;
	uint64_t taken_ns;
	struct pids system, library, covered;
};

/* Parse a number that ends at a slash or at the end of the text; 0 for anything else. */
static uint32_t parse_pid(const char *s)
{
	unsigned long pid;
	char *end;

	if (*s < '1' || *s > '9')
		return 0;
	pid = strtoul(s, &end, 10);
	return (*end && *end != '/') || pid > INT32_MAX ? 0 : pid;
}

static void add(struct pids *p, uint32_t pid)
{
	if (!pid)
		return;
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 512;
		p->pid = xrealloc(p->pid, p->room, sizeof(*p->pid));
	}
	p->pid[p->n++] = pid;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool contains(const struct pids *p, uint32_t pid)
{
	return p->n && bsearch(&pid, p->pid, p->n, sizeof(pid), compare);
}

static int open_proc(int root)
{
	return openat(root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The kernel's struct linux_dirent64 is the library's struct dirent64. */
static void read_system(int root, struct pids *p)
{
	char *buf = xrealloc(NULL, DIRENTS_SIZE, 1);
	int fd = open_proc(root);
	long n = -1;

	while (fd >= 0 && (n = syscall(SYS_getdents64, fd, buf, DIRENTS_SIZE)) > 0) {
		for (long at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(buf + at);

			add(p, parse_pid(d->d_name));
			at += d->d_reclen;
		}
	}
	p->known = !n;
	if (fd >= 0)
		close(fd);
	free(buf);
}

static void read_library(int root, struct pids *p)
{
	int fd = open_proc(root);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	errno = 0;
	while ((d = readdir(dir)))
		add(p, parse_pid(d->d_name));
	p->known = !errno;
	closedir(dir);
}

/* The fifth word of a line is the mount point. */
static void read_mountinfo(int root, const char *path, struct pids *p)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (getline(&line, &size, f) > 0) {
		static const char proc[] = "/proc/";
		char *s = line;

		for (int word = 1; s && word < 5; word++) {
			s = strchr(s, ' ');
			s = s ? s + 1 : NULL;
		}
		if (!s || strncmp(s, proc, strlen(proc)))
			continue;
		s[strcspn(s, " ")] = '\0';
		add(p, parse_pid(s + strlen(proc)));
	}
	p->known = true;
	free(line);
	fclose(f);
}

/* The mounts seen by this program, and those seen by ps if this service has its own /proc. */
static void read_mounts(int root, struct pids *p)
{
	read_mountinfo(root, "proc/self/mountinfo", p);
	read_mountinfo(root, "proc/1/mountinfo", p);
}

static void take(struct pids *p, int root, void (*read)(int root, struct pids *p))
{
	p->n = 0;
	p->known = false;
	read(root, p);
	if (p->n)
		qsort(p->pid, p->n, sizeof(*p->pid), compare);
}

/* On the clock of the module. */
static uint64_t now(const struct listing *l)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec - l->boottime_offset_ns;
}

static void refresh(struct listing *l)
{
	l->taken_ns = now(l);
	take(&l->system, l->root, read_system);
	take(&l->library, l->root, read_library);
	take(&l->covered, l->root, read_mounts);
}

struct listing *listing_open(int root, int64_t boottime_offset_ns)
{
	struct listing *l = xrealloc(NULL, 1, sizeof(*l));

	*l = (struct listing){ .root = root, .boottime_offset_ns = boottime_offset_ns };
	return l;
}

void listing_close(struct listing *l)
{
	if (!l)
		return;
	free(l->system.pid);
	free(l->library.pid);
	free(l->covered.pid);
	free(l);
}

static bool misses(const struct pids *p, uint32_t tgid)
{
	return p->known && !contains(p, tgid);
}

unsigned int listing_find(struct listing *l, uint32_t tgid, uint64_t start_ns)
{
	unsigned int how = 0;

	/* A process that started after the directory was read may be missing. */
	if (!l->taken_ns || now(l) - l->taken_ns > KEPT_NS ||
	    (start_ns >= l->taken_ns && misses(&l->library, tgid)))
		refresh(l);
	if (misses(&l->system, tgid))
		how |= LISTING_HIDDEN;
	else if (misses(&l->library, tgid))
		how |= LISTING_FILTERED;
	if (contains(&l->covered, tgid))
		how |= LISTING_COVERED;
	return how;
}
