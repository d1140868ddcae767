/* SPDX-License-Identifier: GPL-2.0 */
#ifndef REPORTS_H
#define REPORTS_H

#include "output/alerts.h"
#include "output/line.h"
#include "response/action.h"
#include "response/allow.h"
#include "response/collector.h"
#include "response/hook.h"

/**
 * struct reports - what becomes of each change of a verdict: an event, and maybe an action
 * @format: of the events
 * @policy: when an action is taken
 * @hook: command that is run for each event
 * @allow: processes that may mine
 * @alerts: which events are held back
 * @collector: collects evidence before an action, and before the event
 * @delayed: processes whose evidence is being collected
 * @failed: standard output takes no more events
 */
struct reports {
	enum event_format format;
	struct policy policy;
	struct hook hook;
	struct allow allow;
	struct alerts alerts;
	struct collector collector;
	struct delayed *delayed;
	const struct host *host;
	struct follow *follow;
	bool failed;
};

/*
 * The caller has set @format, @policy, @hook and @collector. @host and @follow must remain valid.
 * Returns an enum status.
 */
int reports_open(struct reports *r, const struct host *host, struct follow *follow,
		 const char *allow_path);
void reports_close(struct reports *r);

/* Report an event at once, and free it. */
void reports_send(struct reports *r, struct event *e);

/*
 * Act upon a change if the policy wants that, and report it or hold it back; if evidence is to be
 * collected before, later. Until then, later changes of the same process wait, too.
 */
void reports_change(struct reports *r, struct accused *a, enum change change, uint8_t previous);

/* Go on with what is due. */
void reports_work(struct reports *r);

/* When something is due, CLOCK_MONOTONIC; UINT64_MAX: nothing is. */
uint64_t reports_deadline(const struct reports *r);

/* Report all that is held back or waits. */
void reports_finish(struct reports *r);

/*
 * Read the allow list again. Where its answer differs from the one before, the process is reported,
 * and acted upon, as if it were new.
 */
void reports_reread_allow(struct reports *r, const char *allow_path);

#endif
