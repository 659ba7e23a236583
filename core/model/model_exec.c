/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What fork, exec and exit records do to process rows, and what the rows then tell the
 * event. Records may be missing or come late: an exec of an unknown process makes its row,
 * an exit of one makes a row that is gone at once, so that nothing short-lived is missed.
 */
#include <errno.h>
#include <string.h>

#include "base/mask.h"
#include "model/inner.h"

/* Flags of events that a row keeps. */
#define KEEP_FLAGS                                                                           \
	(EV_OUTSIDE | EV_ARGV_CUT | EV_REPAIRED | EV_UID | EV_CRED_CHANGED | EV_NS_CHANGED | \
	 EV_CONTAINER_PID)

static void take_text(struct model *m, const char **at, const struct event *ev, struct etext t)
{
	if (t.off)
		model_text_take(m, at, event_text(ev, t), t.len);
}

/* What every record of a process says of it. */
static void take_common(struct proc_row *w, const struct event *ev)
{
	if (ev->flags & EV_UID) {
		w->uid = ev->uid;
		w->gid = ev->gid;
		w->uid_host = ev->uid_host;
		w->flags |= EV_UID;
	}
	if (ev->flags & EV_CONTAINER_PID) {
		w->nspid = ev->nspid;
		w->flags |= EV_CONTAINER_PID;
	}
	if (ev->mntns)
		w->mntns = ev->mntns;
	if (ev->pidns)
		w->pidns = ev->pidns;
	if (ev->netns)
		w->netns = ev->netns;
	if (ev->tty)
		w->tty = ev->tty;
	if (!w->start_ns)
		w->start_ns = ev->start_ns;
}

/* A forked child is its parent's image until it executes another. */
static void inherit(struct model *m, struct proc_row *w, const struct proc_row *parent)
{
	model_text_set(m, &w->argv, texts_ref(parent->argv));
	model_text_set(m, &w->exe, texts_ref(parent->exe));
	model_text_set(m, &w->cwd, texts_ref(parent->cwd));
	w->argv_n = parent->argv_n;
	w->layer = parent->layer;
	memcpy(w->fd_kind, parent->fd_kind, sizeof(w->fd_kind));
	if (!w->comm[0])
		memcpy(w->comm, parent->comm, sizeof(w->comm));
	if (!(w->flags & EV_UID)) {
		w->uid = parent->uid;
		w->gid = parent->gid;
		w->uid_host = parent->uid_host;
		w->flags |= parent->flags & EV_UID;
	}
	if (!w->tty)
		w->tty = parent->tty;
	if (!w->mntns)
		w->mntns = parent->mntns;
	if (!w->netns)
		w->netns = parent->netns;
	w->flags |= parent->flags & EV_ARGV_CUT;
	if (w->ident == parent->ident && w->ident_id == parent->ident_id)
		w->flags |= parent->flags & EV_OUTSIDE;
}

uint32_t proc_of_event(struct model *m, struct event *ev)
{
	uint32_t i;
	struct proc_row *w;

	if (!ev->pid)
		return TABLE_NONE;
	i = proc_find(m, ev->pid, ev->start_ns);
	if (i != TABLE_NONE)
		return i;
	i = proc_new(m, ev->pid, ev->start_ns, ev->ktime_ns, ev->ident, ev->ident_id);
	w = i == TABLE_NONE ? NULL : table_edit(&m->procs, i);
	if (!w)
		return TABLE_NONE;
	m->proc_side[i].flags |= PROC_PARTIAL;
	w->origin = ev->origin;
	w->flags |= ev->flags & (EV_OUTSIDE | EV_REPAIRED);
	memcpy(w->comm, ev->comm, sizeof(w->comm));
	if (ev->exec_ns)
		w->exec_ns = ev->exec_ns;
	take_common(w, ev);
	if (ev->ppid)
		proc_parent(m, i, ev->ppid, ev->parent_start_ns);
	return i;
}

void proc_confirmed(struct model *m, struct proc_row *w)
{
	if (w->flags & EV_REPAIRED && m->node.repaired_rows)
		m->node.repaired_rows--;
	w->flags &= ~(uint32_t)EV_REPAIRED;
}

static struct proc_row *on_fork(struct model *m, struct event *ev)
{
	uint32_t i = proc_find(m, ev->pid, ev->start_ns), parent;
	bool known = i != TABLE_NONE;
	const struct proc_row *p = NULL;
	struct proc_row *w;

	parent = ev->ppid ? proc_find(m, ev->ppid, ev->parent_start_ns) : TABLE_NONE;
	if (parent != TABLE_NONE)
		p = proc_at(m, parent);
	if (!ev->cg.id && p) {
		ev->ident = p->ident;
		ev->ident_id = p->ident_id;
	}
	if (!known)
		i = proc_of_event(m, ev);
	w = i == TABLE_NONE ? NULL : table_edit(&m->procs, i);
	if (!w)
		return NULL;
	proc_confirmed(m, w);
	m->proc_side[i].flags &= ~(uint32_t)PROC_PARTIAL;
	if (parent != TABLE_NONE && parent != i) {
		p = proc_at(m, parent); /* making room may have moved it */
		if (p && p->pid == ev->ppid && (!known || !w->exe))
			inherit(m, w, p);
	}
	return w;
}

