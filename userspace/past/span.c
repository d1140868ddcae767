// SPDX-License-Identifier: GPL-2.0
/* At which times somebody watched: without that, that nobody was accused means nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "past/past.h"

/* A restart of the monitor, or the beginning of a boot, is no gap. */
#define GAP_NS		((int64_t)(60 * NSEC))

static void add(struct spans *to, enum watch watch, size_t boot, int64_t from_ns, int64_t until_ns)
{
	if (until_ns < from_ns)
		return;
	to->span = xrealloc(to->span, to->n + 1, sizeof(*to->span));
	to->span[to->n++] = (struct span){ watch, boot, from_ns, until_ns };
}

/**
 * struct watcher - the monitor, as it is told
 * @unit: systemd said that it runs, and so would say that it does not any more
 * @heard_ns: its last word
 */
struct watcher {
	struct spans *to;
	size_t boot;
	enum watch watch;
	int64_t since_ns, heard_ns;
	bool unit;
};

static void becomes(struct watcher *w, enum watch watch, int64_t time_ns)
{
	if (watch == w->watch)
		return;
	add(w->to, w->watch, w->boot, w->since_ns, time_ns);
	w->watch = watch;
	w->since_ns = time_ns;
}

static void hear(struct watcher *w, const struct past_entry *e)
{
	switch (e->kind) {
	case ENTRY_UNIT_STARTED:
		w->unit = true;
		becomes(w, WATCHED, e->time_ns);
		break;
	case ENTRY_UNIT_STOPPED:
		w->unit = false;
		becomes(w, NO_MONITOR, e->time_ns);
		break;
	case ENTRY_INTERRUPTED:
		becomes(w, NO_MODULE, e->time_ns);
		break;
	case ENTRY_BLIND:
		becomes(w, MODULE_BLIND, e->time_ns);
		break;
	case ENTRY_SEES:
		becomes(w, WATCHED, e->time_ns);
		break;
	default:
		/* Blind, it goes on to tell what it saw before. */
		if (w->watch != MODULE_BLIND)
			becomes(w, WATCHED, e->time_ns);
	}
	w->heard_ns = e->time_ns;
}

static void find_in_boot(struct spans *to, const struct past *p, size_t boot)
{
	const struct boot *b = &p->boot[boot];
	struct watcher w = {
		.to = to, .boot = boot, .watch = NO_MONITOR, .since_ns = b->first_ns,
		.heard_ns = b->first_ns,
	};

	for (size_t i = 0; i < p->n; i++)
		if (p->entry[i].boot == boot)
			hear(&w, &p->entry[i]);
	/* Somebody started it by hand; it may have run until it was ended in the same way. */
	if (w.watch == WATCHED && !w.unit && p->journal)
		becomes(&w, NOT_HEARD, w.heard_ns);
	add(to, w.watch, boot, w.since_ns, b->last_ns);
}

void spans_find(struct spans *to, const struct past *p)
{
	for (size_t i = 0; i < p->boots; i++)
		find_in_boot(to, p, i);
}

static int compare(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/* Of one host for one reason, and the host was down between them at most. */
static void join(struct spans *s, const struct past *p)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct span *last = n ? &s->span[n - 1] : NULL;

		if (last && last->watch == s->span[i].watch && last->boot + 1 == s->span[i].boot &&
		    !strcmp(p->boot[last->boot].host, p->boot[s->span[i].boot].host))
			last->until_ns = s->span[i].until_ns;
		else
			s->span[n++] = s->span[i];
	}
	s->n = n;
}

void spans_gaps(struct spans *to, const struct spans *all, const struct past *p, int64_t since_ns,
		int64_t until_ns)
{
	int64_t first_ns = INT64_MAX, last_ns = INT64_MIN;

	for (size_t i = 0; i < p->boots; i++) {
		first_ns = p->boot[i].first_ns < first_ns ? p->boot[i].first_ns : first_ns;
		last_ns = p->boot[i].last_ns > last_ns ? p->boot[i].last_ns : last_ns;
	}
	for (size_t i = 0; i < all->n; i++) {
		struct span s = all->span[i];

		if (s.from_ns < since_ns)
			s.from_ns = since_ns;
		if (s.until_ns > until_ns)
			s.until_ns = until_ns;
		if (s.watch != WATCHED && s.until_ns - s.from_ns >= GAP_NS)
			add(to, s.watch, s.boot, s.from_ns, s.until_ns);
	}
	if (to->n)
		qsort(to->span, to->n, sizeof(*to->span), compare);
	join(to, p);
	if (!p->boots)
		return;
	if (since_ns < first_ns - GAP_NS)
		add(to, NO_RECORD, 0, since_ns, first_ns < until_ns ? first_ns : until_ns);
	if (until_ns > last_ns + GAP_NS)
		add(to, NO_RECORD, 0, last_ns > since_ns ? last_ns : since_ns, until_ns);
}

const char *watch_text(enum watch watch)
{
	static const char *const text[] = {
		[WATCHED] = "the monitor ran",
		[NO_MONITOR] = "the monitor did not run",
		[NO_MODULE] = "the module was not loaded",
		[MODULE_BLIND] = "the module was blind",
		[NOT_HEARD] = "nothing says whether the monitor ran",
		[NO_RECORD] = "there is no record",
	};

	return text[watch];
}
