// SPDX-License-Identifier: GPL-2.0
/*
 * --collect: an archive for each process, before something is done about it.
 *
 * Each is made by a child, so that the monitor goes on reading. How long an alert waits, how many
 * children there are and how much the directory holds is limited: there may be thousands of miners,
 * and who starts them must not be able to delay an alert for long, or to fill the disk. What is
 * there already is never deleted: it may be the evidence that an attacker wants to be replaced.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "response/collector.h"

#define SUFFIX		".tar.gz"
#define LEAST		(UINT64_C(1) << 20)	/* bytes; less is not worth it */

bool collector_check(const struct collector *c)
{
	int fd = open(c->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && !faccessat(fd, ".", W_OK | X_OK, AT_EACCESS)) {
		close(fd);
		return true;
	}
	error("monitor: --collect %s: %s; make a directory that only this user may write",
	      c->directory, strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

/* Is this the archive of an entity, "TIME-ENTITY.tar.gz"? */
static bool is_of(const char *name, const char *entity)
{
	size_t n = strlen(name), suffix = strlen(SUFFIX), m = strlen(entity);

	return n > suffix + m + 1 && !strcmp(name + n - suffix, SUFFIX) &&
	       name[n - suffix - m - 1] == '-' && !strncmp(name + n - suffix - m, entity, m);
}

/*
 * Look through the directory: the archive of @entity if there is one, as from before the monitor
 * was started again; allocated. Else the number of files and their size.
 */
static char *look(const struct collector *c, const char *entity, unsigned int *files,
		  uint64_t *size)
{
	DIR *dir = opendir(c->directory);
	const struct dirent *d;
	char *found = NULL;

	*files = 0;
	*size = 0;
	while (dir && !found && (d = readdir(dir))) {
		struct stat st;

		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    S_ISDIR(st.st_mode))
			continue;
		++*files;
		*size += st.st_blocks * UINT64_C(512);
		if (is_of(d->d_name, entity))
			found = xasprintf("%s/%s", c->directory, d->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Those that are being made have no size yet. */
static uint64_t promised(const struct collector *c)
{
	uint64_t size = 0;

	for (int i = 0; i < COLLECTOR_CHILDREN; i++)
		if (c->child[i].pid)
			size += c->child[i].max_size;
	return size;
}

static char *path_of(const struct collector *c, const char *entity)
{
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &tm);
	return xasprintf("%s/%s-%s" SUFFIX, c->directory, date, entity);
}

static void __attribute__((noreturn)) collect(const struct collector *c,
					      const struct collection *of, uint64_t max_size)
{
	/* It would go on, and nobody would wait for it. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	_exit(c->collect(of->path, max_size, &of->tally));
}

/* In a free place of the children. */
static void start(struct collector *c, struct collection *of, int place)
{
	uint64_t size, taken = promised(c), max_size;
	unsigned int files;
	pid_t pid;

	of->over = true;
	of->path = look(c, of->entity, &files, &size);
	if (of->path)
		return;
	taken += size;
	if (files >= COLLECTOR_FILES || taken + LEAST > c->room) {
		of->why = xasprintf("%s is full, with %u files of %llu MiB; move them away",
				    c->directory, files, (unsigned long long)(size >> 20));
		return;
	}
	max_size = c->room - taken < COLLECTOR_SIZE ? c->room - taken : COLLECTOR_SIZE;
	of->path = path_of(c, of->entity);
	fflush(stdout);
	pid = fork();
	if (!pid)
		collect(c, of, max_size);
	if (pid < 0) {
		of->why = xasprintf("%s", strerror(errno));
		free(of->path);
		of->path = NULL;
		return;
	}
	of->over = false;
	c->child[place].pid = pid;
	c->child[place].max_size = max_size;
	c->child[place].collection = of;
}

static void take_result(struct collection *of, int status)
{
	of->over = true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_OK)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_BLIND) {
		of->why = xasprintf("its manifest.json says what is missing");
		return;
	}
	if (WIFSIGNALED(status))
		of->why = xasprintf("ended by signal %d", WTERMSIG(status));
	else
		of->why = xasprintf("failed, as said on standard error");
	free(of->path);
	of->path = NULL;
}

static void reap(struct collector *c)
{
	for (int i = 0; i < COLLECTOR_CHILDREN; i++) {
		pid_t pid = c->child[i].pid;
		int status;

		if (!pid || waitpid(pid, &status, WNOHANG) != pid)
			continue;
		c->child[i].pid = 0;
		if (c->child[i].collection)
			take_result(c->child[i].collection, status);
		c->child[i].collection = NULL;
	}
}

/* A child may hang in a read that cannot be interrupted. It keeps its place as long. */
static void give_up(struct collector *c, struct collection *of, const char *why)
{
	for (int i = 0; i < COLLECTOR_CHILDREN; i++) {
		if (c->child[i].collection != of)
			continue;
		kill(c->child[i].pid, SIGKILL);
		c->child[i].collection = NULL;
	}
	of->over = true;
	of->why = xasprintf("%s", why);
	free(of->path);
	of->path = NULL;
}

static int free_place(const struct collector *c)
{
	int i;

	for (i = 0; i < COLLECTOR_CHILDREN && c->child[i].pid; i++)
		;
	return i;
}

static bool is_running(const struct collector *c, const struct collection *of)
{
	for (int i = 0; i < COLLECTOR_CHILDREN; i++)
		if (c->child[i].collection == of)
			return true;
	return false;
}

void collector_work(struct collector *c)
{
	uint64_t now = monotonic_ns();

	reap(c);
	for (struct collection *of = c->first; of; of = of->next) {
		int place = free_place(c);

		if (of->over)
			continue;
		if (now >= of->deadline_ns)
			give_up(c, of, is_running(c, of) ? "it took too long" :
				"others before it took too long");
		else if (!is_running(c, of) && place < COLLECTOR_CHILDREN)
			start(c, of, place);
	}
}

struct collection *collector_begin(struct collector *c, const struct roundwatch_tally *tally,
				   char *entity)
{
	struct collection *of = xrealloc(NULL, 1, sizeof(*of)), **last = &c->first;

	*of = (struct collection){
		.tally = *tally, .entity = entity, .deadline_ns = monotonic_ns() + COLLECTOR_NS,
	};
	while (*last)
		last = &(*last)->next;
	*last = of;
	collector_work(c);
	return of;
}

uint64_t collector_deadline(const struct collector *c)
{
	uint64_t deadline = UINT64_MAX;

	for (const struct collection *of = c->first; of; of = of->next)
		if (!of->over && of->deadline_ns < deadline)
			deadline = of->deadline_ns;
	return deadline;
}

void collector_give_up(struct collector *c)
{
	for (struct collection *of = c->first; of; of = of->next)
		if (!of->over)
			give_up(c, of, "the monitor ends");
}

void collector_end(struct collector *c, struct collection *of)
{
	struct collection **at = &c->first;

	while (*at != of)
		at = &(*at)->next;
	*at = of->next;
	free(of->entity);
	free(of->path);
	free(of->why);
	free(of);
}
