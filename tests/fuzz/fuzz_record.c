/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw records as a capture may hold them: whatever stands in one, it is read within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "sensor/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void on_event(void *ctx, union event_buf *ev)
{
	(void)ctx;
	if (ev->ev.size > EVENT_MAX || ev->ev.type >= EVENT_TYPES)
		abort();
}

static void on_cgroup(void *ctx, const struct cgroup_fact *f)
{
	size_t *sum = ctx;

	for (size_t i = 0; i < f->n; i++)
		*sum += (unsigned char)f->path[i];
}

static void on_task(void *ctx, const struct task_fact *f)
{
	(void)ctx, (void)f;
}

static void on_socket(void *ctx, const struct socket_fact *f)
{
	(void)ctx, (void)f;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static union event_buf scratch;
	size_t sum = 0;
	const struct sensor_sink sink = { .ctx = &sum,
					  .event = on_event,
					  .cgroup = on_cgroup,
					  .task = on_task,
					  .socket = on_socket };
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		return 0;
	memcpy(copy, p, n);
	decode_mask(copy, n);
	decode_record(copy, n, ORIGIN_REPLAY, &scratch, &sink);
	free(copy);
	return 0;
}
