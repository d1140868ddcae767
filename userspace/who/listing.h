/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct listing - what the directory /proc shows, and what is mounted over it
 *
 * Kept for a second, so that it is not read again for each of many processes.
 */
struct listing;

/*
 * @root: descriptor of the host's root directory, owned by the caller
 * @boottime_offset_ns: of struct host
 */
struct listing *listing_open(int root, int64_t boottime_offset_ns);
void listing_close(struct listing *l);

/* How a process is shown; bits. */
enum {
	LISTING_HIDDEN = 1 << 0,	/* reading the directory does not show it */
	LISTING_FILTERED = 1 << 1,	/* the system call shows it, but a library hides it */
	LISTING_COVERED = 1 << 2,	/* something is mounted over /proc/TGID or in it */
};

/**
 * listing_find - how a process is shown
 * @tgid: of a living process
 * @start_ns: when it started, CLOCK_BOOTTIME
 *
 * If the process ends during the search, it may be reported as hidden: check again
 * afterwards that it is alive. If the directory cannot be read, no process is
 * reported as hidden.
 */
unsigned int listing_find(struct listing *l, uint32_t tgid, uint64_t start_ns);

#endif
