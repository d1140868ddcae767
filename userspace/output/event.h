/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EVENT_H
#define EVENT_H

#include "records/follow.h"

enum event_format {
	EVENT_JSON,
	EVENT_TEXT,
	EVENT_SYSLOG,
};

/**
 * struct event - what is told, as a line
 * @fields: in Elastic Common Schema
 * @message: the same in words
 * @severity: 0 to 100, see roundwatch(8)
 * @time_ns: CLOCK_REALTIME, when it came about
 */
struct event {
	struct json_object *fields;
	char *message;
	int severity;
	int64_t time_ns;
};

/**
 * struct response - what was done about a process
 * @action: "stop" or "kill"; NULL: nothing was to be done
 * @refusal: why it was not done; NULL: it was
 */
struct response {
	const char *action;
	const char *refusal;
};

/* Of a process. */
void event_of_process(struct event *e, const struct follow *f, const struct accused *a,
		      enum change change, uint8_t previous, const struct response *response);

enum {
	SEVERITY_INFO = 21,
	SEVERITY_WARNING = 47,
	SEVERITY_ALERT = 73,
};

/* Of the watching itself, as "module-blind"; the message is in printf()'s manner. */
__attribute__((format(printf, 5, 6)))
void event_of_module(struct event *e, const struct follow *f, const char *action, int severity,
		     const char *format, ...);

/* The event as a line of JSON with its newline; allocated, @n bytes. */
char *event_line(const struct event *e, size_t *n);

/* Print it, to the system's log if so asked; @line is what event_line() made. */
void event_print(const struct event *e, enum event_format format, const char *line);

void event_free(struct event *e);

#endif
