/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_EXPLAIN_H
#define TOP_EXPLAIN_H

#include "output/top-model.h"
#include "records/source.h"

/**
 * struct top_explain - "roundwatch explain" as it runs
 * @output: descriptor of what it prints, to be polled; -1 if it does not run
 */
struct top_explain {
	int output;

	/* private */
	int pid;
	char *text;
	size_t have;
};

/* Start it for a row; false if it cannot be run. */
bool top_explain_start(struct top_explain *e, const struct top_row *row,
		       const struct source_options *from);

/*
 * Read some of what it prints. At the end, all of it, for a terminal, allocated; NULL before
 * that, or if it printed nothing. @output tells which.
 */
char *top_explain_read(struct top_explain *e);

/* End it, if it runs. */
void top_explain_stop(struct top_explain *e);

/* What the row itself tells; for a terminal, allocated. */
char *top_details(const struct top_model *m, struct top_row *row);

#endif
