/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process rows: how they are found, made, linked into a tree, ended and dropped.
 *
 * A row is found by pid; rows that had the same pid before hang behind it (proc_side.older),
 * newest first, so {pid, start} is found in a step or two.
 *
 *   (none) -> ALIVE   proc_new()    fork, exec, a fact, or a socket of an unknown process
 *   ALIVE  -> GONE    proc_gone()   exit record, pid given anew, or not seen in a pass
 *   GONE   -> ALIVE   proc_back()   a pass sees what another pass had missed
 *   GONE   -> (none)  proc_drop()   a minute later, or when its place is needed
 *
 * Invariant: sib[i].in holds exactly when row i is on the children list of the row at its
 * parent_index.
 */
#include <string.h>

#include "model/inner.h"

/* procfs knows starts in clock ticks. */
#define TICK_NS (10 * NS_PER_MS)

static bool same_start(uint64_t a, uint64_t b)
{
	if (!a || !b || a == b)
		return true;
	return (a % TICK_NS == 0 || b % TICK_NS == 0) && a / TICK_NS == b / TICK_NS;
}

const struct proc_row *proc_at(const struct model *m, uint32_t index)
{
	return table_get(&m->procs, index);
}

const struct proc_row *proc_parent_at(const struct model *m, const struct proc_row *p)
{
	const struct proc_row *q = p->parent_id ? proc_at(m, p->parent_index) : NULL;

	return q && q->row.id == p->parent_id ? q : NULL;
}

uint32_t proc_find(const struct model *m, uint32_t pid, uint64_t start_ns)
{
	uint32_t i = map_find(&m->pids, pid);

	while (i != TABLE_NONE && !same_start(proc_at(m, i)->start_ns, start_ns)) {
		uint32_t older = m->proc_side[i].older;

		i = older ? older - 1 : TABLE_NONE;
	}
	return i;
}

/* Make room by dropping the process that has been gone the longest. */
static bool make_room(struct model *m)
{
	uint32_t oldest;

	if (m->procs.used < m->procs.limit && m->proc_gone.n < GONE_PROCS)
		return true;
	oldest = list_first(&m->proc_gone);
	return oldest != TABLE_NONE && proc_drop(m, oldest);
}

uint32_t proc_new(struct model *m, uint32_t pid, uint64_t start_ns, uint64_t at_ns, uint32_t ident,
		  uint64_t ident_id)
{
	uint32_t head = map_find(&m->pids, pid), i;
	struct proc_row *p;

	/* The kernel gives a pid again only after its process ended: the exit record was missed. */
	if (head != TABLE_NONE && !proc_at(m, head)->gone_ns)
		proc_gone(m, head, at_ns);
	p = make_room(m) ? model_row_add(m, &m->procs) : NULL;
	if (p) {
		i = p->row.index;
		head = map_find(&m->pids, pid); /* the room may have been made of it */
		if (map_put(&m->pids, pid, i) < 0) {
			table_del(&m->procs, i);
			p = NULL;
		}
	}
	if (!p) {
		model_map_lost(m);
		return TABLE_NONE;
	}
	p->pid = pid;
	p->start_ns = p->exec_ns = start_ns;
	p->fds = UINT32_MAX;
	p->cpu_pct = -1;
	p->threads = 1;
	p->ident = ident;
	p->ident_id = ident_id;
	p->pod = pod_for(m, ident, ident_id);
	m->proc_side[i] = (struct proc_side){
		.older = head == TABLE_NONE ? 0 : head + 1,
		.born_ns = at_ns,
	};
	pod_count_proc(m, p->pod, 1, 1);
	m->node.procs++;
	want_add(m, i);
	return i;
}

void proc_ident(struct model *m, uint32_t index, uint32_t ident, uint64_t ident_id)
{
	const struct proc_row *p = proc_at(m, index);
	uint32_t pod = pod_for(m, ident, ident_id);
	struct proc_row *w;
	int alive = !p->gone_ns;

	if (p->ident == ident && p->ident_id == ident_id && p->pod == pod)
		return;
	w = table_edit(&m->procs, index);
	if (!w)
		return;
	pod_count_proc(m, w->pod, -alive, -1);
	w->ident = ident;
	w->ident_id = ident_id;
	w->pod = pod;
	pod_count_proc(m, w->pod, alive, 1);
}

static void link_to(struct model *m, uint32_t index, const struct proc_row *parent)
{
	struct proc_row *w = table_edit(&m->procs, index);

	if (!w)
		return;
	if (m->sib[index].in)
		list_del(&m->proc_side[w->parent_index].children, m->sib, index);
	w->parent_id = parent ? parent->row.id : 0;
	w->parent_index = parent ? parent->row.index : 0;
	if (parent) {
		w->ppid = parent->pid;
		list_add(&m->proc_side[parent->row.index].children, m->sib, index);
	}
}

/*
 * Who takes over the children of @p: the nearest living ancestor that is known to, else the first
 * process of their pid namespace, else pid 1. The next pass tells what the kernel really did.
 */
