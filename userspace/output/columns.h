/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "output/table.h"
#include "records/subject.h"
#include "response/allow.h"

/**
 * struct row - a line of the list
 * @host: where its processes are looked up
 * @clock: how times within text are shown
 */
struct row {
	const struct subject *subject;
	const struct host *host;
	const struct allow *allow;
	const struct table *clock;
};

/* All that can be shown of a struct row. */
extern const struct column row_columns[];
extern const size_t row_columns_n;

/* For struct table. */
struct value row_get_field(const void *row, const struct field *field);

#endif
