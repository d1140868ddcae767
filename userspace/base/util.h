/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NSEC		UINT64_C(1000000000)

/* "roundwatch: ..." on stderr: what: why; what to do */
__attribute__((format(printf, 1, 2))) void error(const char *fmt, ...);

/* Where messages go from now on, while a terminal shows other things; NULL: stderr. */
void error_to(FILE *f);

/* Allocate, or end the program with a message. */
void *xrealloc(void *p, size_t n, size_t size);
char *xstrndup(const char *s, size_t n);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *fmt, ...);

/* All of @text as a decimal number, at most @max. */
bool parse_number(const char *text, uint64_t max, uint64_t *to);

/* Copy for a terminal: what it could act upon, or hide, becomes \xHH. */
char *text_for_terminal(const char *s);

/* How many bytes of an id are enough for people: 12 of 64 hexadecimal digits, all of a name. */
int short_id(const char *id);

/* Print for a line of words: blanks and all that is not plain ASCII become \xHH. */
void put_word(FILE *f, const char *s);

/* Print a json-c text: bytes that are not UTF-8 become U+FFFD, control characters \uHHHH. */
void put_json(FILE *f, const char *json);

/* Whether escape sequences for colours are welcome on stdout. */
bool want_colors(void);

/* Columns of the terminal at stdout; 0 when it is none. */
unsigned int terminal_width(void);

/* CLOCK_MONOTONIC */
uint64_t monotonic_ns(void);

#define NUMBER_MAX 40

/* 1234, 56.7k, 8.9M: at most five characters for all that can be counted */
char *format_count(char buf[NUMBER_MAX], uint64_t n);

/* 59s, 12m, 3h, 45d */
char *format_duration(char buf[NUMBER_MAX], uint64_t ns);

/* ISO 8601 in the local zone, with its offset from UTC */
char *format_iso(char buf[NUMBER_MAX], uint64_t boottime_ns, int64_t realtime_offset_ns);

#endif
