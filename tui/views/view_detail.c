/* SPDX-License-Identifier: BSD-2-Clause */
/* One process in full, and the two other tables of texts: a container's log, sonde's health. */
#include <string.h>

#include "console/app.h"

static enum role detail_role(const struct view *v, size_t row, const struct sonde_field *f)
{
	char key[64];

	if (strcmp(f->key, "section") == 0)
		return ROLE_CRUMB;
	if (strcmp(f->key, "key") == 0)
		return ROLE_DIM;
	view_text(v, row, "key", key, sizeof(key));
	return strstr(key, "deleted") || strstr(key, "memfd") ? ROLE_WARN : ROLE_TEXT;
}

static enum role log_role(const struct view *v, size_t row, const struct sonde_field *f)
{
	char stream[16];

	if (strcmp(f->key, "text") != 0)
		return ROLE_DIM;
	view_text(v, row, "stream", stream, sizeof(stream));
	return strcmp(stream, "stderr") == 0 ? ROLE_WARN : ROLE_TEXT;
}

static enum role health_role(const struct view *v, size_t row, const struct sonde_field *f)
{
	char state[16];

	if (strcmp(f->key, "state") != 0)
		return strcmp(f->key, "mend") == 0 ? ROLE_WARN : ROLE_TEXT;
	view_text(v, row, "state", state, sizeof(state));
	return strcmp(state, "ok") == 0        ? ROLE_GOOD
	       : strcmp(state, "missing") == 0 ? ROLE_BAD
					       : ROLE_WARN;
}

const struct view_ops view_detail = {
	.name = "details",
	.title = "Details",
	.empty = "Reading… (what has ended can no longer be read)",
	.copy = "value",
	.table = SONDE_DETAIL,
	.role = detail_role,
};

const struct view_ops view_log = {
	.name = "log",
	.title = "Log",
	.empty = "No log: the runtime keeps none for this container below /var/log/pods.",
	.copy = "text",
	.table = SONDE_LOG,
	.tail = true,
	.role = log_role,
};

const struct view_ops view_health = {
	.name = "health",
	.title = "Health",
	.empty = "Looking…",
	.copy = "mend",
	.table = SONDE_DOCTOR,
	.role = health_role,
};
