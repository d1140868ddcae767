/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the Test Anything Protocol that the unit tests need: one line for
 * each check, expected values for failures, the plan at the end.
 */
#ifndef ROUNDWATCH_TAP_H
#define ROUNDWATCH_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned int tap_run, tap_failed;

/* Print a comment that explains a check. */
static inline __attribute__((format(printf, 1, 2))) void diag(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("# ", stdout);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
}

static inline __attribute__((format(printf, 4, 5)))
bool tap_ok(bool cond, const char *text, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("%s %u - ", cond ? "ok" : "not ok", ++tap_run);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
	if (!cond) {
		tap_failed++;
		diag("line %d: %s", line, text);
	}
	fflush(stdout);
	return cond;
}

#define ok(cond, ...)	tap_ok(cond, #cond, __LINE__, __VA_ARGS__)

/* Check that two numbers are equal; print them if not. */
#define is(got, want, ...)						\
	do {								\
		long long tap_got = (got), tap_want = (want);		\
									\
		if (!tap_ok(tap_got == tap_want, #got " == " #want, __LINE__, __VA_ARGS__)) \
			diag("got %lld, not %lld", tap_got, tap_want);	\
	} while (0)

static inline void skip(const char *what, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_run, what, why);
}

/* Return: the exit status for main(). */
static inline int tap_done(void)
{
	printf("1..%u\n", tap_run);
	if (tap_failed)
		diag("%u of %u failed", tap_failed, tap_run);
	return tap_failed ? 1 : 0;
}

#endif /* ROUNDWATCH_TAP_H */
