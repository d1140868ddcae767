/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "snapshot.h"

/**
 * struct subject - what a line of output is about: a process, or one thread
 * @tally: the thread's; for a process what its tallies come to together, with
 *	@tally.pid 0. Flag ROUNDWATCH_PROCESS then says that the verdict is of
 *	the process as a whole and none of its threads reached it
 * @threads: how many threads' tallies are in it
 */
struct subject {
	struct roundwatch_tally tally;
	size_t threads;
};

struct subjects {
	struct subject *subject;
	size_t n;
};

/* One subject for each process, or for each thread, worst first. */
void subjects_by_process(const struct snapshot *snap, struct subjects *to);
void subjects_by_thread(const struct snapshot *snap, struct subjects *to);

/* Words for the numbers in roundwatch.h; "unknown" for those of a newer module. */
const char *verdict_name(uint8_t verdict);
const char *mode_name(uint8_t mode);

void subjects_free(struct subjects *s);

#endif
