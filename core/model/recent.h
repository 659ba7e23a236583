/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recent events, kept so that the lead-up to whatever is found later can be read.
 *
 * Each pod row has three lanes, so that a kind that comes in floods never pushes out
 * one that does not; forks have a small ring of the whole node. A lane is a chain of
 * append-only segments:
 *
 *   engine: recent_add() ──▶ lane: segment ◀─▶ segment ◀─▶ segment (grows)
 *   reader: event_view = for each lane its first and last segment and how far the last
 *           one was filled. It never looks beyond these, so it needs no lock.
 *
 * Invariants:
 *  1. What a view shows of a segment never changes again.
 *  2. A segment that a view has seen is retired through the epoch; one that no view has
 *     seen is used again at once.
 *  3. All segments together hold at most RECENT_BYTES and one segment more.
 */
#ifndef MODEL_RECENT_H
#define MODEL_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "field/event.h"

#define RECENT_BYTES (10u << 20)

enum recent_lane {
	LANE_LIFE,  /* exec, exit, listen, container start and stop, oom */
	LANE_NET,   /* connect, accept, close, udp, dns, tls */
	LANE_OTHER, /* the rest */
	LANES,
	LANE_FORK = LANES, /* of the node */
};

struct recent;

/* Lanes for @pods pod rows, @bytes in all (0: RECENT_BYTES). NULL on no memory. */
struct recent *recent_new(struct epoch *e, uint32_t pods, size_t bytes);
/* Views that are still held stay readable. NULL is fine. */
void recent_free(struct recent *r);

/* Copy @ev into the lane of its kind of pod row @index with @id. O(1) amortised. 0 or -ENOMEM. */
int recent_add(struct recent *r, uint32_t index, uint64_t id, const struct event *ev);
/* The pod row is dropped: its events go. */
void recent_drop(struct recent *r, uint32_t index);
/* Bytes held by segments. */
size_t recent_bytes(const struct recent *r);

/* What is there now. Call after epoch_pin(); valid while that pin is held. NULL on no memory. */
struct event_view *recent_view(struct recent *r);
void event_view_free(struct event_view *v); /* any thread; NULL is fine */

/* Walks a view in the order of seq. On its reader's stack; any thread. */
struct event_cursor {
	const struct event_view *view;
	bool newest_first;
	struct event_at *heap; /* one a lane with events left, the next one on top */
	size_t n;
};

/*
 * Begin at the newest (or oldest) event of the pod row @pod, or of all with 0. O(lanes). Returns 0
 * or -ENOMEM; end it with event_cursor_done() in either case. @view NULL is empty.
 */
int event_cursor_init(struct event_cursor *c, const struct event_view *view, sonde_id pod,
		      bool newest_first);
/* The next event, which lives as long as the view; NULL at the end. O(log lanes). */
const struct event *event_cursor_next(struct event_cursor *c);
void event_cursor_done(struct event_cursor *c);

#endif
