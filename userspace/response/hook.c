// SPDX-License-Identifier: GPL-2.0
/* --exec: a command for each event */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"
#include "base/util.h"
#include "response/hook.h"

/* Each event gets its own file, so that a slow command does not block the monitor. */
static int make_input(const char *text, size_t n)
{
	int fd = memfd_create("event", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	while (n) {
		ssize_t done = write(fd, text, n);

		if (done < 0) {
			close(fd);
			return -1;
		}
		text += done;
		n -= done;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* The command's output goes to standard error. Standard output contains only events. */
static int run_command(const char *command, int input, const char *archive, pid_t *pid)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };

	if (archive)
		setenv("ROUNDWATCH_ARCHIVE", archive, true);
	else
		unsetenv("ROUNDWATCH_ARCHIVE");
	return spawn("/bin/sh", argv, input, STDERR_FILENO, STDERR_FILENO, true, pid);
}

static int free_place(const struct hook *h)
{
	int i;

	for (i = 0; i < HOOK_CHILDREN && h->child[i].pid; i++)
		;
	return i;
}

static void begin_waiting(struct hook *h)
{
	int place;

	while (h->waiting && (place = free_place(h)) < HOOK_CHILDREN) {
		char *archive = h->queue[h->first].archive;
		int input = h->queue[h->first].input, err;

		h->first = (h->first + 1) % HOOK_QUEUE;
		h->waiting--;
		err = run_command(h->command, input, archive, &h->child[place].pid);
		close(input);
		free(archive);
		h->child[place].deadline_ns = monotonic_ns() + h->timeout * NSEC;
		h->child[place].killed = false;
		if (err) {
			h->child[place].pid = 0;
			error("--exec: /bin/sh: %s; the command was not run for one event",
			      strerror(err));
		}
	}
}

void hook_run(struct hook *h, const char *text, size_t n, const char *archive)
{
	size_t last;
	int input;

	if (!h->command)
		return;
	hook_work(h);
	if (h->waiting == HOOK_QUEUE) {
		error("--exec: %d events wait already; the command is not run for one more, "
		      "it takes too long", HOOK_QUEUE);
		return;
	}
	input = make_input(text, n);
	if (input < 0) {
		error("--exec: %s; the command was not run for one event", strerror(errno));
		return;
	}
	last = (h->first + h->waiting) % HOOK_QUEUE;
	h->queue[last].input = input;
	h->queue[last].archive = archive ? xasprintf("%s", archive) : NULL;
	h->waiting++;
	begin_waiting(h);
}

static void tell_end(const struct hook *h, pid_t pid, int status, bool killed)
{
	if (killed)
		error("--exec: command [%d] was killed as it took longer than %u s",
		      pid, h->timeout);
	else if (WIFSIGNALED(status))
		error("--exec: command [%d] was ended by signal %d", pid, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		error("--exec: command [%d] failed with status %d", pid, WEXITSTATUS(status));
}

void hook_work(struct hook *h)
{
	uint64_t now = monotonic_ns();

	for (int i = 0; i < HOOK_CHILDREN; i++) {
		pid_t pid = h->child[i].pid;
		int status;

		if (!pid)
			continue;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			h->child[i].pid = 0;
			tell_end(h, pid, status, h->child[i].killed);
		} else if (now >= h->child[i].deadline_ns) {
			kill(-pid, SIGKILL);
			h->child[i].killed = true;
			h->child[i].deadline_ns = UINT64_MAX;
		}
	}
	begin_waiting(h);
}

uint64_t hook_deadline(const struct hook *h)
{
	uint64_t deadline = UINT64_MAX;

	for (int i = 0; i < HOOK_CHILDREN; i++)
		if (h->child[i].pid && h->child[i].deadline_ns < deadline)
			deadline = h->child[i].deadline_ns;
	return deadline;
}

bool hook_busy(const struct hook *h)
{
	for (int i = 0; i < HOOK_CHILDREN; i++)
		if (h->child[i].pid)
			return true;
	return h->waiting;
}

void hook_wind_up(struct hook *h, unsigned int seconds)
{
	uint64_t deadline = monotonic_ns() + seconds * NSEC;

	if (h->waiting)
		error("--exec: the command is not run for %zu events that still wait", h->waiting);
	for (; h->waiting; h->waiting--) {
		close(h->queue[h->first].input);
		free(h->queue[h->first].archive);
		h->first = (h->first + 1) % HOOK_QUEUE;
	}
	for (int i = 0; i < HOOK_CHILDREN; i++)
		if (h->child[i].deadline_ns > deadline && !h->child[i].killed)
			h->child[i].deadline_ns = deadline;
	if (h->timeout > seconds)
		h->timeout = seconds;
}
