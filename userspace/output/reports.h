/* SPDX-License-Identifier: GPL-2.0 */
#ifndef REPORTS_H
#define REPORTS_H

#include "output/alerts.h"
#include "output/line.h"
#include "response/action.h"
#include "response/allow.h"
#include "response/hook.h"

/**
 * struct reports - what becomes of each change of a verdict: an event, and maybe an action
 * @format: of the events
 * @policy: when an action is taken
 * @hook: command that is run for each event
 * @allow: processes that may mine
 * @alerts: which events are held back
 * @failed: standard output takes no more events
 */
struct reports {
	enum event_format format;
	struct policy policy;
	struct hook hook;
	struct allow allow;
	struct alerts alerts;
	const struct host *host;
	struct follow *follow;
	bool failed;
};

/*
 * The caller has set @format, @policy and @hook. @host and @follow must remain valid. Returns an
 * enum status.
 */
int reports_open(struct reports *r, const struct host *host, struct follow *follow,
		 const char *allow_path);
void reports_close(struct reports *r);

/* Report an event at once, and free it. */
void reports_send(struct reports *r, struct event *e);

/* Act upon a change if the policy wants that, and report it or hold it back. */
void reports_change(struct reports *r, struct accused *a, enum change change, uint8_t previous);

/*
 * Read the allow list again. Where its answer differs from the one before, the process is reported,
 * and acted upon, as if it were new.
 */
void reports_reread_allow(struct reports *r, const char *allow_path);

#endif
