/* SPDX-License-Identifier: BSD-2-Clause */
/* What the model's own files call of each other. */
#ifndef MODEL_INNER_H
#define MODEL_INNER_H

#include "model/state.h"

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
/* "ns/name" of an identity's pod in @buf. Its length, 0 when it is no pod or not known. */
size_t ident_name(const struct model *m, uint32_t ident, uint64_t ident_id, char *buf, size_t size);
const struct pod_row *pod_at(const struct model *m, uint32_t index);

/* model_figures.c */
/* Figures of rows whose cgroup tells none (the host, some units): summed over their processes by a
 * pass. */
void pod_sums_begin(struct model *m);
void pod_sum(struct model *m, const struct proc_row *p);
void pod_sums_end(struct model *m);
/* Put @v at the end of @hist (n of SPARK used); fill @spark, scaled by the loudest. */
void spark_add(float *hist, uint32_t *n, double v, uint8_t *spark);

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
/* The process an event speaks of, made when it is not known. TABLE_NONE when the event names none
 * or there is no room. */
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
/* A UDP peer spoke: it is not silent for the next minute. */
void conn_heard(struct model *m, uint32_t index, uint64_t at_ns);
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

/* model_want.c */
/* A process that was born is to be looked at; one that is gone is not. */
void want_add(struct model *m, uint32_t proc);
void want_del(struct model *m, uint32_t proc);

#endif
