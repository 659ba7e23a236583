/* SPDX-License-Identifier: BSD-2-Clause */
/* Lanes of append-only segments; see recent.h for the picture and the invariants. */
#include "model/recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define SEG_FIRST (2u << 10)
#define SEG_MOST  (16u << 10)

/* What one lane may take while there is room for all. */
static const uint32_t lane_most[LANES + 1] = {
	[LANE_LIFE] = 1u << 20,
	[LANE_NET] = 1u << 19,
	[LANE_OTHER] = 1u << 17,
	[LANE_FORK] = 1u << 18,
};

struct seg {
	struct seg *prev, *next;
	uint64_t born; /* views taken when it began */
	uint64_t gen;  /* epoch_now() then */
	uint32_t cap, used;
	uint32_t last; /* offset of the last entry */
	uint32_t n;
	_Alignas(8) char bytes[];
};

/* Before each event; the event follows, filled up to 8 bytes. */
struct entry {
	uint32_t back; /* bytes back to the entry before, 0: the first */
	uint32_t size; /* of this head and the event */
};

struct lane {
	struct seg *head, *tail;
	uint32_t bytes;
	uint32_t kind;
};

struct recent {
	struct epoch *epoch;
	uint32_t pods;
	size_t limit, bytes;
	uint32_t active; /* lanes that hold something */
	uint32_t hand;   /* where the search for a lane to shorten goes on */
	uint32_t high;   /* pod indexes below this have been used */
	uint64_t views;  /* taken so far */
	uint64_t *ids;
	struct lane *lanes; /* LANES a pod; the fork ring comes last */
};

struct lane_view {
	uint64_t pod;
	const struct seg *head, *tail;
	uint32_t used, last; /* of the tail */
};

struct event_view {
	size_t n;
	struct lane_view lanes[];
};

/* Where a cursor stands in one lane. */
struct event_at {
	const struct lane_view *lane;
	const struct seg *seg;
	uint32_t off;
	uint64_t seq;
};

static enum recent_lane lane_of(unsigned type)
{
	switch (type) {
	case EVENT_FORK:
		return LANE_FORK;
	case EVENT_EXEC:
	case EVENT_EXIT:
	case EVENT_LISTEN:
	case EVENT_CONTAINER_START:
	case EVENT_CONTAINER_STOP:
	case EVENT_OOM:
		return LANE_LIFE;
	case EVENT_CONNECT:
	case EVENT_ACCEPT:
	case EVENT_CLOSE:
	case EVENT_UDP:
	case EVENT_DNS:
	case EVENT_TLS:
		return LANE_NET;
	default:
		return LANE_OTHER;
	}
}

static size_t lane_count(const struct recent *r)
{
	return (size_t)r->pods * LANES + 1;
}

struct recent *recent_new(struct epoch *e, uint32_t pods, size_t bytes)
{
	struct recent *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->epoch = e;
	r->pods = pods;
	r->limit = bytes ? bytes : RECENT_BYTES;
	r->ids = calloc(pods, sizeof(*r->ids));
	r->lanes = calloc(lane_count(r), sizeof(*r->lanes));
	if (!r->ids || !r->lanes) {
		recent_free(r);
		return NULL;
	}
	for (size_t i = 0; i < lane_count(r); i++)
		r->lanes[i].kind = i + 1 == lane_count(r) ? LANE_FORK : i % LANES;
	return r;
}

/* The first segment leaves its lane. Returns it when no view has seen it, for use at once, else
 * NULL. */
static struct seg *cut_head(struct recent *r, struct lane *l)
{
	struct seg *s = l->head;

	/* s->next->prev stays: a reader of an older view may still come from there. */
	l->head = s->next;
	if (!l->head) {
		l->tail = NULL;
		r->active--;
	}
	l->bytes -= s->cap;
	r->bytes -= s->cap;
	if (s->born == r->views)
		return s;
	epoch_retire_born(r->epoch, s, s->gen);
	return NULL;
}

