/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_KEYS_H
#define TOP_KEYS_H

#include <wchar.h>

#include "output/top-screen.h"

/* What a key asks for beyond the rows and their view. */
enum top_action {
	TOP_NOTHING,
	TOP_EXPLAIN,	/* the selected row */
	TOP_HELP,
	TOP_PAUSE,
	TOP_BACK,	/* from the page to the rows */
	TOP_QUIT,
};

/* The text of the page that explains keys and columns. */
extern const char top_key_help[];

/*
 * A key pressed while the rows, the filter or a page has the keyboard; @special: one of
 * curses' KEY_ numbers, else a character.
 */
enum top_action main_key(struct top_model *m, struct top_screen *s, bool special, wint_t key);
void filter_key(struct top_model *m, struct top_screen *s, bool special, wint_t key);
enum top_action page_key(struct top_page *p, bool special, wint_t key);

#endif
