// SPDX-License-Identifier: GPL-2.0
/* Events that monitor reported earlier, from the journal or from a line of JSON. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/moment.h"
#include "base/util.h"
#include "past/entry.h"
#include "records/subject.h"

static const char *const names[ENTRY_FIELDS] = {
	[E_TIME] = "@timestamp",
	[E_DATASET] = "event.dataset",
	[E_ACTION] = "event.action",
	[E_ID] = "event.id",
	[E_HOST] = "host.name",
	[E_HOST_ID] = "host.id",
	[E_BOOT] = "host.boot.id",
	[E_ENTITY] = "process.entity_id",
	[E_PID] = "process.pid",
	[E_COMM] = "process.name",
	[E_EXE] = "process.executable",
	[E_CMDLINE] = "process.command_line",
	[E_START] = "process.start",
	[E_PPID] = "process.parent.pid",
	[E_PARENT] = "process.parent.name",
	[E_UID] = "user.id",
	[E_USER] = "user.name",
	[E_CONTAINER] = "container.id",
	[E_RUNTIME] = "container.runtime",
	[E_CONTAINER_NAME] = "container.name",
	[E_IMAGE] = "container.image.name",
	[E_NAMESPACE] = "orchestrator.namespace",
	[E_POD] = "orchestrator.resource.name",
	[E_POD_UID] = "orchestrator.resource.id",
	[E_VERDICT] = "roundwatch.verdict",
	[E_PREVIOUS] = "roundwatch.previous",
	[E_EVIDENCE] = "roundwatch.evidence",
	[E_SINCE] = "roundwatch.since",
	[E_FLAGS] = "roundwatch.flags",
	[E_UNIT] = "roundwatch.unit",
	[E_CGROUP] = "roundwatch.cgroup",
	[E_VM] = "roundwatch.vm",
	[E_ALLOWED_BY] = "roundwatch.allowed_by",
	[E_RESPONSE] = "roundwatch.response.action",
	[E_OUTCOME] = "roundwatch.response.outcome",
	[E_HELD] = "roundwatch.held_back",
	[E_MESSAGE] = "MESSAGE",
	[E_MESSAGE_ID] = "MESSAGE_ID",
	[E_ABOUT_UNIT] = "UNIT",
	[E_J_BOOT] = "_BOOT_ID",
	[E_J_MACHINE] = "_MACHINE_ID",
	[E_J_HOST] = "_HOSTNAME",
	[E_J_UID] = "_UID",
	[E_J_UNIT] = "_SYSTEMD_UNIT",
	[E_J_PID] = "_PID",
};

static const struct {
	const char *action;
	enum entry_kind kind;
} kinds[] = {
	{ "verdict-present", ENTRY_PRESENT },
	{ "verdict-rose", ENTRY_ROSE },
	{ "verdict-fell", ENTRY_FELL },
	{ "verdict-ended", ENTRY_ENDED },
	{ "monitoring-interrupted", ENTRY_INTERRUPTED },
	{ "monitoring-resumed", ENTRY_RESUMED },
	{ "module-blind", ENTRY_BLIND },
	{ "module-sees", ENTRY_SEES },
	{ "records-lost", ENTRY_LOST },
};

/* The journal writes "process.pid" as PROCESS_PID. */
static bool is_name(const char *path, const char *name)
{
	for (; *path && *name; path++, name++) {
		bool plain = isalnum((unsigned char)*path);

		if (*path != *name &&
		    (plain ? toupper((unsigned char)*path) : '_') != (unsigned char)*name)
			return false;
	}
	return !*path && !*name;
}

void entry_put(struct past_entry *e, const char *name, const char *value, size_t n)
{
	for (size_t i = 0; i < ENTRY_FIELDS; i++) {
		char *text, *before = e->field[i];

		if (!is_name(names[i], name))
			continue;
		text = xstrndup(value, n);
		if (before) {
			e->field[i] = xasprintf("%s,%s", before, text);
			free(before);
			free(text);
		} else {
			e->field[i] = text;
		}
		return;
	}
}

static void put_value(struct past_entry *e, const char *path, json_object *value)
{
	const char *text = json_object_get_string(value);

	if (text)
		entry_put(e, path, text, strlen(text));
}

