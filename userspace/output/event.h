/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EVENT_H
#define EVENT_H

#include "records/follow.h"
#include "response/action.h"

/**
 * struct event - a report, as a line
 * @fields: in Elastic Common Schema
 * @message: the same as a sentence
 * @severity: 0 to 100, see roundwatch(8)
 * @time_ns: CLOCK_REALTIME of the event
 * @explain: PID about which explain knows more; 0: none
 * @archive: of the evidence; allocated, NULL: none
 */
struct event {
	struct json_object *fields;
	char *message;
	int severity;
	int64_t time_ns;
	uint32_t explain;
	char *archive;
};

/* Make an event about a process; event_conclude() completes it. @doubt: of allow_doubt() */
void event_of_process(struct event *e, const struct follow *f, const struct accused *a,
		      enum change change, uint8_t previous, const char *doubt);

/* Add what was done about the process. */
void event_conclude(struct event *e, const struct response *response);

/* What is in process.entity_id; allocated. */
char *event_entity(const struct follow *f, const struct accused *a);

enum {
	SEVERITY_INFO = 21,
	SEVERITY_WARNING = 47,
	SEVERITY_ALERT = 73,
};

/* Make an event about the monitoring, such as "module-blind"; the message is as for printf(). */
__attribute__((format(printf, 5, 6)))
void event_of_module(struct event *e, const struct follow *f, const char *action, int severity,
		     const char *format, ...);

/* Note that @n changes of the same process were not reported before this one. */
void event_add_held(struct event *e, unsigned int n);

void event_free(struct event *e);

#endif
