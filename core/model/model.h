/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live state of the node: pods, processes, connections, and the recent events
 * of each pod. One thread (the engine) writes; readers hold snapshots.
 *
 * Bounds (DESIGN 7): 64 Ki processes, 128 Ki connections, 4 Ki pods, rings of recent
 * events in a fixed arena. When a table is full the oldest gone row leaves first;
 * when none is gone the newcomer is counted as lost ("map").
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "identity/identity.h"
#include "model/rows.h"
#include "sensor/procfs.h"
#include "sensor/sensor.h"

struct model;

/* Recent events as readers see them: append-only segments. */
struct event_view;

/* Everything at one moment. Counted; any thread may read and unref it. */
struct snapshot {
	uint64_t gen;
	uint64_t time_ns;  /* UTC */
	uint64_t boot_ns;  /* CLOCK_BOOTTIME of the same moment */
	int64_t offset_ns; /* UTC - BOOTTIME */
	struct table_view idents, pods, procs, conns;
	struct node_row node;
	struct event_view *events; /* model/recent.h */
	char incomplete[160];      /* "" when nothing is missing */
};

struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s); /* any thread; NULL is fine */

/* NULL on no memory. @identity outlives the model. */
struct model *model_new(struct epoch *epoch, struct identity *identity);
void model_free(struct model *m);

/*
 * Take one event that identity has finished: change the tables, and complete the event
 * (proc_id, exe, cwd, parent, duration, uid; the socket's process and times). Then it is kept in
 * its pod's ring of recent events. O(1). Returns 0 or -ENOSPC/-ENOMEM when something had no room
 * (counted).
 */
int model_event(struct model *m, union event_buf *ev);

/* Facts of the iterators or procfs: first picture, repair, CPU times. A pass ends with f->last. */
void model_task(struct model *m, const struct task_fact *f);
void model_socket(struct model *m, const struct socket_fact *f);
/* Begin a pass. What is not seen until its end and started before it is gone; what is new is marked
 * EV_REPAIRED unless @first. */
void model_pass_begin(struct model *m, bool first, bool sockets, uint64_t now_ns);

/* What workers brought. */
void model_proc_facts(struct model *m, const struct proc_facts *f);
void model_pod_sample(struct model *m, uint32_t pod_index, uint64_t pod_id,
		      const struct cgroup_sample *c);
void model_node_sample(struct model *m, const struct node_sample *n);

/* The node row to fill by the engine (event rate, loss, cost). */
struct node_row *model_node(struct model *m);
/* Loss of a pod since the start, from the sensor's counters; @ident is identity's row (its pod row
 * is found by it). */
void model_pod_lost(struct model *m, uint32_t ident, uint64_t ident_id, uint64_t lost);

/* Once a second: rates, sparklines, ages; drop what has been gone for a minute. */
void model_second(struct model *m, uint64_t now_ns);

/* Rows whose details a person looks at; their procfs facts are wanted each second. */
void model_watch(struct model *m, enum sonde_table table, const sonde_id *ids, size_t n);
/* The next process whose procfs facts are missing or old: watched ones first. False: none. */
bool model_next_proc(struct model *m, uint64_t now_ns, uint32_t *ret_pid, uint64_t *ret_start_ns,
		     bool *ret_fds);
/* The next pod to sample, each about once a second. False: none. @ret_path is good for the turn. */
bool model_next_pod(struct model *m, uint64_t now_ns, uint32_t *ret_index, uint64_t *ret_id,
		    const char **ret_path);

/* Whose the live process @pid is: identity's row. False when there is none, or its row has gone. */
struct model_owner {
	uint32_t ident;
	uint64_t ident_id;
};
bool model_owner_of(const struct model *m, uint32_t pid, struct model_owner *ret);

/* The process with this pid that is alive now; TABLE_NONE. */
uint32_t model_find_pid(const struct model *m, uint32_t pid);
uint32_t model_find_id(const struct model *m, enum sonde_table table, sonde_id id);

/* A snapshot of now, counted once for the caller. NULL on no memory. */
struct snapshot *model_snapshot(struct model *m);
/*
 * The same with the idents alone (all other views empty, events NULL): what a batch of streamed
 * events needs to be read by another thread. Cheap enough for every turn.
 */
struct snapshot *model_snapshot_idents(struct model *m);

#endif
