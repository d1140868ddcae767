/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/standing.h"
#include "records/snapshot.h"
#include "records/subject.h"
#include "response/allow.h"

/* The data of roundwatch top: rows, rates between snapshots, order. Independent of the terminal. */

#define TOP_SECONDS	60
#define TOP_NOT_KNOWN	UINT32_MAX

/* In the order on the screen */
enum top_column {
	TOP_PID,
	TOP_TID,
	TOP_GROUP,
	TOP_PROCESSES,
	TOP_USER,
	TOP_THREADS,
	TOP_VERDICT,
	TOP_EVIDENCE,
	TOP_CPU,
	TOP_HISTORY,
	TOP_MODES,
	TOP_CHANGES,
	TOP_LAST,
	TOP_WHERE,
	TOP_COMMAND,
	TOP_NOTE,
	TOP_CMDLINE,
	TOP_COLUMNS,
};

/**
 * struct top_row - a subject and its history
 * @subject: state in the last snapshot
 * @changes: changes of mode per second between the last two snapshots; negative: unknown
 * @cpu: CPU time in percent of one CPU between them, of threads on record; negative: unknown
 * @history: evidence of the last minute, the present second first; TOP_NOT_KNOWN for
 *	seconds without a snapshot
 * @allowed: line of the allow list that lets it mine; NULL: none
 * @doubt: result of subject_doubt()
 * @group: what its processes are in, as a name; NULL if it is one process or thread
 * @process: its process, with the identity after top_identify(); unused in a group
 */
struct top_row {
	struct subject subject;
	double changes, cpu;
	uint32_t history[TOP_SECONDS];
	const char *allowed;
	char *doubt;
	char *group;
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
 * @allow: the allow list; NULL for none
 * @patience_ns: longest time between two snapshots for which evidence in between
 *	counts as known
 * @threads, @all, @reverse, @sort, @filter: what to show; call top_view() after
 *	a change
 * @by: what processes are put together by; top_group() changes it
 * @info: of the last snapshot
 * @now_ns: time of the last snapshot; 0: none yet
 * @observations: per second; negative: unknown
 * @census: processes by what they are now
 * @view: the rows to show
 * @shown: number of rows in @view
 * @selected: index of the selected row in @view
 */
struct top_model {
	const struct host *host;
	const struct allow *allow;
	uint64_t patience_ns;
	bool threads, all, reverse;
	enum top_column sort;
	char filter[64];
	enum subject_by by;

	struct roundwatch_info info;
	uint64_t now_ns;
	double observations;
	struct census census;

	struct top_row **view;
	size_t shown, selected;

	/* private */
	struct top_rows process, thread, group;
	struct top_sample *sample;
	size_t samples;
};

/* Add a snapshot. The history is kept only if the module was not reloaded. */
void top_update(struct top_model *m, const struct snapshot *snap);

/* Put processes together, or BY_PROCESS: show each. */
void top_group(struct top_model *m, enum subject_by by);

/* Choose and sort the rows. The selected row stays selected, unless it was the first. */
void top_view(struct top_model *m);

/* Move the selection down by @by rows, within the view. */
void top_select(struct top_model *m, long by);

/* Look up the identity of a row, once. */
const struct identity *top_identify(const struct top_model *m, struct top_row *row);

/* Heading of a column. */
const char *top_column_name(const struct top_model *m, enum top_column column);

/* The verdict as it is now, in a word: "ended", "allowed", or its name, with "?" if in doubt. */
const char *top_verdict(const struct top_row *row);

/* What else is to be said of it, as "was randomx, ended 5m ago"; allocated, NULL for nothing. */
char *top_note(const struct top_model *m, const struct top_row *row);

/* The sortable column @by places to the right of the present one. */
enum top_column top_sort_next(const struct top_model *m, int by);

/* Whether the present view has that column. */
bool top_has(const struct top_model *m, enum top_column column);

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
