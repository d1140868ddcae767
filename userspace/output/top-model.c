// SPDX-License-Identifier: GPL-2.0
/* The data that roundwatch top shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/top-model.h"

/* Returns -1, 0 or 1, for qsort() */
#define COMPARE(a, b)	(((a) > (b)) - ((a) < (b)))

struct top_sample {
	uint64_t process_start_ns, start_ns, first_ns;
	uint32_t tgid, pid;
	bool process;
	uint64_t changes;
	uint64_t new;		/* changes since the previous snapshot */
};

static int compare_process(const struct top_sample *x, const struct top_sample *y)
{
	int d = COMPARE(x->tgid, y->tgid);

	return d ? d : COMPARE(x->process_start_ns, y->process_start_ns);
}

/* A thread that ran exec has two tallies with different start times. */
static int compare_sample(const void *a, const void *b)
{
	const struct top_sample *x = a, *y = b;
	int d = compare_process(x, y);

	if (!d)
		d = COMPARE(x->process, y->process);
	if (!d)
		d = COMPARE(x->pid, y->pid);
	if (!d)
		d = COMPARE(x->start_ns, y->start_ns);
	if (!d && !x->process)
		d = COMPARE(x->first_ns, y->first_ns);
	return d;
}

static struct top_sample sample_of(const struct roundwatch_tally *t)
{
	return (struct top_sample){
		.process_start_ns = t->process_start_ns,
		.start_ns = t->start_ns,
		.first_ns = t->first_ns,
		.tgid = t->tgid,
		.pid = t->pid,
		.process = t->flags & ROUNDWATCH_PROCESS,
		.changes = t->changes,
	};
}

/* Changes of @x since the last snapshot, taken at @then_ns; @old is NULL if @x is new. */
static uint64_t new_changes(const struct top_sample *x, const struct top_sample *old,
			    uint64_t then_ns)
{
	if (old)
		return x->changes > old->changes ? x->changes - old->changes : 0;
	return x->first_ns > then_ns ? x->changes : 0;
}

/* Replace the samples with those of @snap. */
static void take_samples(struct top_model *m, const struct snapshot *snap)
{
	struct top_sample *s = xrealloc(NULL, snap->tallies, sizeof(*s));
	size_t old = 0;

	for (size_t i = 0; i < snap->tallies; i++)
		s[i] = sample_of(&snap->tally[i]);
	if (snap->tallies)
		qsort(s, snap->tallies, sizeof(*s), compare_sample);
	for (size_t i = 0; i < snap->tallies; i++) {
		int d = 1;

		while (old < m->samples && (d = compare_sample(&m->sample[old], &s[i])) < 0)
			old++;
		s[i].new = new_changes(&s[i], old < m->samples && !d ? &m->sample[old] : NULL,
				       m->now_ns);
	}
	free(m->sample);
	m->sample = s;
	m->samples = snap->tallies;
}

/* New changes of a subject: one thread, or all threads of a process. */
static uint64_t sum_new(const struct top_model *m, const struct subject *subject)
{
	struct top_sample want = sample_of(&subject->tally);
	size_t low = 0, high = m->samples;
	uint64_t sum = 0;

	/* The first sample of the process */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_process(&m->sample[middle], &want) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < m->samples && !compare_process(&m->sample[low], &want); low++) {
		const struct top_sample *s = &m->sample[low];

		if (subject->tally.pid) {
			if (!compare_sample(s, &want))
				return s->new;
		} else if (s->process == !subject->threads) {
			/* Use the count of the process only without threads, like subject.c. */
			sum += s->new;
		}
	}
	return sum;
}

/* In processes' rows, pid is 0, and first_ns may become another as threads come and go. */
static int compare_row(const struct top_row *a, const struct top_row *b)
{
	const struct roundwatch_tally *x = &a->subject.tally, *y = &b->subject.tally;
	int d = COMPARE(x->tgid, y->tgid);

	if (!d)
		d = COMPARE(x->process_start_ns, y->process_start_ns);
	if (!d)
		d = COMPARE(x->pid, y->pid);
	if (!d && x->pid)
		d = COMPARE(x->start_ns, y->start_ns);
	if (!d && x->pid)
		d = COMPARE(x->first_ns, y->first_ns);
	return d;
}

static int compare_row_pointers(const void *a, const void *b)
{
	return compare_row(*(struct top_row *const *)a, *(struct top_row *const *)b);
}

static void free_rows(struct top_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].process.identified)
			identity_free(&rows->row[i].process.id);
	free(rows->row);
	*rows = (struct top_rows){ 0 };
}

