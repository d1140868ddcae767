// SPDX-License-Identifier: GPL-2.0
/* Limits of monitor --collect: how many children, how long, how much in the directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "response/collector.h"
#include "tap.h"

#define MIB	(UINT64_C(1) << 20)

static char dir[] = "/tmp/test-collector-XXXXXX";
static int ended = -1;		/* signalfd of SIGCHLD */

/* What the children do, by the PID that they are to collect. */
enum { DOES_ALL = 1, DOES_PART, FAILS, CRASHES, HANGS };

static enum status collect(const char *path, uint64_t max_size,
			   const struct roundwatch_tally *t)
{
	int fd;

	if (t->tgid == HANGS)
		for (;;)
			pause();
	if (t->tgid == CRASHES)
		raise(SIGKILL);
	if (t->tgid == FAILS)
		return STATUS_FAILURE;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || dprintf(fd, "%llu", (unsigned long long)max_size) < 0)
		return STATUS_FAILURE;
	return t->tgid == DOES_PART ? STATUS_BLIND : STATUS_OK;
}

static struct collection *begin(struct collector *c, uint32_t what, const char *entity)
{
	const struct roundwatch_tally t = { .tgid = what };

	return collector_begin(c, &t, xasprintf("%s", entity));
}

/* As the monitor does: SIGCHLD wakes it. */
static void wait_for(struct collector *c, const struct collection *of)
{
	struct pollfd fd = { .fd = ended, .events = POLLIN };
	struct signalfd_siginfo info;

	for (collector_work(c); !of->over; collector_work(c)) {
		if (poll(&fd, 1, 20000) <= 0)
			abort();
		while (read(ended, &info, sizeof(info)) > 0)
			;
	}
}

static unsigned int running(const struct collector *c)
{
	unsigned int n = 0;

	for (int i = 0; i < COLLECTOR_CHILDREN; i++)
		n += c->child[i].pid > 0;
	return n;
}

static void empty(void)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;

	while ((entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
}

/* A file of so many bytes. */
static void put(const char *name, uint64_t size)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || (size && posix_fallocate(fd, 0, size)))
		abort();
	close(fd);
	free(path);
}

static struct collector begin_test(void)
{
	empty();
	return (struct collector){ .directory = dir, .room = COLLECTOR_ROOM, .collect = collect };
}

static void test_results(void)
{
	struct collector c = begin_test();
	struct collection *all = begin(&c, DOES_ALL, "boot-1-2"), *other;
	struct stat st;

	wait_for(&c, all);
	ok(all->path && !all->why, "all: an archive");
	ok(all->path && strstr(all->path, "Z-boot-1-2.tar.gz") && !stat(all->path, &st),
	   "its name has the time and the process: %s", all->path);
	other = begin(&c, FAILS, "boot-1-2");
	ok(other->over && other->path && !strcmp(other->path, all->path) && !running(&c),
	   "once for each process: the archive that is there");
	collector_end(&c, other);
	other = begin(&c, DOES_ALL, "boot-1-23");
	wait_for(&c, other);
	ok(strcmp(other->path, all->path), "another process: another archive");
	collector_end(&c, other);
	collector_end(&c, all);
	other = begin(&c, DOES_PART, "boot-2-2");
	wait_for(&c, other);
	ok(other->path && other->why, "part: an archive, and what is missing");
	collector_end(&c, other);
	other = begin(&c, FAILS, "boot-3-2");
	wait_for(&c, other);
	ok(!other->path && other->why, "failed: %s", other->why);
	collector_end(&c, other);
	other = begin(&c, CRASHES, "boot-4-2");
	wait_for(&c, other);
	ok(!other->path && other->why, "crashed: %s", other->why);
	collector_end(&c, other);
	ok(!c.first && collector_deadline(&c) == UINT64_MAX, "nothing is left");
}

/* The first two hang; the rest waits, but not longer than an alert may. */
static void test_time(void)
{
	struct collector c = begin_test();
	struct collection *hangs[2] = {
		begin(&c, HANGS, "boot-1-1"), begin(&c, HANGS, "boot-2-1"),
	}, *waits = begin(&c, DOES_ALL, "boot-3-1"), *late = begin(&c, DOES_ALL, "boot-4-1");
	uint64_t now = monotonic_ns();

	is(running(&c), 2, "two at once");
	ok(!waits->over && collector_deadline(&c) <= now + COLLECTOR_NS, "the third waits, not for ever");
	late->deadline_ns = now;
	collector_work(&c);
	ok(late->over && !late->path && late->why, "too late to begin: %s", late->why);
	hangs[0]->deadline_ns = now;
	collector_work(&c);
	ok(hangs[0]->over && !hangs[0]->path, "it hangs: %s", hangs[0]->why);
	wait_for(&c, waits);
	ok(waits->path, "the third has its turn when it was killed");
	collector_give_up(&c);
	ok(hangs[1]->over && hangs[1]->why, "the end: %s", hangs[1]->why);
	while (c.first)
		collector_end(&c, c.first);
	while (running(&c)) {
		struct pollfd fd = { .fd = ended, .events = POLLIN };

		poll(&fd, 1, 100);
		collector_work(&c);
	}
	ok(true, "no child is left");
}

static uint64_t size_for(struct collector *c, const char *entity)
{
	struct collection *of = begin(c, DOES_ALL, entity);
	unsigned long long size = 0;
	FILE *f;

	wait_for(c, of);
	f = of->path ? fopen(of->path, "re") : NULL;
	if (f) {
		if (fscanf(f, "%llu", &size) != 1)
			abort();
		fclose(f);
	} else {
		diag("%s", of->why);
	}
	collector_end(c, of);
	return size;
}

static void test_room(void)
{
	struct collector c = begin_test();
	struct collection *of;

	is(size_for(&c, "boot-1-1"), COLLECTOR_SIZE, "of one process no more than its share");
	empty();
	c.room = 10 * MIB;
	put("anything", 4 * MIB);
	is(size_for(&c, "boot-1-1"), 6 * MIB, "no more than there is room for");
	of = begin(&c, HANGS, "boot-2-1");
	is(running(&c), 1, "one is being made");
	is(size_for(&c, "boot-3-1"), 0, "its room is taken");
	collector_give_up(&c);
	collector_end(&c, of);
	put("more", 6 * MIB);
	is(size_for(&c, "boot-4-1"), 0, "full");
	empty();
	for (int i = 0; i < COLLECTOR_FILES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		put(name, 0);
	}
	is(size_for(&c, "boot-5-1"), 0, "many small files are too many, too");
}

static void test_directory(void)
{
	struct collector c = begin_test();

	ok(collector_check(&c), "a directory");
	c.directory = "/nowhere";
	ok(!collector_check(&c), "none");
	c.directory = "/etc/passwd";
	ok(!collector_check(&c), "a file");
}

int main(void)
{
	sigset_t set;

	if (!mkdtemp(dir))
		abort();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ended = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	test_results();
	test_time();
	test_room();
	test_directory();
	empty();
	rmdir(dir);
	return tap_done();
}
