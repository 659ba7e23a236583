/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run folder of containers/storage, which CRI-O and podman share: a bundle a
 * container under DRIVER-containers/ID/userdata. Who made it stands in the annotation
 * io.container.manager.
 */
#include "identity/state.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "identity/beneath.h"

static const char *const drivers[] = { "overlay", "vfs", "btrfs", "zfs" };

/* CRI-O keeps a pod's labels as JSON inside an annotation of its sandbox. */
static void take_labels(struct search *s, struct notes notes)
{
	const char *text = notes_get(notes, "io.kubernetes.cri-o.Labels");
	json_t *j;

	if (!s->f->sandbox || !text || beneath_parse(text, strlen(text), &j) < 0)
		return;
	notes_workload(s->f, (struct notes){ j });
	json_decref(j);
}

/* ".../<ns>_<pod>_<uid>/<container>/N.log" of a container, or the folder itself of a sandbox. */
static void take_log_path(struct search *s, struct notes notes)
{
	const char *path = notes_get(notes, "io.kubernetes.cri-o.LogPath"), *end;
	char dir[512];

	if (!path || s->f->log_dir || path[0] != '/' || strlen(path) >= sizeof(dir) ||
	    strstr(path, "/../"))
		return;
	snprintf(dir, sizeof(dir), "%s", path);
	for (int i = 0; i < 2 && !s->f->sandbox; i++) {
		end = strrchr(dir, '/');
		if (!end)
			return;
		dir[end - dir] = 0;
	}
	search_text(s, &s->f->log_dir, dir);
}

static void take_bundle(struct search *s, const json_t *config)
{
	struct notes notes = { json_object_get(config, "annotations") };
	const char *manager = notes_get(notes, "io.container.manager");
	bool crio = manager ? !strcmp(manager, "cri-o")
			    : !!notes_get(notes, "io.kubernetes.cri-o.ContainerType");

	notes_take(s, notes, crio ? TRUST_POD : TRUST_PATH);
	if (!s->f->runtime[0])
		s->f->runtime = crio ? "cri-o" : "podman";
	if (crio) {
		take_labels(s, notes);
		take_log_path(s, notes);
	}
	s->read = true;
}

void search_storage(struct search *s, int root)
{
	char path[192];
	json_t *j;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(drivers) && !s->read; i++) {
		snprintf(path, sizeof(path), "%s-containers/%s/userdata/config.json", drivers[i],
			 s->need->container_id);
		r = beneath_json(root, path, &j);
		if (r < 0) {
			search_failed(s, r);
			continue;
		}
		take_bundle(s, j);
		json_decref(j);
		snprintf(path, sizeof(path), "%s-containers/%s/userdata/pidfile", drivers[i],
			 s->need->container_id);
		if (!s->f->init_pid)
			s->f->init_pid = search_number(root, path);
		if (!s->f->container && !strcmp(s->f->runtime, "podman"))
			search_podman_names(s);
	}
}
