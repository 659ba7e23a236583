/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cgroup paths and captured facts, from bytes that anybody may have written: lines are
 * paths (first byte: what happens to the group), and the whole is tried as packed facts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_parse(const char *path, size_t n)
{
	struct cgroup_parse p;

	cgroup_parse(path, n, &p);
	if (p.own_n > n || p.pod_n > n ||
	    (p.unit && (p.unit < path || p.unit + p.unit_n > path + n)))
		abort();
	if (p.kind == IDENT_CONTAINER && !ident_id_safe(p.container_id))
		abort();
	if (strlen(p.pod_uid) > 36 || (p.pod_uid[0] && !p.node_pod_uid[0]))
		abort();
}

static void check_unpack(struct identity *id, const uint8_t *data, size_t n)
{
	struct container_facts f;

	if (identity_unpack(data, n, &f) < 0)
		return;
	if (!ident_id_safe(f.container_id) || f.reason >= REASONS)
		abort();
	(void)identity_facts(id, &f);
	container_facts_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct epoch *e = epoch_new();
	struct identity *id = identity_new(e);
	const char *p = (const char *)data, *end = p + n;
	uint64_t now = 1;

	check_unpack(id, data, n);
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl ? nl : end) - p);
		struct event ev = { .size = sizeof(ev), .type = EVENT_EXEC };

		if (len) {
			struct cgroup_key key = { .id = (uint8_t)p[0] % 16,
						  .hierarchy = (uint8_t)p[0] / 16 % 2 };

			check_parse(p + 1, len - 1);
			now += 1000000000ULL;
			if ((uint8_t)p[0] >= 128)
				identity_cgroup_gone(id, key, now);
			else
				(void)identity_cgroup_add(id, key, p + 1, len - 1, now, NULL);
			ev.cg = key;
			ev.mntns = (uint8_t)p[0] % 5;
			ev.pid = (uint8_t)p[0] % 3;
			ev.ktime_ns = now;
			identity_event(id, &ev);
			if (!identity_row(id, ev.ident))
				abort();
			identity_age(id, now);
		}
		p += len + 1;
	}
	check_unpack(id, data, n);
	identity_free(id);
	epoch_free(e);
	return 0;
}
