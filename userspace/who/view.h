/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stdint.h>

/* What this program can see of its own host: the clock and the processes. */

/**
 * view_time_offset - how far CLOCK_BOOTTIME of this program is ahead of the module's
 * @root: of this host
 * @offset: in nanoseconds; 0 in the initial time namespace
 *
 * Returns false if this program is in a time namespace and cannot read the offset. Then
 * start times cannot be compared with those of the module.
 */
bool view_time_offset(int root, int64_t *offset);

/**
 * view_filter - the mount option that makes /proc hide processes
 * @root: of this host
 * @proc: its /proc
 *
 * For example "hidepid=ptraceable"; allocated, NULL if this program can see all processes.
 */
char *view_filter(int root, int proc);

#endif
