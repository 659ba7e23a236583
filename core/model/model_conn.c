/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connection rows: how sockets are found, made, ended and dropped. A TCP socket is one
 * row, found by its cookie. A UDP socket is one row a peer: they are chained, because the
 * socket's close ends them all, and those silent for a minute are taken for gone.
 */
#include <netinet/in.h>
#include <string.h>

#include "model/inner.h"

const struct conn_row *conn_at(const struct model *m, uint32_t index)
{
	return table_get(&m->conns, index);
}

static uint64_t key_of(uint64_t cookie, uint8_t proto, const struct event_addr *local,
		       const struct event_addr *remote)
{
	if (!cookie)
		return map_mix(addr_hash(local, true) ^ proto, addr_hash(remote, true));
	return proto == IPPROTO_UDP ? map_mix(cookie, addr_hash(remote, true)) : cookie;
}

static uint64_t key_of_row(const struct conn_row *c)
{
	return key_of(c->cookie, c->proto, &c->local, &c->remote);
}

uint32_t conn_find(const struct model *m, uint64_t cookie, uint8_t proto,
		   const struct event_addr *local, const struct event_addr *remote)
{
	uint32_t i = map_find(&m->socks, key_of(cookie, proto, local, remote));
	const struct conn_row *c = i == TABLE_NONE ? NULL : conn_at(m, i);

	if (!c || c->cookie != cookie || c->proto != proto)
		return TABLE_NONE;
	return i;
}

/* Chain the peers of one UDP socket, newest first. Without memory a close ends fewer of them. */
static void udp_add(struct model *m, uint32_t index, uint64_t cookie)
{
	uint32_t head = map_find(&m->udp, cookie);

	if (map_put(&m->udp, cookie, index) < 0)
		return;
	m->udp_link[index] = (struct link){ .next = head == MAP_NONE ? 0 : head + 1, .in = 1 };
	if (head != MAP_NONE)
		m->udp_link[head].prev = index + 1;
}

static void udp_del(struct model *m, uint32_t index, uint64_t cookie)
{
	struct link *k = &m->udp_link[index];

	if (!k->in)
		return;
	if (k->next)
		m->udp_link[k->next - 1].prev = k->prev;
	if (k->prev)
		m->udp_link[k->prev - 1].next = k->next;
	else if (k->next)
		map_put(&m->udp, cookie, k->next - 1); /* replaces: takes no memory */
	else
		map_del(&m->udp, cookie);
	*k = (struct link){ 0 };
}

void conn_heard(struct model *m, uint32_t index, uint64_t at_ns)
{
	struct conn_row *w = table_edit(&m->conns, index);

	/* A socket that only waits is silent by nature: its close or a pass ends it. */
	if (!w || w->gone_ns || !w->remote.port)
		return;
	w->sampled_ns = at_ns;
	list_del(&m->udp_idle, m->udp_idle_link, index);
	list_add(&m->udp_idle, m->udp_idle_link, index);
}

/* Gone ones leave first, then the UDP peer that has been silent the longest. */
static bool make_room(struct model *m)
{
	uint32_t oldest;

	if (m->conns.used < m->conns.limit && m->conn_gone.n < GONE_CONNS)
		return true;
	oldest = list_first(&m->conn_gone);
	if (oldest == TABLE_NONE)
		oldest = list_first(&m->udp_idle);
	return oldest != TABLE_NONE && conn_drop(m, oldest);
}

/* Its share in the figures of its pod and its process. */
static void count(struct model *m, const struct conn_row *c, int alive, int refs)
{
	const struct proc_row *p = c->proc_id ? proc_at(m, c->proc) : NULL;
	struct proc_row *w;

	pod_count_conn(m, c->pod, alive, refs);
	m->node.conns += (uint32_t)alive;
	if (!alive || !p || p->row.id != c->proc_id)
		return;
	w = table_edit(&m->procs, c->proc);
	if (w)
		w->conns += (uint32_t)alive;
}

