/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The feed: from the engine's turn to the readers of event streams.
 *
 *   feed_push() ──▶ chunk, held ──feed_release()──▶ batches ──▶ stream 1, stream 2, … (each its own
 * queue)
 *
 * An event is held until its container's names are known, at most 200 ms; the order of
 * the feed is never changed, so order within a process is kept. Events stand once in
 * memory, in counted chunks; a batch is a slice of a chunk with the snapshot that
 * explains its idents. A stream that does not read keeps at most STREAM_MAX bytes
 * waiting; what comes after is counted as lost in the queue, by slot and type.
 */
#ifndef FEED_H
#define FEED_H

#include <pthread.h>

#include "field/event.h"
#include "model/model.h"

#define FEED_HOLD_NS (200 * 1000000ULL)
#define STREAM_MAX   (32u << 20)

struct feed;
struct batch;

/* A counted loss of one pod; pod names are copied, so that pods may go. */
struct loss_entry {
	char pod[320];    /* "ns/name", "" when not known */
	char pod_uid[40]; /* "" for the host and units */
	uint16_t type;    /* enum event_type */
	uint8_t cause;    /* enum loss_cause */
	uint64_t n;
};

struct loss_report {
	uint64_t received, by_cause[LOSS_CAUSES];
	uint64_t from_ns, to_ns; /* UTC */
	struct loss_entry *entries;
	size_t n;
};

/* One reader. Fields under `lock` are shared; the rest belongs to the side that the comment names.
 */
struct stream {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct batch *head, *tail; /* lock */
	size_t queued;             /* lock: bytes of events waiting */
	bool ended;                /* lock: nothing comes any more */
	struct loss_report report; /* lock: filled when ended */
	/* engine */
	struct stream *next;
	bool ending;
	uint64_t end_seq; /* ending: events before this one are still to be delivered; 0: not known
			     yet */
	uint64_t received, lost_queue, from_ns;
	uint64_t *base; /* kernel's counters when it began: [slots][types][causes] */
	uint32_t base_slots;
	uint64_t base_cause[LOSS_CAUSES];
	uint32_t *queue_lost; /* [SENSOR_SLOTS][EVENT_TYPES], made at the first loss */
	/* reader */
	struct batch *cur;
	uint32_t pos;
	const struct event *ev;
};

/* NULL on no memory. */
struct feed *feed_new(void);
void feed_free(struct feed *f);

/* The streams of this feed; the engine adds and removes. A removed stream gets nothing more. */
void feed_add(struct feed *f, struct stream *s);
void feed_remove(struct feed *f, struct stream *s);
struct stream *feed_streams(const struct feed *f);

/* Keep a copy of @ev for the streams; nothing is done when there is none. -ENOMEM is counted as
 * queue loss. */
int feed_push(struct feed *f, const struct event *ev);

/*
 * Hand on what need not wait any more at @now_ns (CLOCK_BOOTTIME); @all: everything. True when
 * something is still held.
 */
bool feed_release(struct feed *f, struct model *m, const struct identity *id, uint64_t now_ns,
		  bool all);

/* Number of the oldest event that is still held, UINT64_MAX when nothing is. */
uint64_t feed_held(const struct feed *f);

/* Bytes in the fullest queue: replay waits while it is large. */
size_t feed_backlog(struct feed *f);

/* Reader's side: the next event, waiting at most @timeout_ms (-1: for ever). 1, 0 on timeout,
 * -ENODATA at the end. */
int stream_next(struct stream *s, int timeout_ms);
/* The snapshot that explains the present event. */
const struct snapshot *stream_snapshot(const struct stream *s);

struct stream *stream_new(void);
/* Only when the engine does not know it any more. */
void stream_free(struct stream *s);
/* Engine: say that nothing comes any more, with the report (taken over). */
void stream_finish(struct stream *s, const struct loss_report *report);

#endif
