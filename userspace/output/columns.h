/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "output/table.h"
#include "records/subject.h"
#include "response/allow.h"

/**
 * struct row - a line of the list
 * @host: host on which to look up its processes
 * @clock: format of times in text
 */
struct row {
	const struct subject *subject;
	const struct host *host;
	const struct allow *allow;
	const struct table *clock;
};

/* All columns of a struct row. */
extern const struct column row_columns[];
extern const size_t row_columns_n;

/* For struct table. */
struct value row_get_field(const void *row, const struct field *field);

#endif
