// SPDX-License-Identifier: GPL-2.0
/* Combines tallies into threads, processes and groups. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "records/subject.h"

#define MAX(a, b)	((a) > (b) ? (a) : (b))

/* Returns -1, 0 or 1, for qsort() */
#define COMPARE(a, b)	(((a) > (b)) - ((a) < (b)))

static bool is_process(const struct roundwatch_tally *t)
{
	return t->flags & ROUNDWATCH_PROCESS;
}

/* Sort tallies by process; in a process its own first, then that of its first thread. */
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

bool tally_ended(const struct roundwatch_tally *t)
{
	return t->flags & ROUNDWATCH_EXITED;
}

uint8_t present_verdict(const struct roundwatch_tally *t)
{
	if (tally_ended(t))
		return ROUNDWATCH_CLEAR;
	return t->verdict < ROUNDWATCH_RANDOMX ? t->verdict : ROUNDWATCH_RANDOMX;
}

uint8_t worst_verdict(const struct roundwatch_tally *t)
{
	return MAX(t->highest, t->verdict);
}

const char *present_word(const struct roundwatch_tally *t)
{
	return tally_ended(t) ? "ended" : verdict_name(t->verdict);
}

/* Those that are accused now, then those that ended as accused, then all others. */
static int urgency(const struct roundwatch_tally *t)
{
	return t->verdict < ROUNDWATCH_SUSPECT ? 0 : tally_ended(t) ? 1 : 2;
}

