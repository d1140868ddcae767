/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "records/dossier.h"
#include "records/source.h"

/**
 * struct snapshot - the present state: all records up to SNAPSHOT_END
 * @dossiers: of a recording, what it has about accused processes
 * @now_ns: when it was taken
 * @lost: number of records that were lost; if not 0, the state is incomplete
 * @live: read from a module in this kernel
 */
struct snapshot {
	struct roundwatch_info info;
	struct roundwatch_tally *tally;
	size_t tallies, room;
	struct dossiers dossiers;
	uint64_t now_ns;
	uint64_t lost;
	bool live;
};

/* Read the present state; prints its own messages. */
enum status snapshot_read(const struct source_options *from, struct snapshot *snap);

/* Take in a record; those that it has no use for are left out. */
void snapshot_take(struct snapshot *snap, const struct roundwatch_header *record);

/* The architecture of the module's kernel, as uname(2) names it; NULL: not known here. */
const char *snapshot_architecture(const struct snapshot *snap);

/* True if the modes are those of FPCR (arm64): there is no x87, and memory counts if it is used. */
bool snapshot_is_arm64(const struct snapshot *snap);

/* Time since the module was loaded. */
uint64_t snapshot_uptime(const struct snapshot *snap);

/* True if the module cannot see: it reports this itself, or has seen nothing for too long. */
bool snapshot_is_blind(const struct snapshot *snap);

/* Print a warning if it is blind or incomplete; returns the exit status. */
enum status snapshot_warn(const struct snapshot *snap);

void snapshot_free(struct snapshot *snap);

#endif
