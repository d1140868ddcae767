/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ENTRY_H
#define ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "who/identity.h"

enum entry_kind {
	ENTRY_OTHER,
	ENTRY_PRESENT,		/* about a process, as enum change */
	ENTRY_ROSE,
	ENTRY_FELL,
	ENTRY_ENDED,
	ENTRY_INTERRUPTED,	/* about the monitoring */
	ENTRY_RESUMED,
	ENTRY_BLIND,
	ENTRY_SEES,
	ENTRY_LOST,
	ENTRY_UNIT_STARTED,	/* by systemd, about the unit of the monitor */
	ENTRY_UNIT_STOPPED,
};

/* What is kept of an event; the fields and their names are those of roundwatch(8). */
enum entry_field {
	E_TIME, E_DATASET, E_ACTION, E_ID, E_HOST, E_HOST_ID, E_BOOT,
	E_ENTITY, E_PID, E_COMM, E_EXE, E_CMDLINE, E_START, E_PPID, E_PARENT, E_UID, E_USER,
	E_CONTAINER, E_RUNTIME, E_CONTAINER_NAME, E_IMAGE, E_NAMESPACE, E_POD, E_POD_UID,
	E_VERDICT, E_PREVIOUS, E_EVIDENCE, E_SINCE, E_FLAGS, E_UNIT, E_CGROUP, E_VM,
	E_ALLOWED_BY, E_RESPONSE, E_OUTCOME, E_HELD,
	/* of the journal */
	E_MESSAGE, E_MESSAGE_ID, E_ABOUT_UNIT, E_J_BOOT, E_J_MACHINE, E_J_HOST, E_J_UID,
	E_J_UNIT, E_J_PID,
	ENTRY_FIELDS
};

/**
 * struct past_entry - an event that monitor reported earlier, read back
 * @time_ns: CLOCK_REALTIME
 * @boot_ns: CLOCK_BOOTTIME of its host; 0: not known
 * @since_ns: when the verdict was reached, CLOCK_REALTIME; 0: not known
 * @pid, @start_ns: of the process, from its entity
 * @verdict, @previous: CLEAR if the event has none
 * @field: by enum entry_field, each allocated; NULL: missing. May contain any byte
 */
struct past_entry {
	enum entry_kind kind;
	int64_t time_ns;
	uint64_t boot_ns;
	int64_t since_ns;
	uint32_t pid;
	uint64_t start_ns;
	uint8_t verdict, previous;
	size_t boot;
	char *field[ENTRY_FIELDS];
};

/*
 * Take in a field of @n bytes. @name is a path as in JSON ("process.pid"), or the name in the
 * journal ("PROCESS_PID"). Of several with one name, all are kept, separated by commas.
 */
void entry_put(struct past_entry *e, const char *name, const char *value, size_t n);

/* Take in an event as monitor prints it; false if @text is none. */
bool entry_parse(struct past_entry *e, const char *text, size_t n);

/* When all fields are in: what it is. False if it is no event of monitor. */
bool entry_finish(struct past_entry *e);

/* The identity in it, valid as long as the entry; do not free it. */
void entry_identity(const struct past_entry *e, struct identity *id);

void entry_free(struct past_entry *e);

#endif
