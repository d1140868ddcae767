/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAUSE_H
#define PAUSE_H

struct host;

/**
 * process_paused - whether a process is kept from running
 * @process: as from process_open()
 * @cgroup: path of its control group; may be NULL
 *
 * Returns "stopped" after SIGSTOP, "frozen" if its control group is, otherwise NULL.
 */
const char *process_paused(const struct host *host, int process, const char *cgroup);

#endif
