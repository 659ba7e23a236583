/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be read next from procfs and cgroups: rows that a person looks at first, then
 * processes of which little is known, then everybody in a slow round.
 */
#include <errno.h>
#include <string.h>

#include "base/mask.h"
#include "model/inner.h"

#define FRESH_NS (100 * NS_PER_MS) /* an exec record may still come and tell it all */
#define ROUND_NS (30 * NS_PER_S)   /* between two background looks at one process */
#define ROUND_MOST 100		   /* background looks a second */
#define ROUND_STEPS 64		   /* rows passed over in one call */
#define ARGV_MOST 4096

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

static uint32_t next_fresh(struct model *m, uint64_t now_ns)
{
	uint32_t i;

	while ((i = list_first(&m->fresh)) != TABLE_NONE) {
		const struct proc_row *p = proc_at(m, i);

		/* They stand in the order they were made. */
		if (m->proc_side[i].born_ns + FRESH_NS > now_ns)
			return TABLE_NONE;
		list_del(&m->fresh, m->fresh_link, i);
		if (!p->argv || !p->exe)
			return i;
	}
	return TABLE_NONE;
}

static uint32_t next_round(struct model *m, uint64_t now_ns)
{
	if (now_ns >= m->round_ns + NS_PER_S || now_ns < m->round_ns) {
		m->round_ns = now_ns;
		m->round_n = 0;
	}
	if (m->round_n >= ROUND_MOST || !m->procs.high)
		return TABLE_NONE;
	for (uint32_t steps = 0; steps < ROUND_STEPS; steps++) {
		uint32_t i = m->proc_hand++ % m->procs.high;

		if (due(m, i, now_ns, ROUND_NS) &&
		    m->proc_side[i].born_ns + NS_PER_S <= now_ns) {
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

	*ret_fds = true;
	if (i == TABLE_NONE) {
		i = next_fresh(m, now_ns);
		*ret_fds = i == TABLE_NONE; /* counting them costs a readdir: not for newcomers */
	}
	if (i == TABLE_NONE)
		i = next_round(m, now_ns);
	if (i == TABLE_NONE)
		return false;
	m->proc_side[i].asked_ns = now_ns;
	*ret_pid = proc_at(m, i)->pid;
	*ret_start_ns = proc_at(m, i)->start_ns;
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
