/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"

/* Exit statuses of a worker: an errno, or a status of a subcommand and this. */
#define WORKER_STATUS	200

/**
 * struct product - what a worker made
 * @fd: holds @size bytes of it, of @whole that came
 * @err: errno, WORKER_STATUS + an enum status, or 0
 * @late: it was still at work when its time was over
 * @all: all bytes came, whether they were kept or not
 * @sha256: of what is kept; @whole_sha256 of all that came
 */
struct product {
	int fd;
	uint64_t size, whole;
	int err;
	bool late, all;
	char sha256[SHA256_TEXT], whole_sha256[SHA256_TEXT];
};

/**
 * worker_run - let a process of its own make something, and take it
 * @p: with @fd, a file that is overwritten
 * @make: writes to @out, and returns what becomes @err
 * @limit: bytes that are kept
 * @count_all: if there are more, go on, for the sum of all
 * @seconds: time without a byte after which the worker is given up
 * @end_ns: CLOCK_MONOTONIC when it is given up in any case
 *
 * A read from a file system that does not answer may never end, nor can what waits in it be killed:
 * then the worker stays behind, and not this program. Returns false if a signal came.
 */
bool worker_run(struct product *p, int (*make)(const void *of, int out), const void *of,
		uint64_t limit, bool count_all, unsigned int seconds, uint64_t end_ns);

/* For workers: write all, or return an errno. */
int worker_write(int out, const void *data, uint64_t n);

#endif
