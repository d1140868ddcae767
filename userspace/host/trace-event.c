// SPDX-License-Identifier: GPL-2.0
/* Parses the module's trace events in the kernel's text format; see module/trace.h. */
#include <string.h>

#include "base/util.h"
#include "host/trace-event.h"
#include "records/subject.h"
#include "roundwatch.h"

#define COMM_MAX	15

/* @ended: the text ended too early to decide */
struct cursor {
	const char *at, *end;
	bool ended;
};

static bool at_end(struct cursor *c)
{
	if (c->at == c->end)
		c->ended = true;
	return c->at == c->end;
}

static bool take(struct cursor *c, const char *word)
{
	for (; *word; word++, c->at++)
		if (at_end(c) || *c->at != *word)
			return false;
	return true;
}

static bool take_blanks(struct cursor *c)
{
	const char *from = c->at;

	while (!at_end(c) && *c->at == ' ')
		c->at++;
	return c->at > from;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? found - digits : 16;
}

/* Parse a number up to @max in this base, and skip the text after it. */
static bool take_number(struct cursor *c, int base, uint64_t max, uint64_t *to, const char *after)
{
	const char *from = c->at;

	*to = 0;
	for (; !at_end(c) && digit(*c->at) < base; c->at++) {
		*to = *to * base + digit(*c->at);
		if (*to > max)
			return false;
	}
	return c->at > from && take(c, after);
}

static bool take_u32(struct cursor *c, uint32_t *to, const char *after)
{
	uint64_t number;
	bool good = take_number(c, 10, UINT32_MAX, &number, after);

	*to = number;
	return good;
}

static bool take_bool(struct cursor *c, bool *to, const char *after)
{
	uint64_t number;
	bool good = take_number(c, 10, 1, &number, after);

	*to = number;
	return good;
}

/* In the format of %#x: zero has no prefix. */
static bool take_hex(struct cursor *c, uint32_t *to, const char *after)
{
	uint64_t number = 0;
	bool good = take(c, "0");

	if (good && !at_end(c) && *c->at == 'x') {
		c->at++;
		good = take_number(c, 16, UINT32_MAX, &number, after);
	} else {
		good = good && take(c, after);
	}
	*to = number;
	return good;
}

/* Parse one of @n names and return its number. */
static bool take_name(struct cursor *c, const char *(*name)(uint8_t), uint8_t n, uint8_t *to,
		      const char *after)
{
	bool ended = false;

	for (*to = 0; *to < n; ++*to) {
		struct cursor try = *c;

		if (take(&try, name(*to)) && take(&try, after)) {
			*c = try;
			return true;
		}
		ended |= try.ended;
	}
	c->ended |= ended;
	return false;
}

/* "CPU:1 [LOST 23 EVENTS]", or without the number. */
static bool take_lost(struct cursor *c, struct trace_event *e)
{
	struct cursor plain;

	if (!take(c, "CPU:") || !take_u32(c, &e->cpu, " [LOST "))
		return false;
	e->type = TRACE_LOST;
	plain = *c;
	if (take(&plain, "EVENTS]\n")) {
		*c = plain;
		return true;
	}
	c->ended = plain.ended;
	return take_number(c, 10, UINT64_MAX / 16, &e->lost, " EVENTS]\n");
}

/*
 * "%16s-%-7d [%03d] FLAGS SECONDS.MICROSECONDS: ": the name may belong to an earlier task
 * with this PID. Its width is fixed. FLAGS may be missing.
 */
static bool take_prefix(struct cursor *c, struct trace_event *e)
{
	uint64_t seconds, micros;
	struct cursor without;
	uint32_t pid;

	for (int i = 0; i < COMM_MAX + 1; i++, c->at++)
		if (at_end(c))
			return false;
	if (!take(c, "-") || !take_u32(c, &pid, " "))
		return false;
	take_blanks(c);
	if (!take(c, "[") || !take_u32(c, &e->cpu, "] "))
		return false;
	take_blanks(c);
	without = *c;
	if (!take_number(&without, 10, UINT32_MAX, &seconds, ".")) {
		while (!at_end(c) && *c->at > ' ')
			c->at++;
		if (!take_blanks(c) || !take_number(c, 10, UINT32_MAX, &seconds, "."))
			return false;
	} else {
		*c = without;
	}
	if (!take_number(c, 10, 999999, &micros, ": "))
		return false;
	e->time_ns = seconds * NSEC + micros * 1000;
	return true;
}

/* Parse everything after the name. */
static bool take_fields(struct cursor *c, struct trace_event *e)
{
	if (!take(c, " pid=") || !take_u32(c, &e->pid, " tgid="))
		return false;
	if (e->type == TRACE_OBSERVATION)
		return take_u32(c, &e->tgid, " mxcsr=") && take_hex(c, &e->mxcsr, " fcw=") &&
		       take_hex(c, &e->fcw, " mode=") &&
		       take_name(c, mode_name, ROUNDWATCH_MODES, &e->mode, " guest=") &&
		       take_bool(c, &e->guest, " look=") && take_bool(c, &e->look, "\n");
	return take_u32(c, &e->tgid, " process=") && take_bool(c, &e->process, " evidence=") &&
	       take_u32(c, &e->evidence, " from=") &&
	       take_name(c, verdict_name, ROUNDWATCH_RANDOMX + 1, &e->before, " verdict=") &&
	       take_name(c, verdict_name, ROUNDWATCH_RANDOMX + 1, &e->verdict, "\n");
}

static bool take_event(struct cursor *c, struct trace_event *e)
{
	struct cursor name;
	bool ended = false;

	if (!take_prefix(c, e))
		return false;
	if (!at_end(c) && *c->at == 'o') {
		e->type = TRACE_OBSERVATION;
		if (!take(c, "observation: comm="))
			return false;
	} else {
		e->type = TRACE_VERDICT;
		if (!take(c, "verdict: comm="))
			return false;
	}
	name = *c;
	for (int length = 0; length <= COMM_MAX; length++) {
		struct cursor try = { name.at + length, c->end, false };

		if (try.at > c->end)
			break;
		if (take_fields(&try, e)) {
			memcpy(e->comm, name.at, length);
			*c = try;
			return true;
		}
		ended |= try.ended;
	}
	c->ended = ended;
	return false;
}

enum trace_result trace_event_parse(const char *text, size_t size, size_t *used,
				    struct trace_event *event)
{
	struct cursor lost = { text, text + size, false }, c = lost;
	const char *line_feed;

	*event = (struct trace_event){ 0 };
	if (take_lost(&lost, event)) {
		*used = lost.at - text;
		return TRACE_READ;
	}
	*event = (struct trace_event){ 0 };
	if (take_event(&c, event)) {
		*used = c.at - text;
		return TRACE_READ;
	}
	*used = 0;
	if (lost.ended || c.ended)
		return TRACE_SHORT;
	line_feed = memchr(text, '\n', size);
	*used = line_feed ? (size_t)(line_feed + 1 - text) : size;
	return TRACE_BAD;
}
