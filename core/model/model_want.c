/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be read next from procfs and cgroups: rows that a person looks at first, then
 * newborn processes of which little is known, those that have lived a second, and everybody
 * in a slow round.
 */
#include <errno.h>
#include <string.h>

#include "base/mask.h"
#include "model/inner.h"

#define FRESH_NS    (100 * NS_PER_MS) /* an exec record may still come and tell it all */
#define ROUND_NS    (30 * NS_PER_S)   /* between two background looks at one process */
#define ROUND_MOST  100               /* looks a second at what nobody watches and all is told of */
#define ROUND_STEPS 64                /* rows passed over in one call */
#define ARGV_MOST   4096

void model_watch(struct model *m, enum sonde_table table, const sonde_id *ids, size_t n)
{
	/* Pods are all sampled each second, and sockets come by passes. */
	if (table != SONDE_PROCS)
		return;
	m->watch.n = MIN(n, (size_t)WATCH_MOST);
	m->watch.next = 0;
	if (m->watch.n)
		memcpy(m->watch.ids, ids, m->watch.n * sizeof(*ids));
}

/* Whether row @i should be looked at once @every_ns. */
static bool due(const struct model *m, uint32_t i, uint64_t now_ns, uint64_t every_ns)
{
	const struct proc_row *p = proc_at(m, i);
	uint64_t asked = m->proc_side[i].asked_ns;

	return p && !p->gone_ns && (!asked || asked + every_ns <= now_ns);
}

static uint32_t next_watched(struct model *m, uint64_t now_ns)
{
	for (size_t k = 0; k < m->watch.n; k++) {
		sonde_id id = m->watch.ids[(m->watch.next + k) % m->watch.n];
		uint32_t i = model_find_id(m, SONDE_PROCS, id);

		if (i != TABLE_NONE && due(m, i, now_ns, NS_PER_S)) {
			m->watch.next = (m->watch.next + k + 1) % m->watch.n;
			return i;
		}
	}
	return TABLE_NONE;
}

void want_add(struct model *m, uint32_t proc)
{
	m->proc_side[proc].flags &= ~(uint32_t)PROC_YOUNG;
	list_add(&m->fresh, m->fresh_link, proc);
}

void want_del(struct model *m, uint32_t proc)
{
	bool young = m->proc_side[proc].flags & PROC_YOUNG;

	list_del(young ? &m->young : &m->fresh, m->fresh_link, proc);
}

static void to_young(struct model *m, uint32_t proc)
{
	want_del(m, proc);
	m->proc_side[proc].flags |= PROC_YOUNG;
	list_add(&m->young, m->fresh_link, proc);
}

/* Both lists stand in the order of birth. */
static uint32_t next_fresh(struct model *m, uint64_t now_ns)
{
	uint32_t i;

	while ((i = list_first(&m->fresh)) != TABLE_NONE &&
	       m->proc_side[i].born_ns + FRESH_NS <= now_ns) {
		const struct proc_row *p = proc_at(m, i);

		to_young(m, i);
		if (!p->argv || !p->exe)
			return i;
	}
	return TABLE_NONE;
}

static uint32_t next_young(struct model *m, uint64_t now_ns)
{
	uint32_t i;

	while ((i = list_first(&m->young)) != TABLE_NONE &&
	       m->proc_side[i].born_ns + NS_PER_S <= now_ns) {
		want_del(m, i);
		m->proc_side[i].flags &= ~(uint32_t)PROC_YOUNG;
		if (!m->proc_side[i].asked_ns && m->round_n < ROUND_MOST) {
			m->round_n++;
			return i;
		}
	}
	return TABLE_NONE;
}

static uint32_t next_round(struct model *m, uint64_t now_ns)
{
	if (m->round_n >= ROUND_MOST || !m->procs.high)
		return TABLE_NONE;
	for (uint32_t steps = 0; steps < ROUND_STEPS; steps++) {
		uint32_t i = m->proc_hand++ % m->procs.high;

		if (due(m, i, now_ns, ROUND_NS) && m->proc_side[i].born_ns + NS_PER_S <= now_ns) {
			m->round_n++;
			return i;
		}
	}
	return TABLE_NONE;
}

