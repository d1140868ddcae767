// SPDX-License-Identifier: GPL-2.0
/* Groups tallies into what a person asks about. */
#include <stdlib.h>
#include <string.h>

#include "subject.h"
#include "util.h"

#define MAX(a, b)	((a) > (b) ? (a) : (b))

/* -1, 0 or 1, as qsort() wants it */
#define COMPARE(a, b)	(((a) > (b)) - ((a) < (b)))

static bool is_process(const struct roundwatch_tally *t)
{
	return t->flags & ROUNDWATCH_PROCESS;
}

/* The tallies of a process side by side, its own first, then that of its first thread. */
static int compare_process(const void *a, const void *b)
{
	const struct roundwatch_tally *x = a, *y = b;
	int d = COMPARE(x->tgid, y->tgid);

	if (!d)
		d = COMPARE(x->process_start_ns, y->process_start_ns);
	if (!d)
		d = COMPARE(is_process(y), is_process(x));
	if (!d)
		d = COMPARE(y->pid == y->tgid, x->pid == x->tgid);
	/* A first thread that ran exec has left a tally under its old name. */
	if (!d)
		d = COMPARE(x->flags & ROUNDWATCH_EXITED, y->flags & ROUNDWATCH_EXITED);
	if (!d)
		d = COMPARE(y->evidence, x->evidence);
	return d;
}

static int compare_worst(const void *a, const void *b)
{
	const struct roundwatch_tally *x = &((const struct subject *)a)->tally;
	const struct roundwatch_tally *y = &((const struct subject *)b)->tally;
	int d = COMPARE(y->verdict, x->verdict);

	if (!d)
		d = COMPARE(y->evidence, x->evidence);
	if (!d)
		d = COMPARE(y->highest, x->highest);
	if (!d)
		d = COMPARE(y->last_ns, x->last_ns);
	if (!d)
		d = COMPARE(x->tgid, y->tgid);
	if (!d)
		d = COMPARE(x->pid, y->pid);
	return d ? d : COMPARE(x->start_ns, y->start_ns);
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a && (a < b || !b) ? a : b;
}

static void add_counts(struct roundwatch_tally *to, const struct roundwatch_tally *t)
{
	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		to->count[i] += t->count[i];
	to->changes += t->changes;
	to->samples += t->samples;
	to->cpu_ns += t->cpu_ns;
}

/* @to takes in @t, of the same process. */
static void merge(struct roundwatch_tally *to, const struct roundwatch_tally *t)
{
	/* All must be over for the whole to be over; the rest is true if it is true of one. */
	to->flags = (to->flags & t->flags & ROUNDWATCH_EXITED) |
		    ((to->flags | t->flags) & ~ROUNDWATCH_EXITED);

	if (t->verdict > to->verdict) {
		to->verdict = t->verdict;
		to->verdict_ns = t->verdict_ns;
	} else if (t->verdict == to->verdict) {
		to->verdict_ns = earliest(to->verdict_ns, t->verdict_ns);
	}
	to->highest = MAX(to->highest, t->highest);
	if (t->evidence > to->evidence) {
		to->evidence = t->evidence;
		memcpy(to->score, t->score, sizeof(to->score));
	}
	if (t->last_ns > to->last_ns) {
		to->mode = t->mode;
		to->mxcsr = t->mxcsr;
		to->fcw = t->fcw;
		to->last_ns = t->last_ns;
	}
	to->first_ns = earliest(to->first_ns, t->first_ns);
	add_counts(to, t);
}

/* The process whose @n tallies begin at @t, as compare_process() sorted them. */
static void group(struct subject *s, const struct roundwatch_tally *t, size_t n)
{
	struct roundwatch_tally *sum = &s->tally;
	uint8_t worst_thread = ROUNDWATCH_CLEAR;
	uint64_t last_ns = t[0].last_ns;

	*sum = t[0];
	s->threads = !is_process(&t[0]);
	if (s->threads)
		worst_thread = t[0].verdict;

	for (size_t i = 1; i < n; i++) {
		/*
		 * The process's own counts are of samples, the threads' of
		 * observations: the former stand only if there is nothing else.
		 */
		if (!is_process(&t[i]) && !s->threads) {
			memset(sum->count, 0, sizeof(sum->count));
			sum->changes = 0;
			sum->samples = 0;
			sum->cpu_ns = 0;
			sum->last_ns = 0;	/* the mode too is the threads' */
		}
		merge(sum, &t[i]);
		last_ns = MAX(last_ns, t[i].last_ns);
		if (!is_process(&t[i])) {
			s->threads++;
			worst_thread = MAX(worst_thread, t[i].verdict);
		}
	}
	sum->last_ns = last_ns;
	sum->pid = 0;
	sum->start_ns = sum->process_start_ns;
	if (sum->verdict == worst_thread)
		sum->flags &= ~ROUNDWATCH_PROCESS;
}

static bool same_process(const struct roundwatch_tally *a, const struct roundwatch_tally *b)
{
	return a->tgid == b->tgid && a->process_start_ns == b->process_start_ns;
}

static void sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	if (n)
		qsort(base, n, size, compare);
}

void subjects_by_process(const struct snapshot *snap, struct subjects *to)
{
	size_t n = snap->tallies, next;
	struct roundwatch_tally *t = xrealloc(NULL, n, sizeof(*t));

	if (n)
		memcpy(t, snap->tally, n * sizeof(*t));
	sort(t, n, sizeof(*t), compare_process);

	to->subject = xrealloc(NULL, n, sizeof(*to->subject));
	to->n = 0;
	for (size_t i = 0; i < n; i = next) {
		for (next = i + 1; next < n && same_process(&t[i], &t[next]); next++)
			;
		group(&to->subject[to->n++], &t[i], next - i);
	}
	sort(to->subject, to->n, sizeof(*to->subject), compare_worst);
	free(t);
}

void subjects_by_thread(const struct snapshot *snap, struct subjects *to)
{
	to->subject = xrealloc(NULL, snap->tallies, sizeof(*to->subject));
	to->n = 0;
	for (size_t i = 0; i < snap->tallies; i++) {
		if (is_process(&snap->tally[i]))
			continue;
		to->subject[to->n].tally = snap->tally[i];
		to->subject[to->n++].threads = 1;
	}
	sort(to->subject, to->n, sizeof(*to->subject), compare_worst);
}

const char *verdict_name(uint8_t verdict)
{
	static const char *const name[] = {
		[ROUNDWATCH_CLEAR] = "clear",
		[ROUNDWATCH_ROUNDING] = "rounding",
		[ROUNDWATCH_SUSPECT] = "suspect",
		[ROUNDWATCH_RANDOMX] = "randomx",
	};

	return verdict < ARRAY_SIZE(name) ? name[verdict] : "unknown";
}

const char *mode_name(uint8_t mode)
{
	static const char *const name[] = {
		[ROUNDWATCH_RN] = "RN",
		[ROUNDWATCH_RD] = "RD",
		[ROUNDWATCH_RU] = "RU",
		[ROUNDWATCH_RZ] = "RZ",
	};

	return mode < ARRAY_SIZE(name) ? name[mode] : "unknown";
}

void subjects_free(struct subjects *s)
{
	free(s->subject);
	s->subject = NULL;
	s->n = 0;
}
