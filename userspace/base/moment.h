/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MOMENT_H
#define MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* What parse_moment() takes, for messages. */
#define MOMENT_FORMS "90s, 10m, 2h, 3d, 22:00, today, yesterday, 2026-01-31, " \
		     "\"2026-01-31 22:00\" or ISO 8601"

/**
 * parse_moment - a time in the past
 * @now_ns: CLOCK_REALTIME from which ages and times of day are counted
 * @to: CLOCK_REALTIME
 *
 * An age, a time of day (the last that was), now, today, yesterday, or a date with or without
 * a time; local unless the text has an offset from UTC.
 */
bool parse_moment(const char *text, int64_t now_ns, int64_t *to);

/* A date with its time in ISO 8601, with any fraction of a second, as format_iso() writes it. */
bool parse_iso(const char *text, int64_t *to);

#endif
