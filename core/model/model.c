/* SPDX-License-Identifier: BSD-2-Clause */
/* The model as a whole: its making, the way of an event through it, and what each second brings. */
#include "model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "model/inner.h"

static void *array(size_t n, size_t size, bool *ok)
{
	/* Large and zero: the kernel gives the pages as they are touched. */
	void *p = calloc(n, size);

	*ok &= p != NULL;
	return p;
}

static bool make_arrays(struct model *m)
{
	bool ok = true;

	m->proc_side = array(MODEL_PROCS, sizeof(*m->proc_side), &ok);
	m->conn_side = array(MODEL_CONNS, sizeof(*m->conn_side), &ok);
	m->pod_side = array(MODEL_PODS, sizeof(*m->pod_side), &ok);
	m->proc_gone_link = array(MODEL_PROCS, sizeof(struct link), &ok);
	m->sib = array(MODEL_PROCS, sizeof(struct link), &ok);
	m->fresh_link = array(MODEL_PROCS, sizeof(struct link), &ok);
	m->conn_gone_link = array(MODEL_CONNS, sizeof(struct link), &ok);
	m->udp_link = array(MODEL_CONNS, sizeof(struct link), &ok);
	m->udp_idle_link = array(MODEL_CONNS, sizeof(struct link), &ok);
	m->recent = recent_new(m->epoch, MODEL_PODS, 0);
	return ok && m->recent;
}

/* The row that takes whatever belongs to nobody else. */
static bool make_host(struct model *m)
{
	const struct ident_row *host = identity_row(m->identity, 0);

	if (!host)
		return false;
	pod_for(m, 0, host->row.id);
	return pod_at(m, 0) != NULL;
}

static void start_node(struct node_row *n)
{
	*n = (struct node_row){
		.row.id = 1,
		.cpu_pct = -1,
		.self_cpu_pct = -1,
		.bpf_cpu_pct = -1,
		.psi_cpu = -1,
		.psi_memory = -1,
		.psi_io = -1,
		.load1 = -1,
		.load5 = -1,
		.load15 = -1,
	};
}

struct model *model_new(struct epoch *epoch, struct identity *identity)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->epoch = epoch;
	m->identity = identity;
	if (getrandom(&m->seed, sizeof(m->seed), GRND_NONBLOCK) != (ssize_t)sizeof(m->seed))
		m->seed = (uintptr_t)m;
	m->seed |= 1;
	m->offset_ns = clock_offset();
	start_node(&m->node);
	table_init(&m->pods, epoch, sizeof(struct pod_row), MODEL_PODS);
	table_init(&m->procs, epoch, sizeof(struct proc_row), MODEL_PROCS);
	table_init(&m->conns, epoch, sizeof(struct conn_row), MODEL_CONNS);
	map_init(&m->pids, m->seed);
	map_init(&m->socks, m->seed);
	map_init(&m->udp, m->seed);
	map_init(&m->ends, m->seed);
	map_init(&m->addrs, m->seed);
	map_init(&m->dns, m->seed);
	map_init(&m->pod_keys, m->seed);
	if (texts_init(&m->texts, epoch, m->seed) < 0 || !make_arrays(m) || !make_host(m)) {
		model_free(m);
		return NULL;
	}
	return m;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; m->pod_side && i < m->pods.high; i++)
		dns_drop(m, i);
	recent_free(m->recent);
	texts_done(&m->texts);
	table_done(&m->pods);
	table_done(&m->procs);
	table_done(&m->conns);
	map_done(&m->pids);
	map_done(&m->socks);
	map_done(&m->udp);
	map_done(&m->ends);
	map_done(&m->addrs);
	map_done(&m->dns);
	map_done(&m->pod_keys);
	free(m->proc_side);
	free(m->conn_side);
	free(m->pod_side);
	free(m->proc_gone_link);
	free(m->sib);
	free(m->fresh_link);
	free(m->conn_gone_link);
	free(m->udp_link);
	free(m->udp_idle_link);
	free(m->ident_pod);
	free(m);
}

void *model_row_add(struct model *m, struct table *t)
{
	struct table_row *row = table_add(t, 1);

	if (row)
		row->id = ++m->serial << ROW_INDEX_BITS | row->index;
	return row;
}

void model_map_lost(struct model *m)
{
	m->map_lost++;
	m->map_lost_ns = m->now_ns;
}

void model_text_set(struct model *m, const char **at, const char *text)
{
	texts_drop(&m->texts, *at);
	*at = text;
}

void model_text_take(struct model *m, const char **at, const void *p, size_t n)
{
	const char *text = texts_take(&m->texts, p, n);

	if (text)
		model_text_set(m, at, text);
}