static int compare_worst(const void *a, const void *b)
{
	const struct roundwatch_tally *x = &((const struct subject *)a)->tally;
	const struct roundwatch_tally *y = &((const struct subject *)b)->tally;
	int d = COMPARE(urgency(y), urgency(x));

	if (!d)
		d = COMPARE(tally_ended(x), tally_ended(y));
	if (!d)
		d = COMPARE(y->verdict, x->verdict);
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

static void take_verdict(struct roundwatch_tally *to, const struct roundwatch_tally *t)
{
	to->verdict = t->verdict;
	to->verdict_ns = t->verdict_ns;
}

static void take_evidence(struct roundwatch_tally *to, const struct roundwatch_tally *t)
{
	to->evidence = t->evidence;
	memcpy(to->score, t->score, sizeof(to->score));
}

/* Of two that both live, or both have ended, the worse stands. */
static void merge_verdict(struct roundwatch_tally *to, const struct roundwatch_tally *t)
{
	if (t->verdict > to->verdict)
		take_verdict(to, t);
	else if (t->verdict == to->verdict)
		to->verdict_ns = earliest(to->verdict_ns, t->verdict_ns);
	if (t->evidence > to->evidence)
		take_evidence(to, t);
}

/*
 * The rule asks about memory at different times for each tally, and what is small grows to be
 * large. Returns the flag.
 */
static uint32_t merge_memory(struct roundwatch_tally *to, const struct roundwatch_tally *t)
{
	const struct roundwatch_tally *larger = t->mapped > to->mapped ? t : to;
	uint32_t flags = larger->mapped ? larger->flags : to->flags | t->flags;

	to->mapped = larger->mapped;
	return flags & ROUNDWATCH_SMALL;
}

/* Add @t to @to. */
static void merge(struct roundwatch_tally *to, const struct roundwatch_tally *t)
{
	const uint32_t small = merge_memory(to, t);

	to->highest = MAX(worst_verdict(to), worst_verdict(t));
	/* What lives says what is, whatever those that ended were. */
	if (tally_ended(to) && !tally_ended(t)) {
		take_verdict(to, t);
		take_evidence(to, t);
	} else if (tally_ended(to) == tally_ended(t)) {
		merge_verdict(to, t);
	}
	/* "exited" holds if it holds for all tallies; the other flags if they hold for one. */
	to->flags = (to->flags & t->flags & ROUNDWATCH_EXITED) | small |
		    ((to->flags | t->flags) & ~(ROUNDWATCH_EXITED | ROUNDWATCH_SMALL));
	if (t->last_ns > to->last_ns) {
		to->mode = t->mode;
		to->mxcsr = t->mxcsr;
		to->fcw = t->fcw;
		to->last_ns = t->last_ns;
	}
	to->first_ns = earliest(to->first_ns, t->first_ns);
	add_counts(to, t);
}

/* Combine @n tallies of a process, sorted by compare_process(). */
static void group(struct subject *s, const struct roundwatch_tally *t, size_t n)
{
	struct roundwatch_tally *sum = &s->tally;
	/* of the threads that live, and of those that ended */
	uint8_t worst_thread[2] = { ROUNDWATCH_CLEAR, ROUNDWATCH_CLEAR };
	uint64_t last_ns = t[0].last_ns;

	*sum = t[0];
	s->threads = !is_process(&t[0]);
	if (s->threads)
		worst_thread[tally_ended(&t[0])] = t[0].verdict;

	for (size_t i = 1; i < n; i++) {
		/*
		 * The counts of the process are samples, those of the threads are
		 * observations. Use the former only if there is no thread.
		 */
		if (!is_process(&t[i]) && !s->threads) {
			memset(sum->count, 0, sizeof(sum->count));
			sum->changes = 0;
			sum->samples = 0;
			sum->cpu_ns = 0;
			sum->last_ns = 0;	/* take the mode from the threads, too */
		}
		merge(sum, &t[i]);
		last_ns = MAX(last_ns, t[i].last_ns);
		if (!is_process(&t[i])) {
			s->threads++;
			worst_thread[tally_ended(&t[i])] =
				MAX(worst_thread[tally_ended(&t[i])], t[i].verdict);
		}
	}
	sum->last_ns = last_ns;
	sum->pid = 0;
	sum->start_ns = sum->process_start_ns;
	if (sum->verdict == worst_thread[tally_ended(sum)])
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

void subject_of(struct subject *to, struct roundwatch_tally *tally, size_t n)
{
	sort(tally, n, sizeof(*tally), compare_process);
	group(to, tally, n);
}

void subjects_by_process(const struct snapshot *snap, struct subjects *to)
{
	size_t n = snap->tallies, next;
	struct roundwatch_tally *t = xrealloc(NULL, n, sizeof(*t));

	if (n)
		memcpy(t, snap->tally, n * sizeof(*t));
	sort(t, n, sizeof(*t), compare_process);

	*to = (struct subjects){
		.subject = xrealloc(NULL, n, sizeof(*to->subject)),
		.process = xrealloc(NULL, n, sizeof(*to->process)),
	};
	for (size_t i = 0; i < n; i = next) {
		struct subject *s = &to->subject[to->n++];

		for (next = i + 1; next < n && same_process(&t[i], &t[next]); next++)
			;
		group(s, &t[i], next - i);
		s->processes = 1;
		s->member = NULL;
		s->process = &to->process[to->processes++];
		s->process->tally = t[i];
		s->process->worst = worst_verdict(&s->tally);
		s->process->dossier = dossiers_find(&snap->dossiers, t[i].tgid,
						    t[i].process_start_ns);
		s->process->identified = false;
	}
	sort(to->subject, to->n, sizeof(*to->subject), compare_worst);
	free(t);
}

static int compare_key(const void *a, const void *b)
{
	const struct roundwatch_tally *x = &((const struct process *)a)->tally;
	const struct roundwatch_tally *y = &((const struct process *)b)->tally;
	int d = COMPARE(x->tgid, y->tgid);

	return d ? d : COMPARE(x->process_start_ns, y->process_start_ns);
}

void subjects_by_thread(const struct snapshot *snap, struct subjects *to)
{
	subjects_by_process(snap, to);
	to->subject = xrealloc(to->subject, snap->tallies, sizeof(*to->subject));
	to->n = 0;
	for (size_t i = 0; i < snap->tallies; i++) {
		const struct process key = { .tally = snap->tally[i] };

		if (is_process(&snap->tally[i]))
			continue;
		to->subject[to->n++] = (struct subject){
			.tally = snap->tally[i],
			.threads = 1,
			.processes = 1,
			.process = bsearch(&key, to->process, to->processes, sizeof(key),
					   compare_key),
		};
	}
	sort(to->subject, to->n, sizeof(*to->subject), compare_worst);
}

void process_look_up(const struct host *host, const struct roundwatch_tally *t,
		     const char *dossier, struct identity *id)
{
	struct identity recorded;

	identity_read(host, t, id);
	if (id->found || !dossier || !dossier_identity(dossier, &recorded))
		return;
	identity_free(id);
	*id = recorded;
}

const struct identity *process_identity(struct process *p, const struct host *host)
{
	if (!p->identified)
		process_look_up(host, &p->tally, p->dossier, &p->id);
	p->identified = true;
	return &p->id;
}

/**
 * struct place - the group of a subject
 * @class: it is in a group, in none, or this is not known
 * @name: name of the group
 * @space: namespace of the name, if it is not unique by itself
 * @worse: number of worse subjects
 */
struct place {
	enum { IN_ONE, IN_NONE, NOT_KNOWN } class;
	const char *name, *space;
	size_t worse;
	const struct subject *subject;
};

static struct place find_place(const struct subject *s, const struct host *host,
			       enum subject_by by)
{
	const struct identity *id = process_identity(s->process, host);
	struct place p = { .subject = s };

	switch (by) {
	case BY_PROCESS:
		break;
	case BY_CONTAINER:
		p.name = id->container;
		break;
	case BY_POD:
		/* In a control group namespace only the logs may show the uid. */
		p.name = id->pod_uid ? id->pod_uid : id->pod;
		p.space = id->pod_uid ? NULL : id->pod_namespace;
		break;
	case BY_UNIT:
		p.name = id->unit;
		break;
	case BY_USER:
		p.name = id->user;
		break;
	case BY_VM:
		p.name = id->vm;
		break;
	}
	p.class = p.name ? IN_ONE : id->found ? IN_NONE : NOT_KNOWN;
	return p;
}

static int compare_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : COMPARE(!!a, !!b);
}

static int compare_name(const struct place *a, const struct place *b)
{
	int d = COMPARE(a->class, b->class);

	if (!d)
		d = compare_text(a->name, b->name);
	return d ? d : compare_text(a->space, b->space);
}

static int compare_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int d = compare_name(x, y);

	return d ? d : COMPARE(x->worse, y->worse);
}

