/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is at the other end of a connection: what DNS told the pod that asks, and which
 * socket of this very node stands there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/inner.h"

#define DNS_FIRST 16
#define DNS_MOST  256 /* addresses remembered a pod */

struct dns_answer {
	uint64_t key;
	const char *name; /* counted; NULL: the place is free */
};

bool addr_any(const struct event_addr *a)
{
	static const struct in6_addr any;

	if (a->family == AF_INET)
		return !a->v4.s_addr;
	return a->family != AF_INET6 || !memcmp(&a->v6, &any, sizeof(any));
}

/* ::ffff:10.0.0.1 is 10.0.0.1 to whoever is at the other end. */
static struct event_addr plain(const struct event_addr *a)
{
	struct event_addr r = *a;

	if (a->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->v6)) {
		r.family = AF_INET;
		memcpy(&r.v4, (const char *)&a->v6 + 12, sizeof(r.v4));
	}
	return r;
}

static bool same_addr(const struct event_addr *a, const struct event_addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->v4.s_addr == b->v4.s_addr;
	return a->family != AF_INET6 || !memcmp(&a->v6, &b->v6, sizeof(a->v6));
}

bool addr_same(const struct event_addr *a, const struct event_addr *b)
{
	struct event_addr x = plain(a), y = plain(b);

	return x.port == y.port && same_addr(&x, &y);
}

uint64_t addr_hash(const struct event_addr *a, bool with_port)
{
	struct event_addr x = plain(a);
	uint64_t w[2] = { 0 };

	if (x.family == AF_INET)
		memcpy(w, &x.v4, sizeof(x.v4));
	else if (x.family == AF_INET6)
		memcpy(w, &x.v6, sizeof(x.v6));
	w[1] ^= (uint64_t)x.family << 48;
	return map_mix(w[0] ^ (with_port ? (uint64_t)x.port << 32 : 0), w[1]);
}

static bool loopback(const struct event_addr *a)
{
	struct event_addr x = plain(a);

	if (x.family == AF_INET)
		return (ntohl(x.v4.s_addr) >> 24) == 127;
	return x.family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&x.v6);
}

/* Loopback and wildcard mean something in their own network namespace only. */
static uint64_t end_key(uint8_t proto, const struct event_addr *a, uint32_t netns)
{
	bool own = loopback(a) || addr_any(a);
	uint64_t key = map_mix(addr_hash(a, true), proto | (own ? (uint64_t)netns << 8 : 0));

	return key ? key : 1;
}

uint32_t ends_find(const struct model *m, uint8_t proto, const struct event_addr *local,
		   uint32_t netns)
{
	uint32_t i = map_find(&m->ends, end_key(proto, local, netns));
	const struct conn_row *c = i == TABLE_NONE ? NULL : conn_at(m, i);

	/* The port may be somebody else's a moment after it was given back. */
	if (!c || !addr_same(&c->local, local) || (c->gone_ns && c->gone_ns + NS_PER_S < m->now_ns))
		return TABLE_NONE;
	return i;
}

void ends_add(struct model *m, uint32_t index)
{
	const struct conn_row *c = conn_at(m, index);
	const struct pod_row *p = pod_at(m, c->pod);
	const struct ident_row *id;
	uint64_t key;

	if (!c->local.port)
		return;
	key = end_key(c->proto, &c->local, c->netns);
	if (m->conn_side[index].end_key != key) {
		ends_del(m, index);
		if (map_put(&m->ends, key, index) == 0)
			m->conn_side[index].end_key = key;
	}
	/* A pod with a network of its own owns the address whatever the port. */
	id = p ? identity_row(m->identity, p->ident) : NULL;
	if (id && id->row.id == p->ident_id && id->kind == IDENT_POD && !loopback(&c->local) &&
	    !addr_any(&c->local) && c->netns && m->host_netns && c->netns != m->host_netns)
		map_put(&m->addrs, addr_hash(&c->local, false), c->pod);
}

void ends_del(struct model *m, uint32_t index)
{
	uint64_t key = m->conn_side[index].end_key;

	if (key && map_find(&m->ends, key) == index)
		map_del(&m->ends, key);
	m->conn_side[index].end_key = 0;
}

/* @index talks to the pod row @pod. */
static void set_peer(struct model *m, uint32_t index, uint32_t pod)
{
	const struct conn_row *c = conn_at(m, index);
	const struct pod_row *p = pod_at(m, pod);
	struct conn_row *w;

	if (!p || c->pod == pod || c->peer_id == p->ident_id)
		return;
	w = table_edit(&m->conns, index);
	if (!w)
		return;
	w->peer = p->ident;
	w->peer_id = p->ident_id;
}

