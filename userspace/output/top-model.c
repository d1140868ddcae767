// SPDX-License-Identifier: GPL-2.0
/* The data that roundwatch top shows. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/top-model.h"

/* Returns -1, 0 or 1, for qsort() */
#define COMPARE(a, b)	(((a) > (b)) - ((a) < (b)))

struct top_sample {
	uint64_t process_start_ns, start_ns, id;
	uint32_t tgid, pid;
	bool process;
	uint64_t changes, cpu_ns;
	/* Since the previous snapshot; @known: @cpu_ns was in that, too */
	uint64_t new_changes, new_cpu_ns;
	bool known;
};

static int compare_process(const struct top_sample *x, const struct top_sample *y)
{
	int d = COMPARE(x->tgid, y->tgid);

	return d ? d : COMPARE(x->process_start_ns, y->process_start_ns);
}

/*
 * Which tally it is. Only what does not change from one snapshot to the next may be compared
 * here. A thread that ran exec has two tallies; a module that gives them no ID has them mixed up.
 */
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
	return d ? d : COMPARE(x->id, y->id);
}

static struct top_sample sample_of(const struct roundwatch_tally *t)
{
	return (struct top_sample){
		.process_start_ns = t->process_start_ns,
		.start_ns = t->start_ns,
		.id = t->id,
		.tgid = t->tgid,
		.pid = t->pid,
		.process = t->flags & ROUNDWATCH_PROCESS,
		.changes = t->changes,
		.cpu_ns = t->cpu_ns,
	};
}

static uint64_t growth(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
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
		s[i].known = old < m->samples && !d;
		if (s[i].known) {
			s[i].new_changes = growth(s[i].changes, m->sample[old].changes);
			s[i].new_cpu_ns = growth(s[i].cpu_ns, m->sample[old].cpu_ns);
		} else {
			/* It has been there only since then. */
			s[i].new_changes = s[i].changes;
		}
	}
	free(m->sample);
	m->sample = s;
	m->samples = snap->tallies;
}

static void add_sample(struct top_sample *sum, const struct top_sample *s)
{
	sum->new_changes += s->new_changes;
	sum->new_cpu_ns += s->new_cpu_ns;
	sum->known |= s->known;
}

/* What is new of a subject: one thread, or all threads of a process. */
static struct top_sample sum_new(const struct top_model *m, const struct subject *subject)
{
	struct top_sample want = sample_of(&subject->tally), sum = { 0 };
	size_t low = 0, high = m->samples;

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

		/* Use the count of the process only without threads, like subject.c. */
		if (subject->tally.pid ? !compare_sample(s, &want) :
					 s->process == !subject->threads)
			add_sample(&sum, s);
	}
	return sum;
}

/* Which row it is. In rows of processes, pid is 0 and the rest is of one of their tallies. */
static int compare_row(const struct top_row *a, const struct top_row *b)
{
	const struct roundwatch_tally *x = &a->subject.tally, *y = &b->subject.tally;
	int d;

	if (a->group && b->group)
		return strcmp(a->group, b->group);
	d = COMPARE(x->tgid, y->tgid);
	if (!d)
		d = COMPARE(x->process_start_ns, y->process_start_ns);
	if (!d)
		d = COMPARE(x->pid, y->pid);
	if (!d && x->pid)
		d = COMPARE(x->start_ns, y->start_ns);
	if (!d && x->pid)
		d = COMPARE(x->id, y->id);
	return d;
}

static int compare_row_pointers(const void *a, const void *b)
{
	return compare_row(*(struct top_row *const *)a, *(struct top_row *const *)b);
}

static void free_row(struct top_row *row)
{
	if (row->process.identified)
		identity_free(&row->process.id);
	free(row->doubt);
	free(row->group);
}

static void free_rows(struct top_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free_row(&rows->row[i]);
	free(rows->row);
	*rows = (struct top_rows){ 0 };
}

