/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "records/snapshot.h"
#include "records/subject.h"

/* The data of roundwatch top: rows, rates between snapshots, order. Independent of the terminal. */

#define TOP_SECONDS	60
#define TOP_NOT_KNOWN	UINT32_MAX

/* In the order on the screen */
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
 * struct top_row - a subject and its history
 * @subject: state in the last snapshot
 * @changes: changes of mode per second between the last two snapshots; negative: unknown
 * @history: evidence of the last minute, the present second first; TOP_NOT_KNOWN for
 *	seconds without a snapshot
 * @process: its process, with the identity after top_identify()
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

/* State of a tally in the last snapshot. */
struct top_sample;

/**
 * struct top_model - the data of roundwatch top
 * @host: host on which to look up processes
 * @patience_ns: longest time between two snapshots for which evidence in between
 *	counts as known
 * @threads, @all, @reverse, @sort, @filter: what to show; call top_view() after
 *	a change
 * @info: of the last snapshot
 * @now_ns: time of the last snapshot; 0: none yet
 * @observations: per second; negative: unknown
 * @verdicts: number of processes for each verdict
 * @view: the rows to show
 * @shown: number of rows in @view
 * @selected: index of the selected row in @view
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

/* Add a snapshot. The history is kept only if the module was not reloaded. */
void top_update(struct top_model *m, const struct snapshot *snap);

/* Choose and sort the rows. The selected row stays selected, unless it was the first. */
void top_view(struct top_model *m);

/* Move the selection down by @by rows, within the view. */
void top_select(struct top_model *m, long by);

/* Look up the identity of a row, once. */
const struct identity *top_identify(const struct top_model *m, struct top_row *row);

/* Heading of a column. */
const char *top_column_name(enum top_column column);

/* The sortable column @by places to the right of the present one. */
enum top_column top_sort_next(const struct top_model *m, int by);

/* True if rows of the present view can be sorted by this column. */
bool top_sortable(const struct top_model *m, enum top_column column);

/* The selected row, NULL if none is shown. */
struct top_row *top_selected(const struct top_model *m);

/*
 * Widths of the columns on a screen of @width; 0 for columns without room. A blank
 * separates two columns.
 */
void top_layout(const struct top_model *m, unsigned int width, unsigned int wide[TOP_COLUMNS]);

/*
 * The last minute in @width levels, at most TOP_SECONDS, the present last. 0 is no
 * evidence, 7 is @full or more, negative is unknown. Each is the maximum of its interval.
 */
void top_sparkline(const struct top_row *row, uint32_t full, unsigned int width, int *level);

/*
 * Distribute the cells of a bar of @width over the modes. All cells are used, and a mode
 * that was seen gets at least one if there is room. No cells if nothing was seen.
 */
void top_bar(const __u64 count[ROUNDWATCH_MODES], unsigned int width,
	     unsigned int cells[ROUNDWATCH_MODES]);

void top_free(struct top_model *m);

#endif
