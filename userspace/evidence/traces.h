/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TRACES_H
#define TRACES_H

#include <stdbool.h>

#include "roundwatch.h"
#include "who/process.h"

/**
 * struct suspect - the process whose traces are kept
 * @process, @task: from process_open() and process_task()
 * @values: also keep the values of the environment
 */
struct suspect {
	const struct host *host;
	const struct roundwatch_tally *tally;
	int process, task;
	bool values;
};

/**
 * struct trace - something of it that is kept
 * @name: in the archive
 * @make: writes it, as worker_run() wants it; gets a struct trace_of
 * @file: that @make copies, if it does
 * @large: count all of it, and keep it after everything else
 * @optional: not every kernel has it
 */
struct trace {
	const char *name;
	int (*make)(const void *of, int out);
	const char *file;
	bool large, optional;
};

struct trace_of {
	const struct suspect *suspect;
	const struct trace *trace;
};

extern const struct trace traces[];
extern const unsigned int traces_n;

#endif
