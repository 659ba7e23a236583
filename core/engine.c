/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's thread: the way of an event, from the ring to the readers, and the loop
 * around it.
 *
 *   sensor_drain() ─▶ on_event():  identity ─▶ model ─▶ feed
 *                  └▶ on_cgroup(): identity ─▶ policy slot
 *
 * A turn never blocks and takes at most TURN_NS: ring first, then commands, what
 * workers brought, a slice of a running pass, and once a second the rates. What may
 * block is posted to workers (jobs.c).
 */
#include "engine_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/caps.h"
#include "base/clock.h"
#include "base/macros.h"

/* A pass gets SLICE_NS of a turn. */
#define TURN_NS  (4 * NS_PER_MS)
#define SLICE_NS (1 * NS_PER_MS)

#define PUBLISH_NS (100 * NS_PER_MS)

/* After the first pass: newborns are looked at a little later; ready is told in any case. */
#define SETTLE_NS (150 * NS_PER_MS)
#define READY_NS  (3 * NS_PER_S)

#define REPLAY_AHEAD (4u << 20) /* bytes a stream may lag before replay waits */
#define COST_EVERY   10         /* seconds between two looks at what our programs cost */

uint64_t engine_now(const struct engine *e)
{
	struct sensor_replay r;

	if (e->replaying && sensor_replay(e->sensor, &r) && r.now_ns)
		return r.now_ns;
	return clock_boot();
}

/* ── the way of an event ────────── */

/* The seconds of a recording go by with its events, however fast it is read. */
static void replayed_second(struct engine *e, uint64_t now)
{
	if (!e->replaying || now < e->replay_second_ns)
		return;
	e->replay_second_ns = now + NS_PER_S;
	model_node(e->model)->events = e->seq;
	identity_age(e->identity, now);
	model_second(e->model, now);
}

/* Before 6.9 the kernel tells the pid of an OOM victim alone: its process knows whose it is. */
static void find_victim(struct engine *e, struct event *ev)
{
	struct model_owner owner;

	if (!model_owner_of(e->model, ev->pid, &owner))
		return;
	ev->ident = owner.ident;
	ev->ident_id = owner.ident_id;
	ev->pod_reason = identity_row(e->identity, owner.ident)->reason;
}

static void on_event(void *ctx, union event_buf *b)
{
	struct engine *e = ctx;
	struct event *ev = &b->ev;

	replayed_second(e, ev->ktime_ns);
	ev->seq = ++e->seq;
	ev->time_ns = ev->ktime_ns + (uint64_t)e->offset_ns;
	identity_event(e->identity, ev);
	if (ev->type == EVENT_OOM && !ev->ident)
		find_victim(e, ev);
	(void)model_event(e->model, b); /* no room is counted by the model and shown */
	feed_push(e->feed, ev);
}

/* A container is there, or gone: told once, by the first and the last of its cgroups. */
static void tell_container(struct engine *e, const struct cgroup_fact *f, uint32_t index,
			   enum event_type type)
{
	const struct ident_row *row = identity_row(e->identity, index);
	union event_buf b;
	struct event *ev = &b.ev;

	if (row->kind != IDENT_CONTAINER && row->kind != IDENT_SANDBOX)
		return;
	memset(ev, 0, sizeof(*ev));
	ev->size = sizeof(*ev);
	ev->type = (uint16_t)type;
	ev->origin = (uint8_t)sensor_origin(e->sensor);
	ev->seq = ++e->seq;
	ev->ktime_ns = f->at_ns;
	ev->time_ns = f->at_ns + (uint64_t)e->offset_ns;
	ev->cg = f->key;
	ev->ident = index;
	ev->ident_id = row->row.id;
	ev->pod_reason = row->reason;
	if (type == EVENT_CONTAINER_STOP && row->gone_ns > row->first_ns) {
		ev->duration_ns = row->gone_ns - row->first_ns;
		ev->flags |= EV_DURATION;
	}
	(void)model_event(e->model, &b);
	feed_push(e->feed, ev);
}

