// SPDX-License-Identifier: GPL-2.0
/* Widths, bars and lines of roundwatch top. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/top-model.h"

/* Minimum useful width of each column, and the order in which columns are left out. */
static const struct {
	unsigned int least;
	unsigned int leave;	/* 0: only if nothing else can be left out */
} widths[TOP_COLUMNS] = {
	[TOP_PID] = { 7, 0 },
	[TOP_TID] = { 7, 0 },
	[TOP_GROUP] = { 14, 0 },
	[TOP_PROCESSES] = { 5, 9 },
	[TOP_USER] = { 6, 5 },
	[TOP_THREADS] = { 4, 4 },
	[TOP_VERDICT] = { 8, 0 },
	[TOP_EVIDENCE] = { 8, 0 },
	[TOP_CPU] = { 4, 8 },
	[TOP_HISTORY] = { 6, 6 },
	[TOP_MODES] = { 8, 10 },
	[TOP_CHANGES] = { 5, 7 },
	[TOP_LAST] = { 4, 3 },
	[TOP_WHERE] = { 9, 11 },
	[TOP_COMMAND] = { 7, 0 },
	[TOP_NOTE] = { 16, 2 },
	[TOP_CMDLINE] = { 12, 1 },
};

/* If there is room, columns grow to these widths in turn. The last one gets the rest. */
static const struct {
	enum top_column column;
	unsigned int to;
} growth[] = {
	{ TOP_GROUP, 24 },
	{ TOP_COMMAND, 12 },
	{ TOP_MODES, 12 },
	{ TOP_HISTORY, 12 },
	{ TOP_WHERE, 16 },
	{ TOP_USER, 8 },
	{ TOP_COMMAND, 15 },
	{ TOP_NOTE, 32 },
	{ TOP_HISTORY, 20 },
	{ TOP_MODES, 16 },
	{ TOP_GROUP, 40 },
	{ TOP_WHERE, 24 },
	{ TOP_CMDLINE, 40 },
	{ TOP_HISTORY, 60 },
	{ TOP_MODES, 32 },
};

/* Columns up to this place in that order are left out also to give the others so much more. */
#define LESS	4
#define COMFORT	9

static unsigned int line_width(const unsigned int wide[TOP_COLUMNS])
{
	unsigned int total = 0;

	for (int c = 0; c < TOP_COLUMNS; c++)
		total += wide[c] ? wide[c] + 1 : 0;
	return total ? total - 1 : 0;
}

/* The next column to leave out; TOP_COLUMNS: none. */
static int leave_next(const unsigned int wide[TOP_COLUMNS])
{
	int next = TOP_COLUMNS;

	for (int c = 0; c < TOP_COLUMNS; c++)
		if (wide[c] && widths[c].leave &&
		    (next == TOP_COLUMNS || widths[c].leave < widths[next].leave))
			next = c;
	return next;
}

/* If the remaining columns do not fit, drop the last ones. Only names may be truncated. */
static void squeeze(unsigned int wide[TOP_COLUMNS], unsigned int width)
{
	for (int c = TOP_COLUMNS - 1; c >= 0 && line_width(wide) > width; c--) {
		unsigned int over = line_width(wide) - width;

		if (c == TOP_COMMAND && wide[c] > over)
			wide[c] -= over;
		else
			wide[c] = 0;
	}
}

static bool has_place(const struct top_model *m, struct top_row *row)
{
	char *place = identity_place(top_identify(m, row));
	bool has = place;

	free(place);
	return has;
}

static bool has_note(const struct top_model *m, struct top_row *row)
{
	char *note = top_note(m, row);
	bool has = note;

	free(note);
	return has;
}

/* Leave out a column that is empty in all rows. */
static void drop_empty(const struct top_model *m, unsigned int *wide,
		       bool (*has)(const struct top_model *m, struct top_row *row))
{
	for (size_t i = 0; *wide && i < m->shown; i++)
		if (has(m, m->view[i]))
			return;
	*wide = 0;
}

