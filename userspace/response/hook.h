/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOOK_H
#define HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HOOK_CHILDREN	8	/* at once */
#define HOOK_QUEUE	256	/* events that wait for their turn */

/**
 * struct hook - a command that is run for each event
 * @command: for /bin/sh; NULL: none
 * @timeout: seconds after which one is killed
 * @queue: descriptors of files with an event each, @waiting of them from @first on
 */
struct hook {
	const char *command;
	unsigned int timeout;
	struct {
		pid_t pid;
		uint64_t deadline_ns;
		bool killed;
	} child[HOOK_CHILDREN];
	int queue[HOOK_QUEUE];
	size_t first, waiting;
};

/* Run it with @text on its standard input, now or when there is room. Says what fails. */
void hook_run(struct hook *h, const char *text, size_t n);

/* Take leave of those that ended, kill those that take too long, begin others. */
void hook_work(struct hook *h);

/* CLOCK_MONOTONIC of the next deadline, UINT64_MAX if there is none. */
uint64_t hook_deadline(const struct hook *h);

/* Whether any runs, or waits. */
bool hook_busy(const struct hook *h);

/* Begin none any more, give those that run @seconds at most. */
void hook_wind_up(struct hook *h, unsigned int seconds);

#endif
