/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "records/snapshot.h"
#include "who/identity.h"

/**
 * struct process - a tallied process
 * @tally: one of its tallies, by its own name if there is such: which process it is
 * @worst: the highest verdict that it has or had
 * @dossier: what the recording has about it, see dossier.h; NULL: nothing
 * @id: filled in when it is first asked for, as @identified says
 */
struct process {
	struct roundwatch_tally tally;
	uint8_t worst;
	const char *dossier;
	struct identity id;
	bool identified;
};

/**
 * struct subject - what a line of output is about: a process, a thread, or more processes
 * @tally: the thread's; for a process what its tallies come to together, with
 *	@tally.pid 0. Verdict and evidence are those of the tallies that live,
 *	and only if none does, of those that ended; the highest verdict is of
 *	all. Flag ROUNDWATCH_PROCESS then says that the verdict is of the
 *	process as a whole and none of its threads reached it. For more
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

/*
 * What is, apart from what was; of a tally or of a subject's. Whatever shows or
 * counts verdicts takes them from here.
 */

/* It is no more: the task is gone, or runs another program. Its last_ns is when. */
bool tally_ended(const struct roundwatch_tally *t);

/* The verdict on what lives: CLEAR after the end. One of a newer module is RANDOMX. */
uint8_t present_verdict(const struct roundwatch_tally *t);

/* The highest verdict that it has or had. */
uint8_t worst_verdict(const struct roundwatch_tally *t);

/* The present verdict in a word: its name, or "ended". */
const char *present_word(const struct roundwatch_tally *t);

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

/* The identity of a process: from the host, or if that does not have it any more, from @dossier. */
void process_look_up(const struct host *host, const struct roundwatch_tally *t,
		     const char *dossier, struct identity *id);

/* The same, looked up once. */
const struct identity *process_identity(struct process *p, const struct host *host);

/* Words for the numbers in roundwatch.h; "unknown" for those of a newer module. */
const char *verdict_name(uint8_t verdict);
const char *mode_name(uint8_t mode);

/* Name of the nth flag of a tally, if it is set in @flags; NULL if not. n < FLAGS */
#define FLAGS 4
const char *flag_name(uint32_t flags, unsigned int n);

void subjects_free(struct subjects *s);

#endif
