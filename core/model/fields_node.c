/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of the one node row: the title bar and the health of sonde itself. */
#include "model/fields.h"

#include "base/macros.h"

#define GETTER(what, expr)                                                                      \
	static void get_##what(struct field_ctx *ctx, const void *row, struct sonde_value *ret) \
	{                                                                                       \
		const struct node_row *p = row;                                                 \
		(void)ctx;                                                                      \
		expr;                                                                           \
	}

GETTER(node, value_text(ret, p->node[0] ? p->node : NULL))
GETTER(kernel, value_text(ret, p->kernel[0] ? p->kernel : NULL))
GETTER(ready, value_bool(ret, p->picture_done))
GETTER(events_per_s, value_figure(ret, p->events_per_s))
GETTER(events, value_uint(ret, p->events))
GETTER(lost, value_uint(ret, p->lost))
GETTER(lost_ring, value_uint(ret, p->lost_by[LOSS_RING]))
GETTER(lost_budget, value_uint(ret, p->lost_by[LOSS_BUDGET]))
GETTER(lost_queue, value_uint(ret, p->lost_by[LOSS_QUEUE]))
GETTER(lost_missed, value_uint(ret, p->lost_by[LOSS_MISSED]))
GETTER(lost_map, value_uint(ret, p->lost_by[LOSS_MAP]))
GETTER(sampled_out, value_uint(ret, p->sampled))
GETTER(cpu_pct, value_figure(ret, p->cpu_pct))
GETTER(cpus, value_uint(ret, p->cpus))
GETTER(load1, value_figure(ret, p->load1))
GETTER(load5, value_figure(ret, p->load5))
GETTER(load15, value_figure(ret, p->load15))
GETTER(psi_cpu, value_figure(ret, p->psi_cpu))
GETTER(psi_memory, value_figure(ret, p->psi_memory))
GETTER(psi_io, value_figure(ret, p->psi_io))
GETTER(mem_total, value_count(ret, p->mem_total ? p->mem_total : UINT64_MAX))
GETTER(mem_available, value_count(ret, p->mem_total ? p->mem_available : UINT64_MAX))
GETTER(disk_total, value_count(ret, p->disk_total ? p->disk_total : UINT64_MAX))
GETTER(disk_free, value_count(ret, p->disk_total ? p->disk_free : UINT64_MAX))
GETTER(self_cpu_pct, value_figure(ret, p->self_cpu_pct))
GETTER(bpf_cpu_pct, value_figure(ret, p->bpf_cpu_pct))
GETTER(self_rss, value_count(ret, p->self_rss ? p->self_rss : UINT64_MAX))
GETTER(pods, value_uint(ret, p->pods))
GETTER(containers, value_uint(ret, p->containers))
GETTER(procs, value_uint(ret, p->procs))
GETTER(conns, value_uint(ret, p->conns))
GETTER(repaired_at, value_boot(ctx, ret, p->repaired_ns))
GETTER(repaired_rows, value_uint(ret, p->repaired_rows))
GETTER(tax, value_text(ret, p->tax))
GETTER(stuck, value_uint(ret, p->worker_stuck))
GETTER(spark_events, value_spark(ctx, ret, p->spark_events, MIN(p->spark_n, 32u)))

/* What is used of a whole; null when the whole is not known. */
static void used_pct(struct sonde_value *ret, uint64_t whole, uint64_t left)
{
	value_figure(ret, whole ? 100.0 * (double)(whole - MIN(left, whole)) / (double)whole : -1);
}

GETTER(mem_pct, used_pct(ret, p->mem_total, p->mem_available))
GETTER(disk_pct, used_pct(ret, p->disk_total, p->disk_free))

static void get_origin(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	static const char *const names[] = {
		[ORIGIN_RING] = "ring",
		[ORIGIN_PICTURE] = "picture",
		[ORIGIN_POLLING] = "polling",
		[ORIGIN_REPLAY] = "replay",
	};
	const struct node_row *p = row;

	(void)ctx;
	value_text(ret, p->origin < ARRAY_SIZE(names) ? names[p->origin] : NULL);
}

