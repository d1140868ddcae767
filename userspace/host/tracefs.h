/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include "who/process.h"

/**
 * struct tracefs - an instance of the kernel's tracing, used by this process only
 * @name: "roundwatch-PID"
 * @clock: clock of its times, as in clock_gettime()
 * @pipe: descriptor of its trace_pipe; non-blocking
 *
 * It has its own buffers, filter and enabled events, so other users of tracing are not
 * disturbed. It belongs to the kernel and does not end with the process.
 */
struct tracefs {
	char name[32];
	int clock;
	int pipe;

	int instances;
	int dir;
};

/**
 * tracefs_open - make the instance and enable an event of the module
 * @event: its name
 * @filter: filter as in Documentation/trace/events.rst; empty: all events
 *
 * Also removes instances of dead processes. Prints its own messages, and leaves
 * nothing behind if it fails.
 */
enum status tracefs_open(struct tracefs *t, const struct host *host, const char *event,
			 const char *filter);

/* Disable the event. Events in the buffer can still be read. */
void tracefs_stop(struct tracefs *t);

/* Remove the instance. Prints its own messages. */
enum status tracefs_close(struct tracefs *t);

#endif
