/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runc's own state (/run/runc/ID/state.json, and below containerd and Docker): the first
 * process's pid, and the OCI annotations as a list of labels. crun keeps a config.json
 * in the same place.
 */
#include "identity/state.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "identity/beneath.h"

/* Where the folders of runc's containers are below a runtime's folder. */
static const char *const places[] = { "", "runc/k8s.io/", "runc/moby/", "runtime-runc/moby/" };

static void take_state(struct search *s, const json_t *j)
{
	const json_t *config = json_object_get(j, "config");
	json_int_t pid = json_integer_value(json_object_get(j, "init_process_pid"));

	if (pid > 0 && pid <= INT32_MAX && !s->f->init_pid)
		s->f->init_pid = (uint32_t)pid;
	notes_take(s, (struct notes){ json_object_get(config, "labels") }, TRUST_POD);
	if (!s->f->runtime[0])
		s->f->runtime = s->f->pod_name ? "containerd" : "runc";
	s->read = true;
}

void search_runc(struct search *s, int root)
{
	char path[192];
	json_t *j;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(places) && !search_done(s); i++) {
		snprintf(path, sizeof(path), "%s%s/state.json", places[i], s->need->container_id);
		r = beneath_json(root, path, &j);
		if (r == 0) {
			take_state(s, j);
			json_decref(j);
			continue;
		}
		search_failed(s, r);
		snprintf(path, sizeof(path), "%s%s/config.json", places[i], s->need->container_id);
		r = beneath_json(root, path, &j);
		if (r < 0) {
			search_failed(s, r);
			continue;
		}
		notes_take(s, (struct notes){ json_object_get(j, "annotations") }, TRUST_POD);
		s->read = true;
		json_decref(j);
	}
}
