/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONCLUSIONS_H
#define CONCLUSIONS_H

#include "records/subject.h"

/* The parts of the evidence, in the order of roundwatch_tally.score. */
enum evidence_part {
	PART_RD,
	PART_RU,
	PART_RZ,
	PART_CROSS,
	PARTS,
};

/* Sentences, allocated. */
struct sentences {
	char **text;
	size_t n;
};

/**
 * struct conclusions - what follows from the records of a process or a thread
 * @sure: how sure the verdict is
 * @maybe: what else behaves like this
 */
struct conclusions {
	struct sentences sure, maybe;
};

/* What the verdict on a tally means or, if it has ended, what its worst meant; for the first line. */
const char *verdict_meaning(const struct roundwatch_tally *t);

/* Observations in all modes. */
uint64_t tally_observations(const struct roundwatch_tally *t);

/* The parts as they count: each has to reach the threshold. */
void evidence_parts(const struct roundwatch_tally *t, uint32_t part[PARTS]);

/**
 * conclude - what follows from a tally
 * @snap: when, by which rule, and whether the module sees
 * @id: whose tally it is
 *
 * Reads nothing else and prints nothing. Free it with conclusions_free().
 */
void conclude(struct conclusions *to, const struct snapshot *snap,
	      const struct roundwatch_tally *t, const struct identity *id);

/* What follows if a process that began at @start_ns has no tally. */
void conclude_without(struct conclusions *to, const struct snapshot *snap, uint64_t start_ns);

void conclusions_free(struct conclusions *c);

#endif
