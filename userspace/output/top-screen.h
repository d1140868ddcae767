/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include "output/top-model.h"

/* How roundwatch top looks. The terminal is curses'. */

/**
 * struct top_screen - what stands on it beside the rows
 * @name: of the recording; NULL if it is a module's state now
 * @problem: why there is no newer snapshot; NULL if nothing is wrong
 * @absent: the module is gone; with @problem
 * @blind: it sees nothing
 * @lost: records that the last snapshot lacks
 * @paused: no snapshots are taken, as the user wants
 * @typing: the filter is being typed
 * @first: the row at the top, kept by screen_draw()
 */
struct top_screen {
	const char *name;
	char *problem;
	bool absent, blind, paused, typing;
	uint64_t lost;
	size_t first;
};

/**
 * struct top_page - a text of many lines, to be scrolled
 * @title: of one line
 * @text: anything; lines that are too long are continued on the next
 * @first: the line at the top, kept by page_draw()
 * @lines: how many there are on this screen
 */
struct top_page {
	const char *title;
	char *text;
	long first, lines;
};

/* How many rows fit. */
int screen_rows(void);

void screen_draw(struct top_screen *s, struct top_model *m);
void page_draw(struct top_page *p);

#endif
