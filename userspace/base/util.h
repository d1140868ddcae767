/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NSEC		UINT64_C(1000000000)

/* Print "roundwatch: ..." to stderr, in the form "what: why; what to do" */
__attribute__((format(printf, 1, 2))) void error(const char *fmt, ...);

/* Redirect messages, while the terminal is used full screen; NULL: back to stderr. */
void error_to(FILE *f);

/* Allocate, or exit with a message. */
void *xrealloc(void *p, size_t n, size_t size);
char *xstrndup(const char *s, size_t n);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *fmt, ...);

/* Parse all of @text as a decimal number up to @max. */
bool parse_number(const char *text, uint64_t max, uint64_t *to);

/* Copy for a terminal: control characters and invisible ones become \xHH. */
char *text_for_terminal(const char *s);

/* Length of an ID to show: 12 of 64 hexadecimal digits, or all of a name. */
int short_id(const char *id);

/* Print as one word of a line: blanks and everything outside printable ASCII become \xHH. */
void put_word(FILE *f, const char *s);

/* Print text from json-c: invalid UTF-8 becomes U+FFFD, control characters become \uHHHH. */
void put_json(FILE *f, const char *json);

/* Bytes of the UTF-8 character at @s, whatever the locale, and its code; 0 if it is not one. */
size_t utf8_decode(const char *s, uint32_t *c);

/* True if stdout may contain escape sequences for colours. */
bool want_colors(void);

/* What --color said, "auto", "always" or "never", for want_colors(); false if it is none. */
bool set_colors(const char *when);

/* Width of the terminal at stdout; 0 if stdout is not a terminal. */
unsigned int terminal_width(void);

/* CLOCK_MONOTONIC */
uint64_t monotonic_ns(void);

#define NUMBER_MAX 40

/* 1234, 56.7k, 8.9M: at most five characters for any count */
char *format_count(char buf[NUMBER_MAX], uint64_t n);

/* 59s, 12m, 3h, 45d */
char *format_duration(char buf[NUMBER_MAX], uint64_t ns);

/* ISO 8601 in the local zone, with its offset from UTC */
char *format_iso(char buf[NUMBER_MAX], uint64_t boottime_ns, int64_t realtime_offset_ns);

#endif
