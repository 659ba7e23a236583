/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes of one pod or of the node, as a tree or a flat list. */
#include <string.h>

#include "console/app.h"

static enum role procs_role(const struct view *v, size_t row, const struct sonde_field *f)
{
	char layer[16];

	if (strcmp(f->key, "name") == 0 || strcmp(f->key, "outside") == 0)
		return view_number(v, row, "outside", 0) > 0 ? ROLE_OUTSIDE : ROLE_TEXT;
	if (strcmp(f->key, "cmdline") == 0 || strcmp(f->key, "exe") == 0 ||
	    strcmp(f->key, "layer") == 0) {
		view_text(v, row, "layer", layer, sizeof(layer));
		if (strcmp(layer, "memfd") == 0)
			return ROLE_BAD;
		return strcmp(layer, "writable") == 0 || strcmp(layer, "tmpfs") == 0 ? ROLE_WARN
										     : ROLE_TEXT;
	}
	if (strcmp(f->key, "owner") == 0) {
		struct sonde_value pod;

		view_value(v, row, "pod_uid", &pod);
		return pod.kind == SONDE_TEXT ? ROLE_POD : ROLE_HOST;
	}
	if (strcmp(f->key, "cpu_pct") == 0)
		return view_number(v, row, "cpu_pct", 0) >= 90 ? ROLE_WARN : ROLE_TEXT;
	if (strcmp(f->key, "uid") == 0 || strcmp(f->key, "threads") == 0 ||
	    strcmp(f->key, "fds") == 0 || strcmp(f->key, "start") == 0 ||
	    strcmp(f->key, "container") == 0)
		return ROLE_DIM;
	return ROLE_TEXT;
}

static void procs_open(struct app *a, struct view *v, size_t row)
{
	char name[64];

	view_text(v, row, "name", name, sizeof(name));
	app_push(a, &view_detail, 0, sonde_rows_id(v->rows, row), name);
}

const struct view_ops view_procs = {
	.name = "processes",
	.title = "Processes",
	.empty = "No process.",
	.copy = "exec_id",
	.tree = "name",
	.born = "start",
	.table = SONDE_PROCS,
	.role = procs_role,
	.open = procs_open,
};
