/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passes: the whole list of tasks (and sockets) as the kernel has it, against which the
 * rows are compared. They make the first picture, mend the model after loss and bring CPU
 * times.
 *
 * Invariant: a row is taken for gone only when it was there before the pass began and the
 * pass came to its end without it; a socket only when two passes did (one that waits in an
 * accept queue belongs to no task for a while).
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "model/inner.h"

/* Records of what is younger may still wait in the ring. */
#define YOUNG_NS (100 * NS_PER_MS)

void model_pass_begin(struct model *m, bool first, bool sockets, uint64_t now_ns)
{
	uint32_t no = m->pass.no + 1;

	m->pass = (struct pass){
		.no = no ? no : 1,
		.first = first,
		.sockets = sockets,
		.now_ns = now_ns,
	};
	m->now_ns = MAX(m->now_ns, now_ns);
	if (first)
		m->node.picture_done = false;
}

static void take_cpu(const struct model *m, struct proc_row *w, const struct task_fact *f)
{
	uint64_t now = m->pass.now_ns;

	if (w->sampled_ns && now > w->sampled_ns && f->cpu_ns >= w->cpu_ns)
		w->cpu_pct =
			100.0 * (double)(f->cpu_ns - w->cpu_ns) / (double)(now - w->sampled_ns);
	else if (!w->sampled_ns && w->start_ns && now > w->start_ns &&
		 now - w->start_ns < 10 * NS_PER_S)
		w->cpu_pct = 100.0 * (double)f->cpu_ns / (double)(now - w->start_ns);
	w->cpu_ns = f->cpu_ns;
	w->sampled_ns = now;
}

/* Whether a fact tells nothing new of a row: then its page need not be copied. */
static bool same(const struct proc_row *p, const struct task_fact *f)
{
	return p->sampled_ns && p->cpu_ns == f->cpu_ns && p->cpu_pct == 0 &&
	       p->threads == f->threads && (!f->rss_bytes || p->rss_bytes == f->rss_bytes) &&
	       p->uid_host == f->uid_host && p->uid == f->uid && p->gid == f->gid &&
	       p->ppid == f->ppid && p->tty == f->tty && p->mntns == f->mntns &&
	       p->netns == f->netns && p->pidns == f->pidns && p->flags & EV_UID &&
	       !memcmp(p->comm, f->comm, sizeof(p->comm));
}

static void take_task(struct model *m, struct proc_row *w, const struct task_fact *f)
{
	take_cpu(m, w, f);
	w->threads = f->threads;
	if (f->rss_bytes)
		w->rss_bytes = f->rss_bytes;
	w->uid = f->uid;
	w->gid = f->gid;
	w->uid_host = f->uid_host;
	w->flags |= EV_UID;
	if (f->nspid) {
		w->nspid = f->nspid;
		w->flags |= EV_CONTAINER_PID;
	}
	w->tty = f->tty;
	w->mntns = f->mntns;
	w->pidns = f->pidns;
	w->netns = f->netns;
	memcpy(w->comm, f->comm, sizeof(w->comm));
}

static uint32_t new_task(struct model *m, const struct task_fact *f, uint32_t ident, bool outside)
{
	uint32_t i = proc_new(m, f->pid, f->start_ns, m->pass.now_ns, ident,
			      identity_row(m->identity, ident)->row.id);
	struct proc_row *w = i == TABLE_NONE ? NULL : table_edit(&m->procs, i);

	if (!w)
		return TABLE_NONE;
	w->origin = ORIGIN_PICTURE;
	/* no exec record of it is on its way: read about it now, not in a moment */
	m->proc_side[i].born_ns = MIN(f->start_ns, m->pass.now_ns);
	if (outside)
		w->flags |= EV_OUTSIDE;
	if (!m->pass.first) {
		w->flags |= EV_REPAIRED;
		m->pass.repaired += f->start_ns + YOUNG_NS < m->pass.now_ns;
	}
	return i;
}

/*
 * Whether a process that was there before we looked came into its container from outside: its
 * parent lives elsewhere, though orphans stay inside a pid namespace, and it is not the first.
 */
static bool came_in(const struct model *m, const struct proc_row *p)
{
	const struct ident_row *id = identity_row(m->identity, p->ident);
	const struct proc_row *parent = proc_parent_at(m, p);

	return id && id->row.id == p->ident_id && id->kind == IDENT_CONTAINER && id->init_pid &&
	       id->init_pid != p->pid && p->nspid != 1 && id->pidns && id->pidns == p->pidns &&
	       parent && parent->pod != p->pod;
}

