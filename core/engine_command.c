/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands: posted by any thread, carried out in order by the engine's, answered to who waits. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "engine_state.h"

#define DRAIN_NS (3 * NS_PER_MS)

/* The row as facts that borrow its texts: to be packed, never freed. */
static void facts_of_row(const struct ident_row *r, struct container_facts *f)
{
	memcpy(f->container_id, r->container_id, sizeof(f->container_id));
	memcpy(f->pod_uid, r->pod_uid, sizeof(f->pod_uid));
	f->reason = r->reason;
	f->sandbox = r->kind == IDENT_SANDBOX;
	f->init_pid = r->init_pid;
	f->restarts = r->restarts;
	f->ns = (char *)(uintptr_t)r->ns;
	f->pod_name = (char *)(uintptr_t)r->pod_name;
	f->container = (char *)(uintptr_t)r->container;
	f->image = (char *)(uintptr_t)r->image;
	f->workload = (char *)(uintptr_t)r->workload;
	f->log_dir = (char *)(uintptr_t)r->log_dir;
	f->runtime = r->runtime;
}

/* A recording that begins now is told what is known already; the next pass adds tasks and sockets.
 */
static void record_known(struct engine *e)
{
	struct table *t = identity_table(e->identity);

	for (uint32_t i = 1; i < t->high; i++) {
		const struct ident_row *r = table_get(t, i);
		struct container_facts f = { 0 };
		struct buf packed = { .max = 64 << 10 };
		struct cgroup_fact cg;

		if (!r || r->gone_ns)
			continue;
		cg = (struct cgroup_fact){ .key = r->key,
					   .path = r->path,
					   .n = r->path ? strlen(r->path) : 0,
					   .at_ns = r->first_ns };
		(void)sensor_record_cgroup(e->sensor, &cg);
		if (!r->container_id[0] || r->reason == REASON_PENDING)
			continue;
		facts_of_row(r, &f);
		if (identity_pack(&f, &packed) == 0)
			(void)sensor_record_ident(e->sensor, packed.p, packed.n);
		buf_done(&packed);
	}
	e->pass.next_full_ns = 0;
}

static void command_stream(struct engine *e, struct engine_cmd *c)
{
	if (c->op == ENGINE_SUBSCRIBE) {
		struct sensor_sink sink = engine_sink(e);

		/* What happened before is not this stream's: deliver it to the others first. */
		for (int i = 0; !e->replaying && i < 16; i++)
			if (sensor_drain(e->sensor, DRAIN_NS, &sink) <= 0)
				break;
		feed_release(e->feed, e->model, e->identity, engine_now(e), true);
		slots_begin(e, c->stream);
		feed_add(e->feed, c->stream);
		if (e->replay_done)
			c->stream->ending = true;
		pthread_mutex_lock(&e->lock);
		e->started = true;
		pthread_mutex_unlock(&e->lock);
	} else if (c->op == ENGINE_STREAM_END) {
		c->stream->ending = true;
	} else {
		feed_remove(e->feed, c->stream);
	}
}

static void command_one(struct engine *e, struct engine_cmd *c)
{
	switch (c->op) {
	case SONDE_OP_PROBES_ON:
	case SONDE_OP_PROBES_OFF:
		c->result = sensor_set(e->sensor, c->arg ? c->arg : "", c->op == SONDE_OP_PROBES_ON,
				       &c->err);
		break;
	case SONDE_OP_RECORD:
		c->result = sensor_record(e->sensor, c->arg ? c->arg : "", &c->err);
		e->recording = c->result == 0;
		if (e->recording)
			record_known(e);
		break;
	case SONDE_OP_RECORD_END:
		c->result = sensor_record_end(e->sensor, &c->err);
		e->recording = false;
		break;
	case SONDE_OP_REPAIR:
		e->pass.next_full_ns = 0;
		e->pass.repair = true;
		break;
	case ENGINE_WATCH:
		if (c->table == SONDE_CONNS)
			e->watching_conns = c->n > 0;
		model_watch(e->model, c->table, c->ids, c->n);
		break;
	default:
		command_stream(e, c);
	}
}

void command_all(struct engine *e)
{
	for (;;) {
		struct engine_cmd *c;

		pthread_mutex_lock(&e->lock);
		c = e->cmd_head;
		if (c) {
			e->cmd_head = c->next;
			if (!e->cmd_head)
				e->cmd_tail = NULL;
		}
		pthread_mutex_unlock(&e->lock);
		if (!c)
			return;
		command_one(e, c);
		pthread_mutex_lock(&e->lock);
		c->done = true;
		pthread_cond_broadcast(&e->cond);
		pthread_mutex_unlock(&e->lock);
	}
}

int engine_command(struct engine *e, struct engine_cmd *c)
{
	uint64_t one = 1;

	c->next = NULL;
	c->done = false;
	c->result = 0;
	pthread_mutex_lock(&e->lock);
	if (e->cmd_tail)
		e->cmd_tail->next = c;
	else
		e->cmd_head = c;
	e->cmd_tail = c;
	pthread_mutex_unlock(&e->lock);
	if (write(e->cmd_fd, &one, sizeof(one)) < 0)
		return -errno;
	/*
	 * The command stands on the caller's stack, so it must be waited for; the engine never
	 * blocks and answers within its turn.
	 */
	pthread_mutex_lock(&e->lock);
	while (!c->done)
		pthread_cond_wait(&e->cond, &e->lock);
	pthread_mutex_unlock(&e->lock);
	return c->result;
}
