// SPDX-License-Identifier: GPL-2.0
/* Holds reports back that another is about to replace. */
#include <stdlib.h>

#include "base/util.h"
#include "output/alerts.h"

/**
 * struct alert - one process
 * @window_ns: when the present window began
 * @rises: reported in this window
 * @randomx: randomx was reported in this window
 * @last_ns: of its last change
 * @held: the newest change that is not reported yet, if @due_ns is not 0
 * @due_ns: when it will be
 * @dropped: changes that never will be
 */
struct alert {
	uint32_t tgid;
	uint64_t start_ns;
	uint64_t window_ns;
	unsigned int rises;
	bool randomx;
	uint64_t last_ns;
	struct event held;
	uint64_t due_ns;
	unsigned int dropped;
};

static struct alert *find(struct alerts *a, const struct accused *of, uint64_t now_ns)
{
	struct alert *one;

	for (size_t i = 0; i < a->n; i++)
		if (a->alert[i].tgid == of->tgid && a->alert[i].start_ns == of->start_ns)
			return &a->alert[i];
	a->alert = xrealloc(a->alert, a->n + 1, sizeof(*a->alert));
	one = &a->alert[a->n++];
	*one = (struct alert){ .tgid = of->tgid, .start_ns = of->start_ns, .window_ns = now_ns };
	return one;
}

static void drop_held(struct alert *one)
{
	if (!one->due_ns)
		return;
	event_free(&one->held);
	one->due_ns = 0;
	one->dropped++;
}

static void hold(struct alert *one, const struct event *e, uint64_t due_ns)
{
	drop_held(one);
	one->held = *e;
	one->due_ns = due_ns;
}

static void tell(struct alerts *a, struct alert *one, struct event *e)
{
	event_add_held(e, one->dropped);
	one->dropped = 0;
	a->tell(a->data, e);
}

static void tell_held(struct alerts *a, struct alert *one)
{
	if (!one->due_ns)
		return;
	one->due_ns = 0;
	tell(a, one, &one->held);
}

static void forget(struct alerts *a, struct alert *one)
{
	*one = a->alert[--a->n];
}

static void rose(struct alerts *a, struct alert *one, const struct accused *of,
		 struct event *e, bool urgent, uint64_t now_ns)
{
	bool randomx = of->verdict >= ROUNDWATCH_RANDOMX;

	if (!urgent && one->rises >= ALERTS_RISES && (one->randomx || !randomx)) {
		hold(one, e, one->window_ns + ALERTS_WINDOW_NS);
	} else if (!urgent && !randomx) {
		hold(one, e, now_ns + ALERTS_SETTLE_NS);
	} else {
		/* The suspect that it was for a moment is the same alert. */
		if (one->due_ns) {
			drop_held(one);
			one->dropped--;
		}
		one->rises++;
		one->randomx |= randomx;
		tell(a, one, e);
	}
}

static void fell(struct alerts *a, struct alert *one, const struct accused *of, struct event *e)
{
	if (one->due_ns && one->rises >= ALERTS_RISES) {
		hold(one, e, one->due_ns);
	} else if (one->due_ns && of->verdict < ROUNDWATCH_SUSPECT) {
		/* It was suspect for a moment, and nobody has heard of that. */
		drop_held(one);
		event_free(e);
		one->dropped++;
	} else {
		tell_held(a, one);
		tell(a, one, e);
	}
}

void alerts_take(struct alerts *a, const struct accused *of, enum change change,
		 struct event *e, bool urgent, uint64_t now_ns)
{
	struct alert *one;

	alerts_work(a, now_ns);
	one = find(a, of, now_ns);
	one->last_ns = now_ns;
	switch (change) {
	case CHANGE_PRESENT:
	case CHANGE_ROSE:
		rose(a, one, of, e, urgent, now_ns);
		break;
	case CHANGE_FELL:
		fell(a, one, of, e);
		break;
	case CHANGE_ENDED:
		if (one->rises >= ALERTS_RISES)
			drop_held(one);
		tell_held(a, one);
		tell(a, one, e);
		forget(a, one);
		break;
	}
}

void alerts_work(struct alerts *a, uint64_t now_ns)
{
	for (size_t i = a->n; i-- > 0; ) {
		struct alert *one = &a->alert[i];

		if (one->due_ns && now_ns >= one->due_ns) {
			one->rises++;
			tell_held(a, one);
		}
		if (now_ns >= one->window_ns + ALERTS_WINDOW_NS) {
			one->window_ns = now_ns;
			one->rises = 0;
			one->randomx = false;
			if (!one->due_ns && now_ns >= one->last_ns + ALERTS_WINDOW_NS)
				forget(a, one);
		}
	}
}

uint64_t alerts_deadline(const struct alerts *a)
{
	uint64_t deadline = UINT64_MAX;

	for (size_t i = 0; i < a->n; i++)
		if (a->alert[i].due_ns && a->alert[i].due_ns < deadline)
			deadline = a->alert[i].due_ns;
	return deadline;
}

void alerts_finish(struct alerts *a)
{
	for (size_t i = 0; i < a->n; i++)
		tell_held(a, &a->alert[i]);
	free(a->alert);
	a->alert = NULL;
	a->n = 0;
}
