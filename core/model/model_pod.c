/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pod rows: whatever owns processes. An identity belongs to the row of its pod, or to its
 * own when it has none (bare container, unit, host). One pod may have cgroups in two
 * hierarchies; its UID makes them one row.
 *
 * Row 0 is the host and takes what has no place elsewhere. A row is dropped a minute after
 * its last cgroup went, and never while a process or connection row points to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/inner.h"

const struct pod_row *pod_at(const struct model *m, uint32_t index)
{
	return table_get(&m->pods, index);
}

/* The identity that owns @id's processes: its pod's, else its own. */
static const struct ident_row *owner_of(const struct model *m, const struct ident_row *id)
{
	const struct ident_row *pod = NULL;

	if ((id->kind == IDENT_CONTAINER || id->kind == IDENT_SANDBOX) && id->pod)
		pod = identity_row(m->identity, id->pod);
	return pod ? pod : id;
}

static uint64_t key_of(const struct model *m, const struct ident_row *id)
{
	const char *s = id->unit;

	if (id->pod_uid[0])
		s = id->pod_uid;
	else if (id->container_id[0])
		s = id->container_id;
	else if (!s)
		s = id->path;
	if (id->kind == IDENT_HOST || !s)
		return map_mix(id->row.id, m->seed);
	return texts_hash(m->seed, s, strlen(s));
}

static bool pod_drop(struct model *m, uint32_t index)
{
	struct pod_side *s = &m->pod_side[index];

	if (!table_edit(&m->pods, index))
		return false;
	dns_drop(m, index);
	recent_drop(m->recent, index);
	if (map_find(&m->pod_keys, s->key) == index)
		map_del(&m->pod_keys, s->key);
	*s = (struct pod_side){ 0 };
	table_del(&m->pods, index);
	return true;
}

/* The oldest gone row that nobody points to leaves. Seldom: 4,096 pods must be here. */
static bool make_room(struct model *m)
{
	uint32_t oldest = TABLE_NONE;
	uint64_t at = UINT64_MAX;

	if (m->pods.used < m->pods.limit)
		return true;
	for (uint32_t i = 1; i < m->pods.high; i++) {
		const struct pod_row *p = pod_at(m, i);

		if (p && p->gone_ns && p->gone_ns < at && !m->pod_side[i].refs) {
			at = p->gone_ns;
			oldest = i;
		}
	}
	return oldest != TABLE_NONE && pod_drop(m, oldest);
}

static uint32_t pod_new(struct model *m, const struct ident_row *id, uint64_t key)
{
	struct pod_row *p = make_room(m) ? model_row_add(m, &m->pods) : NULL;

	if (p && map_put(&m->pod_keys, key, p->row.index) < 0) {
		table_del(&m->pods, p->row.index);
		p = NULL;
	}
	if (!p) {
		model_map_lost(m);
		return 0;
	}
	p->ident = id->row.index;
	p->ident_id = id->row.id;
	p->first_ns = id->first_ns ? id->first_ns : m->now_ns;
	p->cpu_pct = p->cpu_limit_cores = p->throttled_pct = -1;
	p->psi_cpu = p->psi_memory = p->psi_io = -1;
	p->rss_bytes = p->memory_limit = p->pids = p->pids_limit = UINT64_MAX;
	m->pod_side[p->row.index] = (struct pod_side){ .key = key, .seen = true };
	return p->row.index;
}

static bool ident_room(struct model *m, uint32_t ident)
{
	uint32_t cap = m->ident_cap ? m->ident_cap : 256;
	struct ident_pod *p;

	while (cap <= ident)
		cap *= 2;
	if (cap == m->ident_cap)
		return true;
	p = realloc(m->ident_pod, cap * sizeof(*p));
	if (!p)
		return false;
	memset(p + m->ident_cap, 0, (cap - m->ident_cap) * sizeof(*p));
	m->ident_pod = p;
	m->ident_cap = cap;
	return true;
}

