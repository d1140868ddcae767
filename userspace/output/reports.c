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
	hook_run(&r->hook, line, n, e->archive);
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

/*
 * A change of a process, with its event, until it is known what is done about it.
 * @of: only what alerts_take() needs, as the process may be forgotten before
 * @acts: an action may be taken
 */
struct step {
	struct accused of;
	struct roundwatch_tally tally;
	enum change change;
	struct event event;
	bool acts, urgent;
};

/* A process whose evidence is being collected, and its changes since. */
struct delayed {
	struct collection *collection;
	struct step *step;
	size_t n;
	struct delayed *next;
};

static void take(struct reports *r, struct step *s, struct response *response)
{
	if (s->acts)
		action_respond(&r->policy, r->host, &s->tally, response);
	event_conclude(&s->event, response);
	alerts_take(&r->alerts, &s->of, s->change, &s->event, s->urgent || response->action,
		    clock_ns(r->follow));
	response_free(response);
}

static struct delayed *find_delayed(const struct reports *r, const struct accused *a)
{
	struct delayed *d = r->delayed;

	while (d && (d->step->of.tgid != a->tgid || d->step->of.start_ns != a->start_ns))
		d = d->next;
	return d;
}

/* What has come to be allowed while it waited is spared. */
static void delay(struct delayed *d, const struct step *s, bool allowed)
{
	for (size_t i = 0; allowed && i < d->n; i++)
		d->step[i].acts = false;
	d->step = xrealloc(d->step, d->n + 1, sizeof(*d->step));
	d->step[d->n++] = *s;
}

static struct delayed *begin_delay(struct reports *r, const struct accused *a)
{
	struct delayed *d = xrealloc(NULL, 1, sizeof(*d)), **last = &r->delayed;

	*d = (struct delayed){
		.collection = collector_begin(&r->collector, &a->subject.tally,
					      event_entity(r->follow, a)),
	};
	while (*last)
		last = &(*last)->next;
	*last = d;
	return d;
}

/* The archive is part of the first event, which waited for it. */
static void end_delay(struct reports *r, struct delayed *d)
{
	struct response response = {
		.archive = d->collection->path, .not_collected = d->collection->why,
	};

	d->collection->path = NULL;
	d->collection->why = NULL;
	collector_end(&r->collector, d->collection);
	for (size_t i = 0; i < d->n; i++)
		take(r, &d->step[i], &response);
	free(d->step);
	free(d);
}

static void end_delays(struct reports *r)
{
	struct delayed **at = &r->delayed, *d;

	while ((d = *at)) {
		if (d->collection->over) {
			*at = d->next;
			end_delay(r, d);
		} else {
			at = &d->next;
		}
	}
}

void reports_work(struct reports *r)
{
	hook_work(&r->hook);
	collector_work(&r->collector);
	end_delays(r);
	alerts_work(&r->alerts, clock_ns(r->follow));
}

static void earlier(uint64_t *deadline, uint64_t other)
{
	if (other < *deadline)
		*deadline = other;
}

uint64_t reports_deadline(const struct reports *r)
{
	uint64_t deadline = hook_deadline(&r->hook);

	earlier(&deadline, collector_deadline(&r->collector));
	if (!r->follow->from->input)
		earlier(&deadline, alerts_deadline(&r->alerts));
	return deadline;
}

void reports_finish(struct reports *r)
{
	collector_give_up(&r->collector);
	end_delays(r);
	alerts_finish(&r->alerts);
}

static void report(struct reports *r, struct accused *a, enum change change, uint8_t previous,
		   bool urgent)
{
	bool accuses = change == CHANGE_PRESENT || change == CHANGE_ROSE;
	struct delayed *d = find_delayed(r, a);
	struct response response = { 0 };
	struct step s = {
		.of = { .tgid = a->tgid, .start_ns = a->start_ns, .verdict = a->verdict },
		.tally = a->subject.tally, .change = change, .urgent = urgent,
	};
	char *doubt;

	/* What has ended stays allowed as it was. */
	if (change != CHANGE_ENDED) {
		identify(r, a);
		look_up_allowed(r, a);
	}
	s.acts = accuses && a->verdict >= ROUNDWATCH_RANDOMX && !a->allowed;
	doubt = accuses ? allow_doubt(&r->allow, r->host, &s.tally, &a->id) : NULL;
	event_of_process(&s.event, r->follow, a, change, previous, doubt);
	free(doubt);
	if (!d && s.acts && r->collector.directory)
		d = begin_delay(r, a);
	if (d)
		delay(d, &s, a->allowed);
	else
		take(r, &s, &response);
	/* It may be over already: the archive is there, or there is no room for it. */
	end_delays(r);
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
	reports_finish(r);
	allow_free(&r->allow);
}
