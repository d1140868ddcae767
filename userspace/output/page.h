/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Text for a terminal: wrapped, with headings and bars. */

#define RED	"\033[1;31m"
#define YELLOW	"\033[33m"
#define BOLD	"\033[1m"
#define DIM	"\033[2m"

/* Find the width of standard output, and whether it supports colours and block characters. */
void page_open(void);

/* True if block characters may be printed. */
bool page_has_blocks(void);

/* Print @text unchanged in this colour; NULL: no colour. */
void paint(const char *how, const char *text);

/* True if "  # " and @text fit into the line, starting at @column. */
bool page_has_room(unsigned int column, const char *text);

/* Width of the first @n bytes of @text in columns. */
int columns_of(const char *text, size_t n);

/*
 * Print words starting at @column, and at @at on further lines, wrapped at the end of
 * the page and escaped for a terminal.
 */
void wrap_from(unsigned int column, unsigned int at, const char *text);
void wrap(unsigned int at, const char *text);

/*
 * Print words as wrap() does, on at most @lines lines. A word that is too long is broken; what does
 * not fit ends with "...".
 */
void clip(unsigned int at, unsigned int lines, const char *text);

/* Print an empty line and a heading. */
void heading(const char *text);

/* Print a bar for @value of @of in @cells, with half a cell at the end if possible. */
void bar(uint64_t value, uint64_t of, unsigned int cells, const char *how);

#endif
