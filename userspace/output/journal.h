/* SPDX-License-Identifier: GPL-2.0 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>

#include "output/event.h"

/* Whether systemd connected standard output to its journal. */
bool journal_is_stdout(void);

/**
 * journal_send - make an entry of the journal
 * @priority: as of syslog(3)
 * @message: what people read
 *
 * The event's fields become the entry's, as CONTAINER_ID for container.id. False if there is no
 * journal, or this was built without libsystemd.
 */
bool journal_send(const struct event *e, int priority, const char *message);

#endif
