/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct sha256 - a digest that is being made
 * @size: bytes taken so far
 */
struct sha256 {
	uint32_t state[8];
	uint64_t size;
	unsigned char block[64];
};

#define SHA256_TEXT 65	/* hexadecimal digits and a NUL */

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t n);
char *sha256_end(struct sha256 *s, char text[SHA256_TEXT]);

#endif
