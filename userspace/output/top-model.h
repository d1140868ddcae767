/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "records/snapshot.h"
#include "records/subject.h"

/* What roundwatch top shows: rows, rates between snapshots, order. Knows no terminal. */

#define TOP_SECONDS	60
#define TOP_NOT_KNOWN	UINT32_MAX

/* In the order in which they stand on the screen */
enum top_column {
	TOP_PID,
	TOP_TID,
	TOP_USER,
	TOP_THREADS,
	TOP_VERDICT,
	TOP_EVIDENCE,
	TOP_HISTORY,
	TOP_MODES,
	TOP_CHANGES,
	TOP_LAST,
	TOP_COMMAND,
	TOP_CMDLINE,
	TOP_COLUMNS,
};

/**
 * struct top_row - a subject and what became of it
 * @subject: as of the last snapshot
 * @changes: of mode, a second, between the last two snapshots; negative: not known
 * @history: evidence of the last minute, the present second first; TOP_NOT_KNOWN
 *	where nobody looked
 * @process: whom it is about, and who that is, once top_identify() was asked
 */
struct top_row {
	struct subject subject;
	double changes;
	uint32_t history[TOP_SECONDS];
	struct process process;
};

struct top_rows {
	struct top_row *row;
	size_t n;
};

/* What a tally had when last seen. */
struct top_sample;

/**
 * struct top_model - all of it
 * @host: where to look processes up
 * @patience_ns: time between two snapshots up to which a row's evidence counts as
 *	known in between
 * @threads, @all, @reverse, @sort, @filter: what to show, and how; top_view()
 *	after a change
 * @info: of the last snapshot
 * @now_ns: when that was taken; 0: there was none
 * @observations: a second; negative: not known
 * @verdicts: processes that have each
 * @view: the rows to be shown
 * @shown: how many they are
 * @selected: one of them
 */
struct top_model {
	const struct host *host;
	uint64_t patience_ns;
	bool threads, all, reverse;
	enum top_column sort;
	char filter[64];

	struct roundwatch_info info;
	uint64_t now_ns;
	double observations;
	size_t verdicts[ROUNDWATCH_RANDOMX + 1];

	struct top_row **view;
	size_t shown, selected;

	/* private */
	struct top_rows process, thread;
	struct top_sample *sample;
	size_t samples;
};

/* Take in a snapshot; what went before counts only if the module is still the same. */
void top_update(struct top_model *m, const struct snapshot *snap);

/* Choose and sort the rows; the one that was selected stays so, unless it was the first. */
void top_view(struct top_model *m);

/* Select another row, @by below the present one, as far as there are any. */
void top_select(struct top_model *m, long by);

/* Who the row is, looked up once. */
const struct identity *top_identify(const struct top_model *m, struct top_row *row);

/* Heading of a column. */
const char *top_column_name(enum top_column column);

/* Of the columns by which rows can be sorted the one @by further right than that of now. */
enum top_column top_sort_next(const struct top_model *m, int by);

/* Whether rows can be sorted by it, in the present view. */
bool top_sortable(const struct top_model *m, enum top_column column);

/* The selected row, NULL if none is shown. */
struct top_row *top_selected(const struct top_model *m);

/*
 * Widths of the columns on a screen of @width, 0 for those that find no room. Between
 * two there is a blank.
 */
void top_layout(const struct top_model *m, unsigned int width, unsigned int wide[TOP_COLUMNS]);

/*
 * The last minute in @width levels, at most TOP_SECONDS, the present last: 0 for none,
 * 7 for @full and above, negative if nothing is known. Each is the highest of its time.
 */
void top_sparkline(const struct top_row *row, uint32_t full, unsigned int width, int *level);

/*
 * How many cells of a bar of @width each mode gets: all are used, and a mode that was
 * seen at all has one, if there are as many cells as modes. None if nothing was seen.
 */
void top_bar(const __u64 count[ROUNDWATCH_MODES], unsigned int width,
	     unsigned int cells[ROUNDWATCH_MODES]);

void top_free(struct top_model *m);

#endif
