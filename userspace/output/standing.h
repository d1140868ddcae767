/* SPDX-License-Identifier: GPL-2.0 */
#ifndef STANDING_H
#define STANDING_H

#include "output/table.h"
#include "records/subject.h"
#include "response/allow.h"

/**
 * subject_allowed - the line of the allow list that lets it mine
 *
 * NULL if none does, and also if it was never suspect or worse. More processes are
 * allowed if all that were are. The text stays @allow's.
 */
const char *subject_allowed(const struct subject *s, const struct host *host,
			    const struct allow *allow);

/**
 * standing_text - what the present verdict of a line does not say
 * @allowed: what subject_allowed() returned
 * @clock: how times are shown
 *
 * That it has ended, when, and what it was before, as "was randomx, ended 5m
 * ago"; that it is allowed. Allocated, NULL if there is nothing to add.
 */
char *standing_text(const struct roundwatch_tally *t, const char *allowed,
		    const struct table *clock);

/**
 * struct census - processes by what they are now
 * @count: those that live and are not allowed, by verdict
 * @allowed: those that live and are allowed, by verdict
 * @ended: those that have ended and were suspect or worse
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
