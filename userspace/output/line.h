/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LINE_H
#define LINE_H

#include "output/event.h"

enum event_format {
	EVENT_SUITABLE = -1,	/* EVENT_JOURNAL if standard output is that, else EVENT_JSON */
	EVENT_JSON,
	EVENT_TEXT,
	EVENT_SYSLOG,
	EVENT_JOURNAL,
};

/* Some logs cut longer lines, or split them: rsyslog from 8 KiB with its header. */
#define LINE_MAX_BYTES	8000

/*
 * The event as a line of JSON with its newline, @n bytes, at most LINE_MAX_BYTES; allocated. For
 * that, long values are cut, and end in "[cut]".
 */
char *line_make(struct event *e, size_t *n);

/*
 * Print it, or send it to the system's log or the journal; @line is what line_make() made. If
 * standard output is the journal, each line begins with its priority as sd-daemon(3) has it.
 */
void line_print(const struct event *e, enum event_format format, const char *line);

#endif