static void lane_clear(struct recent *r, struct lane *l)
{
	while (l->head)
		free(cut_head(r, l));
}

void recent_free(struct recent *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->lanes && i < lane_count(r); i++)
		lane_clear(r, &r->lanes[i]);
	free(r->lanes);
	free(r->ids);
	free(r);
}

void recent_drop(struct recent *r, uint32_t index)
{
	if (index >= r->pods)
		return;
	for (size_t i = 0; i < LANES; i++)
		lane_clear(r, &r->lanes[(size_t)index * LANES + i]);
	r->ids[index] = 0;
}

size_t recent_bytes(const struct recent *r)
{
	return r->bytes;
}

/* Cut @l while all hold too much and it holds more than @share. Keeps the last cut in *@again. */
static void shorten(struct recent *r, struct lane *l, size_t need, size_t share, struct seg **again)
{
	while (l->head && l->bytes > share && r->bytes + need > r->limit) {
		free(*again);
		*again = cut_head(r, l);
	}
}

/* Room for @need bytes in @own: whoever has more than its share gives, @own first. */
static struct seg *make_room(struct recent *r, struct lane *own, size_t need)
{
	size_t n = lane_count(r), share = r->limit / MAX(r->active, 1u);
	struct seg *again = NULL;

	while (own->head && own->bytes + need > lane_most[own->kind]) {
		free(again);
		again = cut_head(r, own);
	}
	shorten(r, own, need, share > need ? share - need : 0, &again);
	/* In the second round anyone gives: the shares did not leave enough. */
	for (size_t i = 0; r->bytes + need > r->limit && i < 2 * n; i++)
		shorten(r, &r->lanes[r->hand++ % n], need, i < n ? share : 0, &again);
	return again;
}

static struct seg *seg_add(struct recent *r, struct lane *l, uint32_t need)
{
	uint32_t cap = l->tail ? MIN(l->tail->cap * 2, SEG_MOST) : SEG_FIRST;
	struct seg *s;

	cap = MAX(MAX(cap, need), SEG_FIRST);
	s = make_room(r, l, cap);
	if (s && s->cap < cap) {
		free(s);
		s = NULL;
	}
	if (!s) {
		s = malloc(sizeof(*s) + cap);
		if (!s)
			return NULL;
		s->cap = cap;
	}
	s->born = r->views;
	s->gen = epoch_now(r->epoch);
	s->used = s->last = s->n = 0;
	s->next = NULL;
	s->prev = l->tail;
	if (l->tail)
		l->tail->next = s;
	else {
		l->head = s;
		r->active++;
	}
	l->tail = s;
	l->bytes += s->cap;
	r->bytes += s->cap;
	return s;
}

int recent_add(struct recent *r, uint32_t index, uint64_t id, const struct event *ev)
{
	enum recent_lane kind = lane_of(ev->type);
	uint32_t size = (uint32_t)(sizeof(struct entry) + ((ev->size + 7u) & ~7u));
	struct lane *l;
	struct seg *s;
	struct entry e;

	if (kind == LANE_FORK) {
		l = &r->lanes[lane_count(r) - 1];
	} else {
		if (index >= r->pods)
			return -EINVAL;
		if (r->ids[index] != id) {
			recent_drop(r, index);
			r->ids[index] = id;
		}
		r->high = MAX(r->high, index + 1);
		l = &r->lanes[(size_t)index * LANES + kind];
	}
	s = l->tail;
	if (!s || s->cap - s->used < size) {
		s = seg_add(r, l, size);
		if (!s)
			return -ENOMEM;
	}
	e = (struct entry){ .back = s->n ? s->used - s->last : 0, .size = size };
	memcpy(s->bytes + s->used, &e, sizeof(e));
	memcpy(s->bytes + s->used + sizeof(e), ev, ev->size);
	s->last = s->used;
	s->used += size;
	s->n++;
	return 0;
}

