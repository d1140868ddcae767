// SPDX-License-Identifier: GPL-2.0
/* The events of a source, and the boots that they are of. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "past/past.h"

struct boot *past_boot(struct past *p, const char *id, const char *host, const char *name)
{
	struct boot *b;

	/* The newest is asked for most. */
	for (size_t i = p->boots; i-- > 0; )
		if (!strcmp(p->boot[i].id, id) && !strcmp(p->boot[i].host, host))
			return &p->boot[i];
	p->boot = xrealloc(p->boot, p->boots + 1, sizeof(*p->boot));
	b = &p->boot[p->boots++];
	*b = (struct boot){
		.id = xasprintf("%s", id),
		.host = xasprintf("%s", host),
		.name = xasprintf("%s", name && *name ? name : host),
		.first_ns = INT64_MAX,
		.last_ns = INT64_MIN,
	};
	return b;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

void past_add(struct past *p, struct past_entry *e)
{
	const char *id = e->field[E_J_BOOT] ? e->field[E_J_BOOT] : or_empty(e->field[E_BOOT]);
	const char *host = e->field[E_J_MACHINE] ? e->field[E_J_MACHINE] :
			   e->field[E_HOST_ID] ? e->field[E_HOST_ID] : or_empty(e->field[E_HOST]);
	const char *name = e->field[E_J_HOST] ? e->field[E_J_HOST] : e->field[E_HOST];
	struct boot *b = past_boot(p, id, host, name);

	if (e->time_ns < b->first_ns)
		b->first_ns = e->time_ns;
	if (e->time_ns > b->last_ns)
		b->last_ns = e->time_ns;
	e->boot = b - p->boot;
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 64;
		p->entry = xrealloc(p->entry, p->room, sizeof(*p->entry));
	}
	p->entry[p->n++] = *e;
}

/* A host's boots follow each other. */
static void end_boots(struct past *p)
{
	for (size_t i = 0; i < p->boots; i++)
		for (size_t j = 0; j < p->boots; j++)
			if (!strcmp(p->boot[i].host, p->boot[j].host) &&
			    p->boot[j].first_ns > p->boot[i].first_ns && *p->boot[i].id &&
			    strcmp(p->boot[i].id, p->boot[j].id))
				p->boot[i].over = true;
}

enum status past_read(struct past *p, const struct past_options *o)
{
	enum status status = o->input ? past_read_file(p, o->input) : past_read_journal(p, o);

	end_boots(p);
	return status;
}

void past_free(struct past *p)
{
	for (size_t i = 0; i < p->n; i++)
		entry_free(&p->entry[i]);
	for (size_t i = 0; i < p->boots; i++) {
		free(p->boot[i].id);
		free(p->boot[i].host);
		free(p->boot[i].name);
	}
	free(p->entry);
	free(p->boot);
	free(p->foreign_uid);
	*p = (struct past){ 0 };
}
