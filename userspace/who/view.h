/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stdint.h>

/* What this program can see of its own host: the time it is given, and the processes. */

/**
 * view_time_offset - how far CLOCK_BOOTTIME here is ahead of the module's
 * @root: of this host
 * @offset: in nanoseconds; 0 outside any time namespace
 *
 * False if this program is in a time namespace and cannot read the offset: then the
 * start of a process cannot be compared with what the module reports.
 */
bool view_time_offset(int root, int64_t *offset);

/**
 * view_filter - the mount option by which /proc does not show all processes
 * @root: of this host
 * @proc: its /proc
 *
 * As "hidepid=ptraceable"; allocated, NULL if all processes are shown to this program.
 */
char *view_filter(int root, int proc);

#endif
