/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct memory - mappings of a process that RandomX may have made
 * @dataset: bytes of the anonymous mapping that may be a dataset; 0: none
 * @cache: the same for a cache
 * @scratchpads: mappings of about the size of a scratchpad
 * @code_regions: executable mappings without a file
 * @code: bytes of them
 * @code_writable: how many of them are also writable
 * @word: word of known miners in the name of a mapped file; NULL: none
 *
 * The kernel merges neighbours with the same rights into one mapping, so a size
 * also matches if it is somewhat larger.
 */
struct memory {
	uint64_t dataset, cache;
	unsigned int scratchpads;
	unsigned int code_regions, code_writable;
	uint64_t code;
	const char *word;
};

/* @text: /proc/PID/maps, terminated by a NUL; may be truncated anywhere. */
void memory_parse(const char *text, struct memory *m);

/* Sum of all lines "@name:  N kB", in bytes; false if there is none. @name with its colon. */
bool memory_sum(const char *text, const char *name, uint64_t *bytes);

/* First word of known miners in the text, ignoring case; NULL if none. */
const char *miner_word(const char *text, size_t n);

#endif
