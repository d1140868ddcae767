/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_TERMINAL_H
#define TOP_TERMINAL_H

#include <curses.h>
#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>

/* The terminal of roundwatch top, and text on it. */

enum look {
	PLAIN,
	RED,
	YELLOW,
	GREEN,
	CYAN,
	BLUE,
	MAGENTA,
	BAR,		/* heading, and names of keys */
	SORTED,		/* in the heading: the column by which rows are sorted */
	CURSOR,		/* the selected row */
	ALARM,
	DIM,
	BOLD,
};

/*
 * Take the terminal, with @keys for its keyboard; false if it is of no known type or cannot
 * show a full screen.
 * It is given back by terminal_close(), when the program exits, and when a signal ends it.
 */
bool terminal_open(FILE *keys);
void terminal_close(void);

/* Whether it shows all characters, not just ASCII. */
bool terminal_is_utf8(void);

/* Continue in line @y, which is cleared; @all: the look of the whole line, PLAIN: each its own. */
void pen_line(int y, enum look all);

/* Where the next text begins. */
int pen_column(void);

/*
 * All of these end at the right margin; curses itself would continue in the next line.
 * pen_cells() cuts @text or adds blanks, so that it takes @cells; pen_right() adds them
 * before. pen_foreign() is pen_cells() for text that may hold anything.
 */
void pen_char(enum look look, wchar_t c);
void pen_cells(enum look look, int cells, const char *text);
void pen_right(enum look look, int cells, const char *text);
void pen_foreign(enum look look, int cells, const char *text);
__attribute__((format(printf, 2, 3))) void pen_text(enum look look, const char *fmt, ...);

/* How many cells @text takes. */
int width_of(const char *text);

#endif