static struct proc_row *on_exec(struct model *m, struct event *ev)
{
	uint32_t i, outside;
	struct proc_row *w;

	if (ev->exec.argv.off)
		mask_args((char *)ev + ev->exec.argv.off, ev->exec.argv.len);
	i = proc_of_event(m, ev);
	w = i == TABLE_NONE ? NULL : table_edit(&m->procs, i);
	if (!w)
		return NULL;
	if (ev->cg.id)
		proc_ident(m, i, ev->ident, ev->ident_id);
	if (ev->ppid)
		proc_parent(m, i, ev->ppid, ev->parent_start_ns);
	outside = w->flags & EV_OUTSIDE; /* whoever came from outside brings its children along */
	w->flags = (w->flags & (EV_UID | EV_CONTAINER_PID)) | (ev->flags & KEEP_FLAGS);
	take_common(w, ev);
	if (w->ident)
		w->flags |= outside;
	ev->flags |= w->flags & EV_OUTSIDE;
	w->exec_ns = ev->exec_ns ? ev->exec_ns : ev->ktime_ns;
	w->tty = ev->tty;
	w->layer = ev->layer;
	w->origin = ev->origin;
	memcpy(w->fd_kind, ev->fd_kind, sizeof(w->fd_kind));
	memcpy(w->comm, ev->comm, sizeof(w->comm));
	take_text(m, &w->argv, ev, ev->exec.argv);
	w->argv_n = (uint32_t)texts_len(w->argv);
	take_text(m, &w->exe, ev, ev->exe);
	take_text(m, &w->cwd, ev, ev->cwd);
	m->proc_side[i].flags &= ~(uint32_t)PROC_PARTIAL;
	return w;
}

static struct proc_row *on_exit(struct model *m, struct event *ev)
{
	uint32_t i = proc_of_event(m, ev);
	struct proc_row *w = i == TABLE_NONE ? NULL : table_edit(&m->procs, i);

	if (!w)
		return NULL;
	take_common(w, ev);
	if (ev->cg.id)
		proc_ident(m, i, ev->ident, ev->ident_id);
	if (w->gone_ns) {
		/* A pass saw it missing before its record came. */
		w->gone_ns = ev->ktime_ns;
		proc_confirmed(m, w);
	} else {
		proc_gone(m, i, ev->ktime_ns);
	}
	m->proc_side[i].flags |= PROC_EXITED;
	w->exit_code = ev->exit.code;
	w->flags |= ev->flags & EV_EXIT_SIGNAL;
	if (!(ev->flags & EV_DURATION) && w->start_ns && w->start_ns <= ev->ktime_ns) {
		ev->duration_ns = ev->ktime_ns - w->start_ns;
		ev->flags |= EV_DURATION;
	}
	/* The last thread may not be the one that gave the process its name. */
	if (w->comm[0])
		memcpy(ev->comm, w->comm, sizeof(ev->comm));
	return w;
}

void proc_complete(struct model *m, struct event *ev, uint32_t index)
{
	const struct proc_row *p = proc_at(m, index), *parent = proc_parent_at(m, p);

	ev->proc_index = index;
	ev->proc_id = p->row.id;
	ev->flags |= EV_PROC_REF;
	if (!ev->start_ns)
		ev->start_ns = p->start_ns;
	if (ev->exec_ns > p->exec_ns) {
		struct proc_row *w = table_edit(&m->procs, index);

		/* An exec record was missed: this is another image. */
		if (w)
			w->exec_ns = ev->exec_ns;
	}
	ev->exec_ns = p->exec_ns > ev->exec_ns ? p->exec_ns : ev->exec_ns;
	if (!(ev->flags & EV_UID) && p->flags & EV_UID) {
		ev->uid = p->uid;
		ev->gid = p->gid;
		ev->uid_host = p->uid_host;
		ev->flags |= EV_UID;
	}
	if (ev->ident == p->ident && ev->ident_id == p->ident_id)
		ev->flags |= p->flags & EV_OUTSIDE;
	if (!ev->comm[0])
		memcpy(ev->comm, p->comm, sizeof(ev->comm));
	if (!ev->tty)
		ev->tty = p->tty;
	if (!ev->ppid)
		ev->ppid = p->ppid;
	if (!ev->exe.off && p->exe)
		ev->exe = event_text_add(ev, p->exe, texts_len(p->exe));
	if (!ev->cwd.off && p->cwd)
		ev->cwd = event_text_add(ev, p->cwd, texts_len(p->cwd));
	if (!parent || parent->pid != ev->ppid)
		return;
	if (!ev->parent_start_ns)
		ev->parent_start_ns = parent->start_ns;
	ev->parent_exec_ns = parent->exec_ns;
	if (!ev->pcomm[0])
		memcpy(ev->pcomm, parent->comm, sizeof(ev->pcomm));
}

int proc_event(struct model *m, union event_buf *b)
{
	struct event *ev = &b->ev;
	struct proc_row *w = NULL;

	if (!ev->pid)
		return 0;
	switch (ev->type) {
	case EVENT_FORK:
		w = on_fork(m, ev);
		break;
	case EVENT_EXEC:
		w = on_exec(m, ev);
		break;
	case EVENT_EXIT:
		w = on_exit(m, ev);
		break;
	default:
		break;
	}
	if (!w)
		return -ENOSPC;
	proc_complete(m, ev, w->row.index);
	return 0;
}
