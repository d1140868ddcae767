/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXPLANATION_H
#define EXPLANATION_H

#include "corroboration/corroborate.h"
#include "output/conclusions.h"
#include "output/steps.h"
#include "records/subject.h"

#define HISTORY_MAX	40	/* points: what fits into a line */

/**
 * struct point - evidence at one time
 * @known: there was a tally
 */
struct point {
	uint64_t time_ns;
	uint32_t evidence;
	bool known;
};

/**
 * struct explanation - the data about one PID or TID
 * @asked: the number
 * @s: the process, or the thread if @asked is a TID
 * @tallied: the module has a tally of it; otherwise @s is made from /proc
 * @earlier: tallies of earlier processes with this number
 * @allowed: the line of the allow list that allows it; NULL: not allowed
 * @doubt: what allow_doubt() said, if it is accused now
 * @threads: of all processes
 */
struct explanation {
	uint32_t asked;
	struct subject s;
	bool tallied;
	size_t earlier;
	const char *allowed;
	char *doubt;
	const struct snapshot *snap;
	const struct subjects *threads;
	struct identity id;
	struct corroboration c;
	struct conclusions reasons;
	struct steps next;
	struct point history[HISTORY_MAX];
	size_t points;
};

/* True if the explanation is about this thread. */
static inline bool explanation_has(const struct explanation *e, const struct roundwatch_tally *t)
{
	return t->tgid == e->s.tally.tgid &&
	       t->process_start_ns == e->s.tally.process_start_ns &&
	       (!e->s.tally.pid || t->pid == e->s.tally.pid);
}

/*
 * Print to the open page: what is asked first, on one screen of 80 columns and 24 lines; with
 * @verbose all that is known, after that.
 */
void explanation_print(const struct explanation *e, bool verbose);

/* The first part. */
void explanation_print_summary(const struct explanation *e, bool verbose);

/* True if the first part says how sure it is in few words, to have room for what to do. */
bool explanation_is_brief(const struct explanation *e);

/* The colour of the verdict of this process or thread. */
const char *verdict_color(const struct explanation *e, const struct roundwatch_tally *t);

struct json_object *explanation_to_json(const struct explanation *e);

#endif
