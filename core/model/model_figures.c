/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures of pod rows: from their cgroups, else summed over their processes; and sparklines. */
#include <string.h>

#include "model/inner.h"

void spark_add(float *hist, uint32_t *n, double v, uint8_t *spark)
{
	float most = 0;

	if (*n == SPARK)
		memmove(hist, hist + 1, (SPARK - 1) * sizeof(*hist));
	else
		++*n;
	hist[*n - 1] = v > 0 ? (float)v : 0;
	for (uint32_t i = 0; i < *n; i++)
		most = MAX(most, hist[i]);
	for (uint32_t i = 0; i < *n; i++)
		spark[i] = most > 0 ? (uint8_t)(hist[i] / most * 255.0f + 0.5f) : 0;
}

void pod_sums_begin(struct model *m)
{
	for (uint32_t i = 0; i < m->pods.high; i++) {
		m->pod_side[i].cpu_sum = -1;
		m->pod_side[i].rss_sum = 0;
	}
}

void pod_sum(struct model *m, const struct proc_row *p)
{
	struct pod_side *s = &m->pod_side[p->pod];

	if (p->cpu_pct >= 0)
		s->cpu_sum = MAX(s->cpu_sum, 0) + p->cpu_pct;
	s->rss_sum += p->rss_bytes;
}

void pod_sums_end(struct model *m)
{
	for (uint32_t i = 0; i < m->pods.high; i++) {
		const struct pod_side *s = &m->pod_side[i];
		const struct pod_row *p = pod_at(m, i);
		struct pod_row *w;

		if (!p || p->gone_ns || (s->cpu_told && s->rss_told))
			continue;
		w = table_edit(&m->pods, i);
		if (w && !s->cpu_told)
			w->cpu_pct = s->cpu_sum;
		if (w && !s->rss_told && s->rss_sum)
			w->rss_bytes = s->rss_sum;
	}
}

/* How much of @part of @whole there was since the sample before; negative: not known. */
static double share(uint64_t part, uint64_t part_then, uint64_t whole, uint64_t whole_then)
{
	if (part == UINT64_MAX || part_then == UINT64_MAX || whole == UINT64_MAX ||
	    whole_then == UINT64_MAX || part < part_then || whole <= whole_then)
		return -1;
	return 100.0 * (double)(part - part_then) / (double)(whole - whole_then);
}

void model_pod_sample(struct model *m, uint32_t index, uint64_t id, const struct cgroup_sample *c)
{
	const struct pod_row *p = index < m->pods.high ? pod_at(m, index) : NULL;
	struct pod_side *s = &m->pod_side[index];
	struct pod_row *w = p && p->row.id == id ? table_edit(&m->pods, index) : NULL;

	if (!w)
		return;
	s->cpu_told = c->cpu_ns != UINT64_MAX;
	s->rss_told = c->memory_bytes != UINT64_MAX;
	if (s->then.at_ns) {
		if (s->cpu_told)
			w->cpu_pct = share(c->cpu_ns, s->then.cpu_ns, c->at_ns, s->then.at_ns);
		w->throttled_pct = share(c->throttled_periods, s->then.throttled_periods,
					 c->periods, s->then.periods);
		/* No period went by: nothing ran, so nothing was held back. */
		if (w->throttled_pct < 0 && c->periods != UINT64_MAX &&
		    c->periods == s->then.periods)
			w->throttled_pct = 0;
	}
	w->cpu_limit_cores = -1;
	if (c->cpu_quota_us != UINT64_MAX && c->cpu_period_us && c->cpu_period_us != UINT64_MAX)
		w->cpu_limit_cores = (double)c->cpu_quota_us / (double)c->cpu_period_us;
	if (s->rss_told)
		w->rss_bytes = c->memory_bytes;
	w->memory_limit = c->memory_limit;
	if (c->oom_kills != UINT64_MAX)
		w->oom = MAX(c->oom_kills, s->oom_events);
	w->pids = c->pids;
	w->pids_limit = c->pids_limit;
	w->psi_cpu = c->psi_cpu;
	w->psi_memory = c->psi_memory;
	w->psi_io = c->psi_io;
	s->then = *c;
}

void model_pod_lost(struct model *m, uint32_t ident, uint64_t ident_id, uint64_t lost)
{
	uint32_t i = pod_for(m, ident, ident_id);
	const struct pod_row *p = pod_at(m, i);
	struct pod_row *w = p->lost == lost ? NULL : table_edit(&m->pods, i);

	if (w)
		w->lost = lost;
}
