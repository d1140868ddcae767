/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORROBORATE_H
#define CORROBORATE_H

#include "roundwatch.h"
#include "who/identity.h"
#include "who/process.h"

/*
 * What else there is to see of a process that supports a verdict, and that costs
 * little to look at. None of it makes a verdict: the module alone does.
 */
enum finding_kind {
	FINDING_CPU,
	FINDING_MEMORY,
	FINDING_HUGE_PAGES,
	FINDING_CODE,
	FINDING_EXECUTABLE,
	FINDING_WORDS,
	FINDING_CONNECTIONS,
	FINDING_SCHEDULING,
	FINDING_MSR,
	FINDINGS,
};

enum finding_state {
	NOT_READABLE,
	NOT_FOUND,
	FOUND,
};

/**
 * struct finding - one thing that was looked for
 * @detail: what was found, or what was there in its place, or why it cannot be
 *	read; in words that may hold any byte; allocated
 */
struct finding {
	enum finding_state state;
	char *detail;
};

/**
 * struct thread_use - how a thread uses CPUs
 * @ticks: CPU time
 * @start: in ticks since boot
 * @percent: of one CPU
 */
struct thread_use {
	uint32_t tid;
	uint64_t ticks, start;
	unsigned int percent;
};

/**
 * struct corroboration - all that was found
 * @found: the process could be looked at; if not, all findings say why
 * @thread: its threads by TID, as they were looked at last
 */
struct corroboration {
	const struct host *host;
	const struct roundwatch_tally *tally;
	int process;
	bool found;
	struct finding finding[FINDINGS];
	struct thread_use *thread;
	size_t threads;
	uint64_t begun_ns;
};

/* Names for people and in JSON. */
const char *finding_name(enum finding_kind kind);
const char *finding_state_name(enum finding_state state);

/* Look at the CPU time a first time. @host and @tally have to stay. */
void corroborate_begin(struct corroboration *c, const struct host *host,
		       const struct roundwatch_tally *tally);

/*
 * Look at all the rest, and at the CPU time once more, half a second after the
 * first time or later. In a copy of a host there is one time only: then it is
 * what the threads used since they began, up to @now_ns.
 */
void corroborate_end(struct corroboration *c, const struct identity *id, const char *pools,
		     uint64_t now_ns);

/* Use of a CPU by that thread in percent, -1 if it is not known. */
int corroborate_thread(const struct corroboration *c, uint32_t tid);
void corroborate_free(struct corroboration *c);

#endif