void ends_meet(struct model *m, uint32_t index)
{
	const struct conn_row *c = conn_at(m, index), *o;
	uint32_t other = ends_find(m, c->proto, &c->remote, c->netns), pod;

	if (other != TABLE_NONE && other != index) {
		o = conn_at(m, other);
		set_peer(m, index, o->pod);
		/* The client may have dialled a service's address: the accepted end knows better.
		 */
		if (c->server && !o->server && !addr_any(&o->remote))
			set_peer(m, other, c->pod);
		return;
	}
	if (loopback(&c->remote))
		return;
	pod = map_find(&m->addrs, addr_hash(&c->remote, false));
	if (pod != MAP_NONE && pod_at(m, pod) && !pod_at(m, pod)->gone_ns)
		set_peer(m, index, pod);
}

static uint64_t dns_key(const struct model *m, uint32_t pod, const struct event_addr *addr)
{
	return map_mix(addr_hash(addr, false), pod_at(m, pod)->row.id);
}

const char *dns_find(const struct model *m, uint32_t pod, const struct event_addr *addr)
{
	const struct dns_names *d = &m->pod_side[pod].dns;
	uint32_t i;

	if (!d->n)
		return NULL;
	i = map_find(&m->dns, dns_key(m, pod, addr));
	/* Equal keys of other pods point elsewhere. */
	return i < d->n && d->answers[i].key == dns_key(m, pod, addr) ? d->answers[i].name : NULL;
}

static void forget(struct model *m, struct dns_answer *a, uint32_t i)
{
	if (!a->name)
		return;
	if (map_find(&m->dns, a->key) == i)
		map_del(&m->dns, a->key);
	texts_drop(&m->texts, a->name);
	a->name = NULL;
}

/* The place for one answer more: a new one, else that of the oldest. */
static struct dns_answer *place(struct model *m, struct dns_names *d, uint32_t *ret)
{
	if (d->n == d->cap && d->cap < DNS_MOST) {
		uint32_t cap = d->cap ? d->cap * 2 : DNS_FIRST;
		struct dns_answer *a = realloc(d->answers, cap * sizeof(*a));

		if (a) {
			d->answers = a;
			d->cap = cap;
		}
	}
	if (!d->cap)
		return NULL;
	if (d->n < d->cap) {
		*ret = d->n++;
		d->answers[*ret].name = NULL;
	} else {
		*ret = d->next++ % d->n;
		forget(m, &d->answers[*ret], *ret);
	}
	return &d->answers[*ret];
}

static void learn(struct model *m, uint32_t pod, const struct event_addr *addr, const char *name,
		  size_t n)
{
	struct dns_names *d = &m->pod_side[pod].dns;
	uint64_t key = dns_key(m, pod, addr);
	uint32_t i = map_find(&m->dns, key);
	const char *text = texts_take(&m->texts, name, n);
	struct dns_answer *a;

	if (!text)
		return;
	if (i < d->n && d->answers[i].key == key && d->answers[i].name) {
		texts_drop(&m->texts, d->answers[i].name);
		d->answers[i].name = text;
		return;
	}
	a = place(m, d, &i);
	if (!a || map_put(&m->dns, key, i) < 0) {
		texts_drop(&m->texts, text);
		return;
	}
	*a = (struct dns_answer){ .key = key, .name = text };
}

void dns_event(struct model *m, uint32_t pod, const struct event *ev)
{
	const char *p = event_text(ev, ev->name.answers), *q = event_text(ev, ev->name.query);
	size_t left = p ? ev->name.answers.len : 0;

	if (!q || !ev->name.query.len || ev->name.rcode)
		return;
	while (left) {
		size_t n = strnlen(p, left);
		struct event_addr a = { 0 };
		char text[INET6_ADDRSTRLEN];

		if (n < sizeof(text)) {
			memcpy(text, p, n);
			text[n] = 0;
			if (inet_pton(AF_INET, text, &a.v4) == 1)
				a.family = AF_INET;
			else if (inet_pton(AF_INET6, text, &a.v6) == 1)
				a.family = AF_INET6;
			if (a.family && !addr_any(&a))
				learn(m, pod, &a, q, ev->name.query.len);
		}
		n = MIN(n + 1, left);
		p += n;
		left -= n;
	}
}

void dns_drop(struct model *m, uint32_t pod)
{
	struct dns_names *d = &m->pod_side[pod].dns;

	for (uint32_t i = 0; i < d->n; i++)
		forget(m, &d->answers[i], i);
	free(d->answers);
	*d = (struct dns_names){ 0 };
}