static void on_cgroup(void *ctx, const struct cgroup_fact *f)
{
	struct engine *e = ctx;
	uint32_t index = f->gone ? identity_find(e->identity, f->key) : TABLE_NONE;

	if (f->gone) {
		bool there = index != TABLE_NONE && !identity_row(e->identity, index)->gone_ns;

		identity_cgroup_gone(e->identity, f->key, f->at_ns);
		if (there && identity_row(e->identity, index)->gone_ns)
			tell_container(e, f, index, EVENT_CONTAINER_STOP);
		return;
	}
	if (identity_cgroup_add(e->identity, f->key, f->path, f->n, f->at_ns, &index) != 0)
		return;
	slots_cgroup(e, index, f->key);
	if (f->made && identity_row(e->identity, index)->first_ns == f->at_ns)
		tell_container(e, f, index, EVENT_CONTAINER_START);
}

/* In a capture the facts of a pass stand between the records; its first fact begins the pass. */
static void replayed_pass(struct engine *e, bool last)
{
	if (!e->replaying)
		return;
	if (!e->pass.active)
		model_pass_begin(e->model, !e->pass.first, true, engine_now(e));
	e->pass.active = !last;
	e->pass.first = true; /* the next one is a repair */
}

static void on_task(void *ctx, const struct task_fact *f)
{
	struct engine *e = ctx;

	replayed_pass(e, false);
	model_task(e->model, f);
}

static void on_socket(void *ctx, const struct socket_fact *f)
{
	struct engine *e = ctx;

	replayed_pass(e, f->last);
	model_socket(e->model, f);
}

static void on_ident(void *ctx, const void *bytes, size_t n)
{
	struct engine *e = ctx;
	struct container_facts f = { 0 };

	if (identity_unpack(bytes, n, &f) == 0)
		(void)identity_facts(e->identity, &f);
	else
		e->bad_records++;
	container_facts_done(&f);
}

struct sensor_sink engine_sink(struct engine *e)
{
	return (struct sensor_sink){
		.ctx = e,
		.event = on_event,
		.cgroup = on_cgroup,
		.task = on_task,
		.socket = on_socket,
		.ident = on_ident,
	};
}

/* ── streams ────────── */

/*
 * Streams that were asked to end do so once the ring was empty and what came until then is
 * delivered; what comes after that may be held for ever by a busy node, and nobody waits for it.
 */
static void end_streams(struct engine *e, bool drained)
{
	uint64_t held = feed_held(e->feed);

	for (struct stream *s = feed_streams(e->feed), *next; s; s = next) {
		struct loss_report report = { 0 };

		next = s->next;
		if (s->ending && !s->end_seq && drained)
			s->end_seq = e->seq + 1;
		if (!s->end_seq || held < s->end_seq)
			continue;
		(void)slots_report(e, s, &report);
		feed_remove(e->feed, s);
		stream_finish(s, &report);
	}
}

static bool replay_may_run(struct engine *e)
{
	bool started;

	if (e->replay_done)
		return false;
	pthread_mutex_lock(&e->lock);
	started = e->started;
	pthread_mutex_unlock(&e->lock);
	return started && feed_backlog(e->feed) < REPLAY_AHEAD;
}

static void replay_is_over(struct engine *e)
{
	e->replay_done = true;
	e->replay_second_ns = 0; /* the last second is not over: it is counted all the same */
	replayed_second(e, engine_now(e));
	engine_publish(e, clock_boot(), true);
	for (struct stream *s = feed_streams(e->feed); s; s = s->next)
		s->ending = true;
	pthread_mutex_lock(&e->lock);
	e->ready = true;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
}

/* True when more waits in the source. */
static bool drain(struct engine *e, uint64_t budget_ns)
{
	struct sensor_sink sink = engine_sink(e);
	int r = 0;

	if (e->replaying) {
		struct sensor_replay info;

		if (!replay_may_run(e))
			return !e->replay_done;
		r = sensor_drain(e->sensor, budget_ns, &sink);
		if (sensor_replay(e->sensor, &info)) {
			struct node_row *n = model_node(e->model);

			e->offset_ns = info.offset_ns;
			memcpy(n->node, info.node, sizeof(n->node));
			memcpy(n->kernel, info.kernel, sizeof(n->kernel));
			memcpy(n->trouble, info.trouble, sizeof(n->trouble));
		}
		if (r < 0)
			replay_is_over(e);
	} else {
		r = sensor_drain(e->sensor, budget_ns, &sink);
	}
	(void)feed_release(e->feed, e->model, e->identity, engine_now(e), e->replay_done);
	end_streams(e, r <= 0);
	return r > 0;
}

/* ── publishing ────────── */