static const struct proc_row *reaper_of(const struct model *m, const struct proc_row *p)
{
	const struct proc_row *q = p;
	uint32_t one;

	for (int i = 0; i < PROC_DEPTH && (q = proc_parent_at(m, q)); i++) {
		bool init = q->nspid == 1 && q->pidns && q->pidns == p->pidns;

		if (!q->gone_ns && (init || m->proc_side[q->row.index].flags & PROC_REAPER))
			return q;
	}
	one = map_find(&m->pids, 1);
	q = one == TABLE_NONE ? NULL : proc_at(m, one);
	return q && !q->gone_ns && q != p ? q : NULL;
}

/* Whether @index is @a or one above it: a child put below @a must not close a ring. */
static bool is_above(const struct model *m, const struct proc_row *a, uint32_t index)
{
	for (int i = 0; a && i < PROC_DEPTH; i++) {
		if (a->row.index == index)
			return true;
		a = proc_parent_at(m, a);
	}
	return false;
}

void proc_parent(struct model *m, uint32_t index, uint32_t ppid, uint64_t parent_start_ns)
{
	const struct proc_row *p = proc_at(m, index), *old = proc_parent_at(m, p), *q;
	uint32_t at = ppid ? proc_find(m, ppid, parent_start_ns) : TABLE_NONE;
	struct proc_row *w;

	q = at == TABLE_NONE ? NULL : proc_at(m, at);
	if (q && q->gone_ns && !p->gone_ns)
		q = reaper_of(m, q);
	if (q == p || (q && is_above(m, q, index)))
		return;
	if (p->ppid == ppid && old == q)
		return;
	/* An orphan that turns up elsewhere names whoever the kernel gives orphans to. */
	if (q && old && old != q && old->gone_ns)
		m->proc_side[q->row.index].flags |= PROC_REAPER;
	if (q) {
		link_to(m, index, q);
		return;
	}
	link_to(m, index, NULL);
	w = table_edit(&m->procs, index);
	if (w)
		w->ppid = ppid;
}

void proc_gone(struct model *m, uint32_t index, uint64_t at_ns)
{
	const struct proc_row *p = proc_at(m, index), *to;
	struct list *children = &m->proc_side[index].children;
	struct proc_row *w;
	uint32_t next;

	if (p->gone_ns)
		return;
	w = table_edit(&m->procs, index);
	if (!w)
		return;
	w->gone_ns = at_ns ? at_ns : m->now_ns;
	w->cpu_pct = w->cpu_pct < 0 ? -1 : 0;
	pod_count_proc(m, w->pod, -1, 0);
	m->node.procs--;
	want_del(m, index);
	list_add(&m->proc_gone, m->proc_gone_link, index);
	if (!children->n)
		return;
	to = reaper_of(m, w);
	for (uint32_t c = list_first(children); c != TABLE_NONE; c = next) {
		next = list_next(m->sib, c);
		if (!proc_at(m, c)->gone_ns && to && to->row.index != c)
			link_to(m, c, to);
	}
}

void proc_back(struct model *m, uint32_t index)
{
	struct proc_row *w = table_edit(&m->procs, index);

	if (!w || !w->gone_ns)
		return;
	w->gone_ns = 0;
	list_del(&m->proc_gone, m->proc_gone_link, index);
	pod_count_proc(m, w->pod, 1, 0);
	m->node.procs++;
}

/* Take a row out of the chain of those that had its pid. */
static void unchain(struct model *m, const struct proc_row *p)
{
	uint32_t i = map_find(&m->pids, p->pid), index = p->row.index;
	uint32_t older = m->proc_side[index].older;

	if (i == index) {
		if (older)
			map_put(&m->pids, p->pid, older - 1); /* replaces: takes no memory */
		else
			map_del(&m->pids, p->pid);
		return;
	}
	while (i != TABLE_NONE && m->proc_side[i].older != index + 1)
		i = m->proc_side[i].older ? m->proc_side[i].older - 1 : TABLE_NONE;
	if (i != TABLE_NONE)
		m->proc_side[i].older = older;
}

bool proc_drop(struct model *m, uint32_t index)
{
	struct list *children = &m->proc_side[index].children;
	struct proc_row *w = table_edit(&m->procs, index);

	if (!w)
		return false;
	if (!w->gone_ns) {
		pod_count_proc(m, w->pod, -1, 0);
		m->node.procs--;
	}
	unchain(m, w);
	while (children->n)
		list_del(children, m->sib, list_first(children));
	if (m->sib[index].in)
		list_del(&m->proc_side[w->parent_index].children, m->sib, index);
	list_del(&m->proc_gone, m->proc_gone_link, index);
	want_del(m, index);
	pod_count_proc(m, w->pod, 0, -1);
	texts_drop(&m->texts, w->argv);
	texts_drop(&m->texts, w->exe);
	texts_drop(&m->texts, w->cwd);
	m->proc_side[index] = (struct proc_side){ 0 };
	table_del(&m->procs, index);
	return true;
}
