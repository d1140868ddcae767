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
 * struct conclusions - conclusions from the records of a process or a thread
 * @sure: how reliable the verdict is
 * @maybe: other programs that behave like this
 */
struct conclusions {
	struct sentences sure, maybe;
};

/* Meaning of the present verdict, or of the worst one after the end; for the first line. */
const char *verdict_meaning(const struct roundwatch_tally *t);

/* Number of observations in all modes. */
uint64_t tally_observations(const struct roundwatch_tally *t);

/* The weighted parts: each of them must reach the threshold. */
void evidence_parts(const struct roundwatch_tally *t, uint32_t part[PARTS]);

/**
 * conclude - draw conclusions from a tally
 * @snap: time, rule, and whether the module can see
 * @id: identity of the process
 *
 * Reads nothing else and prints nothing. Free it with conclusions_free().
 */
void conclude(struct conclusions *to, const struct snapshot *snap,
	      const struct roundwatch_tally *t, const struct identity *id);

/* Conclusions for a process that started at @start_ns and has no tally. */
void conclude_without(struct conclusions *to, const struct snapshot *snap, uint64_t start_ns);

/* How reliable a verdict from suspect is, in half a line; allocated. */
char *conclude_briefly(const struct snapshot *snap, const struct roundwatch_tally *t);

/* What else it is if it is no miner, in half a line. */
const char *conclude_doubt(const struct roundwatch_tally *t, const struct identity *id);

/* How much memory the process maps, for the rule; allocated, NULL if the rule never asked. */
char *mapped_text(const struct roundwatch_tally *t);

void conclusions_free(struct conclusions *c);

#endif
