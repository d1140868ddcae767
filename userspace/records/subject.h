/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "records/snapshot.h"
#include "who/identity.h"

/**
 * struct process - a tallied process
 * @tally: one of its tallies, by its own name if there is such: who it is
 * @id: filled in when it is first asked for, as @identified says
 */
struct process {
	struct roundwatch_tally tally;
	struct identity id;
	bool identified;
};

/**
 * struct subject - what a line of output is about: a process, a thread, or more processes
 * @tally: the thread's; for a process what its tallies come to together, with
 *	@tally.pid 0. Flag ROUNDWATCH_PROCESS then says that the verdict is of
 *	the process as a whole and none of its threads reached it. For more
 *	processes what they come to together, with the name, the PID and the
 *	times of start of the worst of them
 * @threads: how many threads' tallies are in it
 * @processes: how many processes are in it, and 1 for a thread
 * @process: that it is about; the worst of them
 * @member: all of them, if it is about more
 */
struct subject {
	struct roundwatch_tally tally;
	size_t threads;
	size_t processes;
	struct process *process;
	struct process **member;
};

/**
 * struct subjects - one for each line
 * @process: all processes that are in there, by PID and time of start
 * @member: of all subjects, one after the other
 */
struct subjects {
	struct subject *subject;
	size_t n;
	struct process *process;
	size_t processes;
	struct process **member;
};

enum subject_by {
	BY_PROCESS,
	BY_CONTAINER,
	BY_POD,
	BY_UNIT,
	BY_USER,
	BY_VM,
};

/* What the tallies of one process come to; there is one at least, and they are sorted. */
void subject_of(struct subject *to, struct roundwatch_tally *tally, size_t n);

/* One subject for each process, or for each thread, worst first. */
void subjects_by_process(const struct snapshot *snap, struct subjects *to);
void subjects_by_thread(const struct snapshot *snap, struct subjects *to);

/**
 * subjects_group - put processes together that are in the same container, pod, …
 * @s: one for each process, as subjects_by_process() made them
 *
 * Those that are in none make one subject; those of which nothing is known,
 * as they have ended or run on another host, make another.
 */
void subjects_group(struct subjects *s, const struct host *host, enum subject_by by);

/* Who it is; each process is looked up once. */
const struct identity *process_identity(struct process *p, const struct host *host);

/* Words for the numbers in roundwatch.h; "unknown" for those of a newer module. */
const char *verdict_name(uint8_t verdict);
const char *mode_name(uint8_t mode);

/* Name of the nth flag of a tally, if it is set in @flags; NULL if not. n < FLAGS */
#define FLAGS 4
const char *flag_name(uint32_t flags, unsigned int n);

void subjects_free(struct subjects *s);

#endif
