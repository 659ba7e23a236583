/* SPDX-License-Identifier: BSD-2-Clause */
/* What socket records do to connection rows, and what the rows then tell the event. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "model/inner.h"

static bool same_ends(const struct conn_row *c, const struct event *ev)
{
	return addr_same(&c->remote, &ev->sock.remote) &&
	       (addr_any(&c->local) || addr_any(&ev->sock.local) ||
		addr_same(&c->local, &ev->sock.local));
}

/* The row of an event's socket, made when it is not known. */
static uint32_t row_of_event(struct model *m, const struct event *ev, uint32_t proc)
{
	const struct proc_row *p = proc == TABLE_NONE ? NULL : proc_at(m, proc);
	struct conn_row like = {
		.cookie = ev->sock.cookie,
		.inode = ev->sock.inode,
		.ident = ev->ident,
		.ident_id = ev->ident_id,
		.pid = ev->pid,
		.start_ns = ev->ktime_ns,
		.sampled_ns = ev->ktime_ns,
		.local = ev->sock.local,
		.remote = ev->sock.remote,
		.netns = ev->netns,
		.proto = ev->sock.proto ? ev->sock.proto : IPPROTO_TCP,
		.state = ev->sock.state,
		.server = ev->sock.server || ev->type == EVENT_ACCEPT,
		.origin = ev->origin,
	};
	uint32_t i = conn_find(m, like.cookie, like.proto, &like.local, &like.remote);

	if (i != TABLE_NONE) {
		const struct conn_row *c = conn_at(m, i);
		bool again = c->gone_ns && ev->type != EVENT_CLOSE && ev->type != EVENT_TLS;

		/* The kernel uses a socket's memory again: same cookie, another connection. */
		if (!again &&
		    (same_ends(c, ev) || addr_any(&c->remote) || addr_any(&ev->sock.remote)))
			return i;
		conn_gone(m, i, ev->ktime_ns);
	}
	if (!ev->cg.id && p) {
		like.ident = p->ident;
		like.ident_id = p->ident_id;
	}
	if (ev->flags & EV_DURATION && ev->duration_ns < ev->ktime_ns)
		like.start_ns = ev->ktime_ns - ev->duration_ns;
	memcpy(like.comm, ev->comm, sizeof(like.comm));
	return conn_new(m, &like);
}

/* What the event knows better than the row. */
static void take(struct conn_row *w, const struct event *ev)
{
	if (!addr_any(&ev->sock.local))
		w->local = ev->sock.local;
	if (addr_any(&w->remote))
		w->remote = ev->sock.remote;
	if (ev->flags & EV_BYTES) {
		w->bytes_in = ev->sock.bytes_in;
		w->bytes_out = ev->sock.bytes_out;
	}
	if (ev->flags & EV_RET)
		w->ret = ev->sock.ret;
	if (ev->sock.inode)
		w->inode = ev->sock.inode;
	if (ev->netns)
		w->netns = ev->netns;
	if (ev->type != EVENT_TLS && ev->type != EVENT_CLOSE)
		w->state = ev->sock.state;
}

static void name_set(struct model *m, struct conn_row *w, const char *name, uint8_t source)
{
	/* A name from the handshake itself beats one from an answer that this may not follow from.
	 */
	if (w->name && w->name_source == NAME_SNI && source == NAME_DNS)
		return;
	model_text_set(m, &w->name, name);
	w->name_source = source;
}

static void name_row(struct model *m, struct conn_row *w, const struct event *ev)
{
	const char *name;

	if (ev->type == EVENT_TLS && ev->name.query.off && ev->name.query.len) {
		name = texts_take(&m->texts, event_text(ev, ev->name.query), ev->name.query.len);
		if (name)
			name_set(m, w, name, NAME_SNI);
		return;
	}
	if (w->name || w->server || addr_any(&w->remote))
		return;
	name = dns_find(m, w->pod, &w->remote);
	if (name)
		name_set(m, w, texts_ref(name), NAME_DNS);
}