/* Its parent may have been delivered after it; a later process with that pid is none. */
static void find_parent(struct model *m, uint32_t i, const struct proc_row *p)
{
	uint32_t at = proc_find(m, p->ppid, 0);

	if (at != TABLE_NONE && proc_at(m, at)->start_ns <= p->start_ns)
		proc_parent(m, i, p->ppid, proc_at(m, at)->start_ns);
}

static void pass_procs(struct model *m)
{
	pod_sums_begin(m);
	for (uint32_t i = 0; i < m->procs.high; i++) {
		const struct proc_row *p = proc_at(m, i);
		struct proc_side *s = &m->proc_side[i];
		struct proc_row *w;

		if (!p)
			continue;
		if (!p->parent_id && p->ppid)
			find_parent(m, i, p);
		if (p->gone_ns)
			continue;
		if (s->pass != m->pass.no && m->pass.tasks && s->born_ns < m->pass.now_ns &&
		    p->start_ns < m->pass.now_ns) {
			proc_gone(m, i, m->pass.now_ns);
			w = table_edit(&m->procs, i);
			if (w)
				w->flags |= EV_REPAIRED;
			m->pass.repaired++;
			continue;
		}
		if (p->origin == ORIGIN_PICTURE && !(p->flags & EV_OUTSIDE) && came_in(m, p) &&
		    (w = table_edit(&m->procs, i)))
			w->flags |= EV_OUTSIDE;
		pod_sum(m, p);
	}
	pod_sums_end(m);
}

/* A socket that stands on a port somebody listens on was accepted there. */
static bool accepted(const struct model *m, const struct conn_row *c)
{
	struct event_addr any4 = { .family = AF_INET, .port = c->local.port };
	struct event_addr any6 = { .family = AF_INET6, .port = c->local.port };
	const struct event_addr *tries[] = { &c->local, &any4, &any6 };

	for (size_t k = 0; k < ARRAY_SIZE(tries); k++) {
		uint32_t i = ends_find(m, c->proto, tries[k], c->netns);

		if (i != TABLE_NONE && conn_at(m, i)->state == TCP_LISTEN)
			return true;
	}
	return false;
}

static void pass_conns(struct model *m)
{
	for (uint32_t i = 0; i < m->conns.high; i++) {
		const struct conn_row *c = conn_at(m, i);
		struct conn_side *s = &m->conn_side[i];
		struct conn_row *w;

		if (!c || c->gone_ns)
			continue;
		if (s->pass == m->pass.no) {
			if (s->born_ns >= m->pass.now_ns && c->origin == ORIGIN_PICTURE &&
			    c->state != TCP_LISTEN && c->proto == IPPROTO_TCP && accepted(m, c) &&
			    (w = table_edit(&m->conns, i)))
				w->server = 1;
			continue;
		}
		if (s->born_ns >= m->pass.now_ns || ++s->missed < 2)
			continue;
		conn_gone(m, i, m->pass.now_ns);
		w = table_edit(&m->conns, i);
		if (w) {
			w->flags |= EV_REPAIRED;
			w->state = TCP_CLOSE;
		}
		m->pass.repaired++;
	}
}

/* Tasks and sockets end separately; the pass is over with the last of what it was begun for. */
static void pass_end(struct model *m)
{
	if (!m->pass.tasks_done || (m->pass.sockets && !m->pass.sockets_done))
		return;
	m->node.repaired_ns = m->pass.now_ns;
	m->node.repaired_rows = m->pass.first ? 0 : m->pass.repaired;
	if (m->pass.first)
		m->node.picture_done = true;
}

void model_task(struct model *m, const struct task_fact *f)
{
	const struct proc_row *p;
	struct proc_row *w;
	uint32_t ident, i;
	bool outside;

	if (f->last) {
		pass_procs(m);
		m->pass.tasks_done = true;
		pass_end(m);
		return;
	}
	if (!f->pid)
		return;
	m->pass.tasks++;
	ident = identity_task(m->identity, f->cg, f->pid, f->nspid, f->mntns, f->pidns, f->netns,
			      &outside);
	if (f->pid == 1 && f->netns)
		m->host_netns = f->netns;
	i = proc_find(m, f->pid, f->start_ns);
	if (i != TABLE_NONE && proc_at(m, i)->gone_ns) {
		if (m->proc_side[i].flags & PROC_EXITED)
			return; /* its exit is newer than what the pass read */
		proc_back(m, i);
	}
	if (i == TABLE_NONE)
		i = new_task(m, f, ident, outside);
	if (i == TABLE_NONE)
		return;
	m->proc_side[i].pass = m->pass.no;
	p = proc_at(m, i);
	if (f->cg.id)
		proc_ident(m, i, ident, identity_row(m->identity, ident)->row.id);
	if (p->ppid != f->ppid || !p->parent_id)
		proc_parent(m, i, f->ppid, f->parent_start_ns);
	if (same(proc_at(m, i), f))
		return;
	w = table_edit(&m->procs, i);
	if (w)
		take_task(m, w, f);
}

