// SPDX-License-Identifier: GPL-2.0
/* Looks up processes and users. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/openat2.h>

#include "base/util.h"
#include "roundwatch.h"
#include "who/listing.h"
#include "who/pods.h"
#include "who/process.h"
#include "who/runtime.h"
#include "who/view.h"

#define ARGS_MAX	(64 << 10)
#define CMDLINE_MAX	4095

/* Inode of the initial pid namespace; linux/proc_ns.h does not export it. */
#define INIT_PID_NS	0xeffffffcU

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE	1
#endif

/* A tree for tsearch(). */
struct users {
	void *tree;
};

struct user {
	uint32_t uid;
	char *name;
};

/*
 * Open /proc. For root on Linux 5.2 or later, open it without the mounts in it, so that
 * a mount over /proc/PID does not cover the process. The first time, as it is not permitted any
 * more after sandbox_enter().
 */
static int open_proc(const struct host *host)
{
#ifdef SYS_open_tree
	static bool tried;
	static int bare = -1;

	if (host->live && !tried) {
		tried = true;
		bare = syscall(SYS_open_tree, host->root, "proc", OPEN_TREE_CLONE | O_CLOEXEC);
	}
	if (host->live && bare >= 0) {
		int fd = fcntl(bare, F_DUPFD_CLOEXEC, 0);

		if (fd >= 0)
			return fd;
	}
#endif
	return openat(host->root, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

enum status host_open(struct host *host, const char *sysroot, bool live)
{
	*host = (struct host){ .root = -1, .live = live && !sysroot, .proc = -1 };
	if (!live && !sysroot)
		return STATUS_OK;
	host->root = open(sysroot ? sysroot : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host->root >= 0)
		host->proc = open_proc(host);
	if (host->proc < 0) {
		error("--sysroot %s: %s; name a directory that has proc/ in it",
		      sysroot ? sysroot : "/", strerror(errno));
		host_close(host);
		return STATUS_FAILURE;
	}
	if (host->live) {
		if (!view_time_offset(host->root, &host->boottime_offset_ns))
			host->blur = "roundwatch runs in a time namespace with an unknown offset";
		host->filter = view_filter(host->root, host->proc);
	}
	host->listing = listing_open(host->root, host->boottime_offset_ns);
	host->pods = pods_open(host->root);
	host->runtimes = runtimes_open(host);
	host->users = xrealloc(NULL, 1, sizeof(*host->users));
	host->users->tree = NULL;
	return STATUS_OK;
}

static void free_user(void *node)
{
	struct user *user = node;

	free(user->name);
	free(user);
}

void host_close(struct host *host)
{
	if (host->users)
		tdestroy(host->users->tree, free_user);
	free(host->users);
	free(host->filter);
	runtimes_close(host->runtimes);
	pods_close(host->pods);
	listing_close(host->listing);
	if (host->proc >= 0)
		close(host->proc);
	if (host->root >= 0)
		close(host->root);
	*host = (struct host){ .root = -1, .proc = -1 };
}

/* Ask the name service of this host. */
static char *ask_system(uint32_t uid)
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
		name = xasprintf("%s", pwd.pw_name);
	free(buf);
	return name;
}

static char *ask_copy(int root, uint32_t uid)
{
	int fd = openat(root, "etc/passwd", O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	const struct passwd *pwd;
	char *name = NULL;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while (!name && (pwd = fgetpwent(f)))
		if (pwd->pw_uid == uid)
			name = xasprintf("%s", pwd->pw_name);
	fclose(f);
	return name;
}

static int compare_users(const void *a, const void *b)
{
	uint32_t x = ((const struct user *)a)->uid, y = ((const struct user *)b)->uid;

	return (x > y) - (x < y);
}

char *user_name(const struct host *host, uint32_t uid)
{
	struct user key = { .uid = uid };
	struct user *const *node;

	if (host->root < 0)
		return NULL;
	node = tfind(&key, &host->users->tree, compare_users);
	if (!node) {
		struct user *user = xrealloc(NULL, 1, sizeof(*user));

		user->uid = uid;
		user->name = host->live ? ask_system(uid) : ask_copy(host->root, uid);
		node = tsearch(user, &host->users->tree, compare_users);
		if (!node) {
			error("out of memory");
			exit(STATUS_FAILURE);
		}
	}
	return (*node)->name ? xasprintf("%s", (*node)->name) : NULL;
}

int open_below(int root, const char *path, int flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(root, path, flags | O_CLOEXEC);
	return fd;
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

/* A field of /proc/PID/stat, counted from 1; the fourth or a later one. */
static bool read_stat(int dir, int wanted, unsigned long long *number)
{
	char stat[2048], *s;

	if (read_at(dir, "stat", stat, sizeof(stat)) < 0)
		return false;
	/* The second field is the name in parentheses, and a name may contain any byte. */
	s = strrchr(stat, ')');
	for (int field = 2; s && field < wanted; field++)
		s = strchr(s + 1, ' ');
	return s && sscanf(s, "%llu", number) == 1;
}

uint64_t host_boottime(const struct host *host)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec - host->boottime_offset_ns;
}

/* The 22nd field is the start in clock ticks since boot, in the time namespace of this program. */
static bool read_start(const struct host *host, int dir, unsigned long long *start_ns)
{
	unsigned long long ticks;

	if (!read_stat(dir, 22, &ticks))
		return false;
	*start_ns = ticks * (NSEC / sysconf(_SC_CLK_TCK)) - host->boottime_offset_ns;
	return true;
}

bool same_start(uint64_t a_ns, uint64_t b_ns)
{
	uint64_t tick = NSEC / sysconf(_SC_CLK_TCK);

	return a_ns / tick <= b_ns / tick + 1 && b_ns / tick <= a_ns / tick + 1;
}

/* Use the system call: a library that hides processes may replace openat(). */
static int open_pid(const struct host *host, uint32_t tgid)
{
	char path[16];

	snprintf(path, sizeof(path), "%u", tgid);
	return syscall(SYS_openat, host->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int process_open(const struct host *host, uint32_t tgid, uint64_t start_ns)
{
	unsigned long long started;
	int dir;

	if (host->root < 0)
		return -1;
	dir = open_pid(host, tgid);
	if (dir < 0)
		return -1;
	if (read_start(host, dir, &started) && same_start(started, start_ns))
		return dir;
	close(dir);
	return -1;
}

bool process_find(const struct host *host, uint32_t number, struct roundwatch_tally *t)
{
	char status[4096], *field, *comm;
	int dir;

	memset(t, 0, sizeof(*t));
	dir = host->root < 0 ? -1 : open_pid(host, number);
	if (dir < 0)
		return false;
	if (read_at(dir, "status", status, sizeof(status)) < 0)
		*status = '\0';
	field = strstr(status, "\nTgid:");
	t->tgid = field ? strtoul(field + 6, NULL, 10) : number;
	field = strstr(status, "\nUid:");
	t->uid = field ? strtoul(field + 5, NULL, 10) : 0;
	/* The number is that of a thread. */
	if (t->tgid != number) {
		close(dir);
		dir = open_pid(host, t->tgid);
	}
	if (dir < 0 || !*status || !read_start(host, dir, &t->process_start_ns)) {
		if (dir >= 0)
			close(dir);
		return false;
	}
	t->start_ns = t->process_start_ns;
	comm = process_comm(dir);
	snprintf(t->comm, sizeof(t->comm), "%s", comm ? comm : "");
	free(comm);
	close(dir);
	return true;
}

/* In the state field, Z and X mean that it has ended. If the state is unknown, it has not. */
static bool has_ended(int dir)
{
	char stat[2048], *s;

	if (read_at(dir, "stat", stat, sizeof(stat)) < 0)
		return false;
	s = strrchr(stat, ')');
	return s && s[1] && strchr("ZXx", s[2]) && s[2];
}

static int open_living_thread(DIR *task, uint32_t *tid)
{
	const struct dirent *d;
	uint64_t number;

	while ((d = readdir(task))) {
		int dir;

		if (!parse_number(d->d_name, INT32_MAX, &number))
			continue;
		dir = openat(dirfd(task), d->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			continue;
		if (faccessat(dir, "stat", F_OK, 0) == 0 && !has_ended(dir)) {
			*tid = number;
			return dir;
		}
		close(dir);
	}
	return -1;
}

int process_task(int process, uint32_t *tid)
{
	uint32_t ignored;
	DIR *task;
	int dir;

	if (!tid)
		tid = &ignored;
	*tid = 0;
	if (!has_ended(process))
		return openat(process, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	dir = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	task = dir < 0 ? NULL : fdopendir(dir);
	if (!task) {
		if (dir >= 0)
			close(dir);
		return -1;
	}
	dir = open_living_thread(task, tid);
	closedir(task);
	return dir;
}

static bool lives(uint32_t tgid)
{
	return tgid && tgid <= INT32_MAX && (!kill(tgid, 0) || errno == EPERM);
}

enum sight process_sight(const struct host *host, uint32_t tgid, char **why)
{
	struct stat ns;
	int dir, err;
	bool there;

	*why = NULL;
	if (!host->live || fstatat(host->root, "proc/self/ns/pid", &ns, 0) ||
	    ns.st_ino != INIT_PID_NS || !lives(tgid))
		return SIGHT_NONE;
	if (host->blur) {
		*why = xasprintf("%s, so that it cannot be told from another process with the "
				 "same PID", host->blur);
		return SIGHT_LIMITED;
	}
	dir = open_pid(host, tgid);
	there = dir >= 0 && !faccessat(dir, "stat", R_OK, 0);
	err = errno;
	if (!there && host->filter) {
		*why = xasprintf("/proc is mounted with %s and does not show it to roundwatch, "
				 "which lacks CAP_SYS_PTRACE", host->filter);
	} else if (dir < 0 && err == ENOENT && lives(tgid)) {
		return SIGHT_HIDDEN;
	} else if (!there && lives(tgid)) {
		*why = xasprintf("/proc/%u cannot be read: %s", tgid, strerror(err));
	}
	if (dir >= 0)
		close(dir);
	return *why ? SIGHT_LIMITED : SIGHT_NONE;
}

uint32_t process_parent(int process)
{
	unsigned long long ppid;

	return read_stat(process, 4, &ppid) ? ppid : 0;
}

char *process_comm(int process)
{
	char comm[64];
	ssize_t n = read_at(process, "comm", comm, sizeof(comm));

	if (n > 0 && comm[n - 1] == '\n')
		n--;
	return n > 0 ? xstrndup(comm, n) : NULL;
}

char *read_link_at(int dir, const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dir, path, text, sizeof(text));

	return n > 0 ? xstrndup(text, n) : NULL;
}

char *process_args(int process, size_t *n)
{
	char *args = xrealloc(NULL, ARGS_MAX, 1);
	ssize_t have = read_at(process, "cmdline", args, ARGS_MAX);

	*n = have > 0 ? have : 0;
	return xrealloc(args, *n, 1);
}

char *args_join(const char *args, size_t n)
{
	char *line;

	while (n && !args[n - 1])
		n--;
	if (!n)
		return NULL;
	if (n > CMDLINE_MAX)
		n = CMDLINE_MAX;
	line = xrealloc(NULL, n + 1, 1);
	for (size_t i = 0; i < n; i++)
		line[i] = args[i] ? args[i] : ' ';
	line[n] = '\0';
	return line;
}

char *process_cmdline(int process)
{
	size_t n;
	char *args = process_args(process, &n);
	char *line = args_join(args, n);

	free(args);
	return line;
}
