/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose namespaces, and whose event.
 *
 * A container owns the mount and pid namespaces of its first process. A task of a host
 * cgroup inside them has entered from outside (nsenter). A runtime's exec is harder: its
 * task stands in the container's cgroup. There the order of things tells (runc; others
 * differ only in leaving steps out):
 *
 *   runc init is executed in the host's cgroup and namespaces, is put into the
 *   container's cgroup, changes namespaces, then executes the command.
 *
 * So an exec in the container's cgroup and mount namespace whose parent has other
 * namespaces comes from outside, unless it is the first process; and one that still has
 * the host's mount namespace is the runtime's own and teaches nothing.
 */
#include "identity/rows.h"

#include <string.h>

#include "base/macros.h"

static uint64_t ns_hash(const struct identity *id, uint32_t ns)
{
	return ident_hash(id, &ns, sizeof(ns));
}

void identity_host_ns(struct identity *id, uint32_t mntns, uint32_t pidns, uint32_t netns)
{
	id->host_mntns = mntns;
	id->host_pidns = pidns;
	id->host_netns = netns;
}

void ident_ns_forget(struct identity *id, uint32_t row)
{
	const struct ident_row *r = row_at(id, row);

	ident_chain_cut(id, BY_MNTNS, row, ns_hash(id, r->mntns));
	ident_chain_cut(id, BY_PIDNS, row, ns_hash(id, r->pidns));
}

static bool is_container(const struct ident_row *r)
{
	return r->kind == IDENT_CONTAINER || r->kind == IDENT_SANDBOX;
}

/* What an event or a found task shows of a task. */
struct seen {
	uint32_t pid, nspid; /* nspid 0: not known */
	uint32_t mntns, pidns, netns;
	uint64_t at_ns;
	bool exec, ns_changed;
};

static void ns_set(struct identity *id, uint32_t row, const struct seen *s)
{
	uint32_t mntns = s->mntns == id->host_mntns ? 0 : s->mntns;
	uint32_t pidns = s->pidns == id->host_pidns ? 0 : s->pidns;
	uint32_t netns = s->netns == id->host_netns ? 0 : s->netns;
	const struct ident_row *old = row_at(id, row);
	struct ident_row *r;

	if (old->mntns == mntns && old->pidns == pidns && old->netns == netns)
		return;
	r = row_edit(id, row);
	if (!r)
		return;
	ident_ns_forget(id, row);
	r->mntns = mntns;
	r->pidns = pidns;
	r->netns = netns;
	if (mntns)
		ident_chain_put(id, BY_MNTNS, row, ns_hash(id, mntns));
	if (pidns)
		ident_chain_put(id, BY_PIDNS, row, ns_hash(id, pidns));
}

static bool owns_pidns(const struct identity *id, uint32_t pidns, uint32_t but)
{
	uint32_t i = ident_chain_head(id, BY_PIDNS, ns_hash(id, pidns));

	for (; i != TABLE_NONE; i = id->sides[i].next[BY_PIDNS])
		if (i != but && row_at(id, i)->pidns == pidns)
			return true;
	return false;
}

/*
 * Is this exec, the first one seen in a container that was made before our eyes, its first process?
 * A hook that the runtime runs inside it is not: in a new pid namespace number 1 is taken. Where
 * the namespace is the pod's or the host's the number says nothing.
 */
static bool is_first(const struct identity *id, uint32_t row, const struct seen *s)
{
	if (!s->exec || !id->sides[row].born_live)
		return false;
	return s->nspid <= 1 || s->pidns == id->host_pidns || owns_pidns(id, s->pidns, row);
}

/* A task inside the container's cgroup shows its namespaces. */
static void learn(struct identity *id, uint32_t row, const struct seen *s)
{
	const struct ident_row *r = row_at(id, row);
	struct side *side = &id->sides[row];
	struct ident_row *edit;
	bool first;

	if (!s->mntns || s->mntns == id->host_mntns || r->gone_ns)
		return;
	/* a capture does not tell the host's at once, and it must not pass for the container's */
	if (!id->host_mntns && s->nspid != 1)
		return;
	if (!s->exec)
		side->born_live = false; /* it was found at work: its first exec is long past */
	if (!r->init_pid && (s->nspid == 1 || is_first(id, row, s))) {
		edit = row_edit(id, row);
		if (!edit)
			return;
		edit->init_pid = s->pid;
		r = edit;
	}
	first = r->init_pid ? s->pid == r->init_pid : s->nspid == 1;
	if (!first && (side->ns_sure || r->mntns))
		return; /* one that made namespaces of its own is no guide */
	ns_set(id, row, s);
	side->ns_sure |= first;
}

/* A namespace is the container's: its own, or the host's where it has none. */
static bool is_ours(uint32_t ns, uint32_t own, uint32_t host)
{
	return ns == (own ? own : host);
}

