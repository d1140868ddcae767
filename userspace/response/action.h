/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ACTION_H
#define ACTION_H

#include "roundwatch.h"
#include "who/process.h"

enum action {
	ACTION_NONE,
	ACTION_STOP,	/* SIGSTOP */
	ACTION_KILL,	/* SIGKILL */
};

/**
 * action_take - signal the process that a tally is about
 * @tally: of a process or any of its threads
 *
 * A later process with the same PID is not signalled. Returns NULL, or the reason
 * why nothing was done; allocated.
 */
char *action_take(enum action action, const struct host *host,
		  const struct roundwatch_tally *tally);

#endif
