/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows that snapshots show. Fixed size; texts live as long as a snapshot; NULL: not known. */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include "base/table.h"
#include "field/event.h"

/*
 * The low bits of a pod, process or connection id are its row's index, so that a row is found by
 * its id without a search: table_view_at(view, row_index(id)), then compare row.id.
 */
#define ROW_INDEX_BITS 17
static inline uint32_t row_index(sonde_id id)
{
	return (uint32_t)(id & ((1u << ROW_INDEX_BITS) - 1));
}

/* A pod, a container without a pod, a unit, or the host: whatever owns processes. */
struct pod_row {
	struct table_row row;
	uint32_t ident; /* identity's row: pod, bare container, unit or host */
	uint32_t flags;
	uint64_t ident_id;
	uint64_t first_ns, gone_ns; /* CLOCK_BOOTTIME; gone 0: alive */
	uint32_t containers, procs, conns;
	uint32_t restarts;
	uint64_t events; /* received so far */
	uint64_t lost;   /* all causes */
	double events_per_s;
	double cpu_pct;                   /* 100: one core; negative: not known */
	double cpu_limit_cores;           /* negative: none */
	double throttled_pct;             /* of periods in the last second; negative: not known */
	uint64_t rss_bytes, memory_limit; /* UINT64_MAX: not known / none */
	uint64_t oom;
	uint64_t pids, pids_limit;
	double psi_cpu, psi_memory, psi_io;
	uint8_t spark_events[32]; /* spark_n seconds, oldest first; 255 is the loudest */
	uint8_t spark_cpu[32];
	uint32_t spark_n;
};

struct proc_row {
	struct table_row row;
	uint32_t pid, ppid, nspid, threads;
	uint64_t start_ns;
	uint64_t exec_ns;
	uint64_t parent_id; /* row id of the parent, 0: none */
	uint32_t parent_index;
	uint32_t ident, pod; /* identity's row; pods' row index */
	uint64_t ident_id;
	uint64_t gone_ns;
	uint32_t uid, gid, uid_host, tty;
	uint32_t mntns, pidns, netns;
	uint32_t flags; /* EV_OUTSIDE, EV_ARGV_CUT, EV_REPAIRED, EV_EXIT_SIGNAL, EV_UID, … */
	uint32_t exit_code;
	uint32_t fds; /* UINT32_MAX: not known */
	uint64_t rss_bytes;
	uint64_t cpu_ns; /* so far */
	double cpu_pct;  /* negative: not known yet */
	uint64_t sampled_ns;
	uint32_t children; /* first child and next sibling are rebuilt per snapshot query */
	uint32_t conns;
	uint32_t argv_n;
	uint8_t layer;
	uint8_t fd_kind[3];
	uint8_t origin;
	char comm[16];
	const char *argv; /* argv_n bytes, NUL between the arguments, secrets masked */
	const char *exe, *cwd;
};

struct conn_row {
	struct table_row row;
	uint64_t cookie, inode;
	uint64_t proc_id;
	uint32_t proc;       /* index, TABLE_NONE: not known */
	uint32_t pod, ident; /* pods' row index; identity's row */
	uint64_t ident_id;
	uint32_t pid;
	uint64_t start_ns, gone_ns;
	struct event_addr local, remote;
	uint64_t bytes_in, bytes_out;
	double in_per_s, out_per_s; /* negative: not known */
	uint64_t sampled_ns;
	uint32_t netns;
	int32_t ret;
	uint8_t proto, state, server;
	uint8_t name_source; /* of @name: NAME_DNS or NAME_SNI; a known peer beats both */
	uint8_t origin;
	char comm[16];
	uint32_t flags;   /* EV_REPAIRED */
	uint32_t peer;    /* identity of the pod at the other end, when that is on this node */
	uint64_t peer_id; /* its row id; 0: not known */
	const char *name; /* of the remote side, as DNS or SNI claim it */
};

struct node_row {
	struct table_row row; /* id 1 */
	char node[64], kernel[64];
	uint64_t run;   /* names this engine run */
	uint8_t origin; /* ring, polling, replay */
	bool picture_done;
	double load1, load5, load15, psi_cpu, psi_memory, psi_io;
	uint64_t mem_total, mem_available, disk_total, disk_free;
	double cpu_pct; /* of all cores together, 0..100 */
	uint32_t cpus;
	double self_cpu_pct; /* threads of sonde, 100: one core */
	double bpf_cpu_pct;  /* its programs; negative: not known */
	uint64_t self_rss;
	uint32_t pods, containers, procs, conns;
	uint64_t events, lost, sampled;
	uint64_t lost_by[8]; /* enum loss_cause */
	double events_per_s;
	uint64_t repaired_ns; /* when the model was last compared with the kernel */
	uint32_t repaired_rows;
	const char *tax;   /* constant text: what a hook costs the node, or NULL */
	char trouble[160]; /* why a capture could not be read to its end, or "" */
	uint64_t worker_stuck;
	uint8_t spark_events[32];
	uint32_t spark_n;
};

#endif
