// SPDX-License-Identifier: GPL-2.0
/*
 * Derives changes of verdicts of processes from records.
 *
 * The module reports the verdict of each tally, of threads and of processes. A process
 * has the worst verdict of its living tallies. Only accusing tallies are stored. There
 * are few of them, so lists are sufficient.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "records/follow.h"

/* Ends to remember: more than the module has slots by default plus records in its ring. */
#define BURIED_MAX	8192

static bool is_over(const struct roundwatch_tally *t)
{
	return t->flags & ROUNDWATCH_EXITED;
}

static struct accused *find(struct follow *f, const struct roundwatch_tally *t)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->accused[i]->tgid == t->tgid &&
		    f->accused[i]->start_ns == t->process_start_ns)
			return f->accused[i];
	return NULL;
}

static struct accused *add(struct follow *f, const struct roundwatch_tally *t)
{
	struct accused *a = xrealloc(NULL, 1, sizeof(*a));

	*a = (struct accused){ .tgid = t->tgid, .start_ns = t->process_start_ns };
	f->accused = xrealloc(f->accused, f->n + 1, sizeof(struct accused *));
	f->accused[f->n++] = a;
	return a;
}

static void drop(struct follow *f, struct accused *a)
{
	size_t i = 0;

	while (f->accused[i] != a)
		i++;
	f->accused[i] = f->accused[--f->n];
	identity_free(&a->id);
	free(a->allowed);
	free(a->tally);
	free(a);
}

/*
 * A task that runs exec leaves a tally that ended, and gets another; a module
 * without tally IDs tells them apart by their times only.
 */
static bool is_older(const struct roundwatch_tally *t, const struct roundwatch_tally *than)
{
	return is_over(t) && !is_over(than) && t->first_ns < than->first_ns;
}

static bool same_tally(const struct roundwatch_tally *a, const struct roundwatch_tally *b)
{
	if (a->id && b->id)
		return a->id == b->id;
	return a->pid == b->pid && a->start_ns == b->start_ns &&
	       !((a->flags ^ b->flags) & ROUNDWATCH_PROCESS);
}

/* Replace what was known of the same tally by @t. */
static void put(struct accused *a, const struct roundwatch_tally *t)
{
	size_t i;

	for (i = 0; i < a->tallies; i++)
		if (same_tally(&a->tally[i], t))
			break;
	if (i == a->tallies)
		a->tally = xrealloc(a->tally, ++a->tallies, sizeof(*a->tally));
	else if (!t->id && is_older(t, &a->tally[i]))
		return;
	a->tally[i] = *t;
	if (t->flags & ROUNDWATCH_PROCESS)
		a->over = is_over(t);
}

static void forget_harmless(struct accused *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->tallies; i++)
		if (a->tally[i].verdict >= ROUNDWATCH_SUSPECT && !is_over(&a->tally[i]))
			a->tally[n++] = a->tally[i];
	a->tallies = n;
}

/* The end of its threads is not the end of the process. A zombie is not alive. */
static bool has_ended(const struct follow *f, const struct accused *a)
{
	int process = process_open(f->host, a->tgid, a->start_ns);

	if (process < 0)
		return true;
	close(process);
	return false;
}

static void tell(struct follow *f, struct accused *a, enum change change, uint8_t verdict)
{
	uint8_t previous = a->verdict;

	a->verdict = verdict;
	f->tell(f, a, change, previous);
}

/* From now on, ignore all records about this process. */
static void bury(struct follow *f, const struct accused *a)
{
	/* Forget the oldest ones. The module has no more records about them. */
	if (f->buried == BURIED_MAX) {
		f->buried /= 2;
		memmove(f->grave, f->grave + f->buried, f->buried * sizeof(*f->grave));
	}
	f->grave = xrealloc(f->grave, f->buried + 1, sizeof(*f->grave));
	f->grave[f->buried++] = (struct grave){ .tgid = a->tgid, .start_ns = a->start_ns };
}

static bool is_buried(const struct follow *f, const struct roundwatch_tally *t)
{
	for (size_t i = f->buried; i-- > 0; )
		if (f->grave[i].tgid == t->tgid && f->grave[i].start_ns == t->process_start_ns)
			return true;
	return false;
}

static bool lives(const struct accused *a)
{
	for (size_t i = 0; i < a->tallies; i++)
		if (!is_over(&a->tally[i]))
			return true;
	return false;
}

static void end(struct follow *f, struct accused *a)
{
	a->subject.tally.flags |= ROUNDWATCH_EXITED;
	tell(f, a, CHANGE_ENDED, a->verdict);
	bury(f, a);
	drop(f, a);
}

/*
 * Report changes of @a, and drop it if it is no longer accused. The end of a process
 * is the end of all its threads, whatever their tallies say. settle() decides what
 * the end of all its accused threads means.
 */