bool model_next_proc(struct model *m, uint64_t now_ns, uint32_t *ret_pid, uint64_t *ret_start_ns,
		     bool *ret_fds)
{
	uint32_t i = next_watched(m, now_ns);

	if (now_ns >= m->round_ns + NS_PER_S || now_ns < m->round_ns) {
		m->round_ns = now_ns;
		m->round_n = 0;
	}
	if (i == TABLE_NONE)
		i = next_fresh(m, now_ns);
	if (i == TABLE_NONE)
		i = next_young(m, now_ns);
	if (i == TABLE_NONE)
		i = next_round(m, now_ns);
	if (i == TABLE_NONE)
		return false;
	m->proc_side[i].asked_ns = now_ns;
	*ret_pid = proc_at(m, i)->pid;
	*ret_start_ns = proc_at(m, i)->start_ns;
	*ret_fds = true;
	return true;
}

bool model_next_pod(struct model *m, uint64_t now_ns, uint32_t *ret_index, uint64_t *ret_id,
		    const char **ret_path)
{
	for (uint32_t steps = 0; steps < m->pods.high; steps++) {
		uint32_t i = m->pod_hand++ % m->pods.high;
		const struct pod_row *p = pod_at(m, i);
		const struct ident_row *id = p ? identity_row(m->identity, p->ident) : NULL;

		if (!id || id->row.id != p->ident_id || p->gone_ns || id->gone_ns || !id->path ||
		    id->kind == IDENT_HOST || m->pod_side[i].asked_ns + NS_PER_S > now_ns)
			continue;
		m->pod_side[i].asked_ns = now_ns;
		*ret_index = i;
		*ret_id = p->row.id;
		*ret_path = id->path;
		return true;
	}
	return false;
}

static void take_argv(struct model *m, struct proc_row *w, const struct proc_facts *f)
{
	char argv[ARGV_MOST];
	size_t n = MIN(f->argv.n, sizeof(argv));

	if (!n)
		return;
	memcpy(argv, f->argv.p, n);
	mask_args(argv, n);
	model_text_take(m, &w->argv, argv, n);
	w->argv_n = (uint32_t)texts_len(w->argv);
	if (f->argv_cut || n < f->argv.n)
		w->flags |= EV_ARGV_CUT;
}

void model_proc_facts(struct model *m, const struct proc_facts *f)
{
	uint32_t i = f->start_ns ? proc_find(m, f->pid, f->start_ns) : TABLE_NONE;
	struct proc_row *w = i == TABLE_NONE ? NULL : table_edit(&m->procs, i);

	if (!w || w->gone_ns || f->error == -ESRCH)
		return;
	m->proc_side[i].facts_ns = m->now_ns;
	/* What the kernel recorded at exec stands: a process can rewrite what procfs shows. */
	if (!w->argv)
		take_argv(m, w, f);
	if (!w->exe && f->exe[0])
		model_text_take(m, &w->exe, f->exe, strnlen(f->exe, sizeof(f->exe)));
	if (f->cwd[0])
		model_text_take(m, &w->cwd, f->cwd, strnlen(f->cwd, sizeof(f->cwd)));
	if (f->fds != UINT32_MAX)
		w->fds = f->fds;
	if (f->threads)
		w->threads = f->threads;
	if (f->rss_bytes)
		w->rss_bytes = f->rss_bytes;
	if (!(w->flags & EV_UID)) {
		w->uid = w->uid_host = f->uid;
		w->gid = f->gid;
		w->flags |= EV_UID;
	}
	if (!w->tty)
		w->tty = f->tty;
	if (f->comm[0])
		memcpy(w->comm, f->comm, sizeof(w->comm));
}