static void view_add(struct event_view *v, uint64_t pod, const struct lane *l)
{
	if (l->head)
		v->lanes[v->n++] = (struct lane_view){
			.pod = pod,
			.head = l->head,
			.tail = l->tail,
			.used = l->tail->used,
			.last = l->tail->last,
		};
}

struct event_view *recent_view(struct recent *r)
{
	struct event_view *v = malloc(sizeof(*v) + r->active * sizeof(v->lanes[0]));

	if (!v)
		return NULL;
	v->n = 0;
	for (size_t i = 0; i < (size_t)r->high * LANES; i++)
		view_add(v, r->ids[i / LANES], &r->lanes[i]);
	view_add(v, 0, &r->lanes[lane_count(r) - 1]);
	r->views++;
	return v;
}

void event_view_free(struct event_view *v)
{
	free(v);
}

static const struct event *event_here(const struct event_at *a)
{
	return (const struct event *)(const void *)(a->seg->bytes + a->off + sizeof(struct entry));
}

/* Whether @a comes before @b in the order of @c. */
static bool before(const struct event_cursor *c, const struct event_at *a, const struct event_at *b)
{
	return c->newest_first ? a->seq > b->seq : a->seq < b->seq;
}

static void sift_down(struct event_cursor *c, size_t i)
{
	struct event_at *h = c->heap, tmp;
	size_t k;

	while ((k = 2 * i + 1) < c->n) {
		if (k + 1 < c->n && before(c, &h[k + 1], &h[k]))
			k++;
		if (!before(c, &h[k], &h[i]))
			return;
		tmp = h[i];
		h[i] = h[k];
		h[k] = tmp;
		i = k;
	}
}

int event_cursor_init(struct event_cursor *c, const struct event_view *view, sonde_id pod,
		      bool newest_first)
{
	*c = (struct event_cursor){ .view = view, .newest_first = newest_first };
	if (!view || !view->n)
		return 0;
	c->heap = malloc((pod ? LANES : view->n) * sizeof(*c->heap));
	if (!c->heap)
		return -ENOMEM;
	for (size_t i = 0; i < view->n && (!pod || c->n < LANES); i++) {
		const struct lane_view *l = &view->lanes[i];
		struct event_at a = { .lane = l, .seg = newest_first ? l->tail : l->head };

		if (pod && l->pod != pod)
			continue;
		a.off = newest_first ? l->last : 0;
		a.seq = event_here(&a)->seq;
		c->heap[c->n++] = a;
	}
	for (size_t i = c->n / 2; i-- > 0;)
		sift_down(c, i);
	return 0;
}

/* Move within a lane; false at its end. */
static bool step(const struct event_cursor *c, struct event_at *a)
{
	const struct lane_view *l = a->lane;
	struct entry e;

	memcpy(&e, a->seg->bytes + a->off, sizeof(e));
	if (c->newest_first) {
		if (e.back) {
			a->off -= e.back;
		} else {
			if (a->seg == l->head)
				return false;
			a->seg = a->seg->prev;
			a->off = a->seg->last;
		}
	} else {
		a->off += e.size;
		if (a->off >= (a->seg == l->tail ? l->used : a->seg->used)) {
			if (a->seg == l->tail)
				return false;
			a->seg = a->seg->next;
			a->off = 0;
		}
	}
	a->seq = event_here(a)->seq;
	return true;
}

const struct event *event_cursor_next(struct event_cursor *c)
{
	const struct event *ev;

	if (!c->n)
		return NULL;
	ev = event_here(&c->heap[0]);
	if (!step(c, &c->heap[0]))
		c->heap[0] = c->heap[--c->n];
	if (c->n)
		sift_down(c, 0);
	return ev;
}

void event_cursor_done(struct event_cursor *c)
{
	free(c->heap);
	*c = (struct event_cursor){ 0 };
}