#define TEXT(name, key, title, width, rank, get, help) \
	FIELD(name, key, title, SONDE_TEXT, SONDE_PLAIN, width, rank, COLUMN | JSON, get, help)
#define NUM(name, key, title, unit, width, rank, get, help) \
	FIELD(name, key, title, SONDE_UINT, unit, width, rank, RIGHT | COLUMN | JSON, get, help)
#define REAL(name, key, title, unit, width, rank, get, help) \
	FIELD(name, key, title, SONDE_REAL, unit, width, rank, RIGHT | COLUMN | JSON, get, help)

static const struct field_def fields[] = {
	TEXT("sonde.node", "node", "NODE", 20, 1, get_node, "Name of the node"),
	TEXT("sonde.node.kernel", "kernel", "KERNEL", 20, 5, get_kernel, "Release of its kernel"),
	TEXT("sonde.node.origin", "origin", "SOURCE", 8, 3, get_origin,
	     "Where events come from: ring, polling or replay"),
	FIELD("sonde.node.ready", "ready", "READY", SONDE_BOOL, SONDE_PLAIN, 5, 3, COLUMN | JSON,
	      get_ready, "Whether the first picture is complete"),
	REAL("sonde.node.events_per_s", "events_per_s", "EV/S", SONDE_RATE, 7, 2, get_events_per_s,
	     "Events a second, over the last second"),
	NUM("sonde.node.events", "events", "EVENTS", SONDE_PLAIN, 9, 6, get_events,
	    "Events since the start"),
	NUM("sonde.node.lost", "lost", "LOST", SONDE_PLAIN, 7, 2, get_lost,
	    "Events that were lost, of all causes"),
	NUM("sonde.node.lost_ring", "lost_ring", "L.RING", SONDE_PLAIN, 7, 8, get_lost_ring,
	    "Lost because the ring was full"),
	NUM("sonde.node.lost_budget", "lost_budget", "L.BUDGET", SONDE_PLAIN, 8, 8, get_lost_budget,
	    "Lost because a pod had used its budget"),
	NUM("sonde.node.lost_queue", "lost_queue", "L.QUEUE", SONDE_PLAIN, 7, 8, get_lost_queue,
	    "Lost because a reader was too slow"),
	NUM("sonde.node.lost_missed", "lost_missed", "L.MISSED", SONDE_PLAIN, 8, 8, get_lost_missed,
	    "Lost because the kernel skipped a program"),
	NUM("sonde.node.lost_map", "lost_map", "L.MAP", SONDE_PLAIN, 7, 8, get_lost_map,
	    "Lost because a table was full"),
	NUM("sonde.node.sampled_out", "sampled_out", "SAMPLED", SONDE_PLAIN, 7, 8, get_sampled_out,
	    "Left out on purpose by sampling"),
	REAL("sonde.node.cpu_pct", "cpu_pct", "CPU%", SONDE_PERCENT, 6, 2, get_cpu_pct,
	     "CPU use of the node; 100 is all cores"),
	NUM("sonde.node.cpus", "cpus", "CPUS", SONDE_PLAIN, 4, 6, get_cpus, "Cores of the node"),
	REAL("sonde.node.load1", "load1", "LOAD1", SONDE_PLAIN, 6, 5, get_load1,
	     "Load average of a minute"),
	REAL("sonde.node.load5", "load5", "LOAD5", SONDE_PLAIN, 6, 7, get_load5,
	     "Load average of five minutes"),
	REAL("sonde.node.load15", "load15", "LOAD15", SONDE_PLAIN, 6, 7, get_load15,
	     "Load average of fifteen minutes"),
	REAL("sonde.node.psi_cpu", "psi_cpu", "PSI CPU", SONDE_PERCENT, 7, 6, get_psi_cpu,
	     "Time in which some task waited for CPU, over ten seconds"),
	REAL("sonde.node.psi_memory", "psi_memory", "PSI MEM", SONDE_PERCENT, 7, 6, get_psi_memory,
	     "Time in which some task waited for memory, over ten seconds"),
	REAL("sonde.node.psi_io", "psi_io", "PSI IO", SONDE_PERCENT, 7, 6, get_psi_io,
	     "Time in which some task waited for the disk, over ten seconds"),
	NUM("sonde.node.mem_total", "mem_total", "MEM", SONDE_BYTES, 6, 6, get_mem_total,
	    "Memory of the node"),
	NUM("sonde.node.mem_available", "mem_available", "MEM FREE", SONDE_BYTES, 8, 5,
	    get_mem_available, "Memory that new work can have"),
	REAL("sonde.node.mem_pct", "mem_pct", "MEM%", SONDE_PERCENT, 6, 3, get_mem_pct,
	     "Memory in use, as a share of all"),
	NUM("sonde.node.disk_total", "disk_total", "DISK", SONDE_BYTES, 6, 7, get_disk_total,
	    "Size of the file system with the node's root"),
	NUM("sonde.node.disk_free", "disk_free", "DISK FREE", SONDE_BYTES, 9, 6, get_disk_free,
	    "What is free of it"),
	REAL("sonde.node.disk_pct", "disk_pct", "DISK%", SONDE_PERCENT, 6, 4, get_disk_pct,
	     "What is used of it, as a share"),
	REAL("sonde.node.self_cpu_pct", "self_cpu_pct", "SONDE CPU%", SONDE_PERCENT, 10, 3,
	     get_self_cpu_pct, "CPU use of sonde's threads; 100 is one core"),
	REAL("sonde.node.bpf_cpu_pct", "bpf_cpu_pct", "BPF CPU%", SONDE_PERCENT, 8, 5,
	     get_bpf_cpu_pct, "CPU use of sonde's programs in the kernel; 100 is one core"),
	NUM("sonde.node.self_rss_bytes", "self_rss_bytes", "SONDE MEM", SONDE_BYTES, 9, 4,
	    get_self_rss, "Memory of sonde itself"),
	NUM("sonde.node.pods", "pods", "PODS", SONDE_PLAIN, 5, 4, get_pods, "Pods that run"),
	NUM("sonde.node.containers", "containers", "CTRS", SONDE_PLAIN, 5, 6, get_containers,
	    "Containers that run"),
	NUM("sonde.node.processes", "processes", "PROCS", SONDE_PLAIN, 6, 5, get_procs,
	    "Processes that run"),
	NUM("sonde.node.conns", "conns", "CONNS", SONDE_PLAIN, 6, 5, get_conns, "Open sockets"),
	FIELD("sonde.node.repaired_at", "repaired_at", "REPAIRED", SONDE_TIME, SONDE_AGE, 8, 7,
	      RIGHT | COLUMN | JSON, get_repaired_at,
	      "When the model was last compared with the kernel"),
	NUM("sonde.node.repaired_rows", "repaired_rows", "MENDED", SONDE_PLAIN, 6, 7,
	    get_repaired_rows, "Rows that this comparison had to mend"),
	TEXT("sonde.node.tax", "tax", "TAX", 20, 6, get_tax, "What a hook costs every syscall"),
	NUM("sonde.node.worker_stuck", "worker_stuck", "STUCK", SONDE_PLAIN, 5, 8, get_stuck,
	    "Jobs that were abandoned past their deadline"),
	FIELD("sonde.node.spark_events", "spark_events", "EVENTS", SONDE_TEXT, SONDE_PLAIN, 32, 8,
	      0, get_spark_events, "Event rate of the last seconds, a digit 0 to 8 each"),
};

const struct field_table model_node_fields = {
	.name = "node",
	.fields = fields,
	.n = ARRAY_SIZE(fields),
};