/* A new snapshot when somebody took the last one, ten times a second at most; @now_or_never: in any
 * case. */
void engine_publish(struct engine *e, uint64_t now, bool now_or_never)
{
	struct snapshot *snap, *old;
	uint64_t one = 1;
	bool wanted;

	if (now < e->published_ns + PUBLISH_NS && !now_or_never)
		return;
	pthread_mutex_lock(&e->lock);
	wanted = e->wanted || !e->snap;
	pthread_mutex_unlock(&e->lock);
	if (!wanted && !now_or_never)
		return;
	snap = model_snapshot(e->model);
	if (!snap)
		return;
	snap->offset_ns = e->offset_ns;
	snap->boot_ns = engine_now(e);
	snap->time_ns = snap->boot_ns + (uint64_t)e->offset_ns;
	e->published_ns = now;
	pthread_mutex_lock(&e->lock);
	old = e->snap;
	e->snap = snap;
	e->snap_ns = now;
	e->wanted = false;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
	snapshot_unref(old);
	if (write(e->face_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		return;
}

/* ── once a second ────────── */

/*
 * What our programs cost the node. Measuring makes each run of every program dearer, so the kernel
 * measures one second of ten, and the figure stays until the next one.
 */
static void costs(struct engine *e, uint64_t now)
{
	struct node_row *n = model_node(e->model);
	uint64_t run_ns = 0, runs = 0;

	sensor_cost(e->sensor, &run_ns, &runs, &n->tax);
	if (!e->bpf_turn)
		n->bpf_cpu_pct = -1;
	if (e->bpf_turn % COST_EVERY == 1 && now > e->bpf_at_ns && run_ns >= e->bpf_ns_before) {
		n->bpf_cpu_pct =
			100.0 * (double)(run_ns - e->bpf_ns_before) / (double)(now - e->bpf_at_ns);
		(void)sensor_stats(e->sensor, false);
	} else if (e->bpf_turn % COST_EVERY == 0) {
		(void)sensor_stats(e->sensor, true);
		e->bpf_ns_before = run_ns;
		e->bpf_at_ns = now;
	}
	e->bpf_turn++;
}

static void second(struct engine *e, uint64_t now)
{
	struct node_row *n = model_node(e->model);
	struct worker_stats ws;

	if (!e->replaying)
		e->offset_ns = clock_offset();
	n->origin = (uint8_t)sensor_origin(e->sensor);
	if (!e->replaying) {
		n->events_per_s = (double)(e->seq - e->events_before);
		n->events = e->seq;
	}
	e->events_before = e->seq;
	slots_second(e);
	costs(e, now);
	worker_check(e->workers, now);
	worker_stats(e->workers, &ws);
	n->worker_stuck = ws.abandoned;
	if (ws.abandoned != e->abandoned)
		jobs_abandoned(e);
	e->abandoned = ws.abandoned;
	if (!e->replaying) {
		identity_age(e->identity, now);
		model_second(e->model, now);
	}
	if (n->lost > e->lost_before && !e->replaying) { /* repair within a second of a loss */
		e->pass.next_full_ns = 0;
		e->pass.repair = true;
	}
	e->lost_before = n->lost;
	jobs_doctor(e);
}

/* ── the loop ────────── */

static void turn(struct engine *e)
{
	uint64_t now;
	bool more = drain(e, TURN_NS - SLICE_NS), each_second;

	command_all(e);
	jobs_take(e);
	now = clock_boot();
	pass_slice(e, now,
		   SLICE_NS); /* also under load: else a flood would put off the picture for ever */
	each_second = now >= e->next_second_ns;
	if (each_second) {
		e->next_second_ns = now + NS_PER_S;
		second(e, e->replaying ? engine_now(e) : now);
	}
	jobs_post(e, now, each_second);
	if (e->picture_ns && !e->told_ready && now > e->picture_ns + SETTLE_NS &&
	    (jobs_idle(e) || now > e->picture_ns + READY_NS)) {
		model_second(e->model, now);  /* what a name makes of a container is counted */
		engine_publish(e, now, true); /* whoever waited for this sees all of it */
		engine_set_ready(e);
		e->told_ready = true;
	}
	engine_publish(e, now, false);
	epoch_reap(e->epoch);
	if (more) { /* come back at once, but let commands in between */
		uint64_t one = 1;

		if (!e->replaying || feed_backlog(e->feed) < REPLAY_AHEAD)
			(void)!write(e->cmd_fd, &one, sizeof(one));
	}
}

static uint32_t ns_inode(const char *root, const char *ns)
{
	char path[256];
	struct stat st;

	/* init may hold more capabilities than we do; the first kernel thread lives where it does
	 */
	for (int pid = 1; pid <= 2; pid++) {
		snprintf(path, sizeof(path), "%s/proc/%d/ns/%s", root, pid, ns);
		if (stat(path, &st) == 0)
			return (uint32_t)st.st_ino;
	}
	return 0;
}

static void found_cgroup(void *ctx, struct cgroup_key key, const char *path, size_t n)
{
	struct engine *e = ctx;
	struct cgroup_fact f = { .key = key, .path = path, .n = n, .at_ns = clock_boot() };

	on_cgroup(e, &f);
}

static const char *root_of(const struct engine *e)
{
	return e->o.host_root && strcmp(e->o.host_root, "/") != 0 ? e->o.host_root : "";
}

static void open_sources(struct engine *e)
{
	const struct sensor_opts so = {
		.ring_kib = e->o.ring_kib,
		.budget = e->o.budget,
		.no_bpf = e->o.no_bpf,
		.no_names = e->o.no_names,
		.history = e->o.history,
		.host_root = e->o.host_root ? e->o.host_root : "/",
	};
	struct sonde_err err = { 0 };
	struct sensor_replay info;
	int r = sensor_open(&so, &e->sensor, &err);

	e->replaying = r == 0 && e->o.history;
	if (e->replaying && sensor_replay(e->sensor, &info)) {
		struct node_row *n = model_node(e->model);

		_Static_assert(sizeof(n->node) == sizeof(info.node), "names of one length");
		memcpy(n->node, info.node, sizeof(n->node));
		memcpy(n->kernel, info.kernel, sizeof(n->kernel));
		n->origin = (uint8_t)sensor_origin(e->sensor);
		e->offset_ns = info.offset_ns; /* before the first event is told the time */
	}
	pthread_mutex_lock(&e->lock);
	e->opened = true;
	e->open_result = r;
	e->open_err = err;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
	if (r < 0 || e->replaying)
		return;
	identity_host_ns(e->identity, ns_inode(root_of(e), "mnt"), ns_inode(root_of(e), "pid"),
			 ns_inode(root_of(e), "net"));
	/* Probes are attached: nothing that is made from here on can be missed by the walk. */
	(void)cgroup_walk(e->o.host_root ? e->o.host_root : "/", found_cgroup, e);
	pass_begin(e, true, true, clock_boot());
	jobs_doctor(e);
}

static void wake_on(struct engine *e, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (fd >= 0)
		(void)epoll_ctl(e->ep, EPOLL_CTL_ADD, fd, &ev);
}

/* A name for this run; a node that has just booted may have nothing random yet. */
static void name_run(struct engine *e)
{
	uint64_t *run = &model_node(e->model)->run;

	if (getrandom(run, sizeof(*run), GRND_NONBLOCK) != (ssize_t)sizeof(*run))
		*run = clock_wall() ^ (uint64_t)getpid() << 48;
}

void *engine_main(void *arg)
{
	struct engine *e = arg;
	bool stop = false;

	prctl(PR_SET_NAME, "sonde-engine");
	/* A node full of runnable processes must not keep it from the ring: it needs little, but in
	 * time. */
	(void)setpriority(PRIO_PROCESS, 0, -10);
	e->offset_ns = clock_offset();
	name_run(e);
	engine_publish(e, clock_boot(), true);
	open_sources(e);
	(void)caps_keep(caps_of_engine()); /* mounts, namespaces and priorities are behind us */
	if (e->open_result < 0)
		return NULL;
	wake_on(e, sensor_fd(e->sensor));
	wake_on(e, worker_fd(e->workers));
	while (!stop) {
		struct epoll_event evs[4];
		int n = epoll_wait(e->ep, evs, ARRAY_SIZE(evs), 100);
		uint64_t v;

		for (int i = 0; i < n; i++)
			if (evs[i].data.fd == e->timer || evs[i].data.fd == e->cmd_fd)
				(void)!read(evs[i].data.fd, &v, sizeof(v));
		turn(e);
		pthread_mutex_lock(&e->lock);
		stop = e->stop;
		pthread_mutex_unlock(&e->lock);
	}
	return NULL;
}
