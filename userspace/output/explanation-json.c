// SPDX-License-Identifier: GPL-2.0
/* Prints an explanation as JSON. */
#include <json-c/json.h>

#include "base/util.h"
#include "corroboration/recall.h"
#include "output/explanation.h"
#include "output/table.h"

static void add_value(json_object *to, const char *name, const struct snapshot *snap,
		      struct value v)
{
	const struct table clock = { .realtime_offset_ns = snap->info.realtime_offset_ns };

	json_object_object_add(to, name, value_to_json(&clock, &v));
	free(v.text);
}

static json_object *sentences_to_json(const struct sentences *w)
{
	json_object *a = json_object_new_array();

	for (size_t i = 0; i < w->n; i++)
		json_object_array_add(a, json_object_new_string(w->text[i]));
	return a;
}

static json_object *steps_to_json(const struct steps *s)
{
	json_object *a = json_object_new_array();

	for (size_t i = 0; i < s->n; i++) {
		const struct step *step = &s->step[i];
		json_object *o = json_object_new_object();

		json_object_object_add(o, "purpose", json_object_new_string(step_name(step->kind)));
		json_object_object_add(o, "command", json_object_new_string(step->command));
		json_object_object_add(o, "note",
				       step->note ? json_object_new_string(step->note) : NULL);
		json_object_array_add(a, o);
	}
	return a;
}

static json_object *counts_to_json(const struct roundwatch_tally *t)
{
	static const char *const name[] = { "rn", "rd", "ru", "rz" };
	json_object *o = json_object_new_object();

	for (int i = 0; i < ROUNDWATCH_MODES; i++)
		json_object_object_add(o, name[i], json_object_new_int64(t->count[i]));
	return o;
}

static json_object *thread_to_json(const struct explanation *e, const struct roundwatch_tally *t)
{
	json_object *o = json_object_new_object();
	int cpu = corroborate_thread(&e->c, t->pid);

	json_object_object_add(o, "tid", json_object_new_int64(t->pid));
	json_object_object_add(o, "verdict", json_object_new_string(present_word(t)));
	json_object_object_add(o, "evidence", json_object_new_int64(t->evidence));
	json_object_object_add(o, "modes", counts_to_json(t));
	json_object_object_add(o, "changes", json_object_new_int64(t->changes));
	json_object_object_add(o, "samples", json_object_new_int64(t->samples));
	json_object_object_add(o, "cpu_percent", cpu < 0 ? NULL : json_object_new_int(cpu));
	return o;
}

json_object *explanation_to_json(const struct explanation *e)
{
	static const char *const part[PARTS] = { "rd", "ru", "rz", "cross" };
	const struct roundwatch_tally *t = &e->s.tally;
	json_object *o = json_object_new_object(), *parts = json_object_new_object();
	json_object *list = json_object_new_array();
	json_object *history = json_object_new_array();
	uint32_t value[PARTS];

	json_object_object_add(o, "asked", json_object_new_int64(e->asked));
	json_object_object_add(o, "pid", json_object_new_int64(t->tgid));
	json_object_object_add(o, "tid", t->pid ? json_object_new_int64(t->pid) : NULL);
	add_value(o, "command", e->snap, value_text(xstrndup(t->comm, sizeof(t->comm))));
	json_object_object_add(o, "verdict", json_object_new_string(present_word(t)));
	json_object_object_add(o, "means", json_object_new_string(verdict_meaning(t)));
	json_object_object_add(o, "tallied", json_object_new_boolean(e->tallied));
	json_object_object_add(o, "exited", json_object_new_boolean(tally_ended(t)));
	add_value(o, "ended", e->snap, value_number(VALUE_TIME, tally_ended(t) ? t->last_ns : 0));
	add_value(o, "allowed", e->snap, value_copy(e->allowed));
	add_value(o, "not_looked_up", e->snap, value_copy(e->doubt));
	json_object_object_add(o, "guest", json_object_new_boolean(t->flags & ROUNDWATCH_GUEST));
	json_object_object_add(o, "x87", json_object_new_boolean(t->flags & ROUNDWATCH_X87));
	json_object_object_add(o, "mapped_mib", t->mapped ? json_object_new_int64(t->mapped >> 20) :
			       NULL);
	json_object_object_add(o, "small", json_object_new_boolean(t->flags & ROUNDWATCH_SMALL));
	json_object_object_add(o, "highest",
			       json_object_new_string(verdict_name(worst_verdict(t))));
	add_value(o, "since", e->snap, value_number(VALUE_TIME, t->verdict_ns));
	json_object_object_add(o, "observations", json_object_new_int64(tally_observations(t)));
	json_object_object_add(o, "samples", json_object_new_int64(t->samples));
	json_object_object_add(o, "changes", json_object_new_int64(t->changes));
	json_object_object_add(o, "modes", counts_to_json(t));
	json_object_object_add(o, "evidence", json_object_new_int64(t->evidence));
	evidence_parts(t, value);
	for (int i = 0; i < PARTS; i++)
		json_object_object_add(parts, part[i], json_object_new_int64(value[i]));
	json_object_object_add(o, "parts", parts);
	json_object_object_add(o, "suspect_evidence",
			       json_object_new_int64(e->snap->info.suspect_evidence));
	json_object_object_add(o, "randomx_evidence",
			       json_object_new_int64(e->snap->info.randomx_evidence));
	for (size_t i = 0; i < e->points; i++) {
		json_object *p = json_object_new_object();

		add_value(p, "time", e->snap, value_number(VALUE_TIME, e->history[i].time_ns));
		json_object_object_add(p, "evidence", e->history[i].known ?
				       json_object_new_int64(e->history[i].evidence) : NULL);
		json_object_array_add(history, p);
	}
	json_object_object_add(o, "history", history);
	for (size_t i = 0; e->tallied && i < e->threads->n; i++) {
		const struct roundwatch_tally *of = &e->threads->subject[i].tally;

		if (explanation_has(e, of))
			json_object_array_add(list, thread_to_json(e, of));
	}
	json_object_object_add(o, "threads", list);
	json_object_object_add(o, "sure", sentences_to_json(&e->reasons.sure));
	json_object_object_add(o, "maybe", sentences_to_json(&e->reasons.maybe));
	json_object_object_add(o, "findings", findings_to_json(&e->c));
	json_object_object_add(o, "next", steps_to_json(&e->next));
	json_object_object_add(o, "identity", identity_to_json(&e->id));
	return o;
}
