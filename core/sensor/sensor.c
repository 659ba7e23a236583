/* SPDX-License-Identifier: BSD-2-Clause */
/* A stand-in that knows polling only, until the probes are here. */
#include "sensor/sensor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sensor/source.h"

struct sensor {
	const struct source_ops *ops;
	void *src;
	struct sensor_loss loss;
	const struct sensor_sink *to;
};

static void count(void *ctx, union event_buf *ev)
{
	struct sensor *s = ctx;

	s->loss.received++;
	s->to->event(s->to->ctx, ev);
}

static void pass_cgroup(void *ctx, const struct cgroup_fact *f)
{
	struct sensor *s = ctx;

	s->to->cgroup(s->to->ctx, f);
}

static void pass_task(void *ctx, const struct task_fact *f)
{
	struct sensor *s = ctx;

	s->to->task(s->to->ctx, f);
}

static void pass_socket(void *ctx, const struct socket_fact *f)
{
	struct sensor *s = ctx;

	s->to->socket(s->to->ctx, f);
}

int sensor_open(const struct sensor_opts *o, struct sensor **ret, struct sonde_err *err)
{
	struct sensor *s;
	int r;

	if (o->history)
		return sonde_err_set(err, -ENOENT, "%s: captures cannot be read yet", o->history);
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->ops = &polling_ops;
	r = polling_open(o, &s->src, err);
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
	s->ops->close(s->src);
	free(s);
}

int sensor_set(struct sensor *s, const char *set, bool on, struct sonde_err *err)
{
	(void)s;
	(void)on;
	return sonde_err_set(err, -ENOENT, "%s: no such probe set while polling", set);
}

static struct sensor_sink counting(struct sensor *s, const struct sensor_sink *sink)
{
	s->to = sink;
	return (struct sensor_sink){ .ctx = s, .event = count, .cgroup = pass_cgroup,
				     .task = pass_task, .socket = pass_socket };
}

int sensor_drain(struct sensor *s, uint64_t budget_ns, const struct sensor_sink *sink)
{
	struct sensor_sink k = counting(s, sink);

	return s->ops->drain(s->src, budget_ns, &k);
}

int sensor_fd(const struct sensor *s)
{
	return s->ops->fd(s->src);
}

int sensor_picture(struct sensor *s, bool sockets, uint64_t budget_ns,
		   const struct sensor_sink *sink)
{
	struct sensor_sink k = counting(s, sink);

	return s->ops->picture(s->src, sockets, budget_ns, &k);
}

int sensor_policy(struct sensor *s, struct cgroup_key key, const struct slot_policy *p)
{
	(void)s;
	(void)key;
	(void)p;
	return 0;
}

void sensor_policy_drop(struct sensor *s, struct cgroup_key key)
{
	(void)s;
	(void)key;
}

int sensor_loss(struct sensor *s, struct sensor_loss *ret)
{
	*ret = s->loss;
	return 0;
}

uint64_t sensor_loss_of(const struct sensor *s, uint32_t slot, enum event_type type,
			enum loss_cause cause)
{
	(void)s;
	(void)slot;
	(void)type;
	(void)cause;
	return 0;
}

void sensor_slot_reset(struct sensor *s, uint32_t slot)
{
	(void)s;
	(void)slot;
}

bool sensor_check(const struct sensor *s, size_t i, struct sensor_check *ret)
{
	(void)s;
	if (i)
		return false;
	*ret = (struct sensor_check){ .check = "tracing", .state = CHECK_DEGRADED };
	snprintf(ret->detail, sizeof(ret->detail), "polling: short-lived processes are missed");
	return true;
}

enum event_origin sensor_origin(const struct sensor *s)
{
	return s->ops->origin;
}

bool sensor_replay(const struct sensor *s, struct sensor_replay *ret)
{
	(void)s;
	(void)ret;
	return false;
}

void sensor_cost(const struct sensor *s, uint64_t *ret_run_ns, uint64_t *ret_runs,
		 const char **ret_tax)
{
	(void)s;
	*ret_run_ns = *ret_runs = 0;
	*ret_tax = NULL;
}

int sensor_record(struct sensor *s, const char *path, struct sonde_err *err)
{
	(void)s;
	return sonde_err_set(err, -ENOSYS, "%s: cannot record yet", path);
}

int sensor_record_ident(struct sensor *s, const void *bytes, size_t n)
{
	(void)s;
	(void)bytes;
	(void)n;
	return 0;
}

int sensor_record_cgroup(struct sensor *s, const struct cgroup_fact *f)
{
	(void)s;
	(void)f;
	return 0;
}

int sensor_record_end(struct sensor *s, struct sonde_err *err)
{
	(void)s;
	return sonde_err_set(err, -ENOENT, "nothing is being recorded");
}
