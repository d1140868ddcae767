// SPDX-License-Identifier: GPL-2.0
/* An identity as JSON, and back. */
#include <stddef.h>

#include <json-c/json.h>

#include "base/util.h"
#include "who/identity.h"

#define MEMBER(name) { #name, offsetof(struct identity, name) }

static const struct member {
	const char *name;
	size_t offset;
} texts[] = {
	MEMBER(exe), MEMBER(cmdline), MEMBER(comm), MEMBER(parent), MEMBER(user), MEMBER(unit),
	MEMBER(unseen), MEMBER(cgroup), MEMBER(image), MEMBER(runtime), MEMBER(container),
	MEMBER(inner), MEMBER(container_name), MEMBER(pod), MEMBER(pod_uid),
	MEMBER(pod_namespace), MEMBER(vm), MEMBER(sha256), MEMBER(parent_unit), MEMBER(paused),
}, facts[] = {
	MEMBER(found), MEMBER(deleted), MEMBER(memfd), MEMBER(hidden), MEMBER(by_library),
	MEMBER(covered), MEMBER(renamed),
};

json_object *identity_to_json(const struct identity *id)
{
	json_object *o = json_object_new_object();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = *(char *const *)((const char *)id + texts[i].offset);

		json_object_object_add(o, texts[i].name,
				       text ? json_object_new_string(text) : NULL);
	}
	json_object_object_add(o, "ppid", id->ppid ? json_object_new_int64(id->ppid) : NULL);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		const bool *fact = (const bool *)((const char *)id + facts[i].offset);

		json_object_object_add(o, facts[i].name, json_object_new_boolean(*fact));
	}
	return o;
}

bool identity_from_json(json_object *from, struct identity *id)
{
	json_object *o;

	*id = (struct identity){ 0 };
	if (!json_object_is_type(from, json_type_object))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (json_object_object_get_ex(from, texts[i].name, &o) && o)
			*(char **)((char *)id + texts[i].offset) =
				xasprintf("%s", json_object_get_string(o));
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (json_object_object_get_ex(from, facts[i].name, &o))
			*(bool *)((char *)id + facts[i].offset) = json_object_get_boolean(o);
	if (json_object_object_get_ex(from, "ppid", &o))
		id->ppid = json_object_get_int64(o);
	/* What is printed everywhere relies on these. */
	if (!id->user)
		id->user = xasprintf("?");
	if (id->container && !id->runtime)
		id->runtime = xasprintf("unknown");
	return true;
}
