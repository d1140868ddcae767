/* SPDX-License-Identifier: GPL-2.0 */
#ifndef STEPS_H
#define STEPS_H

#include "records/subject.h"

/* In the order in which they are to be taken. */
enum step_kind {
	STEP_KEEP,	/* evidence that ends with the process */
	STEP_FREEZE,
	STEP_STOP,	/* where it would be started again */
	STEP_GONE,	/* see that it is gone, and stays so */
};

/**
 * struct step - something to do next about a process
 * @command: for a root shell, names quoted; allocated
 * @note: a few words about it; NULL: none
 */
struct step {
	enum step_kind kind;
	char *command;
	const char *note;
};

struct steps {
	struct step *step;
	size_t n;
};

/* A word for it: "keep", "freeze", "stop" or "gone?". */
const char *step_name(enum step_kind kind);

/*
 * What to do about a process that is suspect or worse, from who it is. Does nothing
 * itself. None if it is not accused; of one that has ended, see whether it is back.
 */
void steps_find(struct steps *to, const struct roundwatch_tally *t, const struct identity *id);
void steps_free(struct steps *s);

#endif