static void complete(struct model *m, struct event *ev, const struct conn_row *c)
{
	const struct proc_row *p = c->proc_id ? proc_at(m, c->proc) : NULL;
	char pod[512];
	size_t n;

	ev->conn_index = c->row.index;
	ev->conn_id = c->row.id;
	if (p && p->row.id == c->proc_id) {
		if (!ev->pid) {
			ev->pid = ev->tid = p->pid;
			ev->start_ns = p->start_ns;
			memset(ev->comm, 0, sizeof(ev->comm));
		}
		if (ev->pid == p->pid)
			proc_complete(m, ev, c->proc);
	}
	if (ev->type == EVENT_CLOSE && !(ev->flags & EV_DURATION) && c->start_ns &&
	    c->start_ns <= ev->ktime_ns && c->proto == IPPROTO_TCP) {
		ev->duration_ns = ev->ktime_ns - c->start_ns;
		ev->flags |= EV_DURATION;
	}
	if (c->server)
		ev->sock.server = 1;
	/* A UDP socket has many peers: this row's is not always the event's. */
	if (c->proto == IPPROTO_UDP && !addr_same(&c->remote, &ev->sock.remote))
		return;
	n = c->peer_id ? ident_name(m, c->peer, c->peer_id, pod, sizeof(pod)) : 0;
	if (n) {
		ev->sock.name = event_text_add(ev, pod, n);
		ev->sock.name_source = NAME_POD;
	} else if (c->name) {
		ev->sock.name = event_text_add(ev, c->name, texts_len(c->name));
		ev->sock.name_source = c->name_source;
	}
}

/* A dns record belongs to its socket's process and teaches names; it makes no row. */
static int on_dns(struct model *m, struct event *ev, uint32_t proc)
{
	uint32_t i =
		conn_find(m, ev->sock.cookie, ev->sock.proto, &ev->sock.local, &ev->sock.remote);

	if (i == TABLE_NONE && ev->sock.cookie)
		i = map_find(&m->udp, ev->sock.cookie);
	dns_event(m, pod_for(m, ev->ident, ev->ident_id), ev);
	if (proc != TABLE_NONE)
		proc_complete(m, ev, proc);
	else if (i != TABLE_NONE)
		complete(m, ev, conn_at(m, i));
	return 0;
}

/* All peers of a UDP socket end with it. */
static void close_udp(struct model *m, uint64_t cookie, uint64_t at_ns)
{
	uint32_t i, last = TABLE_NONE;

	while ((i = map_find(&m->udp, cookie)) != TABLE_NONE && i != last) {
		conn_gone(m, i, at_ns);
		last = i; /* no memory: it stays, and a pass will find it */
	}
}

/* The socket ends, and its peers with it; one that never spoke to anybody leaves no row. */
static int on_udp_close(struct model *m, struct event *ev, uint32_t proc)
{
	uint32_t i = map_find(&m->udp, ev->sock.cookie);

	if (i != TABLE_NONE)
		complete(m, ev, conn_at(m, i));
	else if (proc != TABLE_NONE)
		proc_complete(m, ev, proc);
	close_udp(m, ev->sock.cookie, ev->ktime_ns);
	return 0;
}

int conn_event(struct model *m, union event_buf *b)
{
	struct event *ev = &b->ev;
	uint32_t proc = proc_of_event(m, ev), i;
	struct conn_row *w;
	bool failed;

	if (ev->type == EVENT_DNS)
		return on_dns(m, ev, proc);
	if (ev->type == EVENT_CLOSE && ev->sock.proto == IPPROTO_UDP)
		return on_udp_close(m, ev, proc);
	i = row_of_event(m, ev, proc);
	w = i == TABLE_NONE ? NULL : table_edit(&m->conns, i);
	if (!w) {
		if (proc != TABLE_NONE)
			proc_complete(m, ev, proc);
		return -ENOSPC;
	}
	take(w, ev);
	if (ev->type == EVENT_ACCEPT)
		w->server = 1;
	if (proc != TABLE_NONE)
		conn_proc(m, i, proc);
	if (w->proto == IPPROTO_UDP)
		conn_heard(m, i, ev->ktime_ns);
	if (!m->conn_side[i].end_key)
		ends_add(m, i);
	if (!addr_any(&w->remote))
		ends_meet(m, i);
	name_row(m, w, ev);
	complete(m, ev, w);
	failed = ev->type == EVENT_CONNECT && ev->flags & EV_RET && ev->sock.ret < 0 &&
		 ev->sock.ret != -EINPROGRESS;
	if (failed || ev->type == EVENT_CLOSE)
		conn_gone(m, i, ev->ktime_ns);
	if (ev->type == EVENT_CLOSE)
		w->state = TCP_CLOSE;
	return 0;
}
