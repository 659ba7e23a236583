/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots: counted views of all tables at one moment, held by a pin of the epoch. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/inner.h"

/* What readers need not see of a snapshot. */
struct held {
	struct snapshot snap;
	atomic_uint refs;
	struct epoch *epoch;
	uint64_t pin;
};

struct snapshot *snapshot_ref(struct snapshot *s)
{
	atomic_fetch_add_explicit(&((struct held *)s)->refs, 1, memory_order_relaxed);
	return s;
}

void snapshot_unref(struct snapshot *s)
{
	struct held *h = (struct held *)s;

	if (!h || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
		return;
	event_view_free(s->events);
	table_view_drop(&s->idents);
	table_view_drop(&s->pods);
	table_view_drop(&s->procs);
	table_view_drop(&s->conns);
	epoch_unpin(h->epoch, h->pin);
	free(h);
}

/* Reasons are joined, the gravest first. */
__attribute__((format(printf, 2, 3))) static void say(struct snapshot *s, const char *fmt, ...)
{
	size_t n = strlen(s->incomplete);
	va_list ap;

	if (n)
		n += (size_t)snprintf(s->incomplete + n, sizeof(s->incomplete) - n, "; ");
	if (n >= sizeof(s->incomplete))
		return;
	va_start(ap, fmt);
	vsnprintf(s->incomplete + n, sizeof(s->incomplete) - n, fmt, ap);
	va_end(ap);
}

static void say_incomplete(const struct model *m, struct snapshot *s)
{
	if (m->node.origin == ORIGIN_POLLING)
		say(s, "polling: short-lived processes are missed");
	if (m->map_lost_ns && m->map_lost_ns + GONE_NS > m->now_ns)
		say(s, "the tables are full: %llu newcomers are not shown",
		    (unsigned long long)m->map_lost);
	if (!m->node.picture_done && m->node.origin != ORIGIN_REPLAY)
		say(s, "the first picture is being taken");
	if (m->lost_ns && m->lost_ns + GONE_NS > m->now_ns)
		say(s, "events were lost in the last minute (%llu since the start)",
		    (unsigned long long)m->lost);
}

static struct held *begin(struct model *m)
{
	struct held *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	atomic_init(&h->refs, 1);
	h->epoch = m->epoch;
	h->pin = epoch_pin(m->epoch);
	h->snap.gen = ++m->gen;
	h->snap.offset_ns = m->offset_ns;
	h->snap.boot_ns = m->now_ns;
	h->snap.time_ns = m->now_ns + (uint64_t)m->offset_ns;
	return h;
}

struct snapshot *model_snapshot_idents(struct model *m)
{
	struct held *h = begin(m);

	if (!h)
		return NULL;
	if (table_view_take(identity_table(m->identity), &h->snap.idents) < 0) {
		snapshot_unref(&h->snap);
		return NULL;
	}
	h->snap.node = m->node;
	return &h->snap;
}

struct snapshot *model_snapshot(struct model *m)
{
	struct snapshot *s;

	pod_flush(m);
	s = model_snapshot_idents(m);
	if (!s)
		return NULL;
	if (table_view_take(&m->pods, &s->pods) < 0 || table_view_take(&m->procs, &s->procs) < 0 ||
	    table_view_take(&m->conns, &s->conns) < 0) {
		snapshot_unref(s);
		return NULL;
	}
	s->events = recent_view(m->recent);
	if (!s->events) {
		snapshot_unref(s);
		return NULL;
	}
	say_incomplete(m, s);
	return s;
}