/* What has ended has none. */
static uint32_t present_evidence(const struct top_row *row)
{
	return tally_ended(&row->subject.tally) ? 0 : row->subject.tally.evidence;
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
		h[i] = known ? old->history[0] : TOP_NOT_KNOWN;
	if (seconds || present_evidence(row) > old->history[0])
		h[0] = present_evidence(row);

	/* The name changed: another program, or a disguise. */
	if (!row->process.identified &&
	    !memcmp(row->process.tally.comm, old->process.tally.comm,
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
		struct top_sample sum;

		*row = (struct top_row){
			.subject = subjects->subject[i],
			.process = *subjects->subject[i].process,
			.changes = -1,
			.cpu = -1,
		};
		row->process.identified = false;
		/* The dossier is the snapshot's, which the rows outlive. */
		if (row->process.dossier)
			process_identity(&row->process, m->host);
		row->process.dossier = NULL;
		row->subject.process = &row->process;
		for (size_t j = 0; j < TOP_SECONDS; j++)
			row->history[j] = TOP_NOT_KNOWN;
		row->history[0] = present_evidence(row);
		if (!elapsed_ns)
			continue;
		sum = sum_new(m, &row->subject);
		row->changes = (double)sum.new_changes * NSEC / elapsed_ns;
		if (sum.known)
			row->cpu = 100.0 * sum.new_cpu_ns / elapsed_ns;
		if (rows->n)
			found = bsearch(&row, old, rows->n, sizeof(*old), compare_row_pointers);
		if (found)
			inherit(row, *found, seconds, elapsed_ns <= m->patience_ns);
	}
	free(old);
	free_rows(rows);
	*rows = new;
}

static void find_allowed(const struct top_model *m, struct top_rows *rows)
{
	for (size_t i = 0; m->allow && i < rows->n; i++) {
		struct top_row *row = &rows->row[i];

		row->allowed = subject_allowed(&row->subject, m->host, m->allow);
		row->doubt = subject_doubt(&row->subject, m->host, m->allow);
	}
}

/* The rows of processes as subjects, which point to the processes in the rows. */
static struct subjects row_subjects(const struct top_rows *rows)
{
	struct subjects s = {
		.subject = xrealloc(NULL, rows->n, sizeof(*s.subject)), .n = rows->n,
	};

	for (size_t i = 0; i < rows->n; i++)
		s.subject[i] = rows->row[i].subject;
	return s;
}

static void count_verdicts(struct top_model *m)
{
	static const struct allow nothing;
	struct subjects s = row_subjects(&m->process);

	census_take(&m->census, &s, m->host, m->allow ? m->allow : &nothing);
	free(s.subject);
}

/* The row of a process that is in a group. */
static const struct top_row *row_of(const struct process *process)
{
	return (const struct top_row *)((const char *)process - offsetof(struct top_row, process));
}

static void add_known(double *to, double rate)
{
	if (rate >= 0)
		*to = *to < 0 ? rate : *to + rate;
}

/* The evidence of a group is the highest of its processes, and so is that of its past. */
static void add_member(struct top_row *group, const struct top_row *row)
{
	add_known(&group->changes, row->changes);
	add_known(&group->cpu, row->cpu);
	for (size_t i = 0; i < TOP_SECONDS; i++)
		if (group->history[i] == TOP_NOT_KNOWN ||
		    (row->history[i] != TOP_NOT_KNOWN && row->history[i] > group->history[i]))
			group->history[i] = row->history[i];
}

static char *group_name(const struct identity *id, enum subject_by by)
{
	const char *name = by == BY_CONTAINER ? id->container : by == BY_UNIT ? id->unit :
			   by == BY_USER ? id->user : by == BY_VM ? id->vm : NULL;

	if (by == BY_POD && id->pod && id->pod_namespace)
		return xasprintf("%s/%s", id->pod_namespace, id->pod);
	if (by == BY_POD)
		name = id->pod ? id->pod : id->pod_uid;
	if (!name)
		return xasprintf("%s", id->found ? "(none)" : "(not known)");
	if (by == BY_CONTAINER && id->container_name)
		return xasprintf("%s %.*s", id->container_name, short_id(name), name);
	return xasprintf("%.*s", short_id(name), name);
}

static void make_groups(struct top_model *m)
{
	struct subjects s = row_subjects(&m->process);

	subjects_group(&s, m->host, m->by);
	m->group = (struct top_rows){ xrealloc(NULL, s.n, sizeof(*m->group.row)), s.n };
	for (size_t i = 0; i < s.n; i++) {
		struct top_row *row = &m->group.row[i];

		*row = (struct top_row){ .subject = s.subject[i], .changes = -1, .cpu = -1 };
		for (size_t j = 0; j < TOP_SECONDS; j++)
			row->history[j] = TOP_NOT_KNOWN;
		for (size_t j = 0; j < row->subject.processes; j++)
			add_member(row, row_of(row->subject.member[j]));
		row->group = group_name(process_identity(row->subject.process, m->host), m->by);
	}
	find_allowed(m, &m->group);
	for (size_t i = 0; i < s.n; i++)
		m->group.row[i].subject.member = NULL;
	free(s.subject);
	free(s.member);
}

void top_group(struct top_model *m, enum subject_by by)
{
	m->by = by;
	m->selected = 0;
	m->shown = 0;
	free_rows(&m->group);
	if (by != BY_PROCESS)
		make_groups(m);
	if (!top_sortable(m, m->sort))
		m->sort = TOP_VERDICT;
	top_view(m);
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
	if (follow) {
		selected.subject = m->view[m->selected]->subject;
		if (m->view[m->selected]->group)
			selected.group = xasprintf("%s", m->view[m->selected]->group);
	}
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
	find_allowed(m, &m->process);
	find_allowed(m, &m->thread);
	count_verdicts(m);
	free_rows(&m->group);
	if (m->by != BY_PROCESS)
		make_groups(m);

	top_view(m);
	for (size_t i = 0; follow && i < m->shown; i++)
		if (!compare_row(m->view[i], &selected))
			m->selected = i;
	free(selected.group);
}

const struct identity *top_identify(const struct top_model *m, struct top_row *row)
{
	return process_identity(row->subject.process, m->host);
}

void top_free(struct top_model *m)
{
	free_rows(&m->process);
	free_rows(&m->thread);
	free_rows(&m->group);
	free(m->sample);
	free(m->view);
	*m = (struct top_model){ 0 };
}

