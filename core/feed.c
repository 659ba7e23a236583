/* SPDX-License-Identifier: BSD-2-Clause */
/* Events to their readers: held for names, sliced into batches, never copied twice. */
#include "feed.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"

#define CHUNK_BYTES (256u << 10)

struct chunk {
	atomic_uint refs;
	uint32_t used;      /* engine */
	uint32_t released;  /* engine: bytes handed on */
	struct chunk *next; /* engine: the held list */
	_Alignas(16) char bytes[CHUNK_BYTES];
};

struct batch {
	struct batch *next;
	struct chunk *chunk;
	uint32_t from, to;
	struct snapshot *snap;
};

struct feed {
	struct chunk *head, *tail; /* oldest with held events, newest */
	struct stream *streams;
};

static uint32_t padded(const struct event *ev)
{
	return (ev->size + 15u) & ~15u;
}

static void chunk_unref(struct chunk *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}

static void batch_free(struct batch *b)
{
	if (!b)
		return;
	chunk_unref(b->chunk);
	snapshot_unref(b->snap);
	free(b);
}

struct feed *feed_new(void)
{
	return calloc(1, sizeof(struct feed));
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	while (f->head) {
		struct chunk *next = f->head->next;

		chunk_unref(f->head);
		f->head = next;
	}
	free(f);
}

void feed_add(struct feed *f, struct stream *s)
{
	s->next = f->streams;
	f->streams = s;
}

void feed_remove(struct feed *f, struct stream *s)
{
	for (struct stream **p = &f->streams; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			return;
		}
	}
}

struct stream *feed_streams(const struct feed *f)
{
	return f->streams;
}

static void count_queue_loss(struct stream *s, const struct event *ev)
{
	s->lost_queue++;
	if (!s->queue_lost)
		s->queue_lost = calloc((size_t)SENSOR_SLOTS * EVENT_TYPES, sizeof(*s->queue_lost));
	if (s->queue_lost && ev->type < EVENT_TYPES)
		s->queue_lost[(ev->slot % SENSOR_SLOTS) * EVENT_TYPES + ev->type]++;
}

static struct chunk *room_for(struct feed *f, uint32_t n)
{
	struct chunk *c = f->tail;

	if (c && CHUNK_BYTES - c->used >= n)
		return c;
	c = malloc(sizeof(*c));
	if (!c)
		return NULL;
	atomic_init(&c->refs, 1);
	c->used = c->released = 0;
	c->next = NULL;
	if (f->tail)
		f->tail->next = c;
	else
		f->head = c;
	f->tail = c;
	return c;
}

int feed_push(struct feed *f, const struct event *ev)
{
	uint32_t n = padded(ev);
	struct chunk *c;

	if (!f->streams)
		return 0;
	c = room_for(f, n);
	if (!c) {
		for (struct stream *s = f->streams; s; s = s->next)
			count_queue_loss(s, ev);
		return -ENOMEM;
	}
	memcpy(c->bytes + c->used, ev, ev->size);
	c->used += n;
	return 0;
}

/* A stream takes a slice, or counts all of it as lost when its reader is too far behind. */
static void stream_take(struct stream *s, struct chunk *c, uint32_t from, uint32_t to,
			struct snapshot *snap)
{
	struct batch *b = NULL;
	uint64_t n = 0;

	pthread_mutex_lock(&s->lock);
	if (s->queued + (to - from) <= STREAM_MAX)
		b = malloc(sizeof(*b));
	if (b) {
		atomic_fetch_add(&c->refs, 1);
		*b = (struct batch){
			.chunk = c, .from = from, .to = to, .snap = snapshot_ref(snap)
		};
		if (s->tail)
			s->tail->next = b;
		else
			s->head = b;
		s->tail = b;
		s->queued += to - from;
		pthread_cond_signal(&s->cond);
	}
	pthread_mutex_unlock(&s->lock);
	for (uint32_t at = from; at < to; n++) {
		const struct event *ev = (const struct event *)(c->bytes + at);

		if (!b)
			count_queue_loss(s, ev);
		at += padded(ev);
	}
	if (b)
		s->received += n;
}

