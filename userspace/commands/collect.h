/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COLLECT_H
#define COLLECT_H

#include "records/source.h"
#include "who/process.h"

#define COLLECT_SIZE	(UINT64_C(256) << 20)
#define COLLECT_SECONDS	300
#define COLLECT_TIMEOUT	10

/**
 * struct collect - what to collect, and how much
 * @path: of the archive; "-": standard output
 * @values: also the values of the environment
 * @max_size: bytes before compression
 * @timeout: seconds without a byte after which a file is given up
 * @seconds: after which no more is collected
 * @quiet: print nothing
 */
struct collect {
	struct source_options from;
	const char *path, *pools;
	bool values;
	uint64_t max_size;
	unsigned int timeout, seconds;
	bool quiet;
};

/* Collect the evidence about a process. STATUS_BLIND: something is missing. */
enum status collect(const struct collect *c, const struct host *host,
		    const struct roundwatch_tally *t);

#endif
