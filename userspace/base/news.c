// SPDX-License-Identifier: GPL-2.0
/* Messages of what a program does again and again */
#include <stdlib.h>
#include <string.h>

#include "base/news.h"
#include "base/util.h"

void news_begin(struct news *n)
{
	n->messages = NULL;
	n->f = open_memstream(&n->messages, &n->size);
	error_to(n->f);
}

void news_end(struct news *n)
{
	error_to(NULL);
	if (!n->f || fclose(n->f) || !n->messages)
		return;
	if (strcmp(n->messages, n->last ? n->last : ""))
		fputs(n->messages, stderr);
	free(n->last);
	n->last = n->messages;
}

void news_free(struct news *n)
{
	free(n->last);
	n->last = NULL;
}
