// SPDX-License-Identifier: GPL-2.0
/* Events from a file with an object of JSON on each line, as monitor and log daemons write it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "past/past.h"

/* A line of monitor is 8 KiB at most; a log daemon may have put something around it. */
#define LINE_LIMIT	(1 << 20)

/* What comes before the object is the log daemon's. */
static void take_line(struct past *p, const char *line, size_t n)
{
	const char *at = memchr(line, '{', n);
	struct past_entry e = { 0 };

	if (n == 1 && *line == '\n')
		return;
	p->lines++;
	if (!at || n > LINE_LIMIT || !entry_parse(&e, at, n - (at - line)))
		p->odd++;
	else if (entry_finish(&e))
		return past_add(p, &e);
	entry_free(&e);
}

/**
 * struct place - an entry on its way to another place
 * @n: the place that it had
 */
struct place {
	struct past_entry entry;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->entry.time_ns != y->entry.time_ns)
		return x->entry.time_ns < y->entry.time_ns ? -1 : 1;
	return x->n < y->n ? -1 : 1;
}

static bool same_event(const struct past_entry *a, const struct past_entry *b)
{
	const char *x = a->field[E_ID], *y = b->field[E_ID];

	return a->time_ns == b->time_ns && a->kind == b->kind && x && y && !strcmp(x, y);
}

/* Files that were put together may overlap, and be in any order. */
static void put_in_order(struct past *p)
{
	struct place *all = xrealloc(NULL, p->n, sizeof(*all));
	size_t n = p->n;

	for (size_t i = 0; i < n; i++)
		all[i] = (struct place){ .entry = p->entry[i], .n = i };
	if (n)
		qsort(all, n, sizeof(*all), compare);
	p->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (p->n && same_event(&p->entry[p->n - 1], &all[i].entry))
			entry_free(&all[i].entry);
		else
			p->entry[p->n++] = all[i].entry;
	}
	free(all);
}

enum status past_read_file(struct past *p, const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	size_t room = 0;
	char *line = NULL;
	ssize_t n;
	int err;

	p->name = is_stdin ? "standard input" : path;
	if (!f) {
		error("%s: %s", path, strerror(errno));
		return STATUS_FAILURE;
	}
	errno = 0;
	while ((n = getline(&line, &room, f)) > 0)
		take_line(p, line, n);
	err = ferror(f) ? errno : 0;
	free(line);
	if (!is_stdin)
		fclose(f);
	if (err) {
		error("%s: %s", p->name, strerror(err));
		return STATUS_FAILURE;
	}
	if (p->odd && p->odd == p->lines) {
		error("%s: no events; monitor prints one as JSON on each line", p->name);
		return STATUS_FAILURE;
	}
	put_in_order(p);
	return STATUS_OK;
}
