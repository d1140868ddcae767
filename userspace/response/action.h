/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ACTION_H
#define ACTION_H

#include <stdbool.h>

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

/**
 * struct policy - when an action is taken
 * @guests: also upon processes that run a virtual machine
 * @broken_list: the allow list has an error, so that nothing is done
 */
struct policy {
	enum action action;
	bool guests;
	bool broken_list;
};

/**
 * struct response - what was done about a process
 * @action: "stop" or "kill"; NULL: nothing was to be done
 * @refusal: why it was not done; NULL: it was
 * @archive: of the evidence that was collected before; NULL: none
 * @not_collected: why it is not there, or not complete; NULL: it is, or was not wanted
 *
 * Text but @action's is allocated.
 */
struct response {
	const char *action;
	char *refusal;
	char *archive;
	char *not_collected;
};

/* Act upon a process that is randomx and not allowed, as far as the policy wants that. */
void action_respond(const struct policy *p, const struct host *host,
		    const struct roundwatch_tally *tally, struct response *r);

void response_free(struct response *r);

#endif