uint32_t pod_for(struct model *m, uint32_t ident, uint64_t ident_id)
{
	const struct ident_row *id, *owner;
	const struct pod_row *p;
	struct ident_pod *c;
	uint64_t key;
	uint32_t pod;

	if (ident < m->ident_cap && m->ident_pod[ident].ident_id == ident_id && ident_id) {
		c = &m->ident_pod[ident];
		p = pod_at(m, c->pod);
		if (p && p->row.id == c->pod_id)
			return c->pod;
	}
	id = identity_row(m->identity, ident);
	if (!id || id->row.id != ident_id)
		return 0;
	owner = owner_of(m, id);
	key = key_of(m, owner);
	pod = map_find(&m->pod_keys, key);
	if (pod == MAP_NONE)
		pod = pod_new(m, owner, key);
	p = pod_at(m, pod);
	if (p && ident_room(m, ident)) {
		c = &m->ident_pod[ident];
		c->ident_id = ident_id;
		c->pod = pod;
		c->pod_id = p->row.id;
	}
	return pod;
}

void pod_count_proc(struct model *m, uint32_t pod, int alive, int refs)
{
	struct pod_side *s = &m->pod_side[pod];

	s->procs += (uint32_t)alive;
	s->refs += (uint32_t)refs;
	s->dirty = true;
}

void pod_count_conn(struct model *m, uint32_t pod, int alive, int refs)
{
	struct pod_side *s = &m->pod_side[pod];

	s->conns += (uint32_t)alive;
	s->refs += (uint32_t)refs;
	s->dirty = true;
}

int pod_event(struct model *m, uint32_t pod, const struct event *ev)
{
	struct pod_side *s = &m->pod_side[pod];

	s->events++;
	s->dirty = true;
	if (ev->type == EVENT_OOM)
		s->oom_events++;
	return recent_add(m->recent, pod, pod_at(m, pod)->row.id, ev);
}

size_t ident_name(const struct model *m, uint32_t ident, uint64_t ident_id, char *buf, size_t size)
{
	const struct ident_row *id = identity_row(m->identity, ident);
	int n;

	if (!id || id->row.id != ident_id || !id->ns || !id->pod_name)
		return 0;
	n = snprintf(buf, size, "%s/%s", id->ns, id->pod_name);
	return n < 0 ? 0 : MIN((size_t)n, size - 1);
}

void pod_flush(struct model *m)
{
	for (uint32_t i = 0; i < m->pods.high; i++) {
		struct pod_side *s = &m->pod_side[i];
		struct pod_row *w = s->dirty ? table_edit(&m->pods, i) : NULL;

		if (!w)
			continue;
		w->procs = s->procs;
		w->conns = s->conns;
		w->containers = s->containers;
		w->restarts = s->restarts;
		w->events = s->events;
		w->oom = MAX(w->oom, s->oom_events);
		s->dirty = false;
	}
}

/* Identities changed under the rows: find each one's pod anew. */
static void rehome(struct model *m)
{
	for (uint32_t i = 0; i < m->procs.high; i++) {
		const struct proc_row *p = proc_at(m, i);

		if (p)
			proc_ident(m, i, p->ident, p->ident_id);
	}
	for (uint32_t i = 0; i < m->conns.high; i++) {
		const struct conn_row *c = conn_at(m, i);

		if (c)
			conn_pod(m, i, c->ident, c->ident_id);
	}
}

/* Whether the pod row remembered for @id is still the right one; forgotten when not. */
static bool still_home(struct model *m, const struct ident_row *id)
{
	struct ident_pod *c;

	if (id->row.index >= m->ident_cap)
		return true;
	c = &m->ident_pod[id->row.index];
	if (c->ident_id != id->row.id || (!c->pod && m->pods.used == m->pods.limit))
		return true;
	if (m->pod_side[c->pod].key == key_of(m, owner_of(m, id)))
		return true;
	c->pod_id = 0;
	return false;
}