uint32_t conn_new(struct model *m, const struct conn_row *like)
{
	struct conn_row *c = make_room(m) ? model_row_add(m, &m->conns) : NULL;
	struct table_row row;
	uint32_t i;

	if (c && map_put(&m->socks, key_of_row(like), c->row.index) < 0) {
		table_del(&m->conns, c->row.index);
		c = NULL;
	}
	if (!c) {
		model_map_lost(m);
		return TABLE_NONE;
	}
	row = c->row;
	i = row.index;
	*c = *like;
	c->row = row;
	c->gone_ns = 0;
	c->proc = TABLE_NONE;
	c->proc_id = 0;
	c->in_per_s = c->out_per_s = -1;
	c->pod = pod_for(m, c->ident, c->ident_id);
	m->conn_side[i] = (struct conn_side){ .born_ns = m->now_ns };
	count(m, c, 1, 1);
	if (c->proto == IPPROTO_UDP) {
		udp_add(m, i, c->cookie);
		conn_heard(m, i, c->sampled_ns);
	}
	ends_add(m, i);
	return i;
}

void conn_gone(struct model *m, uint32_t index, uint64_t at_ns)
{
	struct conn_row *w = table_edit(&m->conns, index);

	if (!w || w->gone_ns)
		return;
	count(m, w, -1, 0);
	w->gone_ns = at_ns ? at_ns : m->now_ns;
	w->in_per_s = w->out_per_s = w->in_per_s < 0 ? -1 : 0;
	udp_del(m, index, w->cookie);
	list_del(&m->udp_idle, m->udp_idle_link, index);
	list_add(&m->conn_gone, m->conn_gone_link, index);
}

void conn_back(struct model *m, uint32_t index)
{
	struct conn_row *w = table_edit(&m->conns, index);

	if (!w || !w->gone_ns)
		return;
	w->gone_ns = 0;
	count(m, w, 1, 0);
	list_del(&m->conn_gone, m->conn_gone_link, index);
	if (w->proto == IPPROTO_UDP) {
		udp_add(m, index, w->cookie);
		conn_heard(m, index, m->now_ns);
	}
}

bool conn_drop(struct model *m, uint32_t index)
{
	struct conn_row *w = table_edit(&m->conns, index);
	uint64_t key;

	if (!w)
		return false;
	count(m, w, w->gone_ns ? 0 : -1, -1);
	key = key_of_row(w);
	if (map_find(&m->socks, key) == index)
		map_del(&m->socks, key);
	ends_del(m, index);
	udp_del(m, index, w->cookie);
	list_del(&m->udp_idle, m->udp_idle_link, index);
	list_del(&m->conn_gone, m->conn_gone_link, index);
	texts_drop(&m->texts, w->name);
	m->conn_side[index] = (struct conn_side){ 0 };
	table_del(&m->conns, index);
	return true;
}

void conn_proc(struct model *m, uint32_t index, uint32_t proc)
{
	const struct proc_row *p = proc == TABLE_NONE ? NULL : proc_at(m, proc);
	const struct conn_row *c = conn_at(m, index);
	struct conn_row *w;

	if (!p || c->proc_id == p->row.id)
		return;
	w = table_edit(&m->conns, index);
	if (!w)
		return;
	count(m, w, w->gone_ns ? 0 : -1, 0);
	w->proc = proc;
	w->proc_id = p->row.id;
	w->pid = p->pid;
	memcpy(w->comm, p->comm, sizeof(w->comm));
	count(m, w, w->gone_ns ? 0 : 1, 0);
}

void conn_pod(struct model *m, uint32_t index, uint32_t ident, uint64_t ident_id)
{
	const struct conn_row *c = conn_at(m, index);
	uint32_t pod = pod_for(m, ident, ident_id);
	struct conn_row *w;
	int alive = !c->gone_ns;

	if (c->ident == ident && c->ident_id == ident_id && c->pod == pod)
		return;
	w = table_edit(&m->conns, index);
	if (!w)
		return;
	pod_count_conn(m, w->pod, -alive, -1);
	w->ident = ident;
	w->ident_id = ident_id;
	w->pod = pod;
	pod_count_conn(m, w->pod, alive, 1);
	ends_add(m, index);
}

void conn_second(struct model *m)
{
	uint32_t i;

	while ((i = list_first(&m->udp_idle)) != TABLE_NONE &&
	       conn_at(m, i)->sampled_ns + GONE_NS < m->now_ns) {
		conn_gone(m, i, m->now_ns);
		if (!conn_at(m, i)->gone_ns)
			break; /* no memory: the next second will do */
	}
	while ((i = list_first(&m->conn_gone)) != TABLE_NONE &&
	       conn_at(m, i)->gone_ns + GONE_NS < m->now_ns) {
		if (!conn_drop(m, i))
			break;
	}
}
