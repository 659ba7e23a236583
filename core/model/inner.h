/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the model's own files share. Rows (rows.h) are what snapshots show; beside each
 * table stand plain arrays with what only the engine needs, so that bookkeeping never
 * copies a page.
 */
#ifndef MODEL_INNER_H
#define MODEL_INNER_H

#include "base/clock.h"
#include "base/macros.h"
#include "model/list.h"
#include "model/map.h"
#include "model/model.h"
#include "model/recent.h"
#include "model/texts.h"

#define MODEL_PROCS (64u << 10)
#define MODEL_CONNS (128u << 10)
#define MODEL_PODS (4u << 10)
#define GONE_NS (60 * NS_PER_S)
/* Gone rows kept: a storm must not fill memory with its dead. */
#define GONE_PROCS (12u << 10)
#define GONE_CONNS (8u << 10)
#define WATCH_MOST 512
#define PROC_DEPTH 64 /* steps at most up a chain of parents */
#define SPARK 32

enum {
	PROC_REAPER = 1,  /* the kernel was seen to hand orphans to it */
	PROC_EXITED = 2,  /* gone by its own record, not by comparing */
	PROC_PARTIAL = 4, /* made from a record that was not its fork or exec */
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
	uint32_t procs, conns; /* alive */
	uint32_t refs;	       /* rows that point here, gone ones too */
	uint32_t containers, restarts; /* counted by the pass of each second */
	bool dirty;	       /* the row lags behind */
	bool seen;	       /* an identity of it is alive */
	uint64_t key;	       /* what m->pod_keys knows it by */
	bool cpu_told, rss_told; /* by its cgroup */
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
	uint64_t gen;	 /* snapshots taken */
	uint64_t now_ns; /* CLOCK_BOOTTIME of the newest thing seen */
	int64_t offset_ns;
	uint64_t map_lost; /* newcomers that found a full table */
	uint64_t map_lost_ns;
	uint32_t host_netns; /* of pid 1, 0: not known */

	struct table pods, procs, conns;
	struct proc_side *proc_side;
	struct conn_side *conn_side;
	struct pod_side *pod_side;
	struct map pids; /* pid -> the newest row with it */
	struct list proc_gone, conn_gone;
	struct link *proc_gone_link, *conn_gone_link;
	struct link *sib;  /* siblings among processes */
	struct list fresh; /* processes that lack what procfs knows */
	struct link *fresh_link;

	struct map socks;      /* cookie, and peer for UDP -> conn row */
	struct map udp;	       /* cookie of a UDP socket -> its newest peer's row */
	struct link *udp_link; /* the other peers of the same socket */
	struct list udp_idle;  /* UDP peers, the longest silent first */
	struct link *udp_idle_link;
	struct map ends;       /* protocol, address and port of an end on this node -> conn row */
	struct map addrs;      /* address -> pod row, for pods with a network of their own */
	struct map dns;	       /* pod row and address -> place among the pod's answers */

	struct map pod_keys; /* pod UID, container id or unit -> pod row; one pod may have cgroups in two hierarchies */
	struct ident_pod *ident_pod;
	uint32_t ident_cap;

	struct pass pass;
	struct watch watch;	      /* processes that a person looks at */
	uint32_t proc_hand, pod_hand; /* where the background rounds stand */
	uint64_t round_ns;	      /* the second that round_n counts in */
	uint32_t round_n;

	struct node_row node;
	uint64_t events, events_then, second_ns;
	float node_events[SPARK];
	uint32_t node_events_n;
	struct node_sample node_then;
};

/* A new row in @t with an id of its own. NULL when full or on no memory. */
void *model_row_add(struct model *m, struct table *t);
/* A newcomer found no room. */
void model_map_lost(struct model *m);
/* Put @text (counted by the caller) in a row's place; the old one is let go. */
void model_text_set(struct model *m, const char **at, const char *text);
/* Take @n bytes as a shared text into a row's place; on no memory the place is left. */
void model_text_take(struct model *m, const char **at, const void *p, size_t n);