/* @row is @old, @seconds later. */
static void inherit(struct top_row *row, struct top_row *old, uint64_t seconds, bool known)
{
	uint32_t *h = row->history;

	if (seconds > TOP_SECONDS)
		seconds = TOP_SECONDS;
	memcpy(h + seconds, old->history, (TOP_SECONDS - seconds) * sizeof(*h));
	/* There was no snapshot in between, so assume the previous value. */
	for (size_t i = 1; i < seconds; i++)
		h[i] = known ? old->subject.tally.evidence : TOP_NOT_KNOWN;
	if (seconds || row->subject.tally.evidence > old->history[0])
		h[0] = row->subject.tally.evidence;

	/* The name changed: another program, or a disguise. */
	if (!memcmp(row->process.tally.comm, old->process.tally.comm,
		    sizeof(row->process.tally.comm)) &&
	    row->process.tally.uid == old->process.tally.uid) {
		row->process.id = old->process.id;
		row->process.identified = old->process.identified;
		old->process.identified = false;
	}
}

/**
 * update_rows - update one kind of rows, processes or threads
 * @elapsed_ns: time since the last snapshot; 0: there is none to compare with
 */
static void update_rows(const struct top_model *m, struct top_rows *rows,
			const struct subjects *subjects, uint64_t now_ns, uint64_t elapsed_ns)
{
	struct top_rows new = { xrealloc(NULL, subjects->n, sizeof(*new.row)), subjects->n };
	struct top_row **old = xrealloc(NULL, rows->n, sizeof(*old));
	uint64_t seconds = now_ns / NSEC - (now_ns - elapsed_ns) / NSEC;

	for (size_t i = 0; i < rows->n; i++)
		old[i] = &rows->row[i];
	if (rows->n)
		qsort(old, rows->n, sizeof(*old), compare_row_pointers);

	for (size_t i = 0; i < new.n; i++) {
		struct top_row *row = &new.row[i], **found = NULL;

		*row = (struct top_row){
			.subject = subjects->subject[i],
			.process.tally = subjects->subject[i].process->tally,
			.changes = -1,
		};
		row->subject.process = &row->process;
		for (size_t j = 0; j < TOP_SECONDS; j++)
			row->history[j] = TOP_NOT_KNOWN;
		row->history[0] = row->subject.tally.evidence;
		if (!elapsed_ns)
			continue;
		row->changes = (double)sum_new(m, &row->subject) * NSEC / elapsed_ns;
		if (rows->n)
			found = bsearch(&row, old, rows->n, sizeof(*old), compare_row_pointers);
		if (found)
			inherit(row, *found, seconds, elapsed_ns <= m->patience_ns);
	}
	free(old);
	free_rows(rows);
	*rows = new;
}

/* An unknown verdict counts as the worst. */
static void count_verdicts(struct top_model *m)
{
	memset(m->verdicts, 0, sizeof(m->verdicts));
	for (size_t i = 0; i < m->process.n; i++) {
		uint8_t verdict = m->process.row[i].subject.tally.verdict;

		m->verdicts[verdict > ROUNDWATCH_RANDOMX ? ROUNDWATCH_RANDOMX : verdict]++;
	}
}

void top_update(struct top_model *m, const struct snapshot *snap)
{
	bool same = m->now_ns && m->info.loaded_ns == snap->info.loaded_ns &&
		    snap->now_ns > m->now_ns;
	uint64_t elapsed_ns = same ? snap->now_ns - m->now_ns : 0;
	struct subjects subjects;
	struct top_row selected = { 0 };
	bool follow = m->selected && m->selected < m->shown;

	/* The view points to rows that are freed below. */
	if (follow)
		selected.subject = m->view[m->selected]->subject;
	m->shown = 0;

	m->observations = -1;
	if (same && snap->info.observations >= m->info.observations)
		m->observations = (double)(snap->info.observations - m->info.observations) *
				  NSEC / elapsed_ns;
	take_samples(m, snap);
	subjects_by_process(snap, &subjects);
	update_rows(m, &m->process, &subjects, snap->now_ns, elapsed_ns);
	subjects_free(&subjects);
	subjects_by_thread(snap, &subjects);
	update_rows(m, &m->thread, &subjects, snap->now_ns, elapsed_ns);
	subjects_free(&subjects);
	m->info = snap->info;
	m->now_ns = snap->now_ns;
	count_verdicts(m);

	top_view(m);
	for (size_t i = 0; follow && i < m->shown; i++)
		if (!compare_row(m->view[i], &selected))
			m->selected = i;
}

const struct identity *top_identify(const struct top_model *m, struct top_row *row)
{
	return process_identity(&row->process, m->host);
}

static bool is_clear(const struct roundwatch_tally *t)
{
	return t->highest == ROUNDWATCH_CLEAR && t->verdict == ROUNDWATCH_CLEAR;
}

