// SPDX-License-Identifier: GPL-2.0
/* What was found, as JSON, and back. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/util.h"
#include "corroboration/recall.h"

json_object *findings_to_json(const struct corroboration *c)
{
	json_object *a = json_object_new_array();

	for (int i = 0; i < FINDINGS; i++) {
		const struct finding *f = &c->finding[i];
		json_object *o = json_object_new_object();

		json_object_object_add(o, "name", json_object_new_string(finding_name(i)));
		json_object_object_add(o, "state",
				       json_object_new_string(finding_state_name(f->state)));
		json_object_object_add(o, "detail", json_object_new_string(f->detail));
		json_object_array_add(a, o);
	}
	return a;
}

static const char *text_of(json_object *from, const char *name)
{
	json_object *o;

	return json_object_object_get_ex(from, name, &o) && json_object_get_string(o) ?
	       json_object_get_string(o) : "";
}

/* An element may be of a release that looked at something else. */
static void recall_one(struct corroboration *c, json_object *from)
{
	const char *name = text_of(from, "name"), *state = text_of(from, "state");

	for (int i = 0; i < FINDINGS; i++) {
		struct finding *f = &c->finding[i];

		if (strcmp(name, finding_name(i)))
			continue;
		for (int s = NOT_READABLE; s <= FOUND; s++)
			if (!strcmp(state, finding_state_name(s)))
				f->state = s;
		free(f->detail);
		f->detail = xasprintf("%s", text_of(from, "detail"));
	}
}

void findings_recall(struct corroboration *c, json_object *from)
{
	c->found = true;
	for (int i = 0; i < FINDINGS; i++)
		c->finding[i] = (struct finding){ NOT_READABLE, xasprintf("not in the recording") };
	if (!json_object_is_type(from, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(from); i++)
		if (json_object_is_type(json_object_array_get_idx(from, i), json_type_object))
			recall_one(c, json_object_array_get_idx(from, i));
}
