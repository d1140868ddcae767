// SPDX-License-Identifier: GPL-2.0
/* Stops or kills a process, and never a later one with the same PID. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "response/action.h"

/* These numbers are the same on all architectures. An old libc has no names for them. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* Before Linux 5.3, signals are sent through a descriptor of /proc/PID. */
static int open_pidfd(const struct host *host, uint32_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);
	char path[16];

	if (fd >= 0 || errno != ENOSYS)
		return fd;
	snprintf(path, sizeof(path), "%u", pid);
	return openat(host->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

char *action_take(enum action action, const struct host *host,
		  const struct roundwatch_tally *t)
{
	int fd = open_pidfd(host, t->tgid), process, err = 0;

	if (fd < 0)
		return xasprintf("process %u cannot be opened: %s", t->tgid, strerror(errno));

	/*
	 * The process that had the PID when it was opened still has it, or has ended. The
	 * accused process started earlier: if it has the PID now, it had it then.
	 */
	process = process_open(host, t->tgid, t->process_start_ns);
	if (process < 0) {
		close(fd);
		return xasprintf("process %u is gone, or cannot be told from another that has its "
				 "PID by now", t->tgid);
	}
	close(process);
	if (syscall(SYS_pidfd_send_signal, fd, action == ACTION_KILL ? SIGKILL : SIGSTOP, NULL, 0))
		err = errno;
	close(fd);
	if (err == ENOSYS)
		return xasprintf("this kernel is older than Linux 5.1 and cannot signal a process "
				 "without the risk to hit another; look, then: kill %u", t->tgid);
	return err ? xasprintf("process %u cannot be signalled: %s", t->tgid, strerror(err)) : NULL;
}

/* Why nothing is done; NULL if there is no reason. Static text. */
static const char *refuse(const struct policy *p, const struct host *host,
			  const struct roundwatch_tally *t)
{
	if (!host->live)
		return "it is known from a recording only";
	if (p->broken_list)
		return "the list of processes that are allowed has an error";
	if (t->tgid == 1)
		return "it is process 1, and without it the system would stop";
	if (t->tgid == (uint32_t)getpid())
		return "it is this program";
	if (t->flags & ROUNDWATCH_EXITED)
		return "it has ended already";
	if (t->flags & ROUNDWATCH_GUEST && !p->guests)
		return "it runs a virtual machine, and --action-guests was not given";
	return NULL;
}

void action_respond(const struct policy *p, const struct host *host,
		    const struct roundwatch_tally *t, struct response *r)
{
	const char *why;

	if (p->action == ACTION_NONE)
		return;
	r->action = p->action == ACTION_KILL ? "kill" : "stop";
	why = refuse(p, host, t);
	r->refusal = why ? xasprintf("%s", why) : action_take(p->action, host, t);
}

void response_free(struct response *r)
{
	free(r->refusal);
	free(r->archive);
	free(r->not_collected);
	*r = (struct response){ 0 };
}
