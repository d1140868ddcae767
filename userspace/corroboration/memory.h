/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct memory - what a process has mapped, as far as RandomX is concerned
 * @dataset: bytes of the anonymous mapping that may be a dataset; 0: none
 * @cache: the same of a cache
 * @scratchpads: mappings of about the size of a scratchpad
 * @code_regions: executable mappings that come from no file
 * @code: bytes of them
 * @code_writable: how many may be written, too
 * @word: word of known miners in the name of a mapped file; NULL: none
 *
 * Neighbours with the same rights are one mapping to the kernel, so that sizes
 * are taken for what they are up to some more.
 */
struct memory {
	uint64_t dataset, cache;
	unsigned int scratchpads;
	unsigned int code_regions, code_writable;
	uint64_t code;
	const char *word;
};

/* @text: /proc/PID/maps, terminated by a NUL; may be cut off anywhere. */
void memory_parse(const char *text, struct memory *m);

/* Sum of all lines "@name:  N kB", in bytes; false if there is none. @name with its colon. */
bool memory_sum(const char *text, const char *name, uint64_t *bytes);

/* First of the words that programs of known miners have in them; NULL if none. Any case. */
const char *miner_word(const char *text, size_t n);

#endif
