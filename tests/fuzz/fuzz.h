/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the harnesses: run the whole reporter inside this process. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called by libFuzzer. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* End the process with a finding if @cond is false. */
#define must(cond)							\
	do {								\
		if (!(cond))						\
			fuzz_fail(#cond, __FILE__, __LINE__);		\
	} while (0)
void fuzz_fail(const char *cond, const char *file, int line) __attribute__((noreturn));

/* The reporter's main(), renamed by the Makefile. */
int reporter_main(int argc, char **argv);

/* Return a path from which the @size bytes can be read until the next call. */
const char *fuzz_file(const void *data, size_t size);

/*
 * fuzz_run - run "roundwatch ARG..."; the last argument is NULL
 *
 * With --json the output must be JSON; it must not contain control characters. The exit
 * status must be one that the manual lists, with a message if it is not 0. All opened files
 * must be closed.
 */
void fuzz_run(const char *arg, ...) __attribute__((sentinel));

#endif
