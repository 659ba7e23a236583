/* SPDX-License-Identifier: BSD-2-Clause */
/* Building events in their block, and the names of their types. */
#include "field/event.h"

#include "base/macros.h"

static const char *const type_names[EVENT_TYPES] = {
	[EVENT_NONE] = "none",
	[EVENT_FORK] = "fork",
	[EVENT_EXEC] = "exec",
	[EVENT_EXIT] = "exit",
	[EVENT_CONNECT] = "connect",
	[EVENT_ACCEPT] = "accept",
	[EVENT_LISTEN] = "listen",
	[EVENT_CLOSE] = "close",
	[EVENT_UDP] = "udp",
	[EVENT_DNS] = "dns",
	[EVENT_TLS] = "tls",
	[EVENT_CONTAINER_START] = "container_start",
	[EVENT_CONTAINER_STOP] = "container_stop",
	[EVENT_OOM] = "oom",
	[EVENT_LOST] = "lost",
};

struct event *event_begin(union event_buf *b, enum event_type type)
{
	memset(&b->ev, 0, sizeof(b->ev));
	b->ev.size = sizeof(b->ev);
	b->ev.type = (uint16_t)type;
	return &b->ev;
}

struct etext event_text_add(struct event *ev, const void *p, size_t n)
{
	struct etext t = { .off = (uint16_t)ev->size };

	if (!p)
		return (struct etext){ 0 };
	n = MIN(n, (size_t)(EVENT_MAX - ev->size));
	if (n)
		memcpy((char *)ev + ev->size, p, n);
	ev->size += (uint32_t)n;
	t.len = (uint16_t)n;
	return t;
}

const char *event_type_name(unsigned type)
{
	return type < EVENT_TYPES ? type_names[type] : NULL;
}

enum event_type event_type_find(const char *name, size_t n)
{
	for (unsigned i = 1; i < EVENT_TYPES; i++)
		if (strlen(type_names[i]) == n && !memcmp(type_names[i], name, n))
			return (enum event_type)i;
	return EVENT_NONE;
}
