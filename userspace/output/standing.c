// SPDX-License-Identifier: GPL-2.0
/* The standing of a verdict: whether its process is alive, and whether it is allowed. */
#include <stdlib.h>
#include <unistd.h>

#include "base/util.h"
#include "output/standing.h"
#include "who/pause.h"

static const char *process_allowed(struct process *p, const struct host *host,
				   const struct allow *allow)
{
	return allow_find(allow, host, &p->tally, process_identity(p, host));
}

const char *subject_allowed(const struct subject *s, const struct host *host,
			    const struct allow *allow)
{
	const char *line = NULL;

	if (worst_verdict(&s->tally) < ROUNDWATCH_SUSPECT || !allow->n)
		return NULL;
	if (!s->member)
		return process_allowed(s->process, host, allow);
	for (size_t i = 0; i < s->processes; i++) {
		if (s->member[i]->worst < ROUNDWATCH_SUSPECT)
			continue;
		line = process_allowed(s->member[i], host, allow);
		if (!line)
			return NULL;
	}
	return line;
}

char *subject_doubt(const struct subject *s, const struct host *host, const struct allow *allow)
{
	struct process *const *member = s->member ? s->member : &s->process;
	size_t n = s->member ? s->processes : 1;

	if (present_verdict(&s->tally) < ROUNDWATCH_SUSPECT || !allow->n)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		char *doubt;

		if (member[i]->worst < ROUNDWATCH_SUSPECT || tally_ended(&member[i]->tally))
			continue;
		doubt = allow_doubt(allow, host, &member[i]->tally,
				    process_identity(member[i], host));
		if (doubt)
			return doubt;
	}
	return NULL;
}

char *subject_doubt_line(const struct subject *s, const struct host *host,
			 const struct allow *allow)
{
	const struct roundwatch_tally *t = &s->tally;
	char *why = subject_doubt(s, host, allow), *text = doubt_text(why), *line = NULL;

	if (text)
		line = xasprintf("%.*s[%u]: %s", (int)sizeof(t->comm), t->comm, t->tgid, text);
	free(text);
	free(why);
	return line;
}

static char *past_text(const struct roundwatch_tally *t, const struct table *clock)
{
	const char *was = verdict_name(worst_verdict(t));
	struct value end = value_number(VALUE_TIME, t->last_ns);
	char *when, *text;

	if (!tally_ended(t))
		return worst_verdict(t) >= ROUNDWATCH_SUSPECT && worst_verdict(t) > t->verdict ?
		       xasprintf("was %s", was) : NULL;
	when = value_to_text(clock, &end);
	text = xasprintf("was %s, ended%s%s", was, when ? " " : "", when ? when : "");
	free(when);
	return text;
}

/* Both are freed; NULL is nothing. */
static char *join(char *text, char *more)
{
	char *all;

	if (!text || !more)
		return text ? text : more;
	all = xasprintf("%s, %s", text, more);
	free(more);
	free(text);
	return all;
}

char *standing_text(const struct roundwatch_tally *t, const char *allowed, const char *doubt,
		    const struct table *clock)
{
	return join(past_text(t, clock),
		    allowed ? xasprintf("allowed by %s", allowed) : doubt_text(doubt));
}

/* Now, not when its identity was looked up; allocated, NULL if it may run. */
static char *paused(const struct subject *s, const struct host *host)
{
	const struct roundwatch_tally *t = &s->tally;
	const struct identity *id;
	const char *how;
	int process;

	if (s->member || tally_ended(t) || worst_verdict(t) < ROUNDWATCH_SUSPECT)
		return NULL;
	id = process_identity(s->process, host);
	if (host->proc < 0)
		return id->paused ? xasprintf("%s", id->paused) : NULL;
	process = process_open(host, t->tgid, t->process_start_ns);
	if (process < 0)
		return NULL;
	how = process_paused(host, process, id->cgroup);
	close(process);
	return how ? xasprintf("%s", how) : NULL;
}

char *standing_note(const struct subject *s, const struct host *host, const char *allowed,
		    const char *doubt, const struct table *clock)
{
	return join(standing_text(&s->tally, allowed, doubt, clock), paused(s, host));
}

void census_take(struct census *c, const struct subjects *s, const struct host *host,
		 const struct allow *allow)
{
	*c = (struct census){ 0 };
	for (size_t i = 0; i < s->n; i++) {
		const struct subject *of = &s->subject[i];
		uint8_t verdict = present_verdict(&of->tally);
		char *doubt = subject_doubt(of, host, allow);

		c->doubtful += !!doubt;
		free(doubt);
		if (tally_ended(&of->tally))
			c->ended += worst_verdict(&of->tally) >= ROUNDWATCH_SUSPECT;
		else if (verdict >= ROUNDWATCH_SUSPECT && subject_allowed(of, host, allow))
			c->allowed[verdict]++;
		else
			c->count[verdict]++;
	}
}