/* Did the task, executed in the container's cgroup, come there from outside? */
static bool came_in(const struct identity *id, const struct ident_row *r, const struct seen *s)
{
	if (!s->exec || !s->mntns || !r->mntns)
		return false;
	if (r->init_pid ? s->pid == r->init_pid : !s->nspid || s->nspid == 1)
		return false;
	if (s->mntns == id->host_mntns)
		return true;
	/* who made a namespace of his own inside has it now, and not the container's */
	return s->ns_changed && s->mntns == r->mntns &&
	       is_ours(s->pidns, r->pidns, id->host_pidns) &&
	       is_ours(s->netns, r->netns, id->host_netns);
}

/* The container (or pod, when several share the pid namespace) that owns the task's namespaces. */
static uint32_t owner(const struct identity *id, const struct seen *s)
{
	uint32_t i, found = TABLE_NONE;

	if (s->mntns && s->mntns != id->host_mntns) {
		i = ident_chain_head(id, BY_MNTNS, ns_hash(id, s->mntns));
		for (; i != TABLE_NONE; i = id->sides[i].next[BY_MNTNS])
			if (row_at(id, i)->mntns == s->mntns)
				return i;
	}
	if (!s->pidns || s->pidns == id->host_pidns)
		return TABLE_NONE;
	i = ident_chain_head(id, BY_PIDNS, ns_hash(id, s->pidns));
	for (; i != TABLE_NONE; i = id->sides[i].next[BY_PIDNS]) {
		const struct ident_row *r = row_at(id, i);

		if (r->pidns != s->pidns)
			continue;
		if (found != TABLE_NONE)
			return r->pod ? r->pod : found;
		found = i;
	}
	return found;
}

/* The pod whose policy counted an event, 0 when there is none. */
static uint32_t by_slot(const struct identity *id, uint32_t slot)
{
	uint32_t i = slot < IDENT_SLOTS ? id->slots[slot] : 0;
	const struct ident_row *r = i ? row_at(id, i) : NULL;

	return r && r->slot == slot ? i : 0;
}

/* A task speaks from a group that was thought gone. */
static void revive(struct identity *id, const struct key_entry *k, uint64_t at_ns)
{
	const struct ident_row *r = row_at(id, k->row);

	if (r->gone_ns && !k->gone_ns && at_ns > r->gone_ns + NS_PER_S)
		ident_row_alive(id, k->row, 0);
}

/* *@known: whether the cgroup was ever told of. */
static uint32_t place(struct identity *id, struct cgroup_key key, uint32_t slot,
		      const struct seen *s, bool *known, bool *outside)
{
	const struct key_entry *k = key.id > 1 ? ident_key_find(id, key) : NULL;
	uint32_t i = 0, own;

	/* the first kernel thread is as good as init, which may be hidden from us */
	if (!id->host_mntns && (s->pid == 1 || s->pid == 2))
		identity_host_ns(id, s->mntns, s->pidns, s->netns);
	*outside = false;
	*known = k || key.id <= 1; /* 1 is the root of any hierarchy: the host */
	if (k) {
		i = k->row;
		revive(id, k, s->at_ns);
		if (is_container(row_at(id, i))) {
			learn(id, i, s);
			if (s->pid)
				id->sides[i].task_ns = id->now_ns;
			*outside = came_in(id, row_at(id, i), s);
			return i;
		}
	}
	own = owner(id, s);
	if (own == TABLE_NONE)
		return *known ? i : by_slot(id, slot);
	*outside = *known && row_at(id, i)->kind != IDENT_POD;
	return own;
}

void identity_event(struct identity *id, struct event *ev)
{
	struct seen s = {
		.pid = ev->pid,
		.nspid = ev->flags & EV_CONTAINER_PID ? ev->nspid : 0,
		.mntns = ev->mntns,
		.pidns = ev->pidns,
		.netns = ev->netns,
		.at_ns = ev->ktime_ns,
		.exec = ev->type == EVENT_EXEC,
		.ns_changed = ev->flags & EV_NS_CHANGED,
	};
	const struct ident_row *r;
	bool known, outside;

	if (ev->type == EVENT_FORK)
		s.mntns = 0; /* whether it shows parent or child is not settled before the exec */
	ev->ident = place(id, ev->cg, ev->slot, &s, &known, &outside);
	r = row_at(id, ev->ident);
	if (s.exec && r->init_pid == s.pid && !strncmp(ev->comm, "pause", sizeof(ev->comm)))
		id->sides[ev->ident].pause = true;
	ev->ident_id = r->row.id;
	if (outside)
		ev->flags |= EV_OUTSIDE;
	ev->pod_reason = r->pod_name ? REASON_NONE : r->reason;
	if (!known && !ev->ident)
		ev->pod_reason = REASON_UNKNOWN_CGROUP;
}

uint32_t identity_task(struct identity *id, struct cgroup_key key, uint32_t pid, uint32_t nspid,
		       uint32_t mntns, uint32_t pidns, uint32_t netns, bool *ret_outside)
{
	struct seen s = {
		.pid = pid,
		.nspid = nspid,
		.mntns = mntns,
		.pidns = pidns,
		.netns = netns,
		.at_ns = id->now_ns,
	};
	bool known, outside;
	uint32_t i = place(id, key, 0, &s, &known, &outside);

	id->task_ns = id->now_ns;
	if (ret_outside)
		*ret_outside = outside;
	return i;
}