void top_layout(const struct top_model *m, unsigned int width, unsigned int wide[TOP_COLUMNS])
{
	unsigned int used, evidence, marked;
	char threshold[16];
	int next;

	for (int c = 0; c < TOP_COLUMNS; c++)
		wide[c] = top_has(m, c) ? widths[c].least : 0;
	drop_empty(m, &wide[TOP_NOTE], has_note);
	drop_empty(m, &wide[TOP_WHERE], has_place);
	/* As in 1234/1000: evidence seldom has more digits than the threshold. */
	evidence = 2 * snprintf(threshold, sizeof(threshold), "%u", m->info.randomx_evidence) + 1;
	if (evidence > wide[TOP_EVIDENCE])
		wide[TOP_EVIDENCE] = evidence;
	/* The mark of the column by which rows are sorted has room, too. */
	marked = strlen(top_column_name(m, m->sort)) + 1;
	if (wide[m->sort] && wide[m->sort] < marked)
		wide[m->sort] = marked;

	while ((next = leave_next(wide)) < TOP_COLUMNS &&
	       line_width(wide) + (widths[next].leave <= LESS ? COMFORT : 0) > width)
		wide[next] = 0;
	squeeze(wide, width);

	for (size_t i = 0; i < ARRAY_SIZE(growth); i++) {
		unsigned int *w = &wide[growth[i].column];

		used = line_width(wide);
		if (*w && *w < growth[i].to && used < width)
			*w += growth[i].to - *w < width - used ? growth[i].to - *w : width - used;
	}
	used = line_width(wide);
	if (used < width) {
		enum top_column last = wide[TOP_CMDLINE] ? TOP_CMDLINE :
				       wide[TOP_NOTE] ? TOP_NOTE : TOP_COMMAND;

		wide[last] += wide[last] ? width - used : 0;
	}
}

void top_sparkline(const struct top_row *row, uint32_t full, unsigned int width, int *level)
{
	for (unsigned int i = 0; i < width; i++) {
		unsigned int from = (width - 1 - i) * TOP_SECONDS / width;
		unsigned int to = (width - i) * TOP_SECONDS / width;
		uint64_t highest = 0;
		bool known = false;

		for (unsigned int s = from; s < to || s == from; s++) {
			if (row->history[s] == TOP_NOT_KNOWN)
				continue;
			known = true;
			if (row->history[s] > highest)
				highest = row->history[s];
		}
		if (!known)
			level[i] = -1;
		else if (!highest)
			level[i] = 0;
		else if (highest >= full)
			level[i] = 7;
		else
			level[i] = 1 + highest * 6 / full;
	}
}

void top_bar(const __u64 count[ROUNDWATCH_MODES], unsigned int width,
	     unsigned int cells[ROUNDWATCH_MODES])
{
	double share[ROUNDWATCH_MODES], total = 0;
	unsigned int used = 0;

	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		total += count[i];
	for (int i = 0; i < ROUNDWATCH_MODES; i++) {
		share[i] = total ? count[i] / total * width : 0;
		cells[i] = share[i];
		if (count[i] && !cells[i])
			cells[i] = 1;
		used += cells[i];
	}
	/* Add a cell to the mode that lacks most of its share, or remove one from the opposite. */
	while (total && used != width) {
		int by = used < width ? 1 : -1, best = -1;

		for (int i = 0; i < ROUNDWATCH_MODES; i++) {
			double lack = by * (share[i] - cells[i]);

			if (!count[i] || (by < 0 && cells[i] < 2 && width >= ROUNDWATCH_MODES) ||
			    (by < 0 && !cells[i]))
				continue;
			if (best < 0 || lack > by * (share[best] - cells[best]))
				best = i;
		}
		if (best < 0)
			break;
		cells[best] += by;
		used += by;
	}
}
