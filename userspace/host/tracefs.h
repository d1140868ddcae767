/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include "who/process.h"

/**
 * struct tracefs - an instance of the kernel's tracing, for this process alone
 * @name: "roundwatch-PID"
 * @clock: that its times are of, as in clock_gettime()
 * @pipe: descriptor of its trace_pipe; does not block
 *
 * The buffers, the filter and what is switched on in it are its own: other users of
 * tracing are not disturbed. It is the kernel's, and does not end with the process.
 */
struct tracefs {
	char name[32];
	int clock;
	int pipe;

	int instances;
	int dir;
};

/**
 * tracefs_open - make the instance, and have an event of the module in it
 * @event: its name
 * @filter: which of them, as in Documentation/trace/events.rst; empty: all
 *
 * Also removes what dead processes have left. Prints its own messages, and
 * leaves nothing behind if it fails.
 */
enum status tracefs_open(struct tracefs *t, const struct host *host, const char *event,
			 const char *filter);

/* No more events; those that are there can yet be read. */
void tracefs_stop(struct tracefs *t);

/* Removes the instance. Prints its own messages. */
enum status tracefs_close(struct tracefs *t);

#endif
