// SPDX-License-Identifier: GPL-2.0
/* systemd's journal, where it is */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/util.h"
#include "output/journal.h"

bool journal_is_stdout(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       !fstat(STDOUT_FILENO, &st) && st.st_dev == dev && st.st_ino == ino;
}

#ifdef HAVE_LIBSYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

/* An entry that is being made: NAME=VALUE each. */
struct entry {
	struct iovec *field;
	size_t n;
};

static void add(struct entry *to, const char *name, const char *value)
{
	char *text = xasprintf("%s=%s", name, value);

	to->field = xrealloc(to->field, to->n + 1, sizeof(*to->field));
	to->field[to->n++] = (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
}

/* The journal's names are in capitals, and a name may be there several times, as for an array. */
static void add_value(struct entry *to, const char *path, json_object *value)
{
	bool is_array = json_object_is_type(value, json_type_array);
	size_t n = is_array ? json_object_array_length(value) : 0;
	char *name = xasprintf("%s", path);

	for (char *s = name; *s; s++)
		*s = isalnum((unsigned char)*s) ? toupper((unsigned char)*s) : '_';
	for (size_t i = 0; i < n; i++)
		add(to, name, json_object_get_string(json_object_array_get_idx(value, i)));
	if (!is_array)
		add(to, name, json_object_get_string(value));
	free(name);
}

/* The entry has a time and a message of its own. */
static void add_object(struct entry *to, const char *path, json_object *object)
{
	json_object_object_foreach(object, name, value) {
		char *longer = *path ? xasprintf("%s.%s", path, name) : xasprintf("%s", name);

		if (json_object_is_type(value, json_type_object))
			add_object(to, longer, value);
		else if (strcmp(longer, "message") && strcmp(longer, "@timestamp"))
			add_value(to, longer, value);
		free(longer);
	}
}

bool journal_send(const struct event *e, int priority, const char *message)
{
	struct entry entry = { 0 };
	char number[16];
	bool sent;

	snprintf(number, sizeof(number), "%d", priority);
	add(&entry, "MESSAGE", message);
	add(&entry, "PRIORITY", number);
	add(&entry, "SYSLOG_IDENTIFIER", "roundwatch");
	add_object(&entry, "", e->fields);
	sent = !sd_journal_sendv(entry.field, entry.n);
	for (size_t i = 0; i < entry.n; i++)
		free(entry.field[i].iov_base);
	free(entry.field);
	return sent;
}

#else

bool journal_send(const struct event *e, int priority, const char *message)
{
	(void)e;
	(void)priority;
	(void)message;
	return false;
}

#endif