static void judge(struct follow *f, struct accused *a, enum change rise)
{
	uint8_t verdict = ROUNDWATCH_CLEAR, worst = ROUNDWATCH_CLEAR;
	bool undecided = !a->over && !lives(a);

	for (size_t i = 0; i < a->tallies; i++) {
		const struct roundwatch_tally *t = &a->tally[i];

		worst = t->verdict > worst ? t->verdict : worst;
		if (!is_over(t))
			verdict = t->verdict > verdict ? t->verdict : verdict;
	}
	if (a->tallies)
		subject_of(&a->subject, a->tally, a->tallies);
	if ((a->over || undecided) && a->verdict < worst)
		tell(f, a, rise, worst);
	if (a->over) {
		end(f, a);
		return;
	}
	if (undecided)
		return;
	if (verdict != a->verdict) {
		a->subject.tally.verdict = verdict;
		tell(f, a, verdict > a->verdict ? rise : CHANGE_FELL, verdict);
	}
	forget_harmless(a);
	if (!a->tallies)
		drop(f, a);
}

/*
 * Called when all available records were read. A process whose accused threads have
 * all ended has ended as well, or continues without them. This cannot be decided
 * earlier: the process may be gone while records about it are still to come.
 */
static void settle(struct follow *f)
{
	/* In reverse order, because a process may be dropped. */
	for (size_t i = f->n; i-- > 0; ) {
		struct accused *a = f->accused[i];

		if (lives(a))
			continue;
		if (has_ended(f, a)) {
			end(f, a);
			continue;
		}
		a->subject.tally.verdict = ROUNDWATCH_ROUNDING;
		tell(f, a, CHANGE_FELL, ROUNDWATCH_ROUNDING);
		drop(f, a);
	}
}

/*
 * Take a tally of the present state. Ended ones are reported only if they ended after
 * the first state was read and were not reported yet.
 */
static void take_state(struct follow *f, const struct roundwatch_tally *t)
{
	struct accused *a = find(f, t);

	if (!a && (t->verdict < ROUNDWATCH_SUSPECT || is_buried(f, t) ||
		   (is_over(t) && (!f->synced || t->last_ns < f->began_ns))))
		return;
	if (!a)
		a = add(f, t);
	if (!a->seen) {
		a->seen = true;
		a->tallies = 0;
	}
	put(a, t);
}

static void end_state(struct follow *f)
{
	enum change rise = f->synced ? CHANGE_ROSE : CHANGE_PRESENT;

	/* In reverse order, because judge() may drop the entry. */
	for (size_t i = f->n; i-- > 0; ) {
		struct accused *a = f->accused[i];

		/* The table had no more room for it. */
		if (!a->seen)
			a->tallies = 0;
		a->seen = false;
		judge(f, a, rise);
	}
	f->synced = true;
}

static void take_change(struct follow *f, const struct roundwatch_tally *t)
{
	struct accused *a = find(f, t);

	if (!a && (t->verdict < ROUNDWATCH_SUSPECT || is_buried(f, t)))
		return;
	if (!a)
		a = add(f, t);
	put(a, t);
	judge(f, a, CHANGE_ROSE);
}

static void take(struct follow *f, const struct roundwatch_header *record)
{
	struct roundwatch_tally t;
	struct roundwatch_lost lost;

	f->heard_ns = record->time_ns;
	switch (record->type) {
	case ROUNDWATCH_INFO:
		source_copy_info(&f->info, record);
		if (!f->synced)
			f->began_ns = record->time_ns;
		break;
	case ROUNDWATCH_TALLY:
		source_copy_tally(&t, record);
		if (f->source.complete)
			take_change(f, &t);
		else
			take_state(f, &t);
		break;
	case ROUNDWATCH_SNAPSHOT_END:
		end_state(f);
		break;
	case ROUNDWATCH_LOST:
		source_copy_lost(&lost, record);
		f->lost += lost.lost;
		break;
	case RECORD_DOSSIER:
		dossiers_add(&f->dossiers, record);
		break;
	}
}

enum status follow_read(struct follow *f)
{
	const struct roundwatch_header *record;

	while (!f->lost) {
		enum status status = source_next(&f->source, &record);

		if (status)
			return status;
		if (!record) {
			settle(f);
			return STATUS_OK;
		}
		take(f, record);
	}
	return STATUS_OK;
}

enum status follow_open(struct follow *f)
{
	enum status status = source_open(&f->source, f->from);

	if (status)
		return status;
	f->open = true;
	f->lost = 0;
	return STATUS_OK;
}

void follow_close(struct follow *f)
{
	if (f->open)
		source_close(&f->source);
	f->open = false;
}

void follow_forget(struct follow *f)
{
	while (f->n)
		drop(f, f->accused[f->n - 1]);
	free(f->accused);
	f->accused = NULL;
	dossiers_free(&f->dossiers);
	free(f->grave);
	f->grave = NULL;
	f->buried = 0;
	f->synced = false;
}

size_t follow_count(const struct follow *f, uint8_t verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < f->n; i++)
		count += f->accused[i]->verdict == verdict && !f->accused[i]->allowed;
	return count;
}