/* Whether the event may go on: its names are known, never will be, or it waited long enough. */
static bool is_ready(const struct identity *id, struct event *ev, uint64_t now_ns)
{
	const struct ident_row *r = identity_row(id, ev->ident);

	if (r && r->row.id == ev->ident_id)
		ev->pod_reason = r->reason;
	if (ev->pod_reason != REASON_PENDING)
		return true;
	return now_ns >= ev->ktime_ns + FEED_HOLD_NS;
}

bool feed_release(struct feed *f, struct model *m, const struct identity *id, uint64_t now_ns,
		  bool all)
{
	struct snapshot *snap = NULL;
	bool held = false;

	while (f->head && !held) {
		struct chunk *c = f->head;
		uint32_t to = c->released;

		while (to < c->used) {
			struct event *ev = (struct event *)(c->bytes + to);

			if (!is_ready(id, ev, now_ns) && !all) {
				held = true;
				break;
			}
			to += padded(ev);
		}
		if (to > c->released) {
			if (!snap)
				snap = model_snapshot_idents(m);
			if (!snap)
				return true; /* no memory now: they stay held, the next turn tries
						again */
			for (struct stream *s = f->streams; s; s = s->next)
				stream_take(s, c, c->released, to, snap);
			c->released = to;
		}
		if (c->released < c->used || !c->next)
			break; /* held, or the chunk that is still written to */
		f->head = c->next;
		chunk_unref(c);
	}
	/* Nobody reads: do not keep the last chunk for a reader who may never come. */
	if (!f->streams && f->head && f->head->released == f->head->used) {
		chunk_unref(f->head);
		f->head = f->tail = NULL;
	}
	snapshot_unref(snap);
	return held;
}

uint64_t feed_held(const struct feed *f)
{
	for (const struct chunk *c = f->head; c; c = c->next)
		if (c->released < c->used)
			return ((const struct event *)(c->bytes + c->released))->seq;
	return UINT64_MAX;
}

size_t feed_backlog(struct feed *f)
{
	size_t most = 0;

	for (struct stream *s = f->streams; s; s = s->next) {
		pthread_mutex_lock(&s->lock);
		most = MAX(most, s->queued);
		pthread_mutex_unlock(&s->lock);
	}
	return most;
}

struct stream *stream_new(void)
{
	struct stream *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->cond, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	while (s->head) {
		struct batch *next = s->head->next;

		batch_free(s->head);
		s->head = next;
	}
	batch_free(s->cur);
	free(s->base);
	free(s->queue_lost);
	free(s->report.entries);
	pthread_cond_destroy(&s->cond);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void stream_finish(struct stream *s, const struct loss_report *report)
{
	pthread_mutex_lock(&s->lock);
	free(s->report.entries);
	s->report = *report;
	s->ended = true;
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

/* Wait for a batch. 1 when there is one, 0 on timeout, -ENODATA when none will come. */
static int wait_batch(struct stream *s, int timeout_ms)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	if (timeout_ms > 0) {
		until.tv_sec += timeout_ms / 1000;
		until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000L;
		}
	}
	pthread_mutex_lock(&s->lock);
	while (!s->head && !s->ended && r != ETIMEDOUT && timeout_ms != 0) {
		if (timeout_ms < 0)
			pthread_cond_wait(&s->cond, &s->lock);
		else
			r = pthread_cond_timedwait(&s->cond, &s->lock, &until);
	}
	r = s->head ? 1 : s->ended ? -ENODATA : 0;
	if (r == 1) {
		s->cur = s->head;
		s->head = s->cur->next;
		if (!s->head)
			s->tail = NULL;
		s->queued -= s->cur->to - s->cur->from;
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

int stream_next(struct stream *s, int timeout_ms)
{
	s->ev = NULL;
	if (s->cur && s->pos >= s->cur->to) {
		batch_free(s->cur);
		s->cur = NULL;
	}
	if (!s->cur) {
		int r = wait_batch(s, timeout_ms);

		if (r != 1)
			return r;
		s->pos = s->cur->from;
	}
	s->ev = (const struct event *)(s->cur->chunk->bytes + s->pos);
	s->pos += padded(s->ev);
	return 1;
}

const struct snapshot *stream_snapshot(const struct stream *s)
{
	return s->cur ? s->cur->snap : NULL;
}
