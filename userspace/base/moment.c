// SPDX-License-Identifier: GPL-2.0
/* Times that a person types. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/moment.h"
#include "base/util.h"

#define DAY	(24 * 60 * 60)

/* Seconds from 1970 that fit into nanoseconds. */
#define LATEST	INT64_C(9000000000)

/* "2h", and as journalctl has it "-2h" and "2h ago" */
static bool parse_age(const char *text, int64_t *seconds)
{
	static const char units[] = "smhd";
	static const int unit[] = { 1, 60, 60 * 60, DAY };
	const char *at;
	char *end;

	text += *text == '-';
	if (!isdigit((unsigned char)*text))
		return false;
	*seconds = strtol(text, &end, 10);
	at = *end ? strchr(units, *end) : NULL;
	if (!at || (end[1] && strcmp(end + 1, " ago")) || *seconds > INT32_MAX)
		return false;
	*seconds *= unit[at - units];
	return *seconds < LATEST;
}

/* "now", and the midnight before today or yesterday */
static bool parse_word(const char *text, time_t now, time_t *then)
{
	struct tm tm;

	*then = now;
	if (!strcmp(text, "now"))
		return true;
	if (strcmp(text, "today") && strcmp(text, "yesterday"))
		return false;
	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= *text == 'y';
	tm.tm_isdst = -1;
	*then = mktime(&tm);
	return true;
}

/* "", "Z", "+02:00" and "+0200", all after an optional fraction. False if @text is none. */
static bool parse_zone(const char *text, bool *local, int *offset)
{
	int hours, minutes, n = 0;

	*offset = 0;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++)
			;
	*local = !*text;
	if (!*text || !strcmp(text, "Z"))
		return true;
	if (*text != '+' && *text != '-')
		return false;
	if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 &&
	    sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &n) != 2)
		return false;
	*offset = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
	return !text[1 + n];
}

bool parse_moment(const char *text, int64_t now_ns, int64_t *to)
{
	static const struct {
		const char *format;
		bool dated;
	} form[] = {
		{ "%Y-%m-%dT%H:%M:%S", true }, { "%Y-%m-%d %H:%M:%S", true },
		{ "%Y-%m-%dT%H:%M", true }, { "%Y-%m-%d %H:%M", true }, { "%Y-%m-%d", true },
		{ "%H:%M:%S", false }, { "%H:%M", false },
	};
	time_t now = now_ns / (int64_t)NSEC, then;
	int64_t age;

	if (parse_age(text, &age)) {
		*to = now_ns - age * (int64_t)NSEC;
		return true;
	}
	if (parse_word(text, now, &then)) {
		*to = then * (int64_t)NSEC;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		struct tm tm;
		const char *rest;
		bool local;
		int offset;

		localtime_r(&now, &tm);
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		rest = strptime(text, form[i].format, &tm);
		if (!rest || !parse_zone(rest, &local, &offset))
			continue;
		tm.tm_isdst = -1;
		then = local ? mktime(&tm) : timegm(&tm) - offset;
		if (!form[i].dated && then > now)
			then -= DAY;
		if (then > LATEST || then < -LATEST)
			return false;
		*to = then * (int64_t)NSEC;
		return true;
	}
	return false;
}

bool parse_iso(const char *text, int64_t *to)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t fraction = 0, digit = NSEC / 10;
	bool local;
	int offset;
	time_t then;

	if (!rest || !parse_zone(rest, &local, &offset))
		return false;
	if (*rest == '.')
		for (rest++; isdigit((unsigned char)*rest); rest++, digit /= 10)
			fraction += (*rest - '0') * digit;
	tm.tm_isdst = -1;
	then = local ? mktime(&tm) : timegm(&tm) - offset;
	if (then > LATEST || then < -LATEST)
		return false;
	*to = then * (int64_t)NSEC + fraction;
	return true;
}
