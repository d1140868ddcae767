// SPDX-License-Identifier: GPL-2.0
/* Of which image is a container? */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/util.h"
#include "who/image.h"
#include "who/process.h"

/* One container's state is some KiB, the list of a host's containers some hundred. */
#define STATE_MAX	(4 << 20)

static json_object *read_json(int root, const char *path)
{
	char *text = xrealloc(NULL, STATE_MAX, 1);
	json_object *json = read_at(root, path, text, STATE_MAX) > 0 ? json_tokener_parse(text) :
								       NULL;

	free(text);
	return json;
}

/* Text of a member of a member; not a copy, NULL if there is none. */
static const char *text_of(json_object *json, const char *outer, const char *name)
{
	json_object *member;

	if (outer && !json_object_object_get_ex(json, outer, &json))
		return NULL;
	if (!json_object_object_get_ex(json, name, &member) ||
	    !json_object_is_type(member, json_type_string))
		return NULL;
	return json_object_get_string(member);
}

static char *copy(const char *text)
{
	return text && *text ? xasprintf("%s", text) : NULL;
}

/* A file for each container. */
static char *from_state(int root, const char *id)
{
	static const struct {
		const char *format, *outer, *name;
	} state[] = {
		{ "var/lib/docker/containers/%s/config.v2.json", "Config", "Image" },
		{ "run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json",
		  "annotations", "io.kubernetes.cri.image-name" },
	};
	char *image = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(state) && !image; i++) {
		char *path = xasprintf(state[i].format, id);
		json_object *json = read_json(root, path);

		image = copy(text_of(json, state[i].outer, state[i].name));
		json_object_put(json);
		free(path);
	}
	return image;
}

/* A list of all containers; what their runtime knows of each is JSON in a string. */
static char *from_storage(int root, const char *id)
{
	json_object *list = read_json(root, "var/lib/containers/storage/overlay-containers/"
				      "containers.json");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	char *image = NULL;

	for (size_t i = 0; i < n && !image; i++) {
		json_object *container = json_object_array_get_idx(list, i), *metadata;
		const char *name = text_of(container, NULL, "id");
		const char *text = text_of(container, NULL, "metadata");

		if (!name || !text || strcmp(name, id))
			continue;
		metadata = json_tokener_parse(text);
		image = copy(text_of(metadata, NULL, "image-name"));
		json_object_put(metadata);
	}
	json_object_put(list);
	return image;
}

char *image_name(int root, const char *id)
{
	char *image;

	/* Of LXC and nspawn it is a name, and might be a path. */
	if (root < 0 || !id || strchr(id, '/'))
		return NULL;
	image = from_state(root, id);
	return image ? image : from_storage(root, id);
}
