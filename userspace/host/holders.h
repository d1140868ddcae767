/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "who/process.h"

/**
 * struct holder - a process that has the device open
 * @comm: its name; NULL if it cannot be read
 * @unit: systemd unit that it belongs to; NULL for none
 */
struct holder {
	uint32_t pid;
	char *comm;
	char *unit;
};

/**
 * struct holders - what keeps the module from being unloaded
 * @holder: by PID, without this process
 * @n: how many
 * @unseen: processes whose open files may not be read
 * @error: errno, if /proc cannot be read at all
 * @references: uses of the module as the kernel counts them; negative: not known
 */
struct holders {
	struct holder *holder;
	size_t n;
	size_t unseen;
	int error;
	long references;
};

/* Call it while this process does not have the device open. */
void holders_read(const struct host *host, struct holders *h);
void holders_free(struct holders *h);

/* How to end one; allocated. */
char *holder_stop(const struct holder *h);

#endif
