/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "records/source.h"

/**
 * struct snapshot - the present state: all up to SNAPSHOT_END
 * @now_ns: when it was taken
 * @lost: records that the module could not give; then this is not all
 * @live: from a module in this kernel
 */
struct snapshot {
	struct roundwatch_info info;
	struct roundwatch_tally *tally;
	size_t tallies;
	uint64_t now_ns;
	uint64_t lost;
	bool live;
};

/* Read it all; prints its own messages. */
enum status snapshot_read(const struct source_options *from, struct snapshot *snap);

/* Time since the module was loaded. */
uint64_t snapshot_uptime(const struct snapshot *snap);

/* Whether the module cannot see: it says so itself, or has seen nothing for long. */
bool snapshot_is_blind(const struct snapshot *snap);

/* Warn if it is blind, or not complete; returns what to exit with. */
enum status snapshot_warn(const struct snapshot *snap);

void snapshot_free(struct snapshot *snap);

#endif
