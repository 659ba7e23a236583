/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of pod rows. */
#include "model/fields.h"

#include "base/macros.h"

#define ROW const struct pod_row *p = row

static const struct ident_row *id_of(const struct field_ctx *ctx, const void *row)
{
	ROW;
	return ctx_ident(ctx, p->ident, p->ident_id);
}

IDENT_GETTERS(IDENT_GETTER_OF_ROW)

#define GETTER(what, expr)                                                                      \
	static void get_##what(struct field_ctx *ctx, const void *row, struct sonde_value *ret) \
	{                                                                                       \
		ROW;                                                                            \
		(void)ctx;                                                                      \
		expr;                                                                           \
	}

GETTER(containers, value_uint(ret, p->containers))
GETTER(procs, value_uint(ret, p->procs))
GETTER(conns, value_uint(ret, p->conns))
GETTER(events_per_s, value_figure(ret, p->events_per_s))
GETTER(events, value_uint(ret, p->events))
GETTER(cpu_pct, value_figure(ret, p->cpu_pct))
GETTER(throttled_pct, value_figure(ret, p->throttled_pct))
GETTER(cpu_limit, value_figure(ret, p->cpu_limit_cores))
GETTER(rss_bytes, value_count(ret, p->rss_bytes))
GETTER(memory_limit, value_count(ret, p->memory_limit))
GETTER(restarts, value_uint(ret, p->restarts))
GETTER(oom, value_uint(ret, p->oom))
GETTER(lost, value_uint(ret, p->lost))
GETTER(pids, value_count(ret, p->pids))
GETTER(pids_limit, value_count(ret, p->pids_limit))
GETTER(psi_cpu, value_figure(ret, p->psi_cpu))
GETTER(psi_memory, value_figure(ret, p->psi_memory))
GETTER(psi_io, value_figure(ret, p->psi_io))
GETTER(first_seen, value_boot(ctx, ret, p->first_ns))
GETTER(gone_at, value_boot(ctx, ret, p->gone_ns))
GETTER(spark_events, value_spark(ctx, ret, p->spark_events, MIN(p->spark_n, 32u)))
GETTER(spark_cpu, value_spark(ctx, ret, p->spark_cpu, MIN(p->spark_n, 32u)))

/* Nothing scores risk yet. */
static void get_risk(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	(void)ctx;
	(void)row;
	value_null(ret);
}

static void get_phase(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	const struct ident_row *id = id_of(ctx, row);
	ROW;

	if (p->gone_ns)
		value_text(ret, "Gone");
	else if (id && id->kind == IDENT_POD && !p->containers)
		value_text(ret, "Starting");
	else
		value_text(ret, "Running");
}

static void get_kind(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	static const char *const kinds[] = {
		[IDENT_HOST] = "host",           [IDENT_UNIT] = "unit",       [IDENT_POD] = "pod",
		[IDENT_CONTAINER] = "container", [IDENT_SANDBOX] = "sandbox",
	};
	const struct ident_row *id = id_of(ctx, row);

	value_text(ret, id && id->kind < ARRAY_SIZE(kinds) ? kinds[id->kind] : NULL);
}

/* Use against the limit: what an engineer looks for first. */
static void get_cpu_of_limit(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;

	(void)ctx;
	value_figure(ret, p->cpu_limit_cores > 0 && p->cpu_pct >= 0
				  ? p->cpu_pct / p->cpu_limit_cores
				  : -1);
}

static void get_memory_of_limit(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;

	(void)ctx;
	value_figure(ret,
		     p->memory_limit && p->memory_limit != UINT64_MAX && p->rss_bytes != UINT64_MAX
			     ? 100.0 * (double)p->rss_bytes / (double)p->memory_limit
			     : -1);
}

#define NUM(name, key, title, unit, width, rank, flags, get, help) \
	FIELD(name, key, title, SONDE_UINT, unit, width, rank, RIGHT | (flags), get, help)
#define REAL(name, key, title, unit, width, rank, flags, get, help) \
	FIELD(name, key, title, SONDE_REAL, unit, width, rank, RIGHT | (flags), get, help)

