/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * podman's names: its bundles carry none, but the storage keeps a list of all containers
 * with their names and, as JSON inside a text, the image.
 */
#include "identity/state.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "identity/beneath.h"

#define GRAPH_ROOT "/var/lib/containers/storage"

static void take_entry(struct search *s, const json_t *entry)
{
	const char *meta = json_string_value(json_object_get(entry, "metadata"));
	json_t *j;

	search_text(s, &s->f->container,
		    json_string_value(json_array_get(json_object_get(entry, "names"), 0)));
	if (!meta || beneath_parse(meta, strlen(meta), &j) < 0)
		return;
	search_text(s, &s->f->image, json_string_value(json_object_get(j, "image-name")));
	json_decref(j);
}

void search_podman_names(struct search *s)
{
	int root = beneath_root(s->host_fd, GRAPH_ROOT, O_PATH | O_DIRECTORY);
	json_t *list;

	/* the names are a comfort: what cannot be read here is no failure */
	if (root < 0)
		return;
	if (beneath_json(root, "overlay-containers/containers.json", &list) == 0) {
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *entry = json_array_get(list, i);
			const char *id = json_string_value(json_object_get(entry, "id"));

			if (id && !strcmp(id, s->need->container_id))
				take_entry(s, entry);
		}
		json_decref(list);
	}
	close(root);
}
