/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ALLOW_H
#define ALLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "who/identity.h"

#define ALLOW_FILE "/etc/roundwatch/allow"

/**
 * struct allow - processes that may mine; see roundwatch(8) for the file
 * @broken: the file has an error, or may be written by others than root: what
 *	there is of it still allows, but no action may follow a verdict
 */
struct allow {
	struct allow_line *line;
	size_t n;
	bool broken;
};

/**
 * allow_read - read the list anew
 * @path: NULL for ALLOW_FILE, which need not exist
 *
 * Says what is wrong, with the line's number. Returns STATUS_FAILURE if the file
 * cannot be read at all.
 */
enum status allow_read(struct allow *a, const char *path);

/* The line that allows it, as text that stays @a's; NULL if none does. */
const char *allow_find(const struct allow *a, const struct host *host,
		       const struct roundwatch_tally *tally, const struct identity *id);

/**
 * allow_doubt - a line that might allow it, and what could not be looked up for that
 *
 * As "line 2: image x: the image of this container is not known"; allocated. NULL if a line
 * allows it, or if no line would, whatever were known.
 */
char *allow_doubt(const struct allow *a, const struct host *host,
		  const struct roundwatch_tally *tally, const struct identity *id);

/* How all output says so, of one process or of a list of them; allocated, NULL without a doubt. */
char *doubt_text(const char *doubt);

void allow_free(struct allow *a);

#endif
