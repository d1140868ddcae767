// SPDX-License-Identifier: GPL-2.0
/* The threads of a process: how they use CPUs, and how the scheduler treats them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "corroboration/threads.h"
#include "who/process.h"

#define THREADS_MAX	4096

/**
 * struct thread_stat - what /proc/PID/task/TID/stat tells
 * @policy: as in sched_setscheduler(2)
 */
struct thread_stat {
	struct thread_use use;
	long nice;
	unsigned int policy;
};

static bool parse_stat(const char *stat, struct thread_stat *t)
{
	uint64_t utime, stime;
	/* The name in parentheses may contain any characters. */
	const char *s = strrchr(stat, ')');

	if (!s || sscanf(s + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
			 " %*d %*d %*d %ld %*d %*d %" SCNu64, &utime, &stime, &t->nice,
			 &t->use.start) != 4)
		return false;
	t->use.ticks = utime + stime;
	t->use.percent = 0;
	t->policy = 0;
	/* The 41st field. */
	for (int field = 2; s && field < 41; field++)
		s = strchr(s + 1, ' ');
	if (s)
		t->policy = strtoul(s + 1, NULL, 10);
	return true;
}

int thread_compare(const void *a, const void *b)
{
	uint32_t x = ((const struct thread_use *)a)->tid, y = ((const struct thread_use *)b)->tid;

	return (x > y) - (x < y);
}

/* True if a list of CPUs such as "0-3,8" contains one CPU only. */
static bool is_one_cpu(int task, const char *tid)
{
	char path[64], status[8192], *s;

	snprintf(path, sizeof(path), "%.20s/status", tid);
	if (read_at(task, path, status, sizeof(status)) < 0)
		return false;
	s = strstr(status, "\nCpus_allowed_list:");
	if (!s)
		return false;
	s = strchr(s, ':');
	s[strcspn(s, "\n")] = '\0';
	return !strpbrk(s, ",-");
}

int threads_read(int process, struct thread_use **use, size_t *n, struct scheduling *sched)
{
	int task = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = task < 0 ? NULL : fdopendir(task);
	struct dirent *entry;

	*use = NULL;
	*n = 0;
	if (!dir) {
		if (task >= 0)
			close(task);
		return -1;
	}
	*use = xrealloc(NULL, THREADS_MAX, sizeof(**use));
	while (*n < THREADS_MAX && (entry = readdir(dir))) {
		struct thread_stat t;
		char path[64], stat[1024], *end;

		t.use.tid = strtoul(entry->d_name, &end, 10);
		if (*end || !t.use.tid)
			continue;
		snprintf(path, sizeof(path), "%.20s/stat", entry->d_name);
		if (read_at(task, path, stat, sizeof(stat)) < 0 || !parse_stat(stat, &t))
			continue;
		(*use)[(*n)++] = t.use;
		if (sched) {
			sched->threads++;
			sched->nice += t.nice > 0;
			sched->idle += t.policy == SCHED_IDLE || t.policy == SCHED_BATCH;
			sched->pinned += is_one_cpu(task, entry->d_name);
		}
	}
	closedir(dir);
	if (!*n) {
		free(*use);
		*use = NULL;
		errno = ENODATA;
		return -1;
	}
	qsort(*use, *n, sizeof(**use), thread_compare);
	return 0;
}
