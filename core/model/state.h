/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the model keeps. Rows (rows.h) are what snapshots show; beside each
 * table stand plain arrays with what only the engine needs, so that bookkeeping never
 * copies a page.
 */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include "base/clock.h"
#include "base/macros.h"
#include "model/list.h"
#include "model/map.h"
#include "model/model.h"
#include "model/recent.h"
#include "model/texts.h"

#define MODEL_PROCS (64u << 10)
#define MODEL_CONNS (128u << 10)
#define MODEL_PODS  (4u << 10)
#define GONE_NS     (60 * NS_PER_S)
/* Gone rows kept: a storm must not fill memory with its dead. */
#define GONE_PROCS  (12u << 10)
#define GONE_CONNS  (8u << 10)
#define WATCH_MOST  512
#define PROC_DEPTH  64 /* steps at most up a chain of parents */
#define SPARK       32

enum {
	PROC_REAPER = 1,  /* the kernel was seen to hand orphans to it */
	PROC_EXITED = 2,  /* gone by its own record, not by comparing */
	PROC_PARTIAL = 4, /* made from a record that was not its fork or exec */
	PROC_YOUNG = 8,   /* stands on m->young, not on m->fresh */
};

struct proc_side {
	uint32_t older; /* index + 1 of the row that had this pid before, 0: none */
	uint32_t flags;
	uint32_t pass; /* the last pass that saw it */
	uint64_t born_ns, asked_ns, facts_ns;
	struct list children;
};

struct conn_side {
	uint32_t pass;
	uint32_t missed; /* passes in a row that did not see it */
	uint64_t born_ns;
	uint64_t end_key; /* what m->ends knows it by, 0: nothing */
};

/* What a pod was told that addresses are called: bounded, the oldest first to leave. */
struct dns_answer;
struct dns_names {
	struct dns_answer *answers;
	uint32_t cap, n, next;
};

struct pod_side {
	struct dns_names dns;
	uint64_t events, events_then;
	uint64_t oom_events;
	uint64_t asked_ns;
	uint32_t procs, conns;         /* alive */
	uint32_t refs;                 /* rows that point here, gone ones too */
	uint32_t containers, restarts; /* counted by the pass of each second */
	bool dirty;                    /* the row lags behind */
	bool seen;                     /* an identity of it is alive */
	uint64_t key;                  /* what m->pod_keys knows it by */
	bool cpu_told, rss_told;       /* by its cgroup */
	double cpu_sum;
	uint64_t rss_sum;
	struct cgroup_sample then;
	float hist_events[SPARK], hist_cpu[SPARK];
	uint32_t hist_n;
};

/* Which pod row an identity belongs to. */
struct ident_pod {
	uint64_t ident_id;
	uint64_t pod_id;
	uint32_t pod;
};

struct pass {
	uint32_t no;
	bool first, sockets, tasks_done, sockets_done;
	uint64_t now_ns;
	uint32_t tasks; /* delivered */
	uint32_t repaired;
};

struct watch {
	sonde_id ids[WATCH_MOST];
	size_t n, next;
};

struct model {
	struct epoch *epoch;
	struct identity *identity;
	struct texts texts;
	struct recent *recent;
	uint64_t seed;
	uint64_t serial; /* row ids are made of it */
	uint64_t gen;    /* snapshots taken */
	uint64_t now_ns; /* CLOCK_BOOTTIME of the newest thing seen */
	int64_t offset_ns;
	uint64_t map_lost; /* newcomers that found a full table */
	uint64_t map_lost_ns;
	uint64_t lost, lost_ns; /* events, and when that last grew */
	uint32_t host_netns;    /* of pid 1, 0: not known */

	struct table pods, procs, conns;
	struct proc_side *proc_side;
	struct conn_side *conn_side;
	struct pod_side *pod_side;
	struct map pids; /* pid -> the newest row with it */
	struct list proc_gone, conn_gone;
	struct link *proc_gone_link, *conn_gone_link;
	struct link *sib;  /* siblings among processes */
	struct list fresh; /* newborn processes: soon looked at if no record told what they run */
	struct list young; /* then these: looked at once when they have lived a second */
	struct link *fresh_link; /* of both */

	struct map socks;      /* cookie, and peer for UDP -> conn row */
	struct map udp;        /* cookie of a UDP socket -> its newest peer's row */
	struct link *udp_link; /* the other peers of the same socket */
	struct list udp_idle;  /* UDP peers, the longest silent first */
	struct link *udp_idle_link;
	struct map ends;  /* protocol, address and port of an end on this node -> conn row */
	struct map addrs; /* address -> pod row, for pods with a network of their own */
	struct map dns;   /* pod row and address -> place among the pod's answers */

	struct map pod_keys; /* pod UID, container id or unit -> pod row; one pod may have cgroups
				in two hierarchies */
	struct ident_pod *ident_pod;
	uint32_t ident_cap;

	struct pass pass;
	struct watch watch;           /* processes that a person looks at */
	uint32_t proc_hand, pod_hand; /* where the background rounds stand */
	uint64_t round_ns;            /* the second that round_n counts in */
	uint32_t round_n;

	struct node_row node;
	uint64_t events, events_then, second_ns;
	float node_events[SPARK];
	uint32_t node_events_n;
	struct node_sample node_then;
};

#endif
