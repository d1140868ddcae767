/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NEWS_H
#define NEWS_H

#include <stddef.h>
#include <stdio.h>

/* Messages of what a program does again and again: only those that changed are printed. */
struct news {
	FILE *f;
	char *messages;
	size_t size;
	char *last;
};

/* From here on error() collects. */
void news_begin(struct news *n);

/* Print what was collected, unless it is what was collected the last time. */
void news_end(struct news *n);

void news_free(struct news *n);

#endif
