/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Picks the source (a capture, the ring, or polling), hands everything it delivers on
 * to the engine's sink, and copies it into a capture while one is being written: raw
 * records of the ring as they are, facts and polled events as they were told.
 */
#include "sensor/sensor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "sensor/live.h"

struct sensor {
	struct sensor_opts opts;
	const struct source_ops *ops;
	void *src;
	struct live *live; /* src when it is the ring, else NULL */
	int why;           /* -errno: why there is no ring */
	void *polling;     /* pictures for a kernel that refuses iterators */
	bool started;      /* polling has begun a picture */
	uint64_t received;
	const struct sensor_sink *to;
	struct capture_writer *tap;
	bool facts_only; /* what is delivered now has raw records, which are recorded elsewhere */
	int stats_fd;
};

static void on_event(void *ctx, union event_buf *ev)
{
	struct sensor *s = ctx;

	s->received++;
	if (s->tap && !s->live)
		capture_event(s->tap, &ev->ev);
	s->to->event(s->to->ctx, ev);
}

static void on_cgroup(void *ctx, const struct cgroup_fact *f)
{
	struct sensor *s = ctx;

	if (s->tap && s->facts_only)
		capture_cgroup(s->tap, f);
	s->to->cgroup(s->to->ctx, f);
}

static void on_task(void *ctx, const struct task_fact *f)
{
	struct sensor *s = ctx;

	if (s->tap && s->facts_only)
		capture_task(s->tap, clock_boot(), f);
	s->to->task(s->to->ctx, f);
}

static void on_socket(void *ctx, const struct socket_fact *f)
{
	struct sensor *s = ctx;

	if (s->tap && s->facts_only)
		capture_socket(s->tap, clock_boot(), f);
	s->to->socket(s->to->ctx, f);
}

static void on_ident(void *ctx, const void *bytes, size_t n)
{
	struct sensor *s = ctx;

	if (s->to->ident)
		s->to->ident(s->to->ctx, bytes, n);
}

static struct sensor_sink through(struct sensor *s, const struct sensor_sink *to)
{
	s->to = to;
	return (struct sensor_sink){ .ctx = s,
				     .event = on_event,
				     .cgroup = on_cgroup,
				     .task = on_task,
				     .socket = on_socket,
				     .ident = on_ident };
}

static int open_live(struct sensor *s)
{
	struct sonde_err err = { 0 };

	s->why = s->opts.no_bpf ? -ECANCELED : live_open(&s->opts, &s->tap, &s->live, &err);
	if (s->why)
		return s->why;
	s->ops = &live_ops;
	s->src = s->live;
	return 0;
}