/* All peers of an unconnected UDP socket are there as long as it is. */
static bool saw_udp(struct model *m, const struct socket_fact *f)
{
	uint32_t i = map_find(&m->udp, f->cookie), steps = 0;
	bool any = i != MAP_NONE;

	while (i != TABLE_NONE && steps++ < 4096) {
		m->conn_side[i].pass = m->pass.no;
		m->conn_side[i].missed = 0;
		i = list_next(m->udp_link, i);
	}
	return any;
}

static uint32_t find_socket(const struct model *m, const struct socket_fact *f)
{
	uint32_t i = conn_find(m, f->cookie, f->proto, &f->local, &f->remote);

	if (i != TABLE_NONE && (addr_same(&conn_at(m, i)->remote, &f->remote) ||
				addr_any(&f->remote) || addr_any(&conn_at(m, i)->remote)))
		return i;
	/* Another source may know it by another number. */
	i = ends_find(m, f->proto, &f->local, f->netns);
	if (i != TABLE_NONE && conn_at(m, i)->proto == f->proto && !conn_at(m, i)->gone_ns &&
	    addr_same(&conn_at(m, i)->remote, &f->remote))
		return i;
	return TABLE_NONE;
}

static uint32_t new_socket(struct model *m, const struct socket_fact *f, const struct proc_row *p)
{
	struct conn_row like = {
		.cookie = f->cookie,
		.inode = f->inode,
		.pid = f->pid,
		.local = f->local,
		.remote = f->remote,
		.netns = f->netns,
		.proto = f->proto,
		.state = f->state,
		.origin = ORIGIN_PICTURE,
		.sampled_ns = f->proto == IPPROTO_UDP ? m->pass.now_ns : 0,
		.flags = m->pass.first ? 0 : EV_REPAIRED,
	};

	like.ident = identity_task(m->identity, f->cg, 0, 0, 0, 0, f->netns, NULL);
	like.ident_id = identity_row(m->identity, like.ident)->row.id;
	if (!f->cg.id && p) {
		like.ident = p->ident;
		like.ident_id = p->ident_id;
	}
	m->pass.repaired += !m->pass.first;
	return conn_new(m, &like);
}

static void take_socket(const struct model *m, struct conn_row *w, const struct socket_fact *f)
{
	uint64_t now = m->pass.now_ns;

	if (w->proto == IPPROTO_TCP) {
		if (w->sampled_ns && now > w->sampled_ns && f->bytes_in >= w->bytes_in &&
		    f->bytes_out >= w->bytes_out) {
			double secs = (double)(now - w->sampled_ns) / 1e9;

			w->in_per_s = (double)(f->bytes_in - w->bytes_in) / secs;
			w->out_per_s = (double)(f->bytes_out - w->bytes_out) / secs;
		}
		w->bytes_in = MAX(w->bytes_in, f->bytes_in);
		w->bytes_out = MAX(w->bytes_out, f->bytes_out);
		w->sampled_ns = now;
	}
	if (f->inode)
		w->inode = f->inode;
	w->state = f->state;
}

void model_socket(struct model *m, const struct socket_fact *f)
{
	uint32_t proc = TABLE_NONE, i;
	struct conn_row *w;

	if (f->last) {
		if (m->pass.sockets)
			pass_conns(m);
		m->pass.sockets_done = true;
		pass_end(m);
		return;
	}
	if (f->pid)
		proc = proc_find(m, f->pid, f->start_ns);
	if (f->proto == IPPROTO_UDP && addr_any(&f->remote) && saw_udp(m, f))
		return;
	i = find_socket(m, f);
	if (i == TABLE_NONE) {
		i = new_socket(m, f, proc == TABLE_NONE ? NULL : proc_at(m, proc));
	} else if (conn_at(m, i)->gone_ns) {
		conn_back(m, i);
	}
	w = i == TABLE_NONE ? NULL : table_edit(&m->conns, i);
	if (!w)
		return;
	m->conn_side[i].pass = m->pass.no;
	m->conn_side[i].missed = 0;
	take_socket(m, w, f);
	if (f->proto == IPPROTO_UDP)
		conn_heard(m, i, m->pass.now_ns);
	conn_proc(m, i, proc);
	if (!m->conn_side[i].end_key)
		ends_add(m, i);
	if (!addr_any(&w->remote) && !w->peer_id)
		ends_meet(m, i);
}
