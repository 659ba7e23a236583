/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture as a source: its chunks go through the same decoder to the same sink as
 * the ring's records. As fast as it is drained; pacing is the engine's business.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "sensor/capture.h"
#include "sensor/source.h"

/* Chunks between two looks at the clock. */
#define BATCH  32
#define CAUSES (LOSS_CAUSES + 1)

struct replay {
	struct capture_reader *r;
	uint64_t now_ns;
	uint64_t unsound; /* chunks whose payload was refused */
	uint64_t foreign; /* events of another layout */
	bool over;
	uint64_t *loss; /* [slot][type][cause] */
	union event_buf ev;
};

static void take_loss(struct replay *p, const struct raw_record *c)
{
	const struct capture_loss *l = c->p;

	for (size_t i = 0; i < c->size / sizeof(*l); i++) {
		if (l[i].slot >= SENSOR_SLOTS || l[i].type >= EVENT_TYPES || l[i].cause >= CAUSES) {
			p->unsound++;
			continue;
		}
		p->loss[((size_t)l[i].slot * EVENT_TYPES + l[i].type) * CAUSES + l[i].cause] =
			l[i].n;
	}
}

static int take_event(struct replay *p, const struct raw_record *c, const struct sensor_sink *sink)
{
	int r;

	if (capture_reader_head(p->r)->event_size != sizeof(struct event)) {
		p->foreign++;
		return 0;
	}
	r = capture_get_event(c, &p->ev);
	if (!r)
		sink->event(sink->ctx, &p->ev);
	return r;
}

static int take(struct replay *p, const struct raw_record *c, const struct sensor_sink *sink)
{
	struct cgroup_fact cg;
	struct task_fact task;
	struct socket_fact sock;
	int r = 0;

	switch ((enum capture_kind)c->kind) {
	case CAPTURE_RECORD:
		return decode_record(c->p, c->size, ORIGIN_REPLAY, &p->ev, sink);
	case CAPTURE_EVENT:
		return take_event(p, c, sink);
	case CAPTURE_CGROUP:
		r = capture_get_cgroup(c, &cg);
		if (!r)
			sink->cgroup(sink->ctx, &cg);
		break;
	case CAPTURE_TASK:
		r = capture_get_task(c, &task);
		if (!r)
			sink->task(sink->ctx, &task);
		break;
	case CAPTURE_SOCKET:
		r = capture_get_socket(c, &sock);
		if (!r)
			sink->socket(sink->ctx, &sock);
		break;
	case CAPTURE_IDENT:
		if (sink->ident)
			sink->ident(sink->ctx, c->p, c->size);
		break;
	case CAPTURE_LOSS:
		take_loss(p, c);
		break;
	case CAPTURE_NONE:
	case CAPTURE_END:
	case CAPTURE_KINDS:
		break;
	}
	return r;
}

static int replay_drain(void *src, uint64_t budget_ns, const struct sensor_sink *sink)
{
	struct replay *p = src;
	uint64_t until = clock_boot() + budget_ns;
	struct raw_record c;

	while (!p->over) {
		for (int i = 0; i < BATCH; i++) {
			if (capture_next(p->r, &c) <= 0) {
				p->over = true;
				return -ENODATA;
			}
			/* A damaged stamp must not throw the clock into another year. */
			if (c.ktime_ns > p->now_ns &&
			    c.ktime_ns - p->now_ns < 366ULL * 86400 * NS_PER_S)
				p->now_ns = c.ktime_ns;
			if (take(p, &c, sink) < 0)
				p->unsound++;
		}
		if (clock_boot() >= until)
			return 1;
	}
	return -ENODATA;
}

/* The pictures of the recording are in the capture and come by draining. */
static int replay_picture(void *src, bool sockets, uint64_t budget_ns,
			  const struct sensor_sink *sink)
{
	(void)src;
	(void)sockets;
	(void)budget_ns;
	(void)sink;
	return 0;
}

static int replay_fd(const void *src)
{
	(void)src;
	return -1;
}

static void replay_close(void *src)
{
	struct replay *p = src;

	if (!p)
		return;
	capture_reader_free(p->r);
	free(p->loss);
	free(p);
}

int replay_open(const struct sensor_opts *o, void **ret_src, struct sonde_err *err)
{
	struct replay *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->loss = calloc((size_t)SENSOR_SLOTS * EVENT_TYPES * CAUSES, sizeof(*p->loss));
	if (!p->loss) {
		free(p);
		return -ENOMEM;
	}
	r = capture_open(o->history, &p->r, err);
	if (r < 0) {
		replay_close(p);
		return r;
	}
	p->now_ns = capture_reader_head(p->r)->start_ns;
	*ret_src = p;
	return 0;
}

void replay_state(const void *src, struct sensor_replay *ret)
{
	const struct replay *p = src;
	const struct capture_head *h = capture_reader_head(p->r);

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->node, sizeof(ret->node), "%s", h->node);
	snprintf(ret->kernel, sizeof(ret->kernel), "%s", h->kernel);
	ret->offset_ns = h->offset_ns;
	ret->now_ns = p->now_ns;
	if (capture_trouble(p->r)[0])
		snprintf(ret->trouble, sizeof(ret->trouble), "%s", capture_trouble(p->r));
	else if (p->foreign)
		snprintf(ret->trouble, sizeof(ret->trouble),
			 "%llu events were written by another version of sonde and left out",
			 (unsigned long long)p->foreign);
	else if (p->unsound)
		snprintf(ret->trouble, sizeof(ret->trouble), "%llu chunks are damaged and left out",
			 (unsigned long long)p->unsound);
}

uint64_t replay_loss(const void *src, uint32_t slot, enum event_type type, unsigned cause)
{
	const struct replay *p = src;

	if (slot >= SENSOR_SLOTS || (unsigned)type >= EVENT_TYPES || cause >= CAUSES)
		return 0;
	return p->loss[((size_t)slot * EVENT_TYPES + type) * CAUSES + cause];
}

const struct source_ops replay_ops = {
	.name = "replay",
	.origin = ORIGIN_REPLAY,
	.drain = replay_drain,
	.picture = replay_picture,
	.fd = replay_fd,
	.close = replay_close,
};
