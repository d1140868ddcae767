/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_EXPLAIN_H
#define TOP_EXPLAIN_H

#include <signal.h>

#include "output/top-model.h"
#include "records/source.h"

/*
 * What "roundwatch explain" says about a row, or, where it cannot be run, what the row
 * itself tells; for a terminal, allocated. @mask is the signal mask of the program run.
 */
char *top_explain(const struct top_model *m, struct top_row *row,
		  const struct source_options *from, const sigset_t *mask);

#endif
