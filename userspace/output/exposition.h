/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include <stdio.h>

#include "base/status.h"
#include "records/source.h"

/* Accused processes that have a series of their own, so that a host has a bounded number. */
#define EXPOSED_PROCESSES	64

/**
 * exposition_print - counters and verdicts in the text format of Prometheus
 * @from: read anew, up to the present state
 * @allow_path: NULL for ALLOW_FILE
 *
 * Prints roundwatch_up 0 if the module cannot be read, and its own messages. Returns the exit
 * status.
 */
enum status exposition_print(FILE *f, const struct source_options *from, const char *allow_path);

/* The same as a text of @n bytes, allocated; NULL if there is no memory. */
char *exposition_text(const struct source_options *from, const char *allow_path, size_t *n,
		      enum status *status);

#endif
