/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections: who this node, pod or process talks to. */
#include <stdio.h>
#include <string.h>

#include "console/app.h"

static enum role conns_role(const struct view *v, size_t row, const struct sonde_field *f)
{
	char state[24];

	if (strcmp(f->key, "owner") == 0) {
		struct sonde_value pod;

		view_value(v, row, "pod_uid", &pod);
		return pod.kind == SONDE_TEXT ? ROLE_POD : ROLE_HOST;
	}
	if (strcmp(f->key, "state") == 0) {
		view_text(v, row, "state", state, sizeof(state));
		if (strncmp(state, "FAIL", 4) == 0 || strncmp(state, "REFUS", 5) == 0)
			return ROLE_BAD;
		if (strcmp(state, "SYN_SENT") == 0)
			return ROLE_WARN;
		return strcmp(state, "LISTEN") == 0 ? ROLE_NEW : ROLE_DIM;
	}
	if (strcmp(f->key, "remote") == 0 || strcmp(f->key, "remote_name") == 0)
		return ROLE_NETWORK;
	if (strcmp(f->key, "local") == 0 || strcmp(f->key, "proto") == 0 ||
	    strcmp(f->key, "start") == 0)
		return ROLE_DIM;
	return ROLE_TEXT;
}

/* A connection leads to its process: the one with this pid that is alive. */
static void conns_open(struct app *a, struct view *v, size_t row)
{
	double pid = view_number(v, row, "pid", 0);
	char where[64], name[64];
	const struct sonde_query q = { .table = SONDE_PROCS, .where = where, .no_gone = true };
	struct sonde_rows *rows = NULL;

	snprintf(where, sizeof(where), "proc.pid = %.0f", pid);
	view_text(v, row, "name", name, sizeof(name));
	if (pid <= 0 || sonde_query(a->s, &q, &rows, NULL) < 0 || !sonde_rows_count(rows))
		app_say(a, ROLE_WARN, "the process of this connection has ended or is not known");
	else
		app_push(a, &view_detail, 0, sonde_rows_id(rows, 0), name);
	sonde_rows_unref(rows);
}

const struct view_ops view_conns = {
	.name = "connections",
	.title = "Connections",
	.empty = "No connection.",
	.copy = "fd.name",
	.born = "start",
	.table = SONDE_CONNS,
	.role = conns_role,
	.open = conns_open,
};
