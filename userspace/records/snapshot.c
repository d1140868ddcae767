// SPDX-License-Identifier: GPL-2.0
/* Reads the state of the module at one moment. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "records/snapshot.h"

/*
 * Every switch away from a user task is an observation. If there is none in this
 * time, the probe does not work, even if the self-test passed.
 */
#define SILENCE_NS (10 * NSEC)

void snapshot_take(struct snapshot *snap, const struct roundwatch_header *record)
{
	struct roundwatch_lost lost;

	switch (record->type) {
	case ROUNDWATCH_INFO:
		source_copy_info(&snap->info, record);
		snap->now_ns = record->time_ns;
		break;
	case ROUNDWATCH_TALLY:
		if (snap->tallies == snap->room) {
			snap->room = snap->room ? 2 * snap->room : 256;
			snap->tally = xrealloc(snap->tally, snap->room, sizeof(*snap->tally));
		}
		source_copy_tally(&snap->tally[snap->tallies++], record);
		break;
	case ROUNDWATCH_LOST:
		/* Only a slow reader of what comes after the snapshot should get it. */
		source_copy_lost(&lost, record);
		snap->lost += lost.lost;
		break;
	case RECORD_DOSSIER:
		dossiers_add(&snap->dossiers, record);
		break;
	}
}

enum status snapshot_read(const struct source_options *from, struct snapshot *snap)
{
	static struct source source;
	const struct roundwatch_header *record;
	enum status status;

	memset(snap, 0, sizeof(*snap));
	status = source_open(&source, from);
	if (status)
		return status;
	snap->live = source.live;

	while (!source.complete) {
		status = source_next(&source, &record);
		if (status)
			break;
		snapshot_take(snap, record);
	}

	source_close(&source);
	if (status)
		snapshot_free(snap);
	return status;
}

const char *snapshot_architecture(const struct snapshot *snap)
{
	switch (snap->info.machine) {
	case 0:			/* older modules were for x86-64 only */
	case EM_X86_64:
		return "x86_64";
	case EM_AARCH64:
		return "aarch64";
	default:
		return NULL;
	}
}

bool snapshot_is_arm64(const struct snapshot *snap)
{
	return snap->info.machine == EM_AARCH64;
}

uint64_t snapshot_uptime(const struct snapshot *snap)
{
	return snap->now_ns > snap->info.loaded_ns ? snap->now_ns - snap->info.loaded_ns : 0;
}

/* A short INFO without counters does not show whether there are observations. */
static bool is_silent(const struct snapshot *snap)
{
	return snap->info.header.size >= INFO_MIN + sizeof(snap->info.observations) &&
	       !snap->info.observations && snapshot_uptime(snap) >= SILENCE_NS;
}

bool snapshot_is_blind(const struct snapshot *snap)
{
	return snap->info.flags & ROUNDWATCH_BLIND || is_silent(snap);
}

enum status snapshot_warn(const struct snapshot *snap)
{
	char age[NUMBER_MAX];

	if (snap->info.flags & ROUNDWATCH_BLIND)
		error("WARNING: THE MODULE IS BLIND: its self-test failed on this kernel, so that "
		      "no miner would be seen;\n"
		      "    dmesg | grep roundwatch     says what failed");
	else if (is_silent(snap))
		error("WARNING: THE MODULE IS BLIND: not one observation in %s, so that "
		      "no miner would be seen;\n"
		      "    dmesg | grep roundwatch     may say why",
		      format_duration(age, snapshot_uptime(snap)));
	else if (snap->lost)
		error("%" PRIu64 " records were lost on the way, so that this may not be all; "
		      "try again", snap->lost);
	else
		return STATUS_OK;
	return snapshot_is_blind(snap) ? STATUS_BLIND : STATUS_FAILURE;
}

void snapshot_free(struct snapshot *snap)
{
	dossiers_free(&snap->dossiers);
	free(snap->tally);
	snap->tally = NULL;
	snap->tallies = snap->room = 0;
}