int sensor_open(const struct sensor_opts *o, struct sensor **ret, struct sonde_err *err)
{
	struct sensor *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	if (o->ring_kib &&
	    (o->ring_kib & (o->ring_kib - 1) || o->ring_kib < 64 || o->ring_kib > 1 << 20)) {
		free(s);
		return sonde_err_set(err, -EINVAL,
				     "ring of %u KiB: give a power of two from 64 to 1048576",
				     o->ring_kib);
	}
	s->opts = *o;
	s->stats_fd = -1;
	if (o->history) {
		s->ops = &replay_ops;
		r = replay_open(o, &s->src, err);
	} else if (open_live(s)) {
		s->ops = &polling_ops;
		r = s->why == -ENOMEM ? -ENOMEM : polling_open(o, &s->src, err);
	}
	if (r < 0) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void sensor_close(struct sensor *s)
{
	if (!s)
		return;
	if (s->tap)
		capture_close(s->tap, NULL);
	s->tap = NULL;
	s->ops->close(s->src);
	if (s->polling)
		polling_ops.close(s->polling);
	if (s->stats_fd >= 0)
		close(s->stats_fd);
	free(s);
}

int sensor_set(struct sensor *s, const char *set, bool on, struct sonde_err *err)
{
	if (!s->live)
		return sonde_err_set(err, -ENOTSUP, "probe set %s: there are none while %s", set,
				     s->ops->origin == ORIGIN_REPLAY ? "a capture is read"
								     : "polling");
	return live_set(s->live, set, on, err);
}

int sensor_drain(struct sensor *s, uint64_t budget_ns, const struct sensor_sink *sink)
{
	struct sensor_sink t = through(s, sink);

	s->facts_only = !s->live;
	return s->ops->drain(s->src, budget_ns, &t);
}

int sensor_fd(const struct sensor *s)
{
	return s->ops->fd(s->src);
}

int sensor_picture(struct sensor *s, bool sockets, uint64_t budget_ns,
		   const struct sensor_sink *sink)
{
	struct sensor_sink t = through(s, sink);
	int r;

	s->facts_only = true;
	if (!s->live || s->live->picture)
		return s->ops->picture(s->src, sockets, budget_ns, &t);
	if (!s->polling) {
		r = polling_open(&s->opts, &s->polling, NULL);
		if (r < 0)
			return r;
	}
	return polling_picture(s->polling, sockets, budget_ns, &t);
}

int sensor_policy(struct sensor *s, struct cgroup_key key, const struct slot_policy *p)
{
	return s->live ? policy_set(s->live, key, p) : 0;
}

void sensor_policy_drop(struct sensor *s, struct cgroup_key key)
{
	if (s->live)
		policy_drop(s->live, key);
}

int sensor_loss(struct sensor *s, struct sensor_loss *ret)
{
	*ret = (struct sensor_loss){ .received = s->received };
	if (s->live)
		loss_read(s->live, ret);
	if (s->ops->origin == ORIGIN_POLLING)
		ret->by_cause[LOSS_MAP] += polling_dropped(s->src);
	if (s->tap)
		ret->by_cause[LOSS_QUEUE] += capture_dropped(s->tap);
	for (unsigned c = 0; s->ops->origin == ORIGIN_REPLAY && c < LOSS_CAUSES; c++)
		ret->by_cause[c] = replay_loss(s->src, 0, EVENT_NONE, c);
	return 0;
}

uint64_t sensor_loss_of(const struct sensor *s, uint32_t slot, enum event_type type,
			enum loss_cause cause)
{
	if (s->ops->origin == ORIGIN_REPLAY)
		return replay_loss(s->src, slot, type, cause);
	return s->live ? loss_of(&s->live->loss, slot, type, cause) : 0;
}

void sensor_slot_reset(struct sensor *s, uint32_t slot)
{
	if (s->live)
		loss_reset(&s->live->loss, slot);
}

bool sensor_check(const struct sensor *s, size_t i, struct sensor_check *ret)
{
	return s->ops->origin != ORIGIN_REPLAY && check_line(s->live, s->why, &s->opts, i, ret);
}

enum event_origin sensor_origin(const struct sensor *s)
{
	return s->ops->origin;
}

bool sensor_replay(const struct sensor *s, struct sensor_replay *ret)
{
	if (s->ops->origin != ORIGIN_REPLAY)
		return false;
	replay_state(s->src, ret);
	return true;
}

void sensor_cost(const struct sensor *s, uint64_t *ret_run_ns, uint64_t *ret_runs,
		 const char **ret_tax)
{
	uint64_t missed = 0;

	*ret_run_ns = *ret_runs = 0;
	*ret_tax = NULL; /* neither set hangs on a syscall */
	if (!s->live)
		return;
	for (size_t i = 0; i < LIVE_PROBES; i++)
		probe_stats(&s->live->probes[i], &missed, ret_run_ns, ret_runs);
	picture_stats(s->live->picture, &missed, ret_run_ns, ret_runs);
}

int sensor_stats(struct sensor *s, bool on)
{
	if (!on && s->stats_fd >= 0) {
		close(s->stats_fd);
		s->stats_fd = -1;
	} else if (on && s->live && s->stats_fd < 0) {
		s->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
		if (s->stats_fd < 0)
			return -errno;
	}
	return on && !s->live ? -ENOTSUP : 0;
}

int sensor_record(struct sensor *s, const char *path, struct sonde_err *err)
{
	struct capture_head head;

	if (s->ops->origin == ORIGIN_REPLAY)
		return sonde_err_set(err, -EINVAL,
				     "%s: a capture is being read, there is nothing to record",
				     path);
	if (s->tap)
		return sonde_err_set(err, -EBUSY, "%s: another recording is running; end it first",
				     path);
	capture_head_here(s->opts.host_root, &head);
	head.origin = s->ops->origin;
	return capture_create(path, &head, &s->tap, err);
}

int sensor_record_ident(struct sensor *s, const void *bytes, size_t n)
{
	return s->tap ? capture_add(s->tap, CAPTURE_IDENT, clock_boot(), bytes, n) : 0;
}

int sensor_record_cgroup(struct sensor *s, const struct cgroup_fact *f)
{
	return s->tap ? capture_cgroup(s->tap, f) : 0;
}

/* All counters that are not zero, so that a replay can say what is missing. */
static void record_loss(struct sensor *s)
{
	struct capture_loss out[64];
	struct sensor_loss all;
	size_t n = 0;

	sensor_loss(s, &all);
	for (unsigned c = 0; c < LOSS_CAUSES; c++)
		out[n++] = (struct capture_loss){ .cause = (uint16_t)c, .n = all.by_cause[c] };
	out[n++] = (struct capture_loss){ .cause = LOSS_CAUSES, .n = all.received };
	for (uint32_t slot = 0; s->live && slot <= s->live->loss.high; slot++)
		for (unsigned t = 1; t < EVENT_TYPES; t++)
			for (unsigned c = 0; c < LOSS_CAUSES; c++) {
				uint64_t v = loss_of(&s->live->loss, slot, t, c);

				if (!v)
					continue;
				if (n == sizeof(out) / sizeof(out[0])) {
					capture_loss(s->tap, clock_boot(), out, n);
					n = 0;
				}
				out[n++] = (struct capture_loss){ .slot = slot,
								  .type = (uint16_t)t,
								  .cause = (uint16_t)c,
								  .n = v };
			}
	capture_loss(s->tap, clock_boot(), out, n);
}

int sensor_record_end(struct sensor *s, struct sonde_err *err)
{
	struct capture_writer *w = s->tap;

	if (!w)
		return sonde_err_set(err, -ENOENT, "nothing is being recorded");
	record_loss(s);
	s->tap = NULL;
	return capture_close(w, err);
}