static bool matches(const struct top_model *m, struct top_row *row)
{
	const struct roundwatch_tally *t = &row->subject.tally;
	char comm[sizeof(t->comm) + 1] = "", number[32];
	const struct identity *id;

	if (!*m->filter)
		return true;
	memcpy(comm, t->comm, sizeof(t->comm));
	if (strcasestr(comm, m->filter) || strcasestr(verdict_name(t->verdict), m->filter))
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
	bool descending;	/* highest first, unless the order is reversed */
} columns[TOP_COLUMNS] = {
	[TOP_PID] = { "PID", true, false },
	[TOP_TID] = { "TID", true, false },
	[TOP_USER] = { "USER", true, false },
	[TOP_THREADS] = { "THR", true, true },
	[TOP_VERDICT] = { "VERDICT", true, true },
	[TOP_EVIDENCE] = { "EVIDENCE", true, true },
	[TOP_HISTORY] = { "LAST MINUTE", false, false },
	[TOP_MODES] = { "MODES", false, false },
	[TOP_CHANGES] = { "CHG/s", true, true },
	[TOP_LAST] = { "SEEN", true, true },
	[TOP_COMMAND] = { "COMMAND", true, false },
	[TOP_CMDLINE] = { "COMMAND LINE", false, false },
};

const char *top_column_name(enum top_column column)
{
	return columns[column].name;
}

bool top_sortable(const struct top_model *m, enum top_column column)
{
	return columns[column].sortable && column != (m->threads ? TOP_THREADS : TOP_TID);
}

enum top_column top_sort_next(const struct top_model *m, int by)
{
	int column = m->sort;

	do
		column = (column + by + TOP_COLUMNS) % TOP_COLUMNS;
	while (!top_sortable(m, column));
	return column;
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
	struct top_rows *rows = m->threads ? &m->thread : &m->process;
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

/* Minimum useful width of each column, and the order in which columns are left out. */
static const struct {
	unsigned int least;
	unsigned int leave;	/* 0: left out last */
} widths[TOP_COLUMNS] = {
	[TOP_PID] = { 7, 0 },
	[TOP_TID] = { 7, 0 },
	[TOP_USER] = { 8, 3 },
	[TOP_THREADS] = { 4, 4 },
	[TOP_VERDICT] = { 8, 0 },
	[TOP_EVIDENCE] = { 8, 0 },
	[TOP_HISTORY] = { 12, 5 },
	[TOP_MODES] = { 12, 7 },
	[TOP_CHANGES] = { 6, 6 },
	[TOP_LAST] = { 4, 2 },
	[TOP_COMMAND] = { 11, 0 },
	[TOP_CMDLINE] = { 12, 1 },
};

/* If there is room, columns grow to these widths in turn. The last one gets the rest. */
static const struct {
	enum top_column column;
	unsigned int to;
} growth[] = {
	{ TOP_COMMAND, 15 },
	{ TOP_HISTORY, 20 },
	{ TOP_MODES, 16 },
	{ TOP_CMDLINE, 40 },
	{ TOP_HISTORY, 60 },
	{ TOP_MODES, 32 },
};

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

void top_layout(const struct top_model *m, unsigned int width, unsigned int wide[TOP_COLUMNS])
{
	unsigned int used, evidence;
	char threshold[16];
	int next;

	for (int c = 0; c < TOP_COLUMNS; c++)
		wide[c] = widths[c].least;
	wide[m->threads ? TOP_THREADS : TOP_TID] = 0;
	/* Form 1234/1000: evidence rarely has more digits than the threshold. */
	evidence = 2 * snprintf(threshold, sizeof(threshold), "%u", m->info.randomx_evidence) + 1;
	if (evidence > wide[TOP_EVIDENCE])
		wide[TOP_EVIDENCE] = evidence;

	while (line_width(wide) > width && (next = leave_next(wide)) < TOP_COLUMNS)
		wide[next] = 0;
	squeeze(wide, width);

	for (size_t i = 0; i < ARRAY_SIZE(growth); i++) {
		unsigned int *w = &wide[growth[i].column];

		used = line_width(wide);
		if (*w && *w < growth[i].to && used < width)
			*w += growth[i].to - *w < width - used ? growth[i].to - *w : width - used;
	}
	used = line_width(wide);
	if (used < width && wide[TOP_CMDLINE])
		wide[TOP_CMDLINE] += width - used;
	else if (used < width && wide[TOP_COMMAND])
		wide[TOP_COMMAND] += width - used;
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

void top_free(struct top_model *m)
{
	free_rows(&m->process);
	free_rows(&m->thread);
	free(m->sample);
	free(m->view);
	*m = (struct top_model){ 0 };
}

