/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Docker's folder (/var/lib/docker): containers/ID/config.v2.json with labels, name,
 * image and pid. An image brings labels of its own, so what they say of a pod counts
 * only when the cgroup says the same.
 */
#include "identity/state.h"

#include <stdio.h>

#include "base/macros.h"
#include "identity/beneath.h"

static void take_config(struct search *s, const json_t *j)
{
	const json_t *config = json_object_get(j, "Config");
	const char *name = json_string_value(json_object_get(j, "Name"));
	json_int_t pid = json_integer_value(json_object_get(json_object_get(j, "State"), "Pid"));
	json_int_t restarts = json_integer_value(json_object_get(j, "RestartCount"));

	notes_take(s, (struct notes){ json_object_get(config, "Labels") }, TRUST_PATH);
	search_text(s, &s->f->image, json_string_value(json_object_get(config, "Image")));
	if (name && name[0] == '/')
		name++;
	search_text(s, &s->f->container, name);
	if (pid > 0 && pid <= INT32_MAX && !s->f->init_pid)
		s->f->init_pid = (uint32_t)pid;
	if (restarts > 0 && !s->f->restarts)
		s->f->restarts = (uint32_t)MIN(restarts, (json_int_t)1000000);
	s->f->runtime = "docker"; /* what lies below it (containerd) is not what people call it */
	s->read = true;
}

void search_docker(struct search *s, int root)
{
	char path[128];
	json_t *j;
	int r;

	snprintf(path, sizeof(path), "containers/%s/config.v2.json", s->need->container_id);
	r = beneath_json(root, path, &j);
	if (r < 0) {
		search_failed(s, r);
		return;
	}
	take_config(s, j);
	json_decref(j);
}