static const struct field_def fields[] = {
	FIELD("sonde.owner", "owner", "POD", SONDE_TEXT, SONDE_PLAIN, 0, 1, COLUMN, get_owner,
	      "Pod as namespace/name, else its UID, the container, the unit or host"),
	FIELD("sonde.pod", "pod", "POD", SONDE_TEXT, SONDE_PLAIN, 30, 2, JSON, get_pod,
	      "Pod as namespace/name"),
	FIELD("k8s.pod.uid", "pod_uid", "POD UID", SONDE_TEXT, SONDE_PLAIN, 36, 9, JSON,
	      get_pod_uid, "UID of the pod"),
	FIELD("sonde.pod.phase", "phase", "PHASE", SONDE_TEXT, SONDE_PLAIN, 8, 6, COLUMN | JSON,
	      get_phase, "Starting, Running or Gone"),
	NUM("sonde.pod.containers", "containers", "CTRS", SONDE_PLAIN, 4, 9, COLUMN | JSON,
	    get_containers, "Containers that run"),
	NUM("sonde.pod.processes", "processes", "PROCS", SONDE_PLAIN, 5, 3, COLUMN | JSON,
	    get_procs, "Processes that run"),
	NUM("sonde.pod.conns", "conns", "CONNS", SONDE_PLAIN, 5, 4, COLUMN | JSON, get_conns,
	    "Open sockets: connections, listeners and UDP peers"),
	REAL("sonde.events_per_s", "events_per_s", "EV/S", SONDE_RATE, 6, 3, COLUMN | JSON,
	     get_events_per_s, "Events a second, over the last second"),
	REAL("sonde.cpu_pct", "cpu_pct", "CPU%", SONDE_PERCENT, 6, 1, COLUMN | JSON, get_cpu_pct,
	     "CPU use over the last second; 100 is one core"),
	REAL("sonde.cpu_throttled_pct", "cpu_throttled_pct", "THR%", SONDE_PERCENT, 5, 5,
	     COLUMN | JSON, get_throttled_pct,
	     "Periods of the last second in which it was held back"),
	NUM("sonde.rss_bytes", "rss_bytes", "MEM", SONDE_BYTES, 6, 2, COLUMN | JSON, get_rss_bytes,
	    "Memory that its cgroup is charged with"),
	NUM("sonde.memory_limit", "memory_limit", "MEM LIM", SONDE_BYTES, 7, 6, COLUMN | JSON,
	    get_memory_limit, "Memory that it may use"),
	NUM("sonde.restarts", "restarts", "RST", SONDE_PLAIN, 4, 6, COLUMN | JSON, get_restarts,
	    "Restarts of its containers"),
	NUM("sonde.oom", "oom", "OOM", SONDE_PLAIN, 4, 5, COLUMN | JSON, get_oom,
	    "Processes that were killed for want of memory"),
	REAL("sonde.risk", "risk", "RISK", SONDE_PLAIN, 4, 7, JSON, get_risk,
	     "Risk score, 0 to 100"),
	NUM("sonde.lost", "lost", "LOST", SONDE_PLAIN, 5, 7, COLUMN | JSON, get_lost,
	    "Events of it that were lost, of all causes"),
	FIELD("sonde.first_seen", "first_seen", "AGE", SONDE_TIME, SONDE_AGE, 6, 4,
	      RIGHT | COLUMN | JSON, get_first_seen, "When it was first seen"),
	FIELD("sonde.gone_at", "gone_at", "GONE", SONDE_TIME, SONDE_CLOCK, 8, 9, JSON, get_gone_at,
	      "When it went away"),
	FIELD("sonde.kind", "kind", "KIND", SONDE_TEXT, SONDE_PLAIN, 9, 8, JSON, get_kind,
	      "pod, container (of no pod), unit or host"),
	FIELD("sonde.spark_events", "spark_events", "EVENTS", SONDE_TEXT, SONDE_PLAIN, 16, 8, 0,
	      get_spark_events, "Event rate of the last seconds, a digit 0 to 8 each"),
	FIELD("sonde.spark_cpu", "spark_cpu", "CPU", SONDE_TEXT, SONDE_PLAIN, 16, 8, 0,
	      get_spark_cpu, "CPU use of the last seconds, a digit 0 to 8 each"),
	REAL("sonde.cpu_limit", "cpu_limit", "CPU LIM", SONDE_PLAIN, 7, 8, JSON, get_cpu_limit,
	     "Cores that it may use"),
	REAL("sonde.cpu_of_limit", "cpu_of_limit", "CPU/LIM", SONDE_PERCENT, 7, 7, 0,
	     get_cpu_of_limit, "CPU use as a share of the limit"),
	REAL("sonde.memory_of_limit", "memory_of_limit", "MEM/LIM", SONDE_PERCENT, 7, 7, 0,
	     get_memory_of_limit, "Memory use as a share of the limit"),
	REAL("sonde.psi_cpu", "psi_cpu", "PSI CPU", SONDE_PERCENT, 7, 8, JSON, get_psi_cpu,
	     "Time in which some task waited for CPU, over ten seconds"),
	REAL("sonde.psi_memory", "psi_memory", "PSI MEM", SONDE_PERCENT, 7, 8, JSON, get_psi_memory,
	     "Time in which some task waited for memory, over ten seconds"),
	REAL("sonde.psi_io", "psi_io", "PSI IO", SONDE_PERCENT, 7, 8, JSON, get_psi_io,
	     "Time in which some task waited for the disk, over ten seconds"),
	NUM("sonde.pids", "pids", "TASKS", SONDE_PLAIN, 6, 8, JSON, get_pids,
	    "Threads, as its cgroup counts them"),
	NUM("sonde.pids_limit", "pids_limit", "TASK LIM", SONDE_PLAIN, 8, 9, JSON, get_pids_limit,
	    "Threads that it may have"),
	NUM("sonde.events", "events", "EVENTS", SONDE_PLAIN, 8, 8, 0, get_events,
	    "Events since it was first seen"),
	FIELD("sonde.container", "container", "CONTAINER", SONDE_TEXT, SONDE_PLAIN, 14, 9, 0,
	      get_container, "Name of the container, of one that has no pod"),
	IDENT_FIELDS,
};

const struct field_table model_pods_fields = {
	.name = "pods",
	.fields = fields,
	.n = ARRAY_SIZE(fields),
};