/* model_pod.c */
uint32_t pod_for(struct model *m, uint32_t ident, uint64_t ident_id);
void pod_second(struct model *m, double secs);
void pod_flush(struct model *m); /* bring counts into the rows, before a snapshot */
/* One process or connection more or less; @alive is +1, 0 or -1, @refs too. */
void pod_count_proc(struct model *m, uint32_t pod, int alive, int refs);
void pod_count_conn(struct model *m, uint32_t pod, int alive, int refs);
/* An event that is the pod's; @ev is kept and counted. */
int pod_event(struct model *m, uint32_t pod, const struct event *ev);
/* Figures of rows whose cgroup tells none (the host, some units): summed over their processes by a pass. */
void pod_sums_begin(struct model *m);
void pod_sum(struct model *m, const struct proc_row *p);
void pod_sums_end(struct model *m);
/* Put @v at the end of @hist (n of SPARK used); fill @spark, scaled by the loudest. */
void spark_add(float *hist, uint32_t *n, double v, uint8_t *spark);
/* "ns/name" of an identity's pod in @buf. Its length, 0 when the name is not known or it is no pod. */
size_t ident_name(const struct model *m, uint32_t ident, uint64_t ident_id, char *buf, size_t size);
const struct pod_row *pod_at(const struct model *m, uint32_t index);

/* model_proc.c */
const struct proc_row *proc_at(const struct model *m, uint32_t index);
const struct proc_row *proc_parent_at(const struct model *m, const struct proc_row *p);
uint32_t proc_find(const struct model *m, uint32_t pid, uint64_t start_ns);
uint32_t proc_new(struct model *m, uint32_t pid, uint64_t start_ns, uint64_t at_ns, uint32_t ident,
		  uint64_t ident_id);
void proc_gone(struct model *m, uint32_t index, uint64_t at_ns);
void proc_back(struct model *m, uint32_t index); /* it was not gone after all */
void proc_parent(struct model *m, uint32_t index, uint32_t ppid, uint64_t parent_start_ns);
void proc_ident(struct model *m, uint32_t index, uint32_t ident, uint64_t ident_id);
bool proc_drop(struct model *m, uint32_t index); /* false on no memory */
/* model_exec.c */
/* The process an event speaks of, made when it is not known. TABLE_NONE when the event names none or there is no room. */
uint32_t proc_of_event(struct model *m, struct event *ev);
int proc_event(struct model *m, union event_buf *b);
/* Its own record came after a pass had found the change. */
void proc_confirmed(struct model *m, struct proc_row *w);
/* Tell the event what the row knows. */
void proc_complete(struct model *m, struct event *ev, uint32_t index);

/* model_conn.c */
const struct conn_row *conn_at(const struct model *m, uint32_t index);
/* The socket @cookie (the peer counts for UDP; both ends when there is no cookie). TABLE_NONE. */
uint32_t conn_find(const struct model *m, uint64_t cookie, uint8_t proto,
		   const struct event_addr *local, const struct event_addr *remote);
uint32_t conn_new(struct model *m, const struct conn_row *like);
void conn_gone(struct model *m, uint32_t index, uint64_t at_ns);
void conn_back(struct model *m, uint32_t index);
bool conn_drop(struct model *m, uint32_t index); /* false on no memory */
/* Who holds the socket; TABLE_NONE leaves it as it is. */
void conn_proc(struct model *m, uint32_t index, uint32_t proc);
void conn_pod(struct model *m, uint32_t index, uint32_t ident, uint64_t ident_id);
void conn_second(struct model *m);
/* model_net.c */
int conn_event(struct model *m, union event_buf *b);

/* model_name.c */
/* Learn the answers of a dns event of this pod row. */
void dns_event(struct model *m, uint32_t pod, const struct event *ev);
/* What this pod was told that @addr is called (not counted), NULL: nothing. */
const char *dns_find(const struct model *m, uint32_t pod, const struct event_addr *addr);
void dns_drop(struct model *m, uint32_t pod);
bool addr_same(const struct event_addr *a, const struct event_addr *b);
bool addr_any(const struct event_addr *a); /* none, or the wildcard */
uint64_t addr_hash(const struct event_addr *a, bool with_port);
/* Remember that row @index ends on this node; forget it. */
void ends_add(struct model *m, uint32_t index);
void ends_del(struct model *m, uint32_t index);
/* The row that ends at @local, TABLE_NONE. */
uint32_t ends_find(const struct model *m, uint8_t proto, const struct event_addr *local,
		   uint32_t netns);
/* Look who is at the other end of row @index, and tell that one too. */
void ends_meet(struct model *m, uint32_t index);

#endif
