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
 * standing_text - what the present verdict does not say
 * @allowed: result of subject_allowed()
 * @clock: format of times
 *
 * When it ended and what it was, as in "was randomx, ended 5m ago"; that it is allowed.
 * Allocated, NULL if there is nothing to add.
 */
char *standing_text(const struct roundwatch_tally *t, const char *allowed,
		    const struct table *clock);

/* And that what is or was accused is kept from running: "was randomx, frozen". */
char *standing_note(const struct subject *s, const struct host *host, const char *allowed,
		    const struct table *clock);

/**
 * struct census - numbers of processes
 * @count: living and not allowed, by verdict
 * @allowed: living and allowed, by verdict
 * @ended: ended, and suspect or worse before
 */
struct census {
	size_t count[ROUNDWATCH_RANDOMX + 1];
	size_t allowed[ROUNDWATCH_RANDOMX + 1];
	size_t ended;
};

/* @s: one for each process */
void census_take(struct census *c, const struct subjects *s, const struct host *host,
		 const struct allow *allow);

#endif
