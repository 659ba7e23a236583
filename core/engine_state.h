/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's own memory, shared by engine.c, jobs.c and slots.c alone. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <pthread.h>

#include "base/worker.h"
#include "engine.h"
#include "identity/runtime.h"

/* One pod's policy slot. Index 0 is whatever belongs to no pod. */
struct slot {
	uint64_t ident_id; /* 0: free */
	uint32_t ident;
	uint64_t gone_ns;
	char pod[320];
	char pod_uid[40];
};

#define KV_CACHE 8
struct kv_entry {
	enum sonde_table table;
	sonde_id pod, proc;
	struct kv *kv;
	bool asked; /* a job is under way or wanted */
	bool wanted;
	uint64_t used_ns;
};

/* A pass over all tasks and sockets: the first picture, a repair, or just CPU times. */
struct pass {
	bool active, first, sockets, repair;
	uint64_t began_ns, next_cpu_ns, next_full_ns, cost_ns;
};

struct engine {
	struct sonde_opts o; /* texts owned */
	pthread_t thread;
	int ep, timer, cmd_fd, face_fd;
	struct worker *workers;
	struct runtime_roots *roots;

	/* the engine's thread alone */
	struct epoch *epoch;
	struct identity *identity;
	struct model *model;
	struct sensor *sensor;
	struct feed *feed;
	struct slot *slots; /* SENSOR_SLOTS of them */
	uint32_t slot_high;
	int64_t offset_ns;
	uint64_t seq;
	uint64_t picture_ns; /* when the first pass was over */
	bool told_ready;
	uint64_t next_second_ns, published_ns, events_before, lost_before;
	uint64_t replay_second_ns; /* on the recording's clock: when its next second is over */
	unsigned bpf_turn;
	uint64_t bpf_ns_before, bpf_at_ns, self_ns_before;
	struct pass pass;
	bool watching_conns;
	bool replaying, replay_done, recording;
	unsigned jobs_facts, jobs_proc, jobs_pod, jobs_node;
	uint64_t bad_records, abandoned;

	/* shared, under lock */
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct snapshot *snap;
	uint64_t snap_ns; /* CLOCK_BOOTTIME when it was published */
	struct engine_cmd *cmd_head, *cmd_tail;
	struct kv_entry kv[KV_CACHE];
	struct kv *doctor;
	bool wanted;  /* somebody took the last snapshot */
	bool started; /* replay: somebody listens */
	bool stop, opened, ready;
	int open_result;
	struct sonde_err open_err;
};

void *engine_main(void *arg); /* the thread */
/* engine.c: where sources deliver, and a new snapshot for the readers. */
struct sensor_sink engine_sink(struct engine *e);
void engine_publish(struct engine *e, uint64_t now, bool now_or_never);
/* engine_open.c: whoever waits in engine_wait_ready() goes on. */
void engine_set_ready(struct engine *e);
/* engine_command.c: carry out what waits. */
void command_all(struct engine *e);
/* engine_pass.c: begin a pass; go on with one, or begin the next that is due, for about @budget_ns.
 */
void pass_begin(struct engine *e, bool first, bool sockets, uint64_t now);
void pass_slice(struct engine *e, uint64_t now, uint64_t budget_ns);

uint64_t engine_now(const struct engine *e); /* CLOCK_BOOTTIME, or the capture's */

/* jobs.c: post what is wanted, take what is done. */
void jobs_post(struct engine *e, uint64_t now_ns, bool second);
void jobs_take(struct engine *e);
bool jobs_idle(const struct engine *e); /* nothing is under way */
void jobs_abandoned(struct engine *e);
void jobs_doctor(struct engine *e); /* compose the DOCTOR block from the sensor's checks */

/* slots.c */
/* A cgroup became known: its pod's slot is its policy. */
void slots_cgroup(struct engine *e, uint32_t index, struct cgroup_key key);
void slots_second(struct engine *e);                  /* names, losses per pod, the node's losses */
void slots_begin(struct engine *e, struct stream *s); /* remember the counters of now */
int slots_report(struct engine *e, struct stream *s, struct loss_report *ret);

#endif
