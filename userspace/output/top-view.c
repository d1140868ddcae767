// SPDX-License-Identifier: GPL-2.0
/* Which rows roundwatch top shows, and in which order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/top-model.h"

/* Returns -1, 0 or 1, for qsort() */
#define COMPARE(a, b)	(((a) > (b)) - ((a) < (b)))

const char *top_verdict(const struct top_row *row)
{
	const struct roundwatch_tally *t = &row->subject.tally;

	if (row->allowed && present_verdict(t) >= ROUNDWATCH_SUSPECT)
		return "allowed";
	if (row->doubt)
		return present_verdict(t) == ROUNDWATCH_SUSPECT ? "suspect?" : "randomx?";
	return present_word(t);
}

char *top_note(const struct top_model *m, const struct top_row *row)
{
	const struct table clock = {
		.now_ns = m->now_ns, .realtime_offset_ns = m->info.realtime_offset_ns,
	};

	return standing_note(&row->subject, m->host, row->allowed, row->doubt, &clock);
}

static bool is_clear(const struct roundwatch_tally *t)
{
	return worst_verdict(t) == ROUNDWATCH_CLEAR;
}

static bool matches(const struct top_model *m, struct top_row *row)
{
	const struct roundwatch_tally *t = &row->subject.tally;
	char comm[sizeof(t->comm) + 1] = "", number[32];
	const struct identity *id;

	if (!*m->filter)
		return true;
	memcpy(comm, t->comm, sizeof(t->comm));
	if (strcasestr(comm, m->filter) || strcasestr(top_verdict(row), m->filter) ||
	    (row->group && strcasestr(row->group, m->filter)))
		return true;
	snprintf(number, sizeof(number), "%u", t->pid ? t->pid : t->tgid);
	if (!strcmp(number, m->filter))
		return true;
	snprintf(number, sizeof(number), "%u", t->tgid);
	if (!strcmp(number, m->filter))
		return true;
	id = top_identify(m, row);
	return strcasestr(id->user, m->filter) ||
	       (id->cmdline && strcasestr(id->cmdline, m->filter));
}

static const struct {
	const char *name;
	bool sortable;
	bool descending;	/* the highest first, unless the order is reversed */
	bool in_processes, in_threads, in_groups;
} columns[TOP_COLUMNS] = {
	[TOP_PID] = { "PID", true, false, true, true, false },
	[TOP_TID] = { "TID", true, false, false, true, false },
	[TOP_GROUP] = { NULL, true, false, false, false, true },
	[TOP_PROCESSES] = { "PROC", true, true, false, false, true },
	[TOP_USER] = { "USER", true, false, true, true, false },
	[TOP_THREADS] = { "THR", true, true, true, false, true },
	[TOP_VERDICT] = { "VERDICT", true, true, true, true, true },
	[TOP_EVIDENCE] = { "EVIDENCE", true, true, true, true, true },
	[TOP_CPU] = { "CPU%", true, true, true, true, true },
	[TOP_HISTORY] = { "LAST MINUTE", false, false, true, true, true },
	[TOP_MODES] = { "MODES", false, false, true, true, true },
	[TOP_CHANGES] = { "CHG/s", true, true, true, true, true },
	[TOP_LAST] = { "SEEN", true, true, true, true, true },
	[TOP_WHERE] = { "WHERE", true, false, true, true, false },
	[TOP_COMMAND] = { "COMMAND", true, false, true, true, true },
	[TOP_NOTE] = { "NOTE", false, false, true, true, true },
	[TOP_CMDLINE] = { "COMMAND LINE", false, false, true, true, false },
};

const char *top_column_name(const struct top_model *m, enum top_column column)
{
	static const char *const group[] = {
		"PROCESS", "CONTAINER", "POD", "UNIT", "USER", "VM",
	};

	return column == TOP_GROUP ? group[m->by] : columns[column].name;
}