int model_event(struct model *m, union event_buf *b)
{
	struct event *ev = &b->ev;
	int r = 0, kept;

	m->events++;
	m->now_ns = MAX(m->now_ns, ev->ktime_ns);
	if (ev->time_ns) /* a capture has a clock of its own */
		m->offset_ns = (int64_t)(ev->time_ns - ev->ktime_ns);
	switch (ev->type) {
	case EVENT_FORK:
	case EVENT_EXEC:
	case EVENT_EXIT:
		r = proc_event(m, b);
		break;
	case EVENT_CONNECT:
	case EVENT_ACCEPT:
	case EVENT_LISTEN:
	case EVENT_CLOSE:
	case EVENT_UDP:
	case EVENT_DNS:
	case EVENT_TLS:
		r = conn_event(m, b);
		break;
	default:
		if (ev->pid && ev->type != EVENT_LOST) {
			uint32_t i = proc_of_event(m, ev);

			if (i != TABLE_NONE)
				proc_complete(m, ev, i);
		}
		break;
	}
	kept = pod_event(m, pod_for(m, ev->ident, ev->ident_id), ev);
	return r ? r : kept;
}

struct node_row *model_node(struct model *m)
{
	return &m->node;
}

/* Busy share of a span of time; negative when it cannot be told. */
static double busy(uint64_t now, uint64_t then, uint64_t span)
{
	return span && now >= then ? 100.0 * (double)(now - then) / (double)span : -1;
}

void model_node_sample(struct model *m, const struct node_sample *s)
{
	const struct node_sample *then = &m->node_then;
	struct node_row *n = &m->node;

	_Static_assert(sizeof(n->node) == sizeof(s->node), "names of one length");
	memcpy(n->node, s->node, sizeof(n->node));
	memcpy(n->kernel, s->kernel, sizeof(n->kernel));
	n->node[sizeof(n->node) - 1] = n->kernel[sizeof(n->kernel) - 1] = 0;
	n->load1 = s->load1;
	n->load5 = s->load5;
	n->load15 = s->load15;
	n->psi_cpu = s->psi_cpu;
	n->psi_memory = s->psi_memory;
	n->psi_io = s->psi_io;
	n->mem_total = s->mem_total;
	n->mem_available = s->mem_available;
	n->disk_total = s->disk_total;
	n->disk_free = s->disk_free;
	n->cpus = s->cpus;
	n->self_rss = s->self_rss;
	if (then->at_ns && s->at_ns > then->at_ns) {
		if (s->cpu_total_ns > then->cpu_total_ns)
			n->cpu_pct = busy(s->cpu_busy_ns, then->cpu_busy_ns,
					  s->cpu_total_ns - then->cpu_total_ns);
		n->self_cpu_pct = busy(s->self_cpu_ns, then->self_cpu_ns, s->at_ns - then->at_ns);
	}
	m->node_then = *s;
}

static void age(struct model *m)
{
	uint32_t i;

	while ((i = list_first(&m->proc_gone)) != TABLE_NONE &&
	       proc_at(m, i)->gone_ns + GONE_NS < m->now_ns) {
		if (!proc_drop(m, i))
			break; /* no memory: the next second will do */
	}
	conn_second(m);
}

/* The engine counts what was lost; here is kept when that last grew. */
static void note_loss(struct model *m)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < LOSS_SAMPLED; i++)
		lost += m->node.lost_by[i];
	if (lost > m->lost)
		m->lost_ns = m->now_ns;
	m->lost = lost;
}

void model_second(struct model *m, uint64_t now_ns)
{
	double secs =
		m->second_ns && now_ns > m->second_ns ? (double)(now_ns - m->second_ns) / 1e9 : 1;

	m->second_ns = now_ns;
	m->now_ns = MAX(m->now_ns, now_ns);
	if (m->node.origin != ORIGIN_REPLAY)
		m->offset_ns = clock_offset();
	age(m);
	pod_second(m, secs);
	note_loss(m);
	m->node.events = m->events;
	m->node.events_per_s = (double)(m->events - m->events_then) / secs;
	m->events_then = m->events;
	spark_add(m->node_events, &m->node_events_n, m->node.events_per_s, m->node.spark_events);
	m->node.spark_n = m->node_events_n;
}

uint32_t model_find_pid(const struct model *m, uint32_t pid)
{
	uint32_t i = map_find(&m->pids, pid);

	return i == TABLE_NONE || proc_at(m, i)->gone_ns ? TABLE_NONE : i;
}

bool model_owner_of(const struct model *m, uint32_t pid, struct model_owner *ret)
{
	uint32_t i = model_find_pid(m, pid);
	const struct proc_row *p = i == TABLE_NONE ? NULL : proc_at(m, i);
	const struct ident_row *r = p ? identity_row(m->identity, p->ident) : NULL;

	if (!r || r->row.id != p->ident_id)
		return false;
	*ret = (struct model_owner){ .ident = p->ident, .ident_id = p->ident_id };
	return true;
}

uint32_t model_find_id(const struct model *m, enum sonde_table table, sonde_id id)
{
	const struct table *t = table == SONDE_PODS    ? &m->pods
				: table == SONDE_PROCS ? &m->procs
				: table == SONDE_CONNS ? &m->conns
						       : NULL;
	const struct table_row *row = t ? table_get(t, row_index(id)) : NULL;

	return row && row->id == id ? row->index : TABLE_NONE;
}
