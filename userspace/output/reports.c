// SPDX-License-Identifier: GPL-2.0
/* From changes of verdicts to events, in a log and as input of commands, and to actions. */
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "base/util.h"
#include "output/reports.h"

void reports_send(struct reports *r, struct event *e)
{
	size_t n;
	char *line = line_make(e, &n);

	/* After a failure, each attempt may block again. */
	if (!ferror(stdout))
		line_print(e, r->format, line);
	/* Most readers need each event at once; and if the reader is gone, this notices. */
	if (ferror(stdout) || fflush(stdout))
		r->failed = true;
	hook_run(&r->hook, line, n);
	free(line);
	event_free(e);
}

static void send(void *data, struct event *e)
{
	reports_send(data, e);
}

/* Look it up as long as it is there; what was seen once stays true of it. */
static void identify(const struct reports *r, struct accused *a)
{
	const char *dossier = dossiers_find(&r->follow->dossiers, a->tgid, a->start_ns);
	struct identity id;

	process_look_up(r->host, &a->subject.tally, dossier, &id);
	if (id.found || !a->id.user) {
		identity_free(&a->id);
		a->id = id;
	} else {
		identity_free(&id);
	}
}

static void look_up_allowed(const struct reports *r, struct accused *a)
{
	const char *line = allow_find(&r->allow, r->host, &a->subject.tally, &a->id);

	free(a->allowed);
	a->allowed = line ? xasprintf("%s", line) : NULL;
}

/* A recording has its own clock. */
static uint64_t clock_ns(const struct follow *f)
{
	if (!f->from->input)
		return monotonic_ns();
	return f->heard_ns ? f->heard_ns : f->info.header.time_ns;
}

static void report(struct reports *r, struct accused *a, enum change change, uint8_t previous,
		   bool urgent)
{
	bool accuses = change == CHANGE_PRESENT || change == CHANGE_ROSE;
	const struct roundwatch_tally *t = &a->subject.tally;
	struct response response = { 0 };
	struct event e;

	/* What has ended stays allowed as it was. */
	if (change != CHANGE_ENDED) {
		identify(r, a);
		look_up_allowed(r, a);
	}
	if (accuses && a->verdict >= ROUNDWATCH_RANDOMX && !a->allowed)
		action_respond(&r->policy, r->host, t, &response);
	if (accuses)
		response.doubt = allow_doubt(&r->allow, r->host, t, &a->id);
	event_of_process(&e, r->follow, a, change, previous, &response);
	alerts_take(&r->alerts, a, change, &e, urgent || response.action, clock_ns(r->follow));
	response_free(&response);
}

void reports_change(struct reports *r, struct accused *a, enum change change, uint8_t previous)
{
	report(r, a, change, previous, false);
}

static int read_allow(struct reports *r, const char *path)
{
	int status = allow_read(&r->allow, path);

	r->policy.broken_list = r->allow.broken;
	return status;
}

void reports_reread_allow(struct reports *r, const char *allow_path)
{
	read_allow(r, allow_path);
	for (size_t i = 0; i < r->follow->n; i++) {
		struct accused *a = r->follow->accused[i];
		bool was = a->allowed;

		look_up_allowed(r, a);
		if (was != !!a->allowed)
			report(r, a, CHANGE_PRESENT, a->verdict, true);
	}
}

int reports_open(struct reports *r, const struct host *host, struct follow *follow,
		 const char *allow_path)
{
	r->host = host;
	r->follow = follow;
	r->alerts = (struct alerts){ .tell = send, .data = r };
	if (r->format == EVENT_SYSLOG)
		openlog("roundwatch", LOG_PID, LOG_DAEMON);
	return read_allow(r, allow_path);
}

void reports_close(struct reports *r)
{
	alerts_finish(&r->alerts);
	allow_free(&r->allow);
}
