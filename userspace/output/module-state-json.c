// SPDX-License-Identifier: GPL-2.0
/* Prints the output of roundwatch status as JSON and as raw words. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "output/module-state.h"
#include "output/table.h"
#include "records/subject.h"

static void add_text(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, text ? json_object_new_string(text) : NULL);
}

static void add_answer(json_object *to, const char *name, enum answer a)
{
	json_object_object_add(to, name, a ? json_object_new_boolean(a == YES) : NULL);
}

static json_object *lines(const char *text)
{
	json_object *array = json_object_new_array();
	char *copy = xasprintf("%s", text ? text : ""), *rest;

	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		json_object_array_add(array, json_object_new_string(line));
	free(copy);
	return array;
}

static void add_kernel(json_object *to, const struct kernel *k)
{
	add_text(to, "kernel", k->release);
	add_answer(to, "secure_boot", k->release && !k->efi ? NO : k->secure_boot);
	add_text(to, "lockdown", k->lockdown);
	add_answer(to, "signatures_enforced", k->enforced);
	add_answer(to, "modules_disabled", k->disabled);
	json_object_object_add(to, "unseen", lines(k->unseen));
}

static void add_holders(json_object *to, const struct module_state *s)
{
	const struct holders *h = &s->holders;
	json_object *array = NULL;

	json_object_object_add(to, "references", s->has_host && h->references >= 0 ?
			       json_object_new_int64(h->references) : NULL);
	if (s->has_host && !h->error)
		array = json_object_new_array();
	for (size_t i = 0; array && i < h->n; i++) {
		json_object *o = json_object_new_object();
		char *stop = holder_stop(&h->holder[i]);

		json_object_object_add(o, "pid", json_object_new_int64(h->holder[i].pid));
		add_text(o, "command", h->holder[i].comm);
		add_text(o, "unit", h->holder[i].unit);
		add_text(o, "stop", stop);
		json_object_array_add(array, o);
		free(stop);
	}
	json_object_object_add(to, "holders", array);
	json_object_object_add(to, "holders_unseen", array ? json_object_new_int64(h->unseen) :
			       NULL);
}

static json_object *absent_to_json(const struct module_state *s)
{
	const struct kernel *k = &s->kernel;
	json_object *status = json_object_new_object();
	json_object *log = json_object_new_array(), *dkms = NULL;
	char *next = kernel_next(k);

	json_object_object_add(status, "present", json_object_new_boolean(k->loaded == YES));
	json_object_object_add(status, "loaded", NULL);
	add_kernel(status, k);
	add_text(status, "file", k->file);
	add_answer(status, "signed", k->is_signed);
	json_object_object_add(status, "depmod", json_object_new_boolean(k->depmod));
	json_object_object_add(status, "headers", json_object_new_boolean(k->headers));
	if (k->dkms_version) {
		dkms = json_object_new_object();
		add_text(dkms, "version", k->dkms_version);
		add_text(dkms, "state", k->dkms_state);
	}
	json_object_object_add(status, "dkms", dkms);
	add_text(status, "blocked", k->blocked ? k->blocked : k->listed);
	for (size_t i = 0; i < k->logs; i++)
		json_object_array_add(log, json_object_new_string(k->log[i]));
	json_object_object_add(status, "log", log);
	json_object_object_add(status, "next", lines(next));
	if (k->loaded == YES)
		add_holders(status, s);
	free(next);
	return status;
}

static json_object *present_to_json(const struct module_state *s)
{
	const struct snapshot *snap = s->snap;
	const struct kernel *k = &s->kernel;
	const struct roundwatch_info *info = &snap->info;
	const struct table clock = { .realtime_offset_ns = info->realtime_offset_ns };
	const char *arch = snapshot_architecture(snap);
	json_object *status = json_object_new_object();
	json_object *processes = json_object_new_object();
	const size_t *count = s->census.count;
	json_object *allowed = json_object_new_object(), *doubts = json_object_new_array();
	struct value text = value_text(xstrndup(info->version, sizeof(info->version)));
	struct {
		const char *name;
		enum value_type type;
		uint64_t number;
	} member[] = {
		{ "abi", VALUE_NUMBER, info->header.abi },
		{ "time", VALUE_TIME, snap->now_ns },
		{ "loaded", VALUE_TIME, info->loaded_ns },
		{ "uptime", VALUE_DURATION, snapshot_uptime(snap) },
		{ "observations", VALUE_COUNT, info->observations },
		{ "looks", VALUE_COUNT, info->looks },
		{ "live", VALUE_COUNT, info->live },
		{ "exited", VALUE_COUNT, info->exited },
		{ "max_tasks", VALUE_COUNT, info->max_tasks },
		{ "claimed", VALUE_COUNT, info->claimed },
		{ "evicted", VALUE_COUNT, info->evicted },
		{ "dropped", VALUE_COUNT, info->dropped },
		{ "contended", VALUE_COUNT, info->contended },
		{ "lost", VALUE_COUNT, info->lost },
		{ "reached_suspect", VALUE_COUNT, info->reached_suspect },
		{ "reached_randomx", VALUE_COUNT, info->reached_randomx },
		{ "last_suspect", VALUE_TIME, info->suspect_ns },
		{ "last_randomx", VALUE_TIME, info->randomx_ns },
		{ "suspect_evidence", VALUE_NUMBER, info->suspect_evidence },
		{ "randomx_evidence", VALUE_NUMBER, info->randomx_evidence },
		{ "gap_us", VALUE_NUMBER, info->gap_us },
		{ "decay", VALUE_NUMBER, info->decay },
		{ "floor_hz", VALUE_NUMBER, info->floor_hz },
	};

	json_object_object_add(status, "version", value_to_json(&clock, &text));
	json_object_object_add(status, "architecture", arch ? json_object_new_string(arch) : NULL);
	json_object_object_add(status, "present", json_object_new_boolean(true));
	json_object_object_add(status, "blind", json_object_new_boolean(snapshot_is_blind(snap) ||
									state_is_dead(s)));
	add_answer(status, "alive", !s->alive.known ? NOT_KNOWN : state_is_dead(s) ? NO : YES);
	for (size_t i = 0; i < ARRAY_SIZE(member); i++) {
		struct value v = value_number(member[i].type, member[i].number);

		json_object_object_add(status, member[i].name, value_to_json(&clock, &v));
	}
	for (int i = ROUNDWATCH_RANDOMX; i >= ROUNDWATCH_CLEAR; i--)
		json_object_object_add(processes, verdict_name(i),
				       json_object_new_int64(count[i]));
	json_object_object_add(status, "processes", processes);
	for (int i = ROUNDWATCH_RANDOMX; i >= ROUNDWATCH_SUSPECT; i--)
		json_object_object_add(allowed, verdict_name(i),
				       json_object_new_int64(s->census.allowed[i]));
	json_object_object_add(status, "allowed", allowed);
	for (size_t i = 0; i < s->doubts; i++)
		json_object_array_add(doubts, json_object_new_string(s->doubt[i]));
	json_object_object_add(status, "not_looked_up", doubts);
	json_object_object_add(status, "ended", json_object_new_int64(s->census.ended));
	add_holders(status, s);
	add_kernel(status, k);
	free(text.text);
	return status;
}

static json_object *to_json(const struct module_state *s)
{
	return s->snap ? present_to_json(s) : absent_to_json(s);
}

void state_print_json(const struct module_state *s)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "status", to_json(s));
	json_put(root);
}

static void print_words(const char *name, json_object *value)
{
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member) {
			char *full = xasprintf("%s%s%s", name, *name ? "." : "", key);

			print_words(full, member);
			free(full);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			char *full = xasprintf("%s.%zu", name, i);

			print_words(full, json_object_array_get_idx(value, i));
			free(full);
		}
	} else {
		printf("%s ", name);
		put_word(stdout, value ? json_object_get_string(value) : "");
		putchar('\n');
	}
}

void state_print_raw(const struct module_state *s)
{
	json_object *all = to_json(s);

	print_words("", all);
	json_object_put(all);
}
