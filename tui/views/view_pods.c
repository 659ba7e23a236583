/* SPDX-License-Identifier: BSD-2-Clause */
/* Home: every pod of the node, then its services and the host itself. */
#include <string.h>

#include "console/app.h"

static enum role pods_role(const struct view *v, size_t row, const struct sonde_field *f)
{
	double n = view_number(v, row, f->key, 0);

	if (strcmp(f->key, "owner") == 0) {
		char kind[16];

		view_text(v, row, "kind", kind, sizeof(kind));
		return strcmp(kind, "pod") == 0 || strcmp(kind, "container") == 0 ? ROLE_POD
										  : ROLE_HOST;
	}
	if (strcmp(f->key, "cpu_throttled_pct") == 0)
		return n >= 50 ? ROLE_BAD : n >= 10 ? ROLE_WARN : ROLE_TEXT;
	if (strcmp(f->key, "cpu_pct") == 0) {
		double of = view_number(v, row, "cpu_of_limit", -1);

		return of >= 95 ? ROLE_BAD : of >= 80 ? ROLE_WARN : ROLE_TEXT;
	}
	if (strcmp(f->key, "rss_bytes") == 0) {
		double of = view_number(v, row, "memory_of_limit", -1);

		return of >= 95 ? ROLE_BAD : of >= 80 ? ROLE_WARN : ROLE_TEXT;
	}
	if (strcmp(f->key, "oom") == 0 || strcmp(f->key, "restarts") == 0)
		return n > 0 ? (*f->key == 'o' ? ROLE_BAD : ROLE_WARN) : ROLE_DIM;
	if (strcmp(f->key, "lost") == 0)
		return n > 0 ? ROLE_LOST : ROLE_DIM;
	if (strncmp(f->key, "spark", 5) == 0)
		return ROLE_SPARK;
	if (strcmp(f->key, "phase") == 0 || strcmp(f->key, "memory_limit") == 0 ||
	    strcmp(f->key, "first_seen") == 0)
		return ROLE_DIM;
	return ROLE_TEXT;
}

static void pods_open(struct app *a, struct view *v, size_t row)
{
	char name[200];

	view_text(v, row, "owner", name, sizeof(name));
	app_push(a, &view_procs, sonde_rows_id(v->rows, row), 0, name);
}

const struct view_ops view_pods = {
	.name = "pods",
	.title = "Pods",
	.empty = "No pod runs here, as far as sonde can see.",
	.columns = "owner phase containers processes conns events_per_s spark_events cpu_pct "
		   "spark_cpu "
		   "cpu_throttled_pct rss_bytes memory_limit restarts oom lost first_seen",
	.copy = "owner",
	.born = "first_seen",
	.table = SONDE_PODS,
	.role = pods_role,
	.open = pods_open,
};
