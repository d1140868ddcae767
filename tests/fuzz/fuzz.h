/* SPDX-License-Identifier: GPL-2.0 */
/* What the harnesses share: the whole reporter, run inside this process. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer calls these. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process as a finding if @cond does not hold. */
#define must(cond)							\
	do {								\
		if (!(cond))						\
			fuzz_fail(#cond, __FILE__, __LINE__);		\
	} while (0)
void fuzz_fail(const char *cond, const char *file, int line) __attribute__((noreturn));

/* The reporter's main(), as Makefile names it here. */
int reporter_main(int argc, char **argv);

/* A path at which the @size bytes can be read, until the next call. */
const char *fuzz_file(const void *data, size_t size);

/*
 * fuzz_run - "roundwatch ARG...", the last of which is NULL
 *
 * What it prints must be JSON if it is asked for --json, and nothing that a terminal
 * acts upon; it must exit with a status that the manual knows, have said something if it
 * is not 0, and have closed what it opened.
 */
void fuzz_run(const char *arg, ...) __attribute__((sentinel));

#endif
