// SPDX-License-Identifier: GPL-2.0
/* Joins events about one process: from an accusation to its end. */
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "past/past.h"
#include "who/process.h"

/* The last lines of a host that shuts down come after the monitor's. */
#define SHUTDOWN_NS	((int64_t)(90 * NSEC))

/**
 * struct known - a process
 * @episode: its newest; in @all, whose address changes
 * @open: that has not ended
 */
struct known {
	const char *entity;
	size_t episode;
	bool open;
};

/**
 * struct joiner - the episodes so far
 * @processes: a tree for tsearch()
 */
struct joiner {
	struct episodes *to;
	const struct past *past;
	const struct spans *spans;
	const struct host *host;
	void *processes;
};

static int compare_known(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->entity, ((const struct known *)b)->entity);
}

static struct known *find(struct joiner *j, const struct past_entry *e)
{
	struct known *new = xrealloc(NULL, 1, sizeof(*new)), **at;

	*new = (struct known){ .entity = e->field[E_ENTITY] };
	at = tsearch(new, &j->processes, compare_known);
	if (!at) {
		error("out of memory");
		exit(STATUS_FAILURE);
	}
	if (*at != new)
		free(new);
	return *at;
}

/* That it was accused before the monitor came is in the event. */
static struct episode *begin(struct joiner *j, struct known *k, const struct past_entry *e)
{
	struct episodes *to = j->to;
	struct episode *new;
	int64_t from_ns = e->since_ns && e->since_ns < e->time_ns ? e->since_ns : e->time_ns;
	bool accuses = e->kind == ENTRY_PRESENT || e->kind == ENTRY_ROSE;
	uint64_t before = e->time_ns - from_ns;

	to->episode = xrealloc(to->episode, to->n + 1, sizeof(*to->episode));
	new = &to->episode[to->n];
	k->episode = to->n++;
	k->open = true;
	*new = (struct episode){
		.last = e,
		.from_ns = accuses ? from_ns : e->time_ns,
		.begin_boot_ns = accuses && e->boot_ns > before ? e->boot_ns - before : e->boot_ns,
		.cut = !accuses,
		.highest = e->previous,
	};
	return new;
}

static void take(struct joiner *j, const struct past_entry *e)
{
	bool accuses = e->kind == ENTRY_PRESENT || e->kind == ENTRY_ROSE;
	struct known *k = find(j, e);
	struct episode *one = k->open ? &j->to->episode[k->episode] : NULL;

	if (!one && accuses && e->verdict < ROUNDWATCH_SUSPECT)
		return;
	if (!one)
		one = begin(j, k, e);
	one->last = e;
	one->until_ns = e->time_ns;
	one->length_ns = e->boot_ns >= one->begin_boot_ns ? e->boot_ns - one->begin_boot_ns : 0;
	if (e->field[E_RESPONSE])
		one->response = e;
	if (e->verdict > one->highest)
		one->highest = e->verdict;
	if (e->kind == ENTRY_ENDED)
		one->end = END_ENDED;
	else if (e->kind == ENTRY_FELL && e->verdict < ROUNDWATCH_SUSPECT)
		one->end = END_FELL;
	k->open = one->end == END_UNKNOWN;
}

/* Until when the monitor would have said that it ended. */
static int64_t watched_until(const struct joiner *j, const struct episode *one)
{
	for (size_t i = 0; i < j->spans->n; i++) {
		const struct span *s = &j->spans->span[i];

		if (s->boot == one->last->boot && s->watch == WATCHED &&
		    s->from_ns <= one->until_ns && one->until_ns <= s->until_ns)
			return s->until_ns;
	}
	return one->until_ns;
}

/* It watched again, and did not accuse it. */
static bool watched_later(const struct joiner *j, const struct episode *one, int64_t after_ns)
{
	for (size_t i = 0; i < j->spans->n; i++) {
		const struct span *s = &j->spans->span[i];

		if (s->boot == one->last->boot && s->watch == WATCHED && s->from_ns >= after_ns &&
		    s->until_ns > one->until_ns)
			return true;
	}
	return false;
}

static bool is_alive(const struct joiner *j, const struct past_entry *e)
{
	int process = j->host && e->pid && e->start_ns ?
		      process_open(j->host, e->pid, e->start_ns) : -1;

	if (process >= 0)
		close(process);
	return process >= 0;
}

/* What no event says: the host was restarted, it runs yet, or nobody watched when it ended. */
static void close_open(const struct joiner *j, struct episode *one)
{
	const struct boot *boot = &j->past->boot[one->last->boot];
	int64_t until_ns = watched_until(j, one);

	if (!boot->over && j->past->present && !watched_later(j, one, until_ns) &&
	    is_alive(j, one->last)) {
		one->end = END_RUNNING;
		until_ns = j->past->now_ns;
	} else if (boot->over) {
		one->end = END_RESTARTED;
		if (boot->last_ns - until_ns < SHUTDOWN_NS)
			until_ns = boot->last_ns;
	}
	if (until_ns > one->until_ns) {
		one->length_ns += until_ns - one->until_ns;
		one->until_ns = until_ns;
	}
}

static int compare(const void *a, const void *b)
{
	const struct episode *x = a, *y = b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return x->last < y->last ? -1 : x->last > y->last;
}

void episodes_find(struct episodes *to, const struct past *p, const struct spans *spans,
		   const struct host *host)
{
	struct joiner j = { .to = to, .past = p, .spans = spans, .host = host };

	for (size_t i = 0; i < p->n; i++)
		if (p->entry[i].kind >= ENTRY_PRESENT && p->entry[i].kind <= ENTRY_ENDED)
			take(&j, &p->entry[i]);
	for (size_t i = 0; i < to->n; i++)
		if (to->episode[i].end == END_UNKNOWN)
			close_open(&j, &to->episode[i]);
	tdestroy(j.processes, free);
	if (to->n)
		qsort(to->episode, to->n, sizeof(*to->episode), compare);
}