bool top_has(const struct top_model *m, enum top_column column)
{
	return m->by != BY_PROCESS ? columns[column].in_groups :
	       m->threads ? columns[column].in_threads : columns[column].in_processes;
}

bool top_sortable(const struct top_model *m, enum top_column column)
{
	return columns[column].sortable && top_has(m, column);
}

enum top_column top_sort_next(const struct top_model *m, int by)
{
	int column = m->sort;

	do
		column = (column + by + TOP_COLUMNS) % TOP_COLUMNS;
	while (!top_sortable(m, column));
	return column;
}

/* Those that are nowhere come last. */
static int compare_where(const struct top_model *m, struct top_row *x, struct top_row *y)
{
	char *a = identity_place(top_identify(m, x)), *b = identity_place(top_identify(m, y));
	int d = a && b ? strcmp(a, b) : COMPARE(!a, !b);

	free(a);
	free(b);
	return d;
}

static int compare_view(const void *a, const void *b, void *arg)
{
	const struct top_model *m = arg;
	struct top_row *x = *(struct top_row *const *)a, *y = *(struct top_row *const *)b;
	const struct roundwatch_tally *t = &x->subject.tally, *u = &y->subject.tally;
	int d = 0;

	switch (m->sort) {
	case TOP_PID:
		d = COMPARE(t->tgid, u->tgid);
		break;
	case TOP_TID:
		d = COMPARE(t->pid, u->pid);
		break;
	case TOP_USER:
		d = strcmp(top_identify(m, x)->user, top_identify(m, y)->user);
		break;
	case TOP_GROUP:
		d = strcmp(x->group, y->group);
		break;
	case TOP_PROCESSES:
		d = COMPARE(x->subject.processes, y->subject.processes);
		break;
	case TOP_WHERE:
		d = compare_where(m, x, y);
		break;
	case TOP_CPU:
		d = COMPARE(x->cpu, y->cpu);
		break;
	case TOP_THREADS:
		d = COMPARE(x->subject.threads, y->subject.threads);
		break;
	case TOP_EVIDENCE:
		d = COMPARE(t->evidence, u->evidence);
		break;
	case TOP_CHANGES:
		d = COMPARE(x->changes, y->changes);
		break;
	case TOP_LAST:
		d = COMPARE(t->last_ns, u->last_ns);
		break;
	case TOP_COMMAND:
		d = strncmp(t->comm, u->comm, sizeof(t->comm));
		break;
	default:
		break;
	}
	if (columns[m->sort].descending)
		d = -d;
	/* The rows are already in the order of subject.c: worst first. */
	if (!d)
		d = COMPARE(x, y);
	return m->reverse ? -d : d;
}

void top_view(struct top_model *m)
{
	struct top_rows *rows = m->by != BY_PROCESS ? &m->group : m->threads ? &m->thread :
				&m->process;
	struct top_row *selected = m->selected && m->selected < m->shown ?
				   m->view[m->selected] : NULL;

	m->view = xrealloc(m->view, rows->n, sizeof(*m->view));
	m->shown = 0;
	for (size_t i = 0; i < rows->n; i++) {
		struct top_row *row = &rows->row[i];

		if ((m->all || !is_clear(&row->subject.tally)) && matches(m, row))
			m->view[m->shown++] = row;
	}
	if (m->shown)
		qsort_r(m->view, m->shown, sizeof(*m->view), compare_view, m);
	if (m->selected >= m->shown)
		m->selected = m->shown ? m->shown - 1 : 0;
	for (size_t i = 0; selected && i < m->shown; i++)
		if (m->view[i] == selected)
			m->selected = i;
}

struct top_row *top_selected(const struct top_model *m)
{
	return m->selected < m->shown ? m->view[m->selected] : NULL;
}

void top_select(struct top_model *m, long by)
{
	if (by < 0)
		m->selected = (size_t)-by < m->selected ? m->selected + by : 0;
	else
		m->selected += by;
	if (m->selected >= m->shown)
		m->selected = m->shown ? m->shown - 1 : 0;
}
