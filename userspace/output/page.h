/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Text for a terminal that is more than a table: wrapped, with headings and bars. */

#define RED	"\033[1;31m"
#define YELLOW	"\033[33m"
#define BOLD	"\033[1m"
#define DIM	"\033[2m"

/* Look at standard output: its width, and whether it takes colours and block characters. */
void page_open(void);

/* Whether block characters may be printed. */
bool page_has_blocks(void);

/* Print @text as it is, in that colour; NULL: in none. */
void paint(const char *how, const char *text);

/* Whether "  # " and @text fit into the line from @column on. */
bool page_has_room(unsigned int column, const char *text);

/* Columns that the first @n bytes of @text take. */
int columns_of(const char *text, size_t n);

/*
 * Words from @column on, and from @at on in further lines, which end before the
 * page does; made safe for a terminal.
 */
void wrap_from(unsigned int column, unsigned int at, const char *text);
void wrap(unsigned int at, const char *text);

/* An empty line, then a heading. */
void heading(const char *text);

/* @value of @of, in @cells; half a cell at the end is shown where that is possible. */
void bar(uint64_t value, uint64_t of, unsigned int cells, const char *how);

#endif
