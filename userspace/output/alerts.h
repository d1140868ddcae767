/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ALERTS_H
#define ALERTS_H

#include "output/event.h"

/*
 * Which changes of verdicts are reported at once. A process that becomes suspect and then randomx
 * is one alert; one that goes up and down is reported a few times, then once in a while.
 */
#define ALERTS_SETTLE_NS	(5 * NSEC)	/* a suspect may become randomx in this time */
#define ALERTS_WINDOW_NS	(600 * NSEC)
#define ALERTS_RISES		3		/* of one process, reported in a window */

/**
 * struct alerts - what was reported of late, and what is held back
 * @tell: reports an event, and frees it; @data is for it
 */
struct alerts {
	void (*tell)(void *data, struct event *e);
	void *data;
	struct alert *alert;
	size_t n;
};

/**
 * alerts_take - report a change, or hold it back
 * @e: of the change, which then belongs to @a
 * @urgent: report it in any case, as after an action
 * @now_ns: of one clock for all calls
 */
void alerts_take(struct alerts *a, const struct accused *of, enum change change,
		 struct event *e, bool urgent, uint64_t now_ns);

/* Report what has been held back for long enough. */
void alerts_work(struct alerts *a, uint64_t now_ns);

/* When there will be something to report; UINT64_MAX: never, as things are. */
uint64_t alerts_deadline(const struct alerts *a);

/* Report all that is held back, and forget what was reported. */
void alerts_finish(struct alerts *a);

#endif
