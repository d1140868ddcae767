/* SPDX-License-Identifier: GPL-2.0 */
#ifndef STANDING_H
#define STANDING_H

#include "output/table.h"
#include "records/subject.h"
#include "response/allow.h"

/**
 * subject_allowed - the line of the allow list that allows it
 *
 * Returns NULL if there is none, or if it was never suspect or worse. A group is allowed
 * if all its processes that were suspect or worse are. The text belongs to @allow.
 */
const char *subject_allowed(const struct subject *s, const struct host *host,
			    const struct allow *allow);

/**
 * subject_doubt - what allow_doubt() says of it
 *
 * Returns NULL if it is not suspect or worse now, or is allowed. Of a group, the doubt is about
 * the first process that may be allowed.
 */
char *subject_doubt(const struct subject *s, const struct host *host, const struct allow *allow);

/* The same as a line of its own, "miner[5]: not looked up: …"; allocated, NULL for nothing. */
char *subject_doubt_line(const struct subject *s, const struct host *host,
			 const struct allow *allow);

/**
 * standing_text - what the present verdict does not say
 * @allowed: result of subject_allowed()
 * @doubt: result of subject_doubt()
 * @clock: format of times
 *
 * When it ended and what it was, as in "was randomx, ended 5m ago"; that it is allowed, or that
 * this could not be looked up. Allocated, NULL if there is nothing to add.
 */
char *standing_text(const struct roundwatch_tally *t, const char *allowed, const char *doubt,
		    const struct table *clock);

/* And that what is or was accused is kept from running: "was randomx, frozen". */
char *standing_note(const struct subject *s, const struct host *host, const char *allowed,
		    const char *doubt, const struct table *clock);

/**
 * struct census - numbers of processes
 * @count: living and not allowed, by verdict
 * @allowed: living and allowed, by verdict
 * @doubtful: those of @count for which subject_doubt() says something
 * @ended: ended, and suspect or worse before
 */
struct census {
	size_t count[ROUNDWATCH_RANDOMX + 1];
	size_t allowed[ROUNDWATCH_RANDOMX + 1];
	size_t doubtful;
	size_t ended;
};

/* @s: one for each process */
void census_take(struct census *c, const struct subjects *s, const struct host *host,
		 const struct allow *allow);

#endif
