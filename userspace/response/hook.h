/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOOK_H
#define HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HOOK_CHILDREN	8	/* at once */
#define HOOK_QUEUE	256	/* waiting events */

/**
 * struct hook - a command to run for each event
 * @command: for /bin/sh; NULL: none
 * @timeout: seconds after which a command is killed
 * @queue: events: files that have one each, and the archive of its evidence; allocated, NULL: none.
 *	@waiting of them, starting at @first
 */
struct hook {
	const char *command;
	unsigned int timeout;
	struct {
		pid_t pid;
		uint64_t deadline_ns;
		bool killed;
	} child[HOOK_CHILDREN];
	struct {
		int input;
		char *archive;
	} queue[HOOK_QUEUE];
	size_t first, waiting;
};

/*
 * Run the command with @text on its standard input, now or later, and with @archive, if there is
 * one, in the environment as ROUNDWATCH_ARCHIVE. Prints errors.
 */
void hook_run(struct hook *h, const char *text, size_t n, const char *archive);

/* Reap commands that ended, kill those that take too long, start waiting ones. */
void hook_work(struct hook *h);

/* Next deadline on CLOCK_MONOTONIC; UINT64_MAX: none. */
uint64_t hook_deadline(const struct hook *h);

/* True if a command runs or waits. */
bool hook_busy(const struct hook *h);

/* Start no more commands, and give running ones up to @seconds. */
void hook_wind_up(struct hook *h, unsigned int seconds);

#endif
