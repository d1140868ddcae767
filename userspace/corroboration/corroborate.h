/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORROBORATE_H
#define CORROBORATE_H

#include "corroboration/threads.h"
#include "roundwatch.h"
#include "who/identity.h"
#include "who/process.h"

/*
 * Signs in /proc that support a verdict and are cheap to read. None of them
 * makes a verdict; only the module does.
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
 * struct finding - the result of one search
 * @detail: what was found, what was there instead, or why it cannot be read;
 *	may contain any byte; allocated
 */
struct finding {
	enum finding_state state;
	char *detail;
};

/**
 * struct corroboration - all that was found
 * @process: /proc/PID
 * @task: what process_task() returned, @tid of that thread
 * @found: the process could be looked at; if not, all findings say why
 * @thread: its threads by TID, as they were looked at last
 */
struct corroboration {
	const struct host *host;
	const struct roundwatch_tally *tally;
	int process, task;
	uint32_t tid;
	bool found;
	struct finding finding[FINDINGS];
	struct thread_use *thread;
	size_t threads;
	uint64_t begun_ns;
};

/* Names for people and in JSON. */
const char *finding_name(enum finding_kind kind);
const char *finding_state_name(enum finding_state state);

/* Read the CPU time for the first time. @host and @tally must remain valid. */
void corroborate_begin(struct corroboration *c, const struct host *host,
		       const struct roundwatch_tally *tally);

/*
 * Read everything else, and the CPU time again, at least half a second after the
 * first time. A copy of a host has only one time: then the use is averaged from
 * the start of each thread to @now_ns.
 */
void corroborate_end(struct corroboration *c, const struct identity *id, const char *pools,
		     uint64_t now_ns);

/* CPU use of this thread in percent, -1 if unknown. */
/* SHA-256 of the executable; allocated, NULL if it cannot be read or is larger than 1 GiB. */
char *corroborate_hash(const struct corroboration *c);

int corroborate_thread(const struct corroboration *c, uint32_t tid);
void corroborate_free(struct corroboration *c);

#endif
