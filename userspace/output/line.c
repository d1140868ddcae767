// SPDX-License-Identifier: GPL-2.0
/* An event on its way out: as a line that is not too long for any log, or to the journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <json-c/json.h>

#include "base/util.h"
#include "output/journal.h"
#include "output/line.h"
#include "output/page.h"

#define CUT	"[cut]"

/* At which length of values cutting begins, and where it has to end. */
#define LIMIT_FIRST	4096
#define LIMIT_LAST	16

/* What a character comes to at most, however it is printed: as \\uXXXX, or \\xXX for each byte. */
static size_t cost(const char *s, size_t *bytes)
{
	uint32_t c;

	*bytes = utf8_decode(s, &c);
	if (!*bytes) {
		*bytes = 1;
		return 6;
	}
	if (*bytes > 1)
		return 4 * *bytes;
	if (c < ' ' || c == 0x7f)
		return 6;
	return c == '"' || c == '\\' ? 2 : 1;
}

/* The text cut to what costs at most @limit with a mark at the end; allocated, NULL if all fits. */
static char *cut(const char *text, size_t limit)
{
	size_t spent = 0, n;
	const char *end = NULL;

	for (const char *s = text; *s; s += n) {
		spent += cost(s, &n);
		if (!end && spent + strlen(CUT) > limit)
			end = s;
		if (spent > limit)
			return xasprintf("%.*s" CUT, (int)(end - text), text);
	}
	return NULL;
}

/* Cut a text; what it costs then. */
static size_t cut_string(json_object *string, size_t limit)
{
	char *shorter = cut(json_object_get_string(string), limit);

	if (shorter)
		json_object_set_string(string, shorter);
	free(shorter);
	return json_object_get_string_len(string);
}

/* All elements together count as one value. */
static void cut_array(json_object *array, size_t limit)
{
	size_t n = json_object_array_length(array), spent = 0;

	for (size_t i = 0; i < n; i++) {
		json_object *value = json_object_array_get_idx(array, i);

		if (!json_object_is_type(value, json_type_string))
			continue;
		spent += cut_string(value, limit) + strlen("\"\",");
		if (spent <= limit)
			continue;
		json_object_set_string(value, CUT);
		json_object_array_del_idx(array, i + 1, n - i - 1);
		return;
	}
}

static void cut_values(json_object *object, size_t limit)
{
	json_object_object_foreach(object, name, value) {
		(void)name;
		if (json_object_is_type(value, json_type_object))
			cut_values(value, limit);
		else if (json_object_is_type(value, json_type_array))
			cut_array(value, limit);
		else if (json_object_is_type(value, json_type_string))
			cut_string(value, limit);
	}
}

static char *print_json(const struct event *e, size_t *n)
{
	char *line = NULL;
	FILE *f = open_memstream(&line, n);

	if (!f) {
		error("out of memory");
		exit(1);
	}
	put_json(f, json_object_to_json_string_ext(e->fields, JSON_C_TO_STRING_PLAIN |
						   JSON_C_TO_STRING_NOSLASHESCAPE));
	fclose(f);
	return line;
}

char *line_make(struct event *e, size_t *n)
{
	char *line = print_json(e, n);

	for (size_t limit = LIMIT_FIRST; *n > LINE_MAX_BYTES && limit >= LIMIT_LAST; limit /= 2) {
		free(line);
		cut_values(e->fields, limit);
		line = print_json(e, n);
	}
	return line;
}

static int priority(const struct event *e)
{
	return e->severity >= SEVERITY_ALERT ? LOG_CRIT :
	       e->severity >= SEVERITY_WARNING ? LOG_WARNING : LOG_NOTICE;
}

/* What journald takes from standard output stays as it is, whatever --color says. */
static const char *color(const struct event *e)
{
	if (journal_is_stdout())
		return NULL;
	return e->severity >= SEVERITY_ALERT ? RED :
	       e->severity >= SEVERITY_WARNING ? YELLOW : NULL;
}

void line_print(const struct event *e, enum event_format format, const char *line)
{
	char iso[NUMBER_MAX], *shorter = cut(e->message, LINE_MAX_BYTES - 2 * NUMBER_MAX);
	char *safe = text_for_terminal(shorter ? shorter : e->message);

	free(shorter);
	if (format == EVENT_SUITABLE)
		format = journal_is_stdout() ? EVENT_JOURNAL : EVENT_JSON;
	if (format == EVENT_SYSLOG) {
		syslog(priority(e), "%s", safe);
	} else if (format != EVENT_JOURNAL || !journal_send(e, priority(e), safe)) {
		if (journal_is_stdout())
			printf("<%d>", priority(e));
		if (format == EVENT_TEXT) {
			printf("%s ", format_iso(iso, 0, e->time_ns));
			paint(color(e), safe);
			putchar('\n');
		} else {
			fputs(line, stdout);
		}
	}
	free(safe);
}