static void count_idents(struct model *m)
{
	const struct table *t = identity_table(m->identity);
	bool moved = false;

	for (uint32_t i = 0; i < t->high; i++) {
		const struct ident_row *id = table_get(t, i);

		moved |= id && !still_home(m, id);
	}
	if (moved)
		rehome(m);
	m->node.containers = 0;
	for (uint32_t i = 0; i < t->high; i++) {
		const struct ident_row *id = table_get(t, i), *own;
		const struct pod_row *p;
		struct pod_side *s;
		uint32_t pod;

		if (!id || id->gone_ns || (id->kind == IDENT_UNIT && i >= m->ident_cap))
			continue;
		/* Units are rows once they had a process. */
		if (id->kind == IDENT_UNIT && m->ident_pod[i].ident_id != id->row.id)
			continue;
		pod = pod_for(m, i, id->row.id);
		s = &m->pod_side[pod];
		p = pod_at(m, pod);
		s->seen = true;
		if (id->kind == IDENT_CONTAINER) {
			s->containers++;
			s->restarts += id->restarts;
			m->node.containers++;
		}
		own = identity_row(m->identity, p->ident);
		if (pod && (!own || own->row.id != p->ident_id || own->gone_ns)) {
			struct pod_row *w = table_edit(&m->pods, pod);

			if (w && owner_of(m, id) == id) {
				w->ident = i;
				w->ident_id = id->row.id;
				w->gone_ns = 0;
			}
		}
	}
}

static void second_of(struct model *m, uint32_t i, double secs)
{
	struct pod_side *s = &m->pod_side[i];
	const struct pod_row *p = pod_at(m, i);
	struct pod_row *w;
	double rate = (double)(s->events - s->events_then) / secs;
	bool quiet = rate <= 0 && p->events_per_s <= 0 && p->cpu_pct <= 0 && p->spark_n == SPARK;

	s->events_then = s->events;
	if (quiet && !s->hist_events[0] && !s->hist_cpu[0])
		return;
	w = table_edit(&m->pods, i);
	if (!w)
		return;
	w->events_per_s = rate;
	w->spark_n = s->hist_n;
	spark_add(s->hist_cpu, &w->spark_n, w->cpu_pct, w->spark_cpu);
	spark_add(s->hist_events, &s->hist_n, rate, w->spark_events);
}

/* Whether a row's container turned out to be a pod's: then the pod's row shows all that it did. */
static bool moved_out(const struct model *m, const struct pod_row *p, const struct ident_row *id)
{
	const struct pod_side *s = &m->pod_side[p->row.index];

	return p->row.index && !s->seen && !s->refs && id && id->row.id == p->ident_id &&
	       key_of(m, owner_of(m, id)) != s->key;
}

void pod_second(struct model *m, double secs)
{
	const struct ident_row *id;
	struct pod_row *w;

	for (uint32_t i = 0; i < m->pods.high; i++) {
		struct pod_side *s = &m->pod_side[i];

		s->seen = i == 0;
		s->dirty |= s->containers || s->restarts;
		s->containers = 0;
		if (pod_at(m, i) && !pod_at(m, i)->gone_ns)
			s->restarts = 0;
	}
	count_idents(m);
	m->node.pods = 0;
	for (uint32_t i = 0; i < m->pods.high; i++) {
		const struct pod_row *p = pod_at(m, i);

		if (!p)
			continue;
		m->pod_side[i].dirty |= m->pod_side[i].containers > 0;
		id = identity_row(m->identity, p->ident);
		if (moved_out(m, p, id) && pod_drop(m, i))
			continue;
		if (!m->pod_side[i].seen && !p->gone_ns && (w = table_edit(&m->pods, i))) {
			w->gone_ns = id && id->row.id == p->ident_id && id->gone_ns ? id->gone_ns
										    : m->now_ns;
			w->cpu_pct = -1;
		}
		if (p->gone_ns && p->gone_ns + GONE_NS < m->now_ns && !m->pod_side[i].refs &&
		    !m->pod_side[i].seen && pod_drop(m, i))
			continue;
		m->node.pods += !p->gone_ns && id && id->kind == IDENT_POD;
		second_of(m, i, secs);
	}
}
