/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "records/snapshot.h"
#include "who/identity.h"

/**
 * struct process - a tallied process
 * @tally: one of its tallies, if possible one with its own name: identifies the process
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
 * struct subject - the subject of a line of output: a process, a thread or a group of processes
 * @tally: that of the thread. For a process, its combined tallies, with @tally.pid 0:
 *	verdict and evidence are those of living tallies, or of ended ones if none
 *	is alive; the highest verdict is that of all. The flag ROUNDWATCH_PROCESS
 *	then means that the verdict is about the process as a whole, and no thread
 *	reached it alone. For a group, its combined processes, with name, PID and
 *	start times of the worst one
 * @threads: number of tallies of threads in it
 * @processes: number of processes in it; 1 for a thread
 * @process: its process, or the worst process of a group
 * @member: all processes of a group
 */
struct subject {
	struct roundwatch_tally tally;
	size_t threads;
	size_t processes;
	struct process *process;
	struct process **member;
};

/**
 * struct subjects - the subjects of all lines
 * @process: all processes in them, sorted by PID and start time
 * @member: the members of all subjects, one subject after the other
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
 * The present and the past verdict, of a tally or of a subject's tally. All output and
 * all counts of verdicts use these functions.
 */

/* True if the task has ended or runs another program; last_ns is the time of the end. */
bool tally_ended(const struct roundwatch_tally *t);

/* The present verdict: CLEAR after the end. An unknown verdict of a newer module is RANDOMX. */
uint8_t present_verdict(const struct roundwatch_tally *t);

/* The highest verdict so far. */
uint8_t worst_verdict(const struct roundwatch_tally *t);

/* The present verdict as a word: its name, or "ended". */
const char *present_word(const struct roundwatch_tally *t);

/* Combine the tallies of one process; there is at least one, and they are sorted. */
void subject_of(struct subject *to, struct roundwatch_tally *tally, size_t n);

/* One subject for each process, or for each thread, worst first. */
void subjects_by_process(const struct snapshot *snap, struct subjects *to);
void subjects_by_thread(const struct snapshot *snap, struct subjects *to);

/**
 * subjects_group - combine processes of the same container, pod, …
 * @s: one subject for each process, made by subjects_by_process()
 *
 * Processes that are in none make one subject. Processes for which this is not known,
 * because they have ended or run on another host, make another one.
 */
void subjects_group(struct subjects *s, const struct host *host, enum subject_by by);

/* The identity of a process: from the host, or if that does not have it any more, from @dossier. */
void process_look_up(const struct host *host, const struct roundwatch_tally *t,
		     const char *dossier, struct identity *id);

/* The same, looked up once. */
const struct identity *process_identity(struct process *p, const struct host *host);

/* Names for the numbers in roundwatch.h; "unknown" for those of a newer module. */
const char *verdict_name(uint8_t verdict);
const char *mode_name(uint8_t mode);

/* Name of the nth flag of a tally if it is set in @flags, otherwise NULL. n < FLAGS */
#define FLAGS 5
const char *flag_name(uint32_t flags, unsigned int n);

void subjects_free(struct subjects *s);

#endif
