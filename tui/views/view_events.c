/* SPDX-License-Identifier: BSD-2-Clause */
/* Live events, newest last. */
#include <stdio.h>
#include <string.h>

#include "console/app.h"

static enum role type_role(const struct view *v, size_t row)
{
	static const struct {
		const char *type;
		enum role role;
	} roles[] = {
		{ "exec", ROLE_GOOD },          { "fork", ROLE_DIM },
		{ "connect", ROLE_NETWORK },    { "accept", ROLE_NETWORK },
		{ "listen", ROLE_NEW },         { "close", ROLE_DIM },
		{ "dns", ROLE_NETWORK },        { "tls", ROLE_NETWORK },
		{ "udp", ROLE_NETWORK },        { "oom", ROLE_BAD },
		{ "lost", ROLE_LOST },          { "container_start", ROLE_NEW },
		{ "container_stop", ROLE_NEW },
	};
	char type[24];

	view_text(v, row, "type", type, sizeof(type));
	if (strcmp(type, "exit") == 0)
		return view_number(v, row, "signal", 0) > 0 ||
				       view_number(v, row, "exit_code", 0) > 0
			       ? ROLE_WARN
			       : ROLE_DIM;
	if (strcmp(type, "connect") == 0 && view_number(v, row, "ret", 0) < 0)
		return ROLE_BAD;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i].type, type) == 0)
			return roles[i].role;
	return ROLE_TEXT;
}

static enum role events_role(const struct view *v, size_t row, const struct sonde_field *f)
{
	if (strcmp(f->key, "type") == 0)
		return type_role(v, row);
	if (strcmp(f->key, "name") == 0)
		return view_number(v, row, "outside", 0) > 0 ? ROLE_OUTSIDE : ROLE_TEXT;
	if (strcmp(f->key, "owner") == 0) {
		struct sonde_value pod;

		view_value(v, row, "pod_uid", &pod);
		return pod.kind == SONDE_TEXT ? ROLE_POD : ROLE_HOST;
	}
	if (strcmp(f->key, "time") == 0 || strcmp(f->key, "pid") == 0 ||
	    strcmp(f->key, "container") == 0)
		return ROLE_DIM;
	return ROLE_TEXT;
}

/* An event leads to its process, as long as that is remembered. */
static void events_open(struct app *a, struct view *v, size_t row)
{
	char where[64], name[64];
	const struct sonde_query q = { .table = SONDE_PROCS, .where = where, .sort = "-start" };
	struct sonde_rows *rows = NULL;

	snprintf(where, sizeof(where), "proc.pid = %.0f", view_number(v, row, "pid", 0));
	view_text(v, row, "name", name, sizeof(name));
	if (sonde_query(a->s, &q, &rows, NULL) < 0 || !sonde_rows_count(rows))
		app_say(a, ROLE_WARN, "the process of this event is not remembered any more");
	else
		app_push(a, &view_detail, 0, sonde_rows_id(rows, 0), name);
	sonde_rows_unref(rows);
}

const struct view_ops view_events = {
	.name = "events",
	.title = "Events",
	.empty = "Nothing happened yet.",
	.table = SONDE_EVENTS,
	.tail = true,
	.role = events_role,
	.open = events_open,
};
