// SPDX-License-Identifier: GPL-2.0
/* Messages, memory, and text that is safe to print. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "base/status.h"
#include "base/util.h"

static FILE *errors;

void error_to(FILE *f)
{
	errors = f;
}

void error(const char *fmt, ...)
{
	FILE *f = errors ? errors : stderr;
	va_list ap;

	/* Keep the order of messages and the output that they refer to. */
	fflush(stdout);
	fputs("roundwatch: ", f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputc('\n', f);
}

static void __attribute__((noreturn)) out_of_memory(void)
{
	error("out of memory");
	exit(STATUS_FAILURE);
}

void *xrealloc(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n ? n : 1, size);
	if (!p)
		out_of_memory();
	return p;
}

char *xstrndup(const char *s, size_t n)
{
	char *copy = strndup(s, n);

	if (!copy)
		out_of_memory();
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	return s;
}

bool parse_number(const char *text, uint64_t max, uint64_t *to)
{
	char *end;

	/* strtoull() also accepts blanks and signs. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*to = strtoull(text, &end, 10);
	return !errno && !*end && *to <= max;
}

/*
 * Characters that print nothing themselves but change the look of others: the
 * C1 controls, which some terminals execute, zero-width characters and the
 * bidirectional controls.
 */
static bool is_invisible(uint32_t c)
{
	return (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

char *text_for_terminal(const char *s)
{
	size_t left = strlen(s), len = 0;
	char *out = xrealloc(NULL, left + 1, 4);
	mbstate_t state = { 0 };

	while (left) {
		wchar_t wc;
		size_t n = mbrtowc(&wc, s, left, &state);
		bool bad = n == (size_t)-1 || n == (size_t)-2;

		if (bad) {
			n = 1;
			memset(&state, 0, sizeof(state));
		}
		/* Escape a backslash that would look like an escape written by this function. */
		if (bad || !iswprint(wc) || is_invisible(wc) || (*s == '\\' && s[1] == 'x')) {
			for (size_t i = 0; i < n; i++)
				len += sprintf(out + len, "\\x%02x", (unsigned char)s[i]);
		} else {
			memcpy(out + len, s, n);
			len += n;
		}
		s += n;
		left -= n;
	}
	out[len] = '\0';
	return out;
}

int short_id(const char *id)
{
	size_t n = strlen(id);

	return n == 64 && strspn(id, "0123456789abcdef") == n ? 12 : (int)n;
}

void put_word(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s <= ' ' || *s >= 0x7f || *s == '\\')
			fprintf(f, "\\x%02x", (unsigned char)*s);
		else
			fputc(*s, f);
	}
}

size_t utf8_decode(const char *text, uint32_t *c)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;

	if (s[0] < 0x80) {
		*c = s[0];
		return 1;
	}
	if (s[0] >= 0xc0 && s[0] < 0xe0)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] < 0xf0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] < 0xf8)
		n = 4;
	else
		return 0;
	*c = s[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return n;
}

void put_json(FILE *f, const char *json)
{
	const char *s = json;

	/* json-c has escaped characters below 0x20. All others are inside strings. */
	while (*s) {
		uint32_t c;
		size_t n = utf8_decode(s, &c);

		if (!n) {
			fputs("\\ufffd", f);
			n = 1;
		} else if (!is_invisible(c)) {
			fwrite(s, 1, n, f);
		} else if (c < 0x10000) {
			fprintf(f, "\\u%04x", c);
		} else {
			fprintf(f, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
		}
		s += n;
	}
	fputc('\n', f);
}

static const char *colors = "auto";

bool set_colors(const char *when)
{
	colors = when;
	return !strcmp(when, "auto") || !strcmp(when, "always") || !strcmp(when, "never");
}

bool want_colors(void)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (strcmp(colors, "auto"))
		return !strcmp(colors, "always");
	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb");
}

unsigned int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return 80;
}

uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

char *format_count(char buf[NUMBER_MAX], uint64_t n)
{
	static const char unit[] = "kMGTPE";
	uint64_t scale = 1000;
	int u = 0;

	if (n < 10000) {
		snprintf(buf, NUMBER_MAX, "%" PRIu64, n);
		return buf;
	}
	while (n / scale >= 1000) {
		scale *= 1000;
		u++;
	}
	/* Truncate instead of rounding: 999999 is below 1.0M. */
	if (n / scale < 100)
		snprintf(buf, NUMBER_MAX, "%" PRIu64 ".%" PRIu64 "%c",
			 n / scale, n % scale / (scale / 10), unit[u]);
	else
		snprintf(buf, NUMBER_MAX, "%" PRIu64 "%c", n / scale, unit[u]);
	return buf;
}

char *format_duration(char buf[NUMBER_MAX], uint64_t ns)
{
	uint64_t s = ns / NSEC;

	if (s < 60)
		snprintf(buf, NUMBER_MAX, "%" PRIu64 "s", s);
	else if (s < 60 * 60)
		snprintf(buf, NUMBER_MAX, "%" PRIu64 "m", s / 60);
	else if (s < 48 * 60 * 60)
		snprintf(buf, NUMBER_MAX, "%" PRIu64 "h", s / (60 * 60));
	else
		snprintf(buf, NUMBER_MAX, "%" PRIu64 "d", s / (24 * 60 * 60));
	return buf;
}

char *format_iso(char buf[NUMBER_MAX], uint64_t boottime_ns, int64_t realtime_offset_ns)
{
	/* Unsigned, because a recording may contain any number. */
	int64_t ns = (int64_t)(boottime_ns + (uint64_t)realtime_offset_ns);
	time_t s = ns / (int64_t)NSEC;
	int64_t rest = ns % (int64_t)NSEC;
	char date[24], zone[8];
	struct tm tm;

	if (rest < 0) {
		rest += NSEC;
		s--;
	}
	localtime_r(&s, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(buf, NUMBER_MAX, "%s.%06d%.3s:%s", date, (int)(rest / 1000), zone, zone + 3);
	return buf;
}