void subjects_group(struct subjects *s, const struct host *host, enum subject_by by)
{
	struct place *place = xrealloc(NULL, s->n, sizeof(*place));
	struct subject *subject = xrealloc(NULL, s->n, sizeof(*subject)), *to = NULL;
	size_t n = 0;

	s->member = xrealloc(NULL, s->n, sizeof(*s->member));
	for (size_t i = 0; i < s->n; i++) {
		place[i] = find_place(&s->subject[i], host, by);
		place[i].worse = i;
	}
	sort(place, s->n, sizeof(*place), compare_place);

	for (size_t i = 0; i < s->n; i++) {
		const struct subject *from = place[i].subject;

		s->member[i] = from->process;
		if (i && !compare_name(&place[i - 1], &place[i])) {
			merge(&to->tally, &from->tally);
			to->tally.flags &= ~ROUNDWATCH_PROCESS;
			to->threads += from->threads;
			to->processes++;
		} else {
			to = &subject[n++];
			*to = *from;
			to->member = &s->member[i];
		}
	}
	sort(subject, n, sizeof(*subject), compare_worst);
	free(place);
	free(s->subject);
	s->subject = subject;
	s->n = n;
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

const char *flag_name(uint32_t flags, unsigned int n)
{
	static const char *const name[FLAGS] = { "process", "exited", "guest", "x87", "small" };

	return (flags >> n & 1) ? name[n] : NULL;
}

void subjects_free(struct subjects *s)
{
	for (size_t i = 0; i < s->processes; i++)
		if (s->process[i].identified)
			identity_free(&s->process[i].id);
	free(s->process);
	free(s->member);
	free(s->subject);
	*s = (struct subjects){ 0 };
}