/* json-c limits the depth. */
static void put_object(struct past_entry *e, const char *path, json_object *object)
{
	json_object_object_foreach(object, name, value) {
		char *longer = *path ? xasprintf("%s.%s", path, name) : xasprintf("%s", name);

		if (json_object_is_type(value, json_type_object)) {
			put_object(e, longer, value);
		} else if (json_object_is_type(value, json_type_array)) {
			for (size_t i = 0; i < json_object_array_length(value); i++)
				put_value(e, longer, json_object_array_get_idx(value, i));
		} else {
			put_value(e, longer, value);
		}
		free(longer);
	}
}

bool entry_parse(struct past_entry *e, const char *text, size_t n)
{
	struct json_tokener *tok = json_tokener_new();
	json_object *root = json_tokener_parse_ex(tok, text, n);
	bool good = json_tokener_get_error(tok) == json_tokener_success &&
		    json_object_is_type(root, json_type_object);

	if (good)
		put_object(e, "", root);
	json_object_put(root);
	json_tokener_free(tok);
	return good;
}

static uint8_t find_verdict(const char *name)
{
	for (uint8_t v = ROUNDWATCH_RANDOMX; name && v > ROUNDWATCH_CLEAR; v--)
		if (!strcmp(verdict_name(v), name))
			return v;
	return ROUNDWATCH_CLEAR;
}

/* "ORIGIN-TIME-SEQUENCE" */
static uint64_t time_in_id(const char *id)
{
	const char *end = id ? strrchr(id, '-') : NULL, *at = end;

	while (at && at > id && at[-1] != '-')
		at--;
	return at && at > id ? strtoull(at, NULL, 16) : 0;
}

/* "ORIGIN-PID-START" */
static void take_entity(struct past_entry *e)
{
	const char *entity = e->field[E_ENTITY];
	const char *start = entity ? strrchr(entity, '-') : NULL;
	uint64_t pid;

	if (start && !parse_number(start + 1, UINT64_MAX, &e->start_ns))
		e->start_ns = 0;
	if (e->field[E_PID] && parse_number(e->field[E_PID], INT32_MAX, &pid))
		e->pid = pid;
}

/* Fields of the kernel's and systemd's kind: 32 hexadecimal digits, without hyphens. */
static void shorten_id(char *id)
{
	char *to = id;

	for (; id && *id; id++)
		if (*id != '-')
			*to++ = *id;
	if (to)
		*to = '\0';
}

bool entry_finish(struct past_entry *e)
{
	const char *action = e->field[E_ACTION];

	if (!e->field[E_DATASET] || strcmp(e->field[E_DATASET], "roundwatch.monitor"))
		return false;
	if (!e->time_ns && (!e->field[E_TIME] || !parse_iso(e->field[E_TIME], &e->time_ns)))
		return false;
	for (size_t i = 0; action && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].action, action))
			e->kind = kinds[i].kind;
	e->boot_ns = time_in_id(e->field[E_ID]);
	shorten_id(e->field[E_BOOT]);
	take_entity(e);
	if (!e->field[E_SINCE] || !parse_iso(e->field[E_SINCE], &e->since_ns))
		e->since_ns = 0;
	e->verdict = find_verdict(e->field[E_VERDICT]);
	e->previous = find_verdict(e->field[E_PREVIOUS]);
	if (e->kind >= ENTRY_PRESENT && e->kind <= ENTRY_ENDED && !e->field[E_ENTITY])
		return false;
	return true;
}

void entry_identity(const struct past_entry *e, struct identity *id)
{
	uint64_t ppid;

	*id = (struct identity){
		.exe = e->field[E_EXE],
		.cmdline = e->field[E_CMDLINE],
		.comm = e->field[E_COMM],
		.parent = e->field[E_PARENT],
		.user = e->field[E_USER] ? e->field[E_USER] : e->field[E_UID],
		.unit = e->field[E_UNIT],
		.cgroup = e->field[E_CGROUP],
		.runtime = e->field[E_RUNTIME] ? e->field[E_RUNTIME] : (char *)"unknown",
		.container = e->field[E_CONTAINER],
		.container_name = e->field[E_CONTAINER_NAME],
		.image = e->field[E_IMAGE],
		.pod = e->field[E_POD],
		.pod_uid = e->field[E_POD_UID],
		.pod_namespace = e->field[E_NAMESPACE],
		.vm = e->field[E_VM],
		.found = e->field[E_CGROUP],
	};
	if (e->field[E_PPID] && parse_number(e->field[E_PPID], INT32_MAX, &ppid))
		id->ppid = ppid;
}

void entry_free(struct past_entry *e)
{
	for (size_t i = 0; i < ENTRY_FIELDS; i++)
		free(e->field[i]);
	memset(e, 0, sizeof(*e));
}
